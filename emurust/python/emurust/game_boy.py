"""One Game Boy, with PyBoy's reading API."""

from __future__ import annotations

import os
from collections.abc import Sequence

import numpy as np
from emurust import _native
from emurust.memory import Memory
from emurust.rom import read_rom

SHADES = np.array([255, 153, 85, 0], np.uint8)
"""Grey of each shade, as PyBoy draws it."""
REGISTERS = ("A", "F", "B", "C", "D", "E", "HL", "SP", "PC")


class RegisterFile:
    """The processor's registers, readable and writable by name: A, F, B, C, D, E, HL, SP, PC."""

    _core: _native.Core

    def __init__(self, core: _native.Core) -> None:
        object.__setattr__(self, "_core", core)

    def __getattr__(self, name: str) -> int:
        return self._core.registers()[_register(name)]

    def __setattr__(self, name: str, value: int) -> None:
        index = _register(name)
        limit = 0xFF if index < 6 else 0xFFFF
        if not 0 <= value <= limit:
            raise ValueError(f"{name} = {value}. Remedy: a value of 0 to {limit}")
        self._core.set_register(index, value)


def _register(name: str) -> int:
    if name not in REGISTERS:
        raise AttributeError(f"no register {name!r}. Remedy: one of {', '.join(REGISTERS)}")
    return REGISTERS.index(name)


class Screen:
    """The picture of the last frame that was drawn."""

    def __init__(self, core: _native.Core) -> None:
        self._core = core

    @property
    def shades(self) -> np.ndarray:
        """uint8[144, 160]: shades 0 (lightest) to 3. A copy."""
        return np.frombuffer(self._core.pixels(), np.uint8).reshape(144, 160)

    @property
    def ndarray(self) -> np.ndarray:
        """uint8[144, 160, 4]: red, green, blue, alpha. A copy."""
        grey = SHADES[self.shades]
        return np.stack([grey, grey, grey, np.full_like(grey, 255)], axis=-1)


class GameBoy:
    """A Game Boy with one cartridge, from the moment at which the boot ROM hands over.

    Args:
        rom: bytes, a path, or a file name in the folder `EMURUST_ROM_DIR`.
        boot_rom: 256 bytes to boot with. Without one, the registers are set as the DMG's boot ROM leaves them.
        symbols: addresses by name, for `memory`. See `emurust.symbols.read_symbols`.

    Raises ValueError for a ROM that is truncated, whose header checksum is wrong or whose controller is unknown.
    """

    def __init__(
        self,
        rom: bytes | str | os.PathLike[str],
        *,
        boot_rom: bytes | None = None,
        symbols: dict[str, tuple[int, int]] | None = None,
    ) -> None:
        self._core = _native.Core(read_rom(rom), boot_rom)
        self.memory = Memory(self._core, symbols or {})
        self.register_file = RegisterFile(self._core)
        self.screen = Screen(self._core)
        self.frame_count = 0

    def tick(self, count: int = 1, render: bool = True) -> None:
        """Run `count` frames and draw the last one if `render` is set. Raises ValueError for fewer than one."""
        if not 1 <= count < 2**32:
            raise ValueError(f"tick({count}). Remedy: at least 1 frame")
        self._core.tick(count, render)
        self.frame_count += count

    @property
    def cycles(self) -> int:
        """T-cycles since the start."""
        return self._core.cycles

    @property
    def halted_cycles(self) -> int:
        """T-cycles that passed in HALT, of all frames that this object has run."""
        return self._core.halted_cycles

    @property
    def buttons(self) -> tuple[str, ...]:
        """Buttons that are held down."""
        return tuple(name for bit, name in enumerate(_native.BUTTONS) if self._core.buttons >> bit & 1)

    @buttons.setter
    def buttons(self, names: Sequence[str]) -> None:
        self._core.buttons = sum(_bit(name) for name in set(names))

    def button_press(self, name: str) -> None:
        """Hold a button down. Raises ValueError for a name that is no button's."""
        self._core.buttons |= _bit(name)

    def button_release(self, name: str) -> None:
        """Release a button. Raises ValueError for a name that is no button's."""
        self._core.buttons &= ~_bit(name)

    def save_state(self) -> bytes:
        """The whole state. Its format is emurust's own, with a version, the ROM's hash and a checksum."""
        return self._core.save()

    def load_state(self, state: bytes) -> None:
        """Go back to a saved state. Raises ValueError for one of another ROM or version, or a damaged one."""
        self._core.load(bytes(state))

    @property
    def cartridge_ram(self) -> bytes:
        """The cartridge's RAM, all banks: what a battery keeps."""
        return self._core.cartridge_ram()

    @cartridge_ram.setter
    def cartridge_ram(self, data: bytes) -> None:
        self._core.set_cartridge_ram(bytes(data))


def _bit(name: str) -> int:
    if name not in _native.BUTTONS:
        raise ValueError(f"no button {name!r}. Remedy: one of {', '.join(_native.BUTTONS)}")
    return 1 << _native.BUTTONS.index(name)
