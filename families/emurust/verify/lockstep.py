"""PyBoy and emurust side by side: the same ROM, boot ROM and buttons, compared at the end of every frame."""

from __future__ import annotations

import random

from emurust.assembler import Rom, assemble

from families.emurust.verify.machine import GameBoyMachine
from references.pyboy.driver import AREAS, BUTTONS, REGISTERS, PyBoyMachine

BOOT_ROM = assemble("""
    org $0000
    ld sp, $fffe
    ld a, $01
    jp $00fc
    org $00fc
    ldh [$ff50], a  ; hands over: the next instructions are the cartridge's at $00fe
""").data[:256]
"""A boot ROM of ours, which both machines run from the moment the power is switched on."""
Frame = dict[str, int | bytes]


def shown(machine: GameBoyMachine) -> Frame:
    """A frame of ours, as `PyBoyMachine.frame` shows one of PyBoy's."""
    frame: Frame = {"cycles": machine.cycles, **machine.registers()}
    frame |= {name: machine.read(start, end) for name, (start, end) in AREAS.items()}
    frame["enabled"] = machine.read(0xFFFF, 0x10000)
    frame["screen"] = machine.shades().tobytes()
    return frame


def differences(theirs: Frame, ours: Frame) -> dict[str, str]:
    """Each field that differs, in words; {} if the frames are equal."""
    assert theirs.keys() == ours.keys() and set(REGISTERS) < theirs.keys()
    found = {}
    for name, expected in theirs.items():
        seen = ours[name]
        if expected == seen:
            continue
        if isinstance(expected, int) or isinstance(seen, int):
            found[name] = f"PyBoy {expected:#x}, emurust {seen:#x}"
            continue
        at = [index for index, (left, right) in enumerate(zip(expected, seen, strict=True)) if left != right]
        start = AREAS.get(name, (0, 0))[0]
        first = ", ".join(f"{start + i:#06x}: {expected[i]:02x}/{seen[i]:02x}" for i in at[:4])
        found[name] = f"{len(at)} bytes, PyBoy/emurust {first}"
    return found


def compare(
    theirs: PyBoyMachine, ours: GameBoyMachine, frames: int, *, press_every: int = 0, seed: int = 0, draw_every: int = 2
) -> tuple[int, dict[str, str]]:
    """Frames that were compared, and what differs in the last of them. Stops at the first that differs.

    With `press_every`, the buttons change to random ones after so many frames. One of `draw_every` frames is drawn: in
    the others, whose screens are not compared, emurust passes whole lines at once where it may.
    """
    draw = random.Random(seed)
    for frame in range(frames):
        if press_every and frame % press_every == 0:
            held = [name for name in BUTTONS if draw.random() < 0.3]
            theirs.hold(held)
            ours.hold(held)
        drawn = frame % draw_every == 0
        theirs.tick(1, drawn)
        ours.tick(1, drawn)
        expected, seen = theirs.frame(), shown(ours)
        if not drawn:  # the screen is that of an earlier frame, or what PyBoy left there as the LCD was switched
            del expected["screen"], seen["screen"]
        found = differences(expected, seen)
        if found:
            return frame + 1, found
    return frames, {}


def run(rom: Rom, frames: int, *, boot_rom: bytes = BOOT_ROM, press_every: int = 0, seed: int = 0) -> int:
    """Number of frames that were compared and found equal. Raises AssertionError at the first that differs."""
    theirs, ours = PyBoyMachine(rom.data, boot_rom), GameBoyMachine(rom.data, boot_rom)
    try:
        played, found = compare(theirs, ours, frames, press_every=press_every, seed=seed)
    finally:
        theirs.close()
    assert not found, f"frame {played - 1}: " + "; ".join(f"{name}: {told}" for name, told in found.items())
    return played
