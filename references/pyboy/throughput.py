"""Speeds of PyBoy: frames of one machine, and environment steps of one machine in each of several processes."""

from __future__ import annotations

import contextlib
import multiprocessing
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection
from typing import Any

from references.protocol import ReferenceFailedError
from references.pyboy.driver import PyBoyMachine

_START_SECONDS = 120
_AT_ONCE = 16
"""Steps between two looks at the clock."""


def _worker(pipe: Connection, rom: bytes, boot_rom: bytes, warm_up: int, task: dict[str, Any]) -> None:
    machine = PyBoyMachine(rom, boot_rom)
    machine.tick(warm_up)
    pipe.send("ready")
    while (seconds := pipe.recv()) is not None:
        steps, begin = 0, time.perf_counter()
        while (passed := time.perf_counter() - begin) < seconds:
            for number in range(_AT_ONCE):
                machine.hold((task["buttons"][(steps + number) % len(task["buttons"])],))
                machine.tick(task["press"], False)
                machine.hold(())
                machine.tick(task["frames"] - task["press"], True)
                machine.half()
                for start, end in task["ram"]:
                    machine.read(start, end)
            steps += _AT_ONCE
        pipe.send((steps, passed))
    machine.close()


class Workers:
    """`count` processes that step one machine each, with the observation read in every step. Use in a `with` block.

    `frames` a step, of which a button of `buttons` in turn is held for `press`; the last one is drawn. `ram`: ranges of
    memory that are read.
    """

    def __init__(
        self,
        count: int,
        rom: bytes,
        boot_rom: bytes,
        *,
        warm_up: int,
        frames: int,
        press: int,
        buttons: Sequence[str],
        ram: Sequence[tuple[int, int]],
    ) -> None:
        task = {"frames": frames, "press": press, "buttons": tuple(buttons), "ram": tuple(ram)}
        self._arguments = (rom, boot_rom, warm_up, task)
        self._count = count
        self._started: list[tuple[Any, Connection]] = []

    def __enter__(self) -> Workers:
        context = multiprocessing.get_context("spawn")
        for _ in range(self._count):
            ours, theirs = context.Pipe()
            process = context.Process(target=_worker, args=(theirs, *self._arguments), daemon=True)
            process.start()
            theirs.close()
            self._started.append((process, ours))
        for _, pipe in self._started:
            self._told(pipe, _START_SECONDS)
        return self

    def __exit__(self, *_: object) -> None:
        for process, pipe in self._started:
            with contextlib.suppress(OSError):  # it has ended already
                pipe.send(None)
            process.join(5)
            if process.is_alive():
                process.terminate()
        self._started.clear()

    def __call__(self, seconds: float) -> float:
        """Steps per second of all together."""
        for _, pipe in self._started:
            pipe.send(seconds)
        told = [self._told(pipe, seconds + 60) for _, pipe in self._started]
        return sum(steps / passed for steps, passed in told)

    def _told(self, pipe: Connection, seconds: float) -> Any:
        try:
            if pipe.poll(seconds):
                return pipe.recv()
        except (EOFError, OSError) as error:
            raise ReferenceFailedError("a process of PyBoy has died. Remedy: run it again, with fewer cores") from error
        raise ReferenceFailedError(f"a process of PyBoy says nothing for {seconds:.0f} s. Remedy: run it again")
