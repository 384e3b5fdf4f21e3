"""Battles as counterexamples, and counterexamples as battles."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from families.pokejax_gen1.verify.outcome import AGENTS
from families.pokejax_gen1.verify.sides import reference_format
from references.protocol import Actions
from references.showdown.client import BattleJob
from verification.cases import Case


def case_of(env: str, job: BattleJob, steps: int) -> Case:
    """The first `steps` joint choices of a battle, from its start."""
    actions: list[Actions] = [{agent: pair[side] for side, agent in enumerate(AGENTS)} for pair in job.actions[:steps]]
    return Case(env, tuple(actions), None, 0, {"teams": job.teams, "words": np.array(job.seed, np.uint32)})


def job_of(case: Case) -> BattleJob:
    """The battle of a case that starts from a reset. `ValueError` for one that starts from a snapshot."""
    if case.snapshot is not None:
        raise ValueError("the case starts from a snapshot: it is a step, not a battle")
    options: Mapping[str, Any] = case.options
    actions = np.array([[int(step[agent]) for agent in AGENTS] for step in case.actions], np.uint8).reshape(-1, 2)
    high, low = (int(word) for word in options["words"])
    return BattleJob(reference_format(case.env), (high, low), np.asarray(options["teams"], np.uint16), actions)
