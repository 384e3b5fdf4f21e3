"""A battle as Showdown's own texts: the input log, and the protocol log that the reference makes of it."""

from __future__ import annotations

import struct
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from references.showdown.client import BattleJob, teams_bytes
from references.showdown.install import node_command
from references.showdown.workers import OP_INPUT_LOG, WorkerPool, failure, node_environment, text_field

_STREAM_JS = Path(__file__).parent / "stream.js"


@dataclass(frozen=True)
class BattleTexts:
    """`input_log`: seed, teams and choices, what `pokemon-showdown simulate-battle` reads. `protocol_log`: what
    happened, as an observer who sees both sides is told; the time stamp is zero, so that equal battles give equal text.
    """

    input_log: str
    protocol_log: str


def battle_texts(pool: WorkerPool, job: BattleJob, names: tuple[str, str] = ("p1", "p2")) -> BattleTexts:
    """Write a battle's input log and run it through the reference's `BattleStream`.

    Raises `BadRequestError` when the simulator refuses one of the choices, naming the step, and `RuntimeError` when
    the stream reports an error.
    """
    input_log = written_log(pool, job, names)
    return BattleTexts(input_log, protocol_log(input_log))


def written_log(pool: WorkerPool, job: BattleJob, names: tuple[str, str] = ("p1", "p2")) -> str:
    """A battle's input log. `BadRequestError` as in `battle_texts`."""
    if len(set(names)) < 2:
        raise ValueError(f"both players are called {names[0]!r}; the reference tells winners by their names")
    actions = np.ascontiguousarray(job.actions, dtype=np.uint8)
    texts = text_field(job.format) + text_field(names[0]) + text_field(names[1])
    body = texts + struct.pack("<II", *job.seed) + teams_bytes(job.teams) + actions.tobytes()
    return pool.call(OP_INPUT_LOG, body).text + "\n"


def protocol_log(input_log: str, timeout: float = 60.0) -> str:
    """Run an input log through the reference's `BattleStream` and return the omniscient protocol log.

    `RuntimeError` for a log that it refuses, `WorkerFailedError` where it hangs.
    """
    try:
        done = subprocess.run(
            [node_command(), str(_STREAM_JS)],
            input=input_log.encode(),
            capture_output=True,
            env=node_environment(),
            timeout=timeout,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise failure(f"gave no answer within {timeout:g} s and was killed", _STREAM_JS.name) from error
    if done.returncode:
        raise RuntimeError(f"Showdown could not run the input log: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout.decode()
