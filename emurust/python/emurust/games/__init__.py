"""Games of our own, kept as source and assembled when they are asked for: no ROM is part of the package.

`rom("blocks")` is the cartridge with its labels. The module of a game makes its environment.
"""

from __future__ import annotations

import functools
from importlib import resources

from emurust.assembler import Rom, assemble

CARTRIDGES = {"blocks": {"title": "BLOCKS", "cartridge_type": 0x19, "rom_banks": 4}}
"""Header of each game, as `assemble` takes it."""


@functools.cache
def rom(name: str) -> Rom:
    """The cartridge of a game, assembled once a process. Raises ValueError for a game that there is not."""
    if name not in CARTRIDGES:
        raise ValueError(f"no game {name!r}. Remedy: one of {', '.join(sorted(CARTRIDGES))}")
    source = resources.files(__name__).joinpath(f"{name}.asm").read_text(encoding="utf-8")
    cartridge = CARTRIDGES[name]
    return assemble(source, **cartridge)


@functools.cache
def boot_rom() -> bytes:
    """256 bytes that switch the LCD on and hand over, so that a game begins alike in every emulator that takes them."""
    return assemble(_BOOT).data[:256]


_BOOT = """
    org $0000
    ld sp, $fffe
    ld a, $fc
    ldh [$ff47], a
    ld a, $91
    ldh [$ff40], a
    ld a, $01
    jp $00fc
    org $00fc
    ldh [$ff50], a  ; hands over: the next instructions are the cartridge's at $00fe
"""
