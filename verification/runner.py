"""Runs a plan: chooses the checks, keeps what an interruption leaves, and builds the report."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jaxenv import shards
from leaderboard.invocation import spelled
from references.protocol import WITHOUT, ReferenceUnavailableError, Restorable, capabilities
from verification import fresh, localise
from verification.check import Check
from verification.fields import PluginError
from verification.levels import contract, coverage, draws, episodes, interaction, steps, transfer
from verification.levels.context import Context, Plan
from verification.levels.continuous import continuous_checks, is_continuous
from verification.plugin import Draws, Plugin, Sides, State
from verification.provenance import provenance, verifier_hash
from verification.reporting.validate import load as load_report
from verification.results import LEVELS, CheckResult, Parts, Verdict, level_json, worst

SCHEMA = "verification.report/1"

_STANDARD: dict[str, Callable[[Context], list[Check]]] = {
    "L0": contract.checks,
    "L1": steps.checks,
    "L2": interaction.checks,
    "L3": episodes.checks,
    "L3d": draws.checks,
    "L4": transfer.checks,
}

OnResult = Callable[[Check, CheckResult], None]


@dataclass
class Run:
    """A run's results so far. `done`: check id → its result as in the report, taken over from an interrupted run.

    `ahead`: results taken over whose turn has not come: a report that is written meanwhile holds them too.
    """

    plugin: Plugin
    plan: Plan
    results: list[CheckResult] = field(default_factory=list)
    done: Mapping[str, Any] = field(default_factory=dict)
    ahead: dict[str, CheckResult] = field(default_factory=dict)
    interrupted: bool = False
    reason: str = ""
    error: bool = False
    coverage: dict[str, Any] | None = None
    info: dict[str, Any] = field(default_factory=dict)
    seconds: float = 0.0
    command: str = ""
    started: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))
    mutants: dict[str, Any] | None = None
    checks: list[Check] = field(default_factory=list)

    @property
    def verdict(self) -> Verdict:
        """The gravest verdict of any check; an interrupted or refused run is never a pass, nor is a shard of one."""
        return worst((self.verdict_here, "not_run")) if self.plan.shard else self.verdict_here

    @property
    def verdict_here(self) -> Verdict:
        """The gravest verdict of the checks that this process has done."""
        found: list[Verdict] = [result.verdict for result in (*self.results, *self.ahead.values())]
        if self.error:
            found.append("error")
        if self.interrupted or not found:
            found.append("not_run")
        return worst(found)


def checks_of(context: Context, levels: Sequence[str]) -> list[Check]:
    """The checks of these levels in order, the plugin's own among them."""
    unknown = [level for level in levels if level not in LEVELS]
    if unknown:
        raise ValueError(f"unknown level {', '.join(unknown)}; levels are {', '.join(LEVELS)}")
    found = [check for level in LEVELS if level in levels for check in _STANDARD[level](context)]
    replaced = set(context.plugin.checks.replaces)
    if is_continuous(context.plugin):
        # Without resynchronising, rounding grows beyond any one-step tolerance: windows and free runs judge that.
        replaced |= {interaction.MACHINE, episodes.EPISODES}
        found += [check for check in continuous_checks() if check.level in levels]
    found = [check for check in found if check.id not in replaced]
    found += [check for check in context.plugin.checks.extra if check.level in levels]
    return sorted(found, key=lambda check: LEVELS.index(check.level))


def execute(
    run: Run,
    on_result: OnResult = lambda check, result: None,
    context: Context | None = None,
    cost: Callable[[Check], float] | None = None,
) -> Run:
    """Run the plan's checks into `run.results`; an interruption leaves what was done, and says so.

    Nothing runs when the plugin is refused (`PluginError`) or its reference cannot be had: the reason stands in the
    report. A `context` that is given is used and left open; else one is made and closed. With `cost` the
    checks run by what they cost, the cheapest first, in place of the order of the levels.
    """
    begin = time.monotonic()
    own = context is None
    context = context or Context(run.plugin, run.plan)
    try:
        run.plugin.check()
        run.checks = checks_of(context, run.plan.levels)
        starts = own_checks(run.checks, run.plan)
        checks = [check for check in run.checks if check.id in starts]
        if cost is not None:
            checks.sort(key=cost)
        run.ahead = {check.id: CheckResult.from_json(run.done[check.id]) for check in checks if check.id in run.done}
        run.info = describe(context)
        fresh.require_deterministic(run.plugin, context.reference, "reference", run.plan.seed)
        for check in checks:
            _run_check(run, context, check, starts[check.id], on_result)
            run.seconds = time.monotonic() - begin
    except KeyboardInterrupt:
        run.interrupted, run.reason = True, "interrupted; what was compared so far follows"
    except (PluginError, ReferenceUnavailableError) as error:
        run.error, run.reason = True, str(error)
    finally:
        run.coverage = coverage.coverage_json(context) if coverage.was_counted(context) else None
        run.seconds = time.monotonic() - begin
        if own:
            context.close()
    return run


