"""Level 0: the contract. The same in a fresh process, restore∘snapshot, batches, the environment's own contract."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from typing import Any

import numpy as np

import families
from references.protocol import Batched, Restorable
from verification import fresh
from verification.batches import legal_many, random_actions, row, rows, size, step_many
from verification.check import Check
from verification.levels import declared
from verification.levels.context import Context
from verification.levels.mining import live, mine
from verification.levels.pairs import compared_paths, same_after_restore, timed
from verification.results import CheckResult, FieldDifference, Finding

_STATES = 64
_FRESH_STEPS = 60
_HOST_BATCH, _HOST_STEPS = 4, 200
"""Of the contract's check of a host environment, whose episodes no params can cut short."""


def _differ(result: CheckResult, side: str, path: str, got: Any, expected: Any) -> None:
    plain = [np.asarray(value).tolist() for value in (got, expected)]
    result.add(Finding(0, (FieldDifference(path, "contract", *plain),), case={"side": side}))


def _run_declaration(context: Context, result: CheckResult) -> None:
    """The plugin's own declarations, and that both sides' snapshots fit them."""
    begin = time.monotonic()
    context.plugin.check()
    result.stats["paths"] = len(compared_paths(context))
    result.cases = result.planned = 1
    timed(result, begin)
    result.conclude()


def _run_fresh(context: Context, result: CheckResult) -> None:
    """Both sides play the same episode here and in a process of its own."""
    begin = time.monotonic()
    result.unit, result.planned = "checks", 2
    for side, env in (("reference", context.reference), ("candidate", context.candidate)):
        here = fresh.digest(context.plugin, env, context.plan.seed, _FRESH_STEPS)
        if side == "candidate":  # the reference's is required of every run, before it begins
            fresh.require_deterministic(context.plugin, env, side, context.plan.seed)
        command = [sys.executable, "-m", "verification.fresh", context.plugin.env, side, str(context.plan.seed)]
        done = subprocess.run(
            [*command, str(_FRESH_STEPS), context.plugin.running.backend],
            capture_output=True,
            text=True,
            timeout=600,
            cwd=fresh.ROOT,
            # A plugin of the user's own is found where this process finds it.
            env={
                **os.environ,
                **families.handed_on(),
                "PYTHONPATH": os.pathsep.join(filter(None, [os.getcwd(), *sys.path])),
            },
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"{side} in a fresh process: {done.stderr.strip()[-500:]}")
        there = done.stdout.strip().splitlines()[-1]
        result.cases += 1
        result.steps += 2 * _FRESH_STEPS
        if there != here:
            _differ(result, side, "episode in a fresh process", there, here)
    timed(result, begin)
    result.conclude()


def _run_restore(context: Context, result: CheckResult) -> None:
    """Restoring a snapshot and taking another gives the same one, on both sides."""
    begin = time.monotonic()
    result.unit = "steps"
    snapshots = mine(context, "restore", _STATES)
    sides = [("reference", context.reference), ("candidate", context.candidate)]
    result.planned = 2 * size(snapshots)
    for side, env in sides:
        for path, bad in same_after_restore(context, env, snapshots).items():
            case = int(np.flatnonzero(bad)[0])
            _differ(result, side, path, "not what was restored", snapshots[path][case])
        result.cases += size(snapshots)
    timed(result, begin)
    result.conclude()


def _run_batch(context: Context, result: CheckResult) -> None:
    """A batch gives what its cases give alone, in any order; alone it is another program, which may round elsewhere."""
    begin = time.monotonic()
    result.unit = "steps"
    candidate = context.candidate
    snapshots = live(mine(context, "batch", _STATES))
    actions = random_actions(context.rng("L0/batch"), legal_many(candidate, snapshots))
    together = step_many(candidate, snapshots, actions)
    order = context.rng("L0/order").permutation(size(snapshots))
    shuffled = step_many(candidate, rows(snapshots, order), rows(actions, order))
    alone = min(8, size(snapshots))
    result.planned = size(snapshots) + alone
    _same(result, "in another order", rows(together, order), shuffled)
    result.cases += size(snapshots)
    assert isinstance(candidate, Restorable)
    for i in range(alone):
        candidate.restore(row(snapshots, i))
        candidate.step(row(actions, i))
        single = candidate.snapshot()
        expected = rows(together, slice(i, i + 1))
        got = {path: np.asarray(v)[None] for path, v in single.items()}
        exact = {path: v for path, v in expected.items() if not context.table.spec(path).tolerant}
        _same(result, "alone", exact, got)
        tolerant = [path for path in expected if path not in exact]
        for path in context.table.compare(tolerant, expected, got):
            _differ(result, "candidate, alone", path, got[path], expected[path])
        result.cases += 1
    result.steps = result.cases
    timed(result, begin)
    result.conclude()


def _same(result: CheckResult, how: str, expected: Mapping[str, Any], got: Mapping[str, Any]) -> None:
    for path in expected:
        a, b = np.asarray(expected[path]), np.asarray(got[path])
        if not np.array_equal(a, b, equal_nan=a.dtype.kind == "f"):
            _differ(result, f"candidate, {how}", path, b, a)


def _run_jaxenv(context: Context, result: CheckResult) -> None:
    """`jaxenv.testing.check_env`: the environment contract, by jit and vmap against one environment, or of a host."""
    import jaxenv
    from jaxenv.testing import check_env

    begin = time.monotonic()
    assert context.plugin.sides.env_id is not None
    name = context.plugin.sides.env_id
    result.planned = 1
    try:
        if jaxenv.spec(name).kind == "host":
            check_env(jaxenv.make(name, num_envs=_HOST_BATCH), steps=_HOST_STEPS)
        else:
            env = jaxenv.make(name)
            # Episodes must end within the check's steps.
            params = env.default_params.replace(max_steps_in_episode=24)
            check_env(env, params, steps=48, batch=4, tolerance=context.plugin.sides.alone_tolerance)
    except AssertionError as error:
        _differ(result, "candidate", "check_env", str(error), "the contract holds")
    result.cases = 1
    timed(result, begin)
    result.conclude()


def checks(context: Context) -> list[Check]:
    """The checks of level 0 that the plugin's declarations allow."""
    found = [
        Check("L0/declaration", "L0", "the plugin's declarations fit both sides' snapshots", _run_declaration),
        Check("L0/fresh-process", "L0", "the same episode in a fresh process", _run_fresh),
        Check("L0/restore", "L0", "restore∘snapshot is the identity", _run_restore, ("Restorable",)),
    ]
    if isinstance(context.candidate, Batched):
        found.append(
            Check("L0/batch", "L0", "a batch equals its cases alone, in any order", _run_batch, ("Restorable",))
        )
    if context.plugin.sides.env_id and context.plugin.checks.declared:
        found.append(Check("L0/declared", "L0", "spec, layouts and default params are those on record", declared.run))
    if context.plugin.sides.env_id:
        found.append(Check("L0/check-env", "L0", "the environment contract (check_env)", _run_jaxenv))
    return found
