"""The memory as the processor sees it, by address, slice, bank or symbol."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import overload

from emurust import _native


class Memory:
    """Bytes by address: ``memory[0xC000]``, ``memory[0xC000:0xC010]``, ``memory["wScore"]``, ``memory[bank, address]``.

    Slices give lists of integers, as PyBoy's do. A bank is one of the ROM's, and can only be read.
    """

    def __init__(self, core: _native.Core, symbols: Mapping[str, tuple[int, int]]) -> None:
        self._core = core
        self._symbols = symbols

    @overload
    def __getitem__(self, key: int | str | tuple[int, int]) -> int: ...
    @overload
    def __getitem__(self, key: slice) -> list[int]: ...
    def __getitem__(self, key: int | str | slice | tuple[int, int]) -> int | list[int]:
        if isinstance(key, slice):
            start, length, step = self._slice(key)
            return list(self._core.read(start, length))[::step]
        if isinstance(key, tuple):
            bank, address = key
            value = self._core.rom_byte(bank, address) if 0 <= address < 0x8000 and bank >= 0 else None
            if value is None:
                last = self._core.rom_banks - 1
                raise IndexError(f"no ROM byte at bank {bank}, {address:#06x}. Remedy: banks 0 to {last}, 0 to 0x7fff")
            return value
        return self._core.read(self.address(key), 1)[0]

    def __setitem__(self, key: int | str | slice, value: int | Iterable[int]) -> None:
        if isinstance(key, slice):
            start, length, step = self._slice(key)
            values = [value] * length if isinstance(value, int) else list(value)
            if step != 1 or len(values) != length:
                raise ValueError(f"{len(values)} bytes for {length} addresses. Remedy: as many bytes as addresses")
            self._core.write(start, bytes(values))
            return
        if not isinstance(value, int):
            raise TypeError(f"{value!r} is no byte. Remedy: an integer of 0 to 255, or a slice of addresses")
        self._core.write(self.address(key), bytes([value]))

    def address(self, key: int | str) -> int:
        """The address that `key` names. Raises KeyError for an unknown symbol and IndexError for no address."""
        if isinstance(key, str):
            if key not in self._symbols:
                raise KeyError(f"no symbol {key!r}. Remedy: one of the symbol file's {len(self._symbols)} names")
            return self._symbols[key][1]
        if not 0 <= key <= 0xFFFF:
            raise IndexError(f"no address {key}. Remedy: 0 to 0xffff")
        return key

    def _slice(self, key: slice) -> tuple[int, int, int]:
        start, stop, step = key.start or 0, 0x10000 if key.stop is None else key.stop, key.step or 1
        if not 0 <= start <= stop <= 0x10000 or step < 1:
            raise IndexError(f"no addresses {start}:{stop}:{step}. Remedy: 0 <= start <= stop <= 0x10000, a step >= 1")
        return start, stop - start, step
