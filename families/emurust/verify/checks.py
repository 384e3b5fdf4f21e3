"""Checks of every single frame, beside the steps that the verifier compares: of small programs, and of the game."""

from __future__ import annotations

import time

from references.pyboy.driver import PyBoyMachine
from verification.check import Check
from verification.levels.context import Context
from verification.levels.pairs import timed
from verification.results import CheckResult, FieldDifference, Finding

MICRO, FRAMES = "L2/micro-roms", "L3/frames"
MICRO_FRAMES, EPISODE_FRAMES = 120, 600
_PRESS_EVERY = 7


def _compare(
    result: CheckResult, rom: bytes, boot_rom: bytes, frames: int, press_every: int, seed: int, name: str
) -> None:
    from families.emurust.verify import lockstep
    from families.emurust.verify.machine import GameBoyMachine

    theirs, ours = PyBoyMachine(rom, boot_rom), GameBoyMachine(rom, boot_rom)
    try:
        played, found = lockstep.compare(theirs, ours, frames, press_every=press_every, seed=seed)
    finally:
        theirs.close()
    result.cases += 1
    result.steps += played
    if found:
        seen = tuple(FieldDifference(field, "machine", told, "PyBoy's") for field, told in found.items())
        result.add(Finding(played, seen, case={"program": name, "seed": seed}))


def micro_roms(frames: int) -> Check:
    """`frames` frames of every small program that is not known to differ."""

    def run(context: Context, result: CheckResult) -> None:
        from families.emurust.verify import lockstep
        from families.emurust.verify.roms import micro_roms as roms

        begin = time.monotonic()
        names = [name for name in (*roms.PROGRAMS, *roms.MAPPERS) if name not in roms.DIFFERENCES]
        result.unit, result.planned = "episodes", len(names)
        result.notes += [f"left out, {name}: {why}" for name, why in roms.DIFFERENCES.items()]
        for name in names:
            rom = roms.build(name).data
            _compare(result, rom, lockstep.BOOT_ROM, frames, _PRESS_EVERY, context.plan.seed, name)
            context.on_progress(result)
        result.stats["frames"] = result.steps
        timed(result, begin)
        result.conclude()

    return Check(MICRO, "L2", f"{frames} frames of each small program, every frame", run)


def every_frame() -> Check:
    """The game under random buttons, which change on any frame, every frame of `EPISODE_FRAMES` an episode."""

    def run(context: Context, result: CheckResult) -> None:
        from families.emurust.verify.game import game

        begin = time.monotonic()
        played = game()
        result.unit, result.planned = "episodes", context.plan.episodes
        rng = context.rng(FRAMES)
        for _ in range(context.plan.episodes):
            seed, every = int(rng.integers(2**31)), int(rng.integers(1, 13))
            _compare(result, played.rom, played.boot_rom, EPISODE_FRAMES, every, seed, "the game")
            context.on_progress(result)
        result.stats["frames"] = result.steps
        timed(result, begin)
        result.conclude()

    return Check(FRAMES, "L3", f"{EPISODE_FRAMES} frames of play an episode, every frame", run)