def own_checks(checks: Sequence[Check], plan: Plan) -> dict[str, CheckResult]:
    """The empty results of the checks that fall to this process, with their parts, by id. All of them without shards.

    A check that is not divided is one part; these go round the shards.
    """
    found = {}
    for turn, check in enumerate(checks):
        result = check.start()
        if plan.shard is not None:
            count = check.parts(plan) if check.parts else 1
            mine = plan.shard.stretch(count, turn)
            if not mine:
                continue
            if check.parts:
                result.parts = Parts(mine.start, mine.stop, mine.start, count)
        found[check.id] = result
    return found


def absorb(total: Run, part: Run) -> None:
    """Add a later run of the same checks to `total`: counts add up, the gravest verdict stands."""
    by_id = {result.id: result for result in total.results}
    for result in part.results:
        before = by_id.get(result.id)
        if before is None:
            total.results.append(result)
            continue
        before.planned = (before.planned or 0) + (result.planned or 0)
        before.take(result, stats=False)
        before.parts = None
        before.verdict = worst((before.verdict, result.verdict))
    total.info, total.coverage = part.info, part.coverage
    total.error, total.interrupted = total.error or part.error, total.interrupted or part.interrupted
    total.reason = total.reason or part.reason
    total.seconds += part.seconds


def finished_checks(path: Path | None, plugin: Plugin, plan: Plan) -> dict[str, Any]:
    """The checks that an interrupted run's report has finished, and the whole parts of one that it has begun, by id.

    `ValueError` when there is no such report, or it is of another environment, plan or verifier.
    """
    if path is None:
        raise ValueError("--resume needs --json FILE, the report of the interrupted run")
    return unfinished(load_report(path), str(path), plugin, plan)


def unfinished(report: Mapping[str, Any], where: str, plugin: Plugin, plan: Plan) -> dict[str, Any]:
    """The same of a report, which `where` names."""
    expected = {"env": plugin.env, "plan": _plain_plan(plan), "verifier_hash": verifier_hash()}
    found = {"env": report["env"], "plan": report["plan"], "verifier_hash": report["provenance"].get("verifier_hash")}
    expected["shard"] = str(plan.shard) if plan.shard else None
    shard = report.get("shard")
    found["shard"] = str(shards.from_json(shard, where)) if shard else None
    for what, value in expected.items():
        if found[what] != value:
            raise ValueError(
                f"{where}: {what} is {found[what]}, this run's is {value}; repeat the first command's options, "
                "or start anew without --resume"
            )
    checks = [_taken_over(check) for level in report["levels"] for check in level["checks"]]
    return {check["id"]: check for check in checks if check}


def is_finished(check: Mapping[str, Any]) -> bool:
    """True for a check of a report that has nothing left to do."""
    parts = check.get("parts")
    return check["verdict"] in ("pass", "fail", "inconclusive") and (not parts or parts["done"] == parts["last"])


def _taken_over(check: dict[str, Any]) -> dict[str, Any] | None:
    """The part of a check in a report that need not be done again; None for nothing."""
    parts = check.get("parts")
    if is_finished(check) or not parts:
        return check if is_finished(check) else None
    if parts["done"] == parts["first"]:
        return None
    whole = parts["before"] or check
    return {**whole, "verdict": "not_run", "reason": "", "parts": {**parts, "before": None}}


def could_not_run(env: str, reason: str, plan: Plan, command: str) -> dict[str, Any]:
    """The report of a run that did not start, so that nobody takes a missing file for a pass."""
    sides, state = Sides(reference=_none, candidate=_none), State(modules=(), fields=())
    nothing = Plugin(env=env, sides=sides, state=state, draws=Draws(noise="none"))
    run = Run(nothing, plan, error=True, reason=reason, command=command)
    run.results = [
        CheckResult(f"{level}/none", level, "nothing was run", "not_run", reason=reason) for level in plan.levels
    ]
    return to_json(run)


def _none() -> Any:
    raise NotImplementedError


def _plain_plan(plan: Plan) -> dict[str, Any]:
    planned = {name: value for name, value in asdict(plan).items() if name != "shard"}
    returns = str(plan.returns) if plan.returns else None
    return {**planned, "failures": str(plan.failures), "levels": list(plan.levels), "returns": returns}


