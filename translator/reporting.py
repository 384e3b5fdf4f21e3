"""REPORT.md, report.html and the bundle of a run: what was done, what it cost, what is verified and what is not."""

from __future__ import annotations

import csv
import io
import json
from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from leaderboard.invocation import spelled
from translator import page as html
from translator import states
from translator.ledger import text_of
from translator.run import HTML_PAGE, REPORT_PAGE, RESULT, Run
from translator.states import Position

_CALLS = (states.GENERATE, states.REPAIR, states.OPTIMISE)
_ALL = ("L0", "L1", "L2", "L3", "L3d", "L4")


def write(run: Run, position: Position) -> dict[str, Any]:
    """Write the run's pages and tables; returns the result, as `--json` has it."""
    attempts, transitions = run.store.attempts(), run.store.transitions()
    result = result_of(run, position, attempts)
    _patches(run, transitions)
    run.write("calls.json", json.dumps(attempts, indent=1) + "\n")
    run.write("ledger.csv", _ledger(run))
    run.write("transitions.csv", _table(transitions))
    run.write(RESULT, json.dumps(result, indent=1) + "\n")
    run.write(REPORT_PAGE, page(run, position, attempts, transitions, result))
    plain = [note.replace("**", "").replace("`", "") for note in notes(result)]
    left = [line.removeprefix("- ") for line in _not_verified(run, position, result["levels"])]
    run.write(HTML_PAGE, html.render(result, plain, attempts, green(transitions), left))
    return result


