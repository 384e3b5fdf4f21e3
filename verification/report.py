"""What a run found: the JSON report, and the text for a person."""

from __future__ import annotations

import os
import platform
import subprocess
from pathlib import Path
from typing import Any

from verification.compare import Divergence
from verification.lockstep import Failure, Sweep
from verification.references.showdown.install import VERSION

EXIT_EQUAL, EXIT_DIVERGENCE, EXIT_COULD_NOT_RUN = 0, 1, 2
SHOWN_FIELDS = 20


def verdict(sweep: Sweep) -> str:
    """ "equal", "different", or "incomplete" when not every planned battle was compared."""
    if sweep.failures:
        return "different"
    return "equal" if sweep.complete else "incomplete"


def exit_status(sweep: Sweep) -> int:
    """0 equal, 1 a divergence, 2 no answer."""
    return {"equal": EXIT_EQUAL, "different": EXIT_DIVERGENCE, "incomplete": EXIT_COULD_NOT_RUN}[verdict(sweep)]


def replay_command(path: Path) -> str:
    """The command that plays one saved battle again."""
    return f"uv run python -m verification replay {path}"


def _failure(failure: Failure) -> dict[str, Any]:
    entry = {**failure.divergence.to_json(), "policy": failure.policy}
    if failure.path:
        entry |= {"file": str(failure.path), "replay": replay_command(failure.path)}
    return entry


def to_json(sweep: Sweep, workers: int) -> dict[str, Any]:
    """The report of a finished, interrupted or running sweep."""
    plan = sweep.plan
    found = verdict(sweep)
    level = {
        "level": "L3",
        "verdict": {"equal": "pass", "different": "fail", "incomplete": "not_run"}[found],
        "episodes": sweep.episodes,
        "planned_episodes": plan.episodes,
        "steps": sweep.steps,
        "divergences": len(sweep.failures),
        # Rule of three: no divergence in n battles bounds the rate per battle, at 95 % confidence.
        "rate_bound_95": None if sweep.failures or not sweep.episodes else min(1.0, 3 / sweep.episodes),
        "first_fields": dict(sweep.first_fields.most_common()),
        "failures": [_failure(failure) for failure in sweep.failures[:20]],
        "worker_faults": sweep.faults,
        "unverified": sweep.unverified,
        "reference_errors": sweep.reference_errors,
        "episodes_by_policy": dict(sweep.by_policy),
        "coverage": sweep.coverage.to_json(),
    }
    return {
        "env": plan.env,
        "verdict": found,
        "levels": [level],
        "reference": {"name": "pokemon-showdown", "version": VERSION},
        "seed": plan.seed,
        "teams": plan.teams,
        "policies": list(plan.policies),
        "workers": workers,
        "seconds": round(sweep.seconds, 2),
        **_commit(),
        "machine": {"system": platform.platform(), "cpus": os.cpu_count(), "python": platform.python_version()},
    }


def could_not_run(env: str, reason: str) -> dict[str, Any]:
    """The report of a run that did not start, so that nobody takes a missing file for a pass."""
    level = {"level": "L3", "verdict": "not_run", "episodes": 0, "steps": 0, "divergences": 0, "coverage": {"moves": 0}}
    reference = {"name": "pokemon-showdown", "version": VERSION}
    return {
        "env": env,
        "verdict": "could not run",
        "reason": reason,
        "levels": [level],
        "reference": reference,
        **_commit(),
    }


def _git(*arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=Path(__file__).parent, capture_output=True, text=True, timeout=20, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def _commit() -> dict[str, Any]:
    status = _git("status", "--porcelain", "--untracked-files=no")
    return {"commit": _git("rev-parse", "HEAD"), "uncommitted_changes": None if status is None else bool(status)}


def describe(divergence: Divergence) -> str:
    """Several lines: the step, the draws, then the fields with both values."""
    lines = [f"step {divergence.step}: {divergence.kind}"]
    if divergence.message:
        lines.append(f"  the reference says: {divergence.message.splitlines()[0]}")
    if divergence.kind == "fields":
        extra = divergence.extra_draws
        if extra is None:
            lines.append("  draws: the two generator states are more than 64 draws apart")
        elif extra:
            lines.append(
                f"  draws: the candidate made {abs(extra)} {'more' if extra > 0 else 'fewer'} than the reference"
            )
        else:
            lines.append("  draws: the same number")
    width = max((len(difference.name) for difference in divergence.differences), default=0)
    for difference in divergence.differences[:SHOWN_FIELDS]:
        lines.append(
            f"  {difference.module:<10} {difference.name:<{width}}  "
            f"candidate {difference.candidate}, reference {difference.reference}"
        )
    hidden = len(divergence.differences) - SHOWN_FIELDS
    if hidden > 0:
        lines.append(f"  ... and {hidden} more fields")
    return "\n".join(lines)


def summary(sweep: Sweep) -> str:
    """A few lines about a run."""
    plan = sweep.plan
    moves = sweep.coverage.to_json()["moves"]
    lines = [
        f"{plan.env} against pokemon-showdown {VERSION}, teams {plan.teams}, policies {', '.join(plan.policies)}",
        f"  {sweep.episodes} of {plan.episodes} battles, {sweep.steps} joint steps in {sweep.seconds:.1f} s; "
        f"{moves} of 165 moves used",
        f"  verdict: {verdict(sweep)}, {len(sweep.failures)} divergences",
    ]
    if sweep.episodes and not sweep.failures:
        lines.append(
            f"  no divergence in {sweep.episodes} battles bounds the rate at {min(1, 3 / sweep.episodes):.3%} (95 %)"
        )
    if sweep.faults:
        lines.append(f"  {len(sweep.faults)} worker faults, {sweep.unverified} battles left unverified")
        lines += [f"    {fault['reason']}; in flight: seed {fault['seed']}" for fault in sweep.faults[:5]]
    if sweep.reference_errors:
        lines.append(f"  in {len(sweep.reference_errors)} battles the reference itself threw; compared up to there")
    for failure in sweep.failures[:3]:
        lines += ["", describe(failure.divergence)]
        if failure.path:
            lines.append(f"  replay: {replay_command(failure.path)}")
    if sweep.failures:
        top = ", ".join(f"{name} x{count}" for name, count in sweep.first_fields.most_common(8))
        lines += ["", f"first differing fields: {top}"]
    return "\n".join(lines)