def _run_check(run: Run, context: Context, check: Check, empty: CheckResult, on_result: OnResult) -> None:
    result, before = run.ahead.pop(check.id, None) or empty, coverage.counts_so_far(context)
    run.results.append(result)
    if result.behaviours:
        coverage.coverage_of(context).counts.update(result.behaviours)
    if is_finished(vars(result) | {"parts": result.parts and vars(result.parts)}):
        on_result(check, result)
        return
    context.on_progress = lambda so_far: on_result(check, so_far)
    lacking = missing(context, check)
    if lacking:
        result.reason = f"needs {', '.join(lacking)}"
        on_result(check, result)
        return
    begin = time.monotonic()
    try:
        check.run(context, result)
    except KeyboardInterrupt:
        if result.verdict != "fail":
            result.verdict, result.reason = ("fail" if result.divergences else "not_run"), "interrupted"
        raise
    except PluginError:
        result.verdict = "error"
        raise
    except Exception as error:  # whatever a check meets is its verdict, and the other checks still run
        result.verdict, result.reason = "error", f"{type(error).__name__}: {error}"
        result.notes.append(traceback.format_exc(limit=-6))
    result.findings = [localise.completed(run.plugin, finding, check.level) for finding in result.findings]
    result.behaviours = dict(sorted((coverage.counts_so_far(context) - before).items()))
    result.seconds = result.seconds or round(time.monotonic() - begin, 3)
    on_result(check, result)


def missing(context: Context, check: Check) -> list[str]:
    """Needs of a check that reference, candidate or plugin does not meet."""
    found = []
    for need in check.missing:
        if need == "Restorable":
            sides = {"reference": context.reference, "candidate": context.candidate}
            found += [f"a {need} {side}" for side, env in sides.items() if not isinstance(env, Restorable)]
        elif need == "draws":
            found += [] if context.plugin.draws.sample else ["the plugin's `Draws.sample`"]
        else:
            found.append(need)
    return found


def describe(context: Context) -> dict[str, Any]:
    """Names, versions and capabilities of both sides."""
    sides = {"reference": context.reference, "candidate": context.candidate}
    has = {side: capabilities(env) for side, env in sides.items()}
    gaps = [
        {"side": side, "capability": name, "means": WITHOUT[name]}
        for side, found in has.items()
        for name, there in found.items()
        if not there
    ]
    info: dict[str, Any] = {side: {"name": env.info.name, "version": env.info.version} for side, env in sides.items()}
    if len(context.plugin.running.backends) > 1:
        info["candidate"]["backend"] = context.plugin.running.backend
    return {**info, "capabilities": {**has, "missing": gaps}}


def _only_a_shard(run: Run) -> str:
    if run.plan.shard is None:
        return ""
    if not run.results and not run.error:
        return f"nothing of this run falls to shard {run.plan.shard}: it has fewer parts than shards"
    return (
        f"shard {run.plan.shard} of a run: `{spelled('verification', 'merge')} FILE…` makes its report of all of them"
    )


def _shard(run: Run) -> dict[str, Any]:
    """The shard's number, and all checks of the run in their order, by which it is merged."""
    assert run.plan.shard is not None
    checks = [{"id": check.id, "level": check.level} for check in run.checks]
    return {**run.plan.shard.to_json(), "finished": not run.interrupted and not run.error, "checks": checks}


def to_json(run: Run) -> dict[str, Any]:
    """The report, also of an unfinished run."""
    results = (*run.results, *run.ahead.values())
    here = {result.level for result in results} if run.plan.shard else set(LEVELS)
    levels = [level for level in LEVELS if level in run.plan.levels and level in here]
    by_level = {level: [result for result in results if result.level == level] for level in levels}
    unknown = {"name": "unknown", "version": "unknown"}
    fields = run.plugin.state.fields
    return {
        "schema": SCHEMA,
        "env": run.plugin.env,
        "verdict": run.verdict,
        "complete": not run.interrupted and not run.error and run.plan.shard is None,
        "interrupted": run.interrupted,
        "reason": run.reason or _only_a_shard(run),
        "reference": run.info.get("reference", unknown),
        "candidate": run.info.get("candidate", unknown),
        "capabilities": run.info.get("capabilities", {"reference": {}, "candidate": {}, "missing": []}),
        "levels": [level_json(level, by_level[level]) for level in levels],
        "coverage": run.coverage or dict(coverage.NOT_COUNTED),
        **({"shard": _shard(run)} if run.plan.shard else {}),
        "mutants": run.mutants,
        "tost": [row for result in results for row in result.stats.get("tost", [])],
        "ignored_fields": [{"path": spec.path, "why": spec.why} for spec in fields if spec.kind == "ignore"],
        "tolerances": [
            {"path": spec.path, "atol": spec.atol, "rtol": spec.rtol, "ulp": spec.ulp, "why": spec.why}
            for spec in fields
            if spec.tolerant and spec.kind != "ignore"
        ],
        "blind_spots": list(run.plugin.checks.blind_spots),
        "seed": run.plan.seed,
        "plan": _plain_plan(run.plan),
        "provenance": provenance(run.plan.seed, run.started, run.seconds),
        "command": run.command,
    }
