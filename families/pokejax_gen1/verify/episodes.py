"""Level 3 of Gen 1: JAX plays whole battles in batches, Showdown's workers replay them, all records are compared."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from families.pokejax_gen1.verify.behaviours import behaviours
from families.pokejax_gen1.verify.candidate import LockstepCandidate
from families.pokejax_gen1.verify.cases import case_of
from families.pokejax_gen1.verify.compare import Divergence
from families.pokejax_gen1.verify.fields import MODULES, specs
from families.pokejax_gen1.verify.sides import AGENTS, ShowdownEnv, to_batch
from families.pokejax_gen1.verify.sweep import Match, Plan, Sweep, finding_of, run
from verification.check import Check
from verification.levels.context import Context
from verification.levels.coverage import coverage_of
from verification.levels.pairs import DETAILED, add_finding, timed
from verification.localise import suspects
from verification.results import CheckResult

LOCKSTEP = "L3/lockstep"


def lockstep_check(make: Callable[[Context], LockstepCandidate], teams: str, policies: tuple[str, ...]) -> Check:
    """The check; `make` gives the candidate that plays, `policies` share the episodes."""

    def play(context: Context, result: CheckResult) -> None:
        _play(context, result, make(context), teams, policies)

    return Check(LOCKSTEP, "L3", f"whole battles in lockstep, {teams} teams", play)


def _play(
    context: Context, result: CheckResult, candidate: LockstepCandidate, teams: str, policies: tuple[str, ...]
) -> None:
    begin = time.monotonic()
    reference = context.reference
    assert isinstance(reference, ShowdownEnv)
    plan = Plan(context.plugin.env, context.plan.episodes, context.plan.seed, teams, policies)
    sweep = Sweep(plan)
    result.unit, result.planned = "episodes", plan.episodes
    owners = {spec.path: spec.module for spec in specs()}

    def on_battle(match: Match, records: NDArray[np.int32], divergence: Divergence | None) -> None:
        if len(records) > 1:
            _count(context, match, records)
        if divergence is not None:
            _found(context, result, match, divergence, owners)

    def on_progress(sweep: Sweep) -> None:
        result.cases, result.steps = sweep.episodes, sweep.steps
        timed(result, begin)
        context.on_progress(result)

    run(candidate, plan, reference.pool, None, sweep, on_progress, on_battle)
    on_progress(sweep)
    result.stats |= {
        "teams": teams,
        "episodes_by_policy": dict(sweep.by_policy),
        "moves": sweep.coverage.to_json()["moves"],
        "worker_faults": sweep.faults,
        "unverified": sweep.unverified,
        "reference_errors": sweep.reference_errors,
    }
    result.cases -= sweep.unverified
    result.conclude()


def _count(context: Context, match: Match, records: NDArray[np.int32]) -> None:
    steps = len(records) - 1
    teams = np.repeat(match.job.teams[None], steps, axis=0)
    actions = {agent: match.job.actions[:steps, side] for side, agent in enumerate(AGENTS)}
    before, after = to_batch(teams, records[:-1]), to_batch(teams, records[1:])
    coverage_of(context).add(behaviours(before, actions, after))


def _found(context: Context, result: CheckResult, match: Match, divergence: Divergence, owners: dict[str, str]) -> None:
    rank = {module: place for place, module in enumerate(MODULES)}
    found = finding_of(divergence)
    seen = [replace(difference, module=owners[difference.name]) for difference in found.differences]
    seen.sort(key=lambda difference: rank[difference.module])
    case = {"policy": match.policy, "seed": list(match.job.seed)}
    finding = replace(found, differences=tuple(seen), suspects=suspects(context.plugin, seen), case=case)
    if result.divergences >= DETAILED:
        result.add(finding, DETAILED)
    else:
        add_finding(context, result, case_of(context.plugin.env, match.job, divergence.step), finding)
