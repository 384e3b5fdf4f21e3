"""Gymnasium itself, as people run it: `gymnasium.make`, an environment in each of as many processes as cores."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from importlib.metadata import version
from typing import Any

from families.cheetahjax.gymnasium_task import options, record, task_name
from leaderboard.peer import PeerError, PeerRequest, PeerSession

_WARM_UP = 0.2  # seconds
_GRACE = 5.0
_PATIENCE = 120.0  # seconds


@contextmanager
def session(name: str, request: PeerRequest) -> Iterator[PeerSession]:
    """Warm processes that play the task at random, with observation, reward and resets."""
    task = record(request.env, request.batch)
    with ExitStack() as stack:
        workers = [stack.enter_context(_worker(request, seed)) for seed in range(request.cores)]
        for worker in workers:
            _read(worker, 0)

        def play(seconds: float) -> float:
            for worker in workers:
                assert worker.stdin is not None
                with suppress(BrokenPipeError):  # it died: what it answers says so
                    worker.stdin.write(f"{seconds}\n")
                    worker.stdin.flush()
            answers = [_read(worker, seconds) for worker in workers]
            return sum(answer["steps"] / answer["seconds"] for answer in answers)

        play(_WARM_UP)
        yield PeerSession(
            name=name,
            version=f"{version('gymnasium')} on mujoco {version('mujoco')}",
            config={
                "processes": request.cores,
                "frame_skip": task.frame_skip,
                "dtype": "float64",
                "model": "Gymnasium's file",
                "model_sha256": task.model_sha256,
                "work": "the whole task; actions drawn beforehand",
            },
            batch=1,
            timer=play,
            physics_per_step=task.frame_skip,
        )


@contextmanager
def _worker(request: PeerRequest, seed: int) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "families.cheetahjax.peers.gymnasium_worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        start_new_session=True,  # an interrupt from the terminal is ours to pass on
    )
    try:
        assert process.stdin is not None
        chosen = {"name": task_name(request.env), "options": options(request.env), "seed": seed}
        process.stdin.write(json.dumps(chosen) + "\n")
        process.stdin.flush()
        yield process
    finally:
        _end(process)


def _read(process: subprocess.Popen[str], seconds: float) -> dict[str, Any]:
    """Its answer, for which it has `_PATIENCE` seconds beside those that it plays. `PeerError`."""
    assert process.stdout is not None
    timer = threading.Timer(seconds + _PATIENCE, process.kill)
    timer.start()
    try:
        line = process.stdout.readline()
    finally:
        timer.cancel()
    if not line:
        raise PeerError(
            f"Gymnasium: process {process.pid} ended with status {process.wait()}, see above; run it again, or leave "
            "the peers out with --no-peers"
        )
    try:
        return json.loads(line)
    except ValueError as error:
        raise PeerError(f"Gymnasium: process {process.pid} answered {line[:80]!r}; --no-peers goes without") from error


def _end(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None and process.stdout is not None
    try:
        process.stdin.close()  # the end of its loop
        process.wait(_GRACE)
    except (OSError, subprocess.TimeoutExpired):
        process.kill()
        process.wait()
    process.stdout.close()
