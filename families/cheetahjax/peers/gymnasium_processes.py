"""Gymnasium itself, as people run it: `gymnasium.make`, an environment in each of as many processes as cores."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version

from families.cheetahjax.gymnasium_task import options, record, task_name
from leaderboard.peer import PeerRequest, PeerSession
from references import timed_processes

_WORKER = "families.cheetahjax.peers.gymnasium_worker"


@contextmanager
def session(name: str, request: PeerRequest) -> Iterator[PeerSession]:
    """Warm processes that play the task at random, with observation, reward and resets.

    `ReferenceFailedError` for a process that ends.
    """
    task = record(request.env, request.batch)
    chosen = {"name": task_name(request.env), "options": options(request.env)}
    with timed_processes.session("Gymnasium", _WORKER, chosen, request.cores) as timer:
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
            timer=timer,
            physics_per_step=task.frame_skip,
        )
