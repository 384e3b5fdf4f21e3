"""Speed of PyBoy in environment steps: one machine in each of several processes, started by `throughput_session`."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

from references import timed_processes
from references.pyboy.driver import PyBoyMachine

UNIT = "steps/s"
_AT_ONCE = 16
"""Steps between two looks at the clock."""


def throughput_session(
    cores: int,
    rom: bytes,
    boot_rom: bytes,
    *,
    warm_up: int,
    frames: int,
    press: int,
    buttons: Sequence[str],
    ram: Sequence[tuple[int, int]],
) -> AbstractContextManager[Callable[[float], float]]:
    """A timer, in steps a second, of `cores` processes, which read the observation in every step.

    `frames` a step, of which a button of `buttons` in turn is held for `press`; the last one is drawn. `ram`: ranges of
    memory that are read. `ReferenceFailedError` for a process that ends.
    """
    request = {
        "rom": base64.b64encode(rom).decode(),
        "boot_rom": base64.b64encode(boot_rom).decode(),
        "warm_up": warm_up,
        "frames": frames,
        "press": press,
        "buttons": list(buttons),
        "ram": list(ram),
    }
    return timed_processes.session("PyBoy", __name__, request, cores)


def prepare(request: dict[str, Any]) -> Callable[[], int]:
    """`_AT_ONCE` steps of a machine that has run for `warm_up` frames."""
    machine = PyBoyMachine(base64.b64decode(request["rom"]), base64.b64decode(request["boot_rom"]))
    machine.tick(request["warm_up"])
    buttons, press, played = request["buttons"], request["press"], 0

    def play() -> int:
        nonlocal played
        for _ in range(_AT_ONCE):
            machine.hold((buttons[played % len(buttons)],))
            machine.tick(press, False)
            machine.hold(())
            machine.tick(request["frames"] - press, True)
            machine.half()
            for start, end in request["ram"]:
                machine.read(start, end)
            played += 1
        return _AT_ONCE

    return play


if __name__ == "__main__":
    timed_processes.serve(prepare)
