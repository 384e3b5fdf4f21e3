"""Times emurust beside PyBoy: frames a second of one machine, environment steps on all cores, and resets."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from typing import TYPE_CHECKING

import numpy as np

from leaderboard.family import Bench
from leaderboard.host import HostRequest, HostRow, in_turns
from references.protocol import ReferenceUnavailableError

if TYPE_CHECKING:
    from families.emurust.verify.machine import GameBoyMachine
    from references.pyboy.driver import PyBoyMachine

SKIP = 24
"""Frames of a call: of these the last one, every one or none is drawn."""
BATCHES = (1, 16, 128, 1024)
ID = "emurust/blocks"
_ROMS = {
    "polls, no HALT": "busy_lcd_on",
    "all interrupts, polling": "irq_every_poll",
    "all interrupts, HALT": "irq_every_halt",
    "HALT until the frame": "irq_vblank_halt",
}
"""Small programs by what they do all the time."""
_DRAWN: dict[str, tuple[int, bool]] = {"none drawn": (SKIP, False), f"last of {SKIP}": (SKIP, True), "every": (1, True)}


def _frames(machine: PyBoyMachine | GameBoyMachine, count: int, render: bool) -> Callable[[float], float]:
    """Frames a second of ticks of `count` frames."""

    def timer(seconds: float) -> float:
        # Of the thread's own time, which does not pass while others have the core.
        frames, begin = 0, time.thread_time()
        while (passed := time.thread_time() - begin) < seconds:
            for _ in range(max(1, SKIP // count)):
                machine.tick(count, render)
                frames += count
        return frames / passed

    return timer


def measure(request: HostRequest) -> Iterator[HostRow]:
    """All rows. Raises `ReferenceUnavailableError` where emurust, or PyBoy of the pinned version, is missing."""
    try:
        import emurust._native  # noqa: F401
    except ImportError as error:
        raise ReferenceUnavailableError(
            f"{error}. Remedy: get Rust's cargo, then `pip install ./emurust` in a clone of this repository"
        ) from error
    yield from _one_machine(request)
    yield from _steps(request)
    yield from _resets(request)


def _one_machine(request: HostRequest) -> Iterator[HostRow]:
    from families.emurust.verify import lockstep
    from families.emurust.verify.game import game
    from families.emurust.verify.machine import GameBoyMachine
    from families.emurust.verify.roms import micro_roms
    from references.pyboy.driver import PyBoyMachine

    own = game()
    roms = {what: (micro_roms.build(name).data, lockstep.BOOT_ROM) for what, name in _ROMS.items()}
    roms["the game"] = own.rom, own.boot_rom
    for what, (rom, boot_rom) in roms.items():
        ours = GameBoyMachine(rom, boot_rom)
        theirs = PyBoyMachine(rom, boot_rom) if request.reference else None
        for machine in (ours, theirs):
            if machine is not None:
                machine.tick(100)
        share = ours.halted_share(100)
        for drawn, (count, render) in _DRAWN.items():
            timers = [None if one is None else _frames(one, count, render) for one in (ours, theirs)]
            assert timers[0] is not None
            mine, others = in_turns(request, timers[0], timers[1])
            yield HostRow(
                section="one machine, by the processor's time",
                what=f"{what}; {drawn}",
                unit="frames/s",
                ours=mine,
                theirs=others,
                facts={"in HALT": f"{share:.0%}"},
            )
        if theirs is not None:
            theirs.close()


def _steps(request: HostRequest) -> Iterator[HostRow]:
    """Environment steps with their observations: half the screen and the game's RAM."""
    import jaxenv
    from families.emurust.verify.game import BUTTONS, game
    from references.pyboy.throughput import throughput_session

    own = game()
    session = nullcontext()
    if request.reference:
        session = throughput_session(
            request.cores,
            own.rom,
            own.boot_rom,
            warm_up=60,
            frames=own.frames,
            press=own.press,
            buttons=BUTTONS,
            ram=[(0xC000, 0xC009), (0xC100, 0xC200)],
        )
    with session as reference:
        for count in BATCHES:
            env = jaxenv.make(ID, num_envs=count, threads=request.cores)
            env.reset(seed=0)
            rng = np.random.default_rng(0)

            def timer(seconds: float, env=env, count: int = count, rng: np.random.Generator = rng) -> float:
                steps, begin = 0, time.perf_counter()
                while (passed := time.perf_counter() - begin) < seconds:
                    env.step(rng.integers(0, 7, count))
                    steps += count
                return steps / passed

            mine, others = in_turns(request, timer, reference)
            yield HostRow(
                section=f"steps of {own.frames} frames, {request.cores} cores, PyBoy in {request.cores} processes",
                what=f"{count:,} environments",
                unit="steps/s",
                ours=mine,
                theirs=others,
            )
        env = jaxenv.make(ID, num_envs=128, threads=1)
        env.reset(seed=0)

        def single(seconds: float) -> float:
            steps, begin = 0, time.perf_counter()
            while (passed := time.perf_counter() - begin) < seconds:
                env.step(np.random.default_rng(steps).integers(0, 7, 128))
                steps += 128
            return steps / passed

        mine, _ = in_turns(request, single, None)
        yield HostRow(section="one core", what="128 environments", unit="steps/s", ours=mine)


def _resets(request: HostRequest) -> Iterator[HostRow]:
    import jaxenv
    from families.emurust.verify.game import game
    from references.pyboy.driver import PyBoyMachine

    own, count = game(), 128
    env = jaxenv.make(ID, num_envs=count, threads=1, screen="none")
    env.reset(seed=0)
    theirs, state = None, b""
    if request.reference:
        theirs = PyBoyMachine(own.rom, own.boot_rom)
        theirs.tick(60)
        state = theirs.save()

    def ours(seconds: float) -> float:
        resets, begin = 0, time.process_time()
        while (passed := time.process_time() - begin) < seconds:
            env.reset()
            resets += count
        return 1e6 * passed / resets

    def load(seconds: float) -> float:
        resets, begin = 0, time.process_time()
        assert theirs is not None
        while (passed := time.process_time() - begin) < seconds:
            theirs.load(state)
            resets += 1
        return 1e6 * passed / resets

    mine, others = in_turns(request, ours, load if theirs is not None else None)
    yield HostRow(
        section="a reset, by the processor's time",
        what=f"{count} environments at once, RAM observed",
        unit="µs a machine",
        ours=mine,
        theirs=others,
        less_is_better=True,
    )
    if theirs is not None:
        theirs.close()


BENCH = Bench(host=measure)
