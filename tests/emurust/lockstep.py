"""PyBoy and emurust side by side: the same ROM, boot ROM and buttons, compared at the end of every frame."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from emurust.assembler import Rom, assemble

from references.pyboy.driver import AREAS, BUTTONS, REGISTERS, PyBoyMachine

if TYPE_CHECKING:
    from emurust import GameBoy

BOOT_ROM = assemble("""
    org $0000
    ld sp, $fffe
    ld a, $01
    jp $00fc
    org $00fc
    ldh [$ff50], a  ; hands over: the next instructions are the cartridge's at $00fe
""").data[:256]
"""A boot ROM of ours, which both machines run from the moment the power is switched on."""


def shown(game: GameBoy) -> dict[str, int | bytes]:
    """What `PyBoyMachine.frame` shows, of ours."""
    frame: dict[str, int | bytes] = {"cycles": game.cycles}
    frame |= {name: getattr(game.register_file, name) for name in REGISTERS}
    frame |= {name: bytes(game.memory[start:end]) for name, (start, end) in AREAS.items()}
    frame["enabled"] = bytes([game.memory[0xFFFF]])
    frame["screen"] = game.screen.shades.tobytes()
    return frame


def differences(theirs: dict[str, int | bytes], ours: dict[str, int | bytes]) -> list[str]:
    """One line for each field that differs; none if the frames are equal."""
    assert theirs.keys() == ours.keys()
    lines = []
    for name, expected in theirs.items():
        found = ours[name]
        if expected == found:
            continue
        if isinstance(expected, int) or isinstance(found, int):
            lines.append(f"{name}: PyBoy {expected:#x}, emurust {found:#x}")
            continue
        at = [index for index, (left, right) in enumerate(zip(expected, found, strict=True)) if left != right]
        start = AREAS.get(name, (0, 0))[0]
        first = ", ".join(f"{start + i:#06x}: {expected[i]:02x}/{found[i]:02x}" for i in at[:4])
        lines.append(f"{name}: {len(at)} bytes, PyBoy/emurust {first}")
    return lines


def run(rom: Rom, frames: int, *, press_every: int = 0, seed: int = 0, render: bool = True) -> int:
    """Number of frames that were compared and found equal. Fails at the first that differs.

    With `press_every`, the buttons change to random ones after so many frames.
    """
    from emurust import GameBoy

    theirs, ours, draw = PyBoyMachine(rom.data, BOOT_ROM), GameBoy(rom.data, boot_rom=BOOT_ROM), random.Random(seed)
    try:
        for frame in range(frames):
            if press_every and frame % press_every == 0:
                held = [name for name in BUTTONS if draw.random() < 0.3]
                theirs.hold(held)
                ours.buttons = held
            theirs.tick(1, render)
            ours.tick(1, render)
            found = differences(theirs.frame(), shown(ours))
            assert not found, f"frame {frame}: " + "; ".join(found)
    finally:
        theirs.close()
    return frames
