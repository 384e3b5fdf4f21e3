"""Choices in Showdown's own words, tried at every decision point of a battle."""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence

import numpy as np

from references.showdown.client import BattleJob, teams_bytes
from references.showdown.workers import OP_CHOICES, WorkerPool, failure, text_field

Texts = Sequence[Sequence[Sequence[str]]]
"""For each decision point, for each player: choices."""


def verdicts(pool: WorkerPool, job: BattleJob, texts: Texts) -> list[list[list[str]]]:
    """ "" for each choice that ``Side.choose`` takes, else its reason, in the form of `texts`.

    `texts` begins at the first decision point, and may end before the battle does. Nothing that is tried is played:
    the battle goes on with the job's actions.
    """
    actions = np.ascontiguousarray(job.actions, dtype=np.uint8)
    if len(texts) > len(actions) + 1:
        raise ValueError(f"choices for {len(texts)} decision points, but the battle has {len(actions) + 1}")
    head = text_field(job.format) + struct.pack("<II", *job.seed) + teams_bytes(job.teams)
    found = pool.call(OP_CHOICES, head + text_field(json.dumps(texts)) + actions.tobytes()).json()
    if len(found) != len(texts):
        raise failure(f"answered verdicts of {len(found)} decision points, expected {len(texts)}")
    return found
