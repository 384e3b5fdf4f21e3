"""A cartridge image with its header. The Nintendo logo is left blank: it is not ours to copy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

BANK_SIZE = 0x4000
RAM_SIZES = {0: 0, 1: 2, 4: 3, 16: 4, 8: 5}
"""Header code of each number of 8 KiB RAM banks."""


@dataclass(frozen=True)
class Rom:
    """A cartridge image and the addresses of its labels.

    `data` is a multiple of 16 KiB long. `symbols` maps each label to its address, `banks` to its ROM bank.
    """

    data: bytes
    symbols: Mapping[str, int] = field(default_factory=dict)
    banks: Mapping[str, int] = field(default_factory=dict)

    def symbol_file(self) -> str:
        """The labels as a symbol file, one ``bank:address name`` a line, as RGBDS writes it."""
        lines = [f"{self.banks.get(name, 0):02x}:{address:04x} {name}" for name, address in self.symbols.items()]
        return "\n".join(sorted(lines)) + "\n"


def with_header(image: bytearray, title: str, cartridge_type: int, ram_banks: int) -> bytes:
    """Write the header of a DMG cartridge into `image`: title, type, sizes and both checksums.

    Raises ValueError for a title that is not up to 15 ASCII letters and for a size that no header can name.
    """
    banks = len(image) // BANK_SIZE
    if len(image) % BANK_SIZE or banks < 2 or banks & (banks - 1):
        raise ValueError(f"the image holds {len(image)} bytes. Remedy: 2, 4, 8 … 512 banks of {BANK_SIZE} bytes")
    if len(title) > 15 or not title.isascii():
        raise ValueError(f"the title {title!r} is too long or not ASCII. Remedy: up to 15 ASCII letters")
    if ram_banks not in RAM_SIZES:
        raise ValueError(f"{ram_banks} RAM banks. Remedy: one of {sorted(RAM_SIZES)}")
    image[0x134:0x144] = title.encode().ljust(16, b"\0")
    image[0x147] = cartridge_type
    image[0x148] = banks.bit_length() - 2
    image[0x149] = RAM_SIZES[ram_banks]
    image[0x14D] = (-sum(byte + 1 for byte in image[0x134:0x14D])) & 0xFF
    image[0x14E:0x150] = b"\0\0"
    image[0x14E:0x150] = (sum(image) & 0xFFFF).to_bytes(2, "big")
    return bytes(image)