def result_of(run: Run, position: Position, attempts: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The result in short, as plain data."""
    verified = _verified(run, position)
    return {
        "state": position.state,
        "reason": position.reason,
        "project": run.project.project.name,
        "agent": run.agent.name,
        "simulated": run.agent.name.startswith("scripted:"),
        "recorded": run.agent.name.startswith("replay:"),
        "iterations": position.attempt,
        "cost_usd": text_of(run.ledger.spent),
        "cap_usd": text_of(run.ledger.cap),
        "metering": run.project.metering.mode if run.meters is not None else "",
        "unmetered_calls": sum(not one["metered"] for one in attempts),
        "strikes": position.strikes,
        "seconds": round(position.seconds, 1),
        "levels": verified,
        "sandbox": run.store.fact("sandbox"),
        "steps_per_second": {"first": round(position.first_speed), "kept": round(position.speed)},
        "candidate": str(run.tree / "candidate"),
        "report": str(run.folder / REPORT_PAGE),
    }


def page(
    run: Run,
    position: Position,
    attempts: Sequence[dict[str, Any]],
    transitions: Sequence[dict[str, Any]],
    result: dict[str, Any],
) -> str:
    """The report as Markdown."""
    lines = [f"# Translation of {run.project.project.name}: {position.state}", ""]
    if position.reason:
        lines += [f"Reason: {position.reason}", ""]
    for note in notes(result):
        lines += [note, ""]
    lines += [
        f"Agent {run.agent.name}, {position.attempt} calls, {result['cost_usd']} of {result['cap_usd']} USD, "
        f"{position.seconds:.0f} s of work.",
        "",
        "## Verified",
        "",
        *_levels(result["levels"]),
        "",
        "## Not verified",
        "",
        *_not_verified(run, position, result["levels"]),
        "",
        "## Cost by module",
        "",
        "| module | calls | USD | tokens in | tokens out |",
        "|---|---|---|---|---|",
        *_by_module(attempts),
        "",
        "## Time by state",
        "",
        "| state | times | seconds |",
        "|---|---|---|",
        *_by_state(transitions),
        "",
        "## Iterations to green",
        "",
        *(f"- {name}: after {calls} calls" for name, calls in green(transitions)),
        "",
    ]
    if position.first_speed:
        lines += [
            "## Speed",
            "",
            f"{position.first_speed:,.0f} steps a second when it first passed, {position.speed:,.0f} kept; of the same "
            "program on the machine of this run, with the transport of its answers.",
            "",
        ]
    if position.broken:
        lines += ["## Broken rules", "", *(f"- {told}" for told in position.broken), ""]
    lines += [
        "## Again",
        "",
        f"    {spelled('translator', 'verify-bundle', run.folder)}",
        "",
        "Prompts are in `prompts/`, transcripts in `transcripts/`, changes in `patches/`, counterexamples in `cases/`, "
        "every call in `ledger.csv`.",
    ]
    return "\n".join(lines) + "\n"


def notes(result: dict[str, Any]) -> list[str]:
    """Warnings before the figures: the parts that were simulated, and those that were weaker than asked for."""
    lines = []
    if result["simulated"]:
        lines.append(
            "**Simulation.** A scripted agent stood in for a model: it began from a true translation that is there "
            "already, and its costs are invented. This run tests the loop; it says nothing of what a model could do."
        )
    if result["recorded"]:
        lines.append(
            "**Recorded.** Patches that were made before were applied, one a call; no model was called. A cost is the "
            "one on record, or 0 where none is: it says nothing of what a model would have cost."
        )
    if result["metering"] in ("script", "replay"):
        lines.append(
            f"**No model was called.** The metering proxy answered from a {result['metering']}; the costs are "
            "counted as if it had been one, and nobody was paid."
        )
    elif result["metering"]:
        lines.append("Every request to a model went through the metering proxy, whose rows are in `ledger.csv`.")
    if result["sandbox"] not in ("", "bwrap"):
        lines.append(f"**Weaker sandbox.** The candidate ran with: {result['sandbox']}.")
    if result["unmetered_calls"]:
        lines.append(f"**{result['unmetered_calls']} calls of unknown cost** were charged at budget.per_call_usd each.")
    return lines


def _verified(run: Run, position: Position) -> dict[str, str]:
    """Level → verdict of the last verification of the kept candidate; "not_run" where there was none."""
    path = run.folder / "reports" / "verification.json"
    done: dict[str, str] = {}
    if path.is_file() and position.state in (states.DONE, states.REPORT):
        done = json.loads(path.read_text("utf-8"))["levels"]
        transfer = run.folder / "reports" / "transfer.json"
        if "L4" in run.project.verify.levels and transfer.is_file():
            done |= json.loads(transfer.read_text("utf-8"))["levels"]
    return {level: done.get(level, "not_run") for level in _ALL}


def _levels(levels: dict[str, str]) -> list[str]:
    passed = [level for level, verdict in levels.items() if verdict == "pass"]
    return [f"- {level}: no difference" for level in passed] or ["- nothing: no candidate has passed"]


def _not_verified(run: Run, position: Position, levels: dict[str, str]) -> list[str]:
    lines = [f"- {level}: {verdict}" for level, verdict in levels.items() if verdict != "pass"]
    path = run.folder / "reports" / "verification.json"
    if path.is_file() and position.state == states.DONE:
        outcome = json.loads(path.read_text("utf-8"))
        report = outcome.get("report") or {}
        lines += [f"- {note}" for note in outcome["notes"]]
        lines += [f"- blind spot: {spot}" for spot in report.get("blind_spots", [])]
        lines += [f"- field {one['path']} is not compared: {one['why']}" for one in report.get("ignored_fields", [])]
        counts = outcome["counts"].items()
        episodes = sum(count for name, count in counts if name.startswith("L3/") and name.endswith("episodes"))
        if episodes:
            bound = f"{min(1.0, 3 / episodes):.2%}"
            lines.append(f"- {episodes} episodes without a difference bound the rate of differing ones at {bound}")
    return lines or ["- nothing was left out"]


def _by_module(attempts: Sequence[dict[str, Any]]) -> list[str]:
    calls: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for one in attempts:
        calls["optimise" if one["phase"] == "optimise" else one["module"]].append(one)
    rows = []
    for name, ones in calls.items():
        usd = sum((Decimal(one["cost_usd"]) for one in ones), Decimal(0))
        tokens = [sum(one["tokens"].get(kind, 0) for one in ones) for kind in ("input", "output")]
        rows.append(f"| {name} | {len(ones)} | {text_of(usd)} | {tokens[0]:,} | {tokens[1]:,} |")
    return rows or ["| none | 0 | 0.00 | 0 | 0 |"]


def _by_state(transitions: Sequence[dict[str, Any]]) -> list[str]:
    seconds: dict[str, list[float]] = defaultdict(list)
    for one in transitions:
        seconds[one["state"]].append(one["seconds"])
    return [f"| {state} | {len(times)} | {sum(times):.1f} |" for state, times in seconds.items()]


def green(transitions: Sequence[dict[str, Any]]) -> list[tuple[str, int]]:
    """Each state, and the number of calls after which it was first passed."""
    found: dict[str, int] = {}
    for one in transitions:
        passed = one["next"] not in (states.REPAIR, *states.TERMINAL) or one["next"] == states.DONE
        name = f"L1 of {one['note'].split()[1]}" if one["note"].startswith("module ") else one["state"]
        if passed and name not in found and one["state"] not in _CALLS:
            found[name] = one["attempt"]
    return list(found.items())


def _patches(run: Run, transitions: Sequence[dict[str, Any]]) -> None:
    before = ""
    for one in transitions:
        if one["state"] in _CALLS and before and one["attempt"]:
            name = f"patches/{one['attempt']:03}.patch"
            if not (run.folder / name).exists():
                run.write(name, run.repo.patch(before, one["commit_hash"]))
        before = one["commit_hash"]


def _ledger(run: Run) -> str:
    names = ("id", "at", "kind", "ticket", "usd", "note", "usage")
    rows = [
        {**{name: getattr(row, name) for name in names}, "usd": text_of(row.usd), "usage": json.dumps(row.usage)}
        for row in run.ledger.rows()
    ]
    return _table(rows)


def _table(rows: Sequence[dict[str, Any]]) -> str:
    out = io.StringIO()
    if rows:
        writer = csv.DictWriter(out, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return out.getvalue()
