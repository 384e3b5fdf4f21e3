"""One mutant's trial, in its own process: ``python -m verification.mutants.drawn.worker JOB.json RESULT.json``.

The mutant is already in the packages that this process imports.
"""

from __future__ import annotations

import builtins
import json
import math
import os
import resource
import signal
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import Any

from verification.mutants.drawn.edits import RAN


class _Killed(BaseException):
    """The first check that tells the mutant from the reference has ended."""


def trial(job: dict[str, Any]) -> dict[str, Any]:
    """Import, trace, and run the checks of a job until one differs.

    `outcome`: "does not compile", "same program", "killed" or "survived". Raises what is not the mutant's fault.
    """
    found: dict[str, Any] = {"outcome": "does not compile", "checks": {}}
    try:
        from verification.mutants.drawn.program import fingerprint
        from verification.registry import load_plugin

        plugin = load_plugin(job["env"]).configured(job["choices"])
        if plugin.sides.env_id is not None:
            found["program"] = fingerprint(plugin.sides.env_id)
        else:
            plugin.sides.candidate()
    except Exception as error:
        found["message"] = _message(error)
        return found
    if job.get("program") and found.get("program") == job["program"]:
        return {**found, "outcome": "same program"}
    return {**found, **_judged(plugin, job)}


def _judged(plugin: Any, job: dict[str, Any]) -> dict[str, Any]:
    from verification.levels.context import Plan
    from verification.runner import Run, execute

    amounts = {name: job[name] for name in ("episodes", "injected", "interactions", "seed")}
    plan = Plan(levels=tuple(job["levels"]), shrink=0, failures=Path(job["failures"]), **amounts)
    run = Run(plugin, plan)
    found: dict[str, Any] = {"outcome": "survived", "checks": {}}
    begin = time.monotonic()

    def on_result(check: Any, result: Any) -> None:
        nonlocal begin
        ended = result.verdict in ("pass", "fail", "error", "inconclusive") or bool(result.reason)
        if ended:
            found["checks"][check.id] = [result.verdict, round(time.monotonic() - begin, 2)]
            begin = time.monotonic()
        if job["ignored"] is None or check.id in job["ignored"]:
            return  # the original plays every check to its end; what it fails itself tells nothing about a mutant
        if result.divergences or result.verdict in ("fail", "error"):
            found.update(_kill(plugin, check, result, job["modules"]))
            raise _Killed

    try:
        # What is left out of the costs was never run on the original: last.
        execute(run, on_result, cost=lambda check: job["costs"].get(check.id, math.inf) if job["costs"] else 0.0)
    except _Killed:
        return found
    if run.error and job["ignored"] is None:
        raise RuntimeError(run.reason)
    if run.error:
        found.update(outcome="killed", level=plan.levels[0], check="", field="", suspects=[], message=run.reason)
    return found


def _kill(plugin: Any, check: Any, result: Any, modules: list[str]) -> dict[str, Any]:
    """The finding that killed a mutant, as the report shows it; an error's suspects are the files of its traceback."""
    from verification.localise import completed, of_error

    notes = result.notes[-1:] if result.verdict == "error" else []
    finding = completed(plugin, result.findings[0], check.level) if result.findings else None
    message = result.reason or (finding.message if finding else "")
    if finding and finding.differences and check.level == "L0":
        message = str(finding.differences[0].candidate)[:400]
    suspects = [place for place, _ in finding.suspects] if finding else list(of_error("".join(notes), modules))[:5]
    return {
        "outcome": "killed",
        "level": check.level,
        "check": check.id,
        "field": finding.first_field if finding else "",
        "suspects": suspects,
        "message": message[:600],
        "notes": [note[-1500:] for note in notes],
    }


def _message(error: Exception) -> str:
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {error} ({last.filename.rpartition('/')[2]}, line {last.lineno})"[:600]


def _end_with_parent() -> None:
    """End this process and its children once whoever holds the other end of its input is gone, however it ended."""

    def wait() -> None:
        sys.stdin.buffer.read()
        os.killpg(os.getpgrp(), signal.SIGKILL)

    threading.Thread(target=wait, daemon=True).start()


def main(arguments: list[str]) -> int:
    """Run a job; its result is written to a file, because a mutant may print whatever it likes."""
    import families

    _end_with_parent()
    job = json.loads(Path(arguments[0]).read_text("utf-8"))
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    if job["cpu_seconds"]:
        resource.setrlimit(resource.RLIMIT_CPU, (int(job["cpu_seconds"]), hard))
    families.adopt()
    found = trial(job)
    found["ran"] = hasattr(builtins, RAN)
    used = resource.getrusage(resource.RUSAGE_SELF)
    found["cpu_seconds"] = round(used.ru_utime + used.ru_stime, 1)
    Path(arguments[1]).write_text(json.dumps(found), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
