"""Speed of the reference at random play: a process on each core, started by `throughput_session`.

A process reads one JSON line, `{"decks": [[ids, types], …], "seed": …}`, then a line with a number of seconds for every
round; it answers each with a JSON line: `{"ready": true}`, then `{"plies": …, "seconds": …}`.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

from references.protocol import ReferenceFailedError
from references.tcg_pocket import actions, rules
from references.tcg_pocket.cards import find
from references.tcg_pocket.chance import Chance
from references.tcg_pocket.observation import observe
from references.tcg_pocket.turns import new_game

UNIT = "plies/s"
_WARM_UP, _GRACE, _PATIENCE = 0.2, 5.0, 120.0  # seconds
Deck = tuple[Sequence[str], Sequence[str]]


@contextmanager
def throughput_session(cores: int, decks: Sequence[Deck]) -> Iterator[Callable[[float], float]]:
    """A timer of `cores` processes that play random games between these decks (card ids, energy types).

    `ReferenceFailedError` for a process that ends.
    """
    with ExitStack() as stack:
        workers = [stack.enter_context(_worker(decks, seed)) for seed in range(cores)]
        for worker in workers:
            _read(worker, 0)

        def timer(seconds: float) -> float:
            for worker in workers:
                assert worker.stdin is not None
                with suppress(BrokenPipeError):  # it died: what it answers says so
                    worker.stdin.write(f"{seconds}\n")
                    worker.stdin.flush()
            answers = [_read(worker, seconds) for worker in workers]
            return sum(answer["plies"] / answer["seconds"] for answer in answers)

        timer(_WARM_UP)
        yield timer


def main() -> None:
    """The process of one core."""
    request = json.loads(sys.stdin.readline())
    decks = [([find(id) for id in ids], tuple(types)) for ids, types in request["decks"]]
    rng, chance = random.Random(request["seed"]), Chance(request["seed"])
    game = _start(decks, rng, chance)
    _answer({"ready": True})
    for line in sys.stdin:
        limit, begun, plies = float(line), time.perf_counter(), 0
        while time.perf_counter() - begun < limit or not plies:
            chance.forget()
            rules.play(game, chance, rng.choice(actions.legal_actions(game)))
            for player in range(2):
                observe(game, player)
            plies += 1
            if game.phase == "over":
                game = _start(decks, rng, chance)
        _answer({"plies": plies, "seconds": time.perf_counter() - begun})


def _start(decks: Sequence[Any], rng: random.Random, chance: Chance) -> Any:
    return new_game([rng.choice(decks), rng.choice(decks)], chance)


def _answer(message: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


@contextmanager
def _worker(decks: Sequence[Deck], seed: int) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "references.tcg_pocket.throughput"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        start_new_session=True,  # an interrupt from the terminal is ours to pass on
    )
    try:
        assert process.stdin is not None
        process.stdin.write(json.dumps({"decks": decks, "seed": seed}) + "\n")
        process.stdin.flush()
        yield process
    finally:
        _end(process)


def _read(process: subprocess.Popen[str], seconds: float) -> dict[str, Any]:
    """Its answer, for which it has `_PATIENCE` seconds beside those that it plays."""
    assert process.stdout is not None
    timer = threading.Timer(seconds + _PATIENCE, process.kill)
    timer.start()
    try:
        line = process.stdout.readline()
    finally:
        timer.cancel()
    if not line:
        raise ReferenceFailedError(
            f"tcg_pocket: process {process.pid} ended with status {process.wait()}, see above; run it again"
        )
    return json.loads(line)


def _end(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None and process.stdout is not None
    try:
        process.stdin.close()  # the end of its loop
        process.wait(_GRACE)
    except (OSError, subprocess.TimeoutExpired):
        process.kill()
        process.wait()
    process.stdout.close()


if __name__ == "__main__":
    main()
