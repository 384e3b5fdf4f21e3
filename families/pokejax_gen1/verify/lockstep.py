"""Battles that somebody plays, compared with Showdown by the library's level 3, outside a run of the verifier.

found = run(load(env), Plan(env, 200, seed), pool, Path("out/divergences"))
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from families.pokejax_gen1.verify.play import Player, episode_of, self_play, stream
from families.pokejax_gen1.verify.plugin import make
from references.showdown.client import BattleJob
from references.showdown.workers import WorkerPool
from verification.levels import rolled
from verification.levels.context import Context
from verification.levels.context import Plan as LibraryPlan
from verification.levels.coverage import coverage_json
from verification.plugin import SelfPlay
from verification.reporting.text import finding_lines
from verification.results import CheckResult, Finding


@dataclass(frozen=True)
class Plan:
    """The battles to play: `policies` share `episodes` evenly, each with its own stream derived from `seed`."""

    env: str
    episodes: int
    seed: int
    teams: str = "randbats"
    policies: tuple[str, ...] = ("uniform",)

    def shares(self) -> list[tuple[str, int, int]]:
        """(policy, seed, episodes) of each part."""
        parts = rolled.shares(self.policies, self.episodes)
        return [(policy, stream(self.seed, policy), count) for policy, count in parts]


@dataclass
class Sweep:
    """Findings of a comparison so far. `coverage`: as in a report, when it is done."""

    plan: Plan
    result: CheckResult
    coverage: dict[str, Any] = field(default_factory=dict)

    @property
    def episodes(self) -> int:
        """Battles compared."""
        return self.result.cases

    @property
    def steps(self) -> int:
        """Joint steps compared."""
        return self.result.steps

    @property
    def divergences(self) -> int:
        """Battles that differ."""
        return self.result.divergences

    @property
    def failures(self) -> list[Finding]:
        """The first of them, in detail."""
        return self.result.findings

    @property
    def unverified(self) -> int:
        """Battles that no worker of the reference survived."""
        return self.result.stats.get("unverified", 0)

    @property
    def faults(self) -> list[dict[str, Any]]:
        """Failed attempts of the reference's workers: reason, policy, seed."""
        return self.result.stats.get("worker_faults", [])

    @property
    def reference_errors(self) -> list[dict[str, Any]]:
        """Battles in which Showdown's own code threw."""
        return self.result.stats.get("reference_errors", [])

    @property
    def complete(self) -> bool:
        """Every planned battle was compared."""
        return self.episodes == self.plan.episodes and not self.unverified

    def summary(self) -> str:
        """A few lines: what was compared, the first failures, and how to play them again."""
        plan = self.plan
        lines = [
            f"{plan.env}, teams {plan.teams}, policies {', '.join(plan.policies)}: {self.episodes} of {plan.episodes} "
            f"battles, {self.steps} joint steps, {self.divergences} divergences"
        ]
        lines += [f"  {fault['reason']}; in flight: seed {fault['seed']}" for fault in self.faults[:5]]
        for failure in self.failures[:3]:
            lines += ["", describe(failure)]
        return "\n".join(lines)


def run(
    player: Player,
    plan: Plan,
    pool: WorkerPool,
    failures: Path,
    on_progress: Callable[[Sweep], None] = lambda sweep: None,
) -> Sweep:
    """Compare the battles that `player` plays; counterexamples are saved into the folder `failures`.

    Whatever stops the comparison (a player's error, a refused request) goes to the caller.
    """
    alone = self_play(lambda: player, plan.teams, plan.policies)
    return _compare(alone, plan, pool, failures, on_progress, player.watched)


def _compare(
    alone: SelfPlay,
    plan: Plan,
    pool: WorkerPool,
    failures: Path,
    on_progress: Callable[[Sweep], None],
    watched: bool = False,
) -> Sweep:
    plugin = make(plan.env, plan.teams, plan.policies, pool, watched=watched)
    plugin = replace(plugin, play=replace(plugin.play, alone=alone))
    sweep = Sweep(plan, CheckResult(rolled.LOCKSTEP, "L3", alone.title))
    # No shrinking: it would compile a program of its own.
    asked = LibraryPlan(levels=("L3",), episodes=plan.episodes, seed=plan.seed, shrink=0, failures=failures)
    context = Context(plugin, asked, on_progress=lambda result: on_progress(sweep))
    rolled.run(context, sweep.result)
    sweep.coverage = coverage_json(context)
    return sweep


def first_difference(job: BattleJob, records: NDArray[np.int32], pool: WorkerPool, folder: Path) -> str:
    """The first difference of one battle from Showdown's, in lines; "" if all its decision points are equal.

    `records`: int32 [T + 1, F] in the reference's column order. A counterexample is saved into `folder`.
    """
    episode = episode_of(job.teams, job.seed, job.actions, records)
    policies = ("as it was played",)
    alone = SelfPlay(play=lambda seed, count, policy: iter([[episode]]), policies=policies)
    plan = Plan(f"pokejax/{job.format}", 1, 0, policies=policies)
    found = _compare(alone, plan, pool, folder, lambda sweep: None)
    if not found.complete:
        return "Showdown could not play the battle: " + "; ".join(fault["reason"] for fault in found.faults)
    return describe(found.failures[0]) if found.failures else ""


def describe(failure: Finding) -> str:
    """Several lines: the step, the draws, then the fields with both values."""
    shown = [vars(difference) for difference in failure.differences]
    return "\n".join(finding_lines({**vars(failure), "differences": shown}))
