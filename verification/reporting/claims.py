"""Claims of a report, and their limits, in sentences that say no more than was done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from verification.reporting.words import (
    SAMPLES,
    Report,
    bound,
    check_name,
    counted,
    joined,
    number,
    percent,
    plural,
    seconds,
    tolerance,
    verdict_word,
)
from verification.results import LEVEL_TITLES, LEVELS

_HEADLINES = {
    "pass": "Equal in everything that was tried",
    "fail": "Different",
    "inconclusive": "No answer",
    "not_run": "Not verified",
    "error": "Ended in an error",
}
_MUTANT_HEADLINES = {"pass": "The verifier meets its targets", "fail": "The verifier misses its targets"}
_OPENINGS = {"error": "The run ended in an error", "inconclusive": "No answer", "not_run": "Not verified"}
_NAMES = 12


def only_mutants(report: Report) -> bool:
    """True if the run measured the verifier instead of verifying the candidate."""
    return bool(report["mutants"]) and not report["levels"]


def headline(report: Report) -> str:
    """The verdict in a few words."""
    named = _MUTANT_HEADLINES if only_mutants(report) else {}
    return {**_HEADLINES, **named}[report["verdict"]]


def claim(report: Report) -> str:
    """The claim of a run, in one or two sentences."""
    if only_mutants(report):
        return " ".join(mutant_sentences(report["mutants"])[:2])
    verdict = report["verdict"]
    samples = tried(report)
    nothing = f"No difference in {joined([counted(check) for check in samples])}" if samples else ""
    if verdict == "pass":
        return f"{nothing}; {_limit(samples)}." if nothing else f"{_checks(report)} passed."
    if verdict == "fail":
        return _failed(report)
    open_ = unfinished(report)
    why = "; ".join(open_) if open_ and (report["interrupted"] or not report["reason"]) else report["reason"]
    first = _sentence(f"{_OPENINGS[verdict]}: {why or 'no check was run'}")
    clean = samples and not any(level["divergences"] for level in report["levels"])
    return f"{first} Otherwise no difference in {joined([counted(check) for check in samples])}." if clean else first


def tried(report: Report) -> list[Mapping[str, Any]]:
    """The largest check of each level whose cases are a sample of what can happen.

    Checks of one level may play the same cases, so their counts are not added: what is said of the largest holds.
    """
    found = []
    for level in report["levels"]:
        checks = [check for check in level["checks"] if check["cases"] and (check["level"], check["unit"]) in SAMPLES]
        if checks:
            found.append(max(checks, key=lambda check: check["cases"]))
    return found


def _limit(samples: list[Mapping[str, Any]]) -> str:
    chosen = next((check for check in samples if check["level"] == "L3"), samples[0])
    return f"so at most {percent(bound(chosen))} of such {chosen['unit']} differ (95 % confidence)"


def _checks(report: Report) -> str:
    return plural(sum(len(level["checks"]) for level in report["levels"]), "check")


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _failed(report: Report) -> str:
    parts = []
    for level in report["levels"]:
        largest = max(level["checks"], key=lambda check: check["divergences"], default=None)
        if level["verdict"] == "fail" and largest:
            count = plural(level["divergences"], "divergence")
            parts.append(f"{count} at {level['level']} ({largest['id']} ran {counted(largest)})")
    if not parts:
        return _sentence(report["reason"] or "The run failed")
    sentence = f"Not equal: {joined(parts)}."
    ranked = first_fields(report)
    if ranked:
        name, count = ranked[0]
        total = sum(count for _, count in ranked)
        sentence += f" The most frequent first wrong field is {name} ({count:,} of {total:,})."
    return sentence


def first_fields(report: Report) -> list[tuple[str, int]]:
    """Divergences of all checks by first wrong field, the most frequent first."""
    found: dict[str, int] = {}
    for level in report["levels"]:
        for check in level["checks"]:
            for name, count in check["first_fields"].items():
                found[name] = found.get(name, 0) + count
    return sorted(found.items(), key=lambda item: -item[1])


def unfinished(report: Report) -> list[str]:
    """The checks that gave no answer, each with its reason; levels of which no check was started."""
    found = []
    for level in report["levels"]:
        if not level["checks"]:
            found.append(f"{level['level']} {level['title']}: not started")
        for check in level["checks"]:
            if check["verdict"] in ("not_run", "inconclusive", "error"):
                reason = f" ({check['reason']})" if check["reason"] else ""
                found.append(f"{check_name(check)}: {verdict_word(check['verdict'], check['cases'])}{reason}")
    return found


def survivors(mutants: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The seeded bugs that no level found."""
    return [row for row in mutants["rows"] if not any(row["killed_by"].values())]


def mutant_sentences(mutants: Mapping[str, Any]) -> list[str]:
    """Sentences on the verifier, from the seeded bugs."""
    of_levels = ", ".join(f"{level} {entry['killed']} of {entry['of']}" for level, entry in mutants["by_level"].items())
    found = [f"{mutants['killed']} of {mutants['mutants']} seeded bugs were found ({of_levels})."]
    for level, told in mutants.get("unmutated", {}).items():
        kept = f"; replay {told['file']}" if told["file"] else ""
        cases = plural(told["cases"], "case")
        found.append(f"Without any seeded bug, {cases} of {level} differed, the first in {told['field']}{kept}.")
    episodes, alarms = mutants["false_alarm_episodes"], mutants["false_alarms"]
    if episodes:
        limit = "" if alarms else f" (rate below {percent(min(1.0, 3 / episodes))}, 95 %)"
        found.append(f"The reference against itself: {plural(alarms, 'false alarm')} in {episodes:,} episodes{limit}.")
    places = {"top1": "first", "top3": "among the first three"}
    ranks = [
        f"{places.get(name, name)} in {percent(share)}"
        for name, share in (mutants["localisation"] or {}).items()
        if share is not None
    ]
    if ranks:
        found.append(f"The guilty place was named {joined(ranks)} of the bugs found.")
    if mutants["median_shrunk_steps"] is not None:
        steps = mutants["median_shrunk_steps"]
        found.append(f"Counterexamples shrink to {number(steps)} step{'' if steps == 1 else 's'} (median).")
    found.append(f"It took {seconds(mutants['seconds'])}, of which {seconds(mutants['compile_seconds'])} compiling.")
    return found


def gaps(report: Report) -> list[dict[str, str]]:
    """Missing capabilities as {capability, sides, means}, one entry where both sides lack the same."""
    found: dict[tuple[str, str], list[str]] = {}
    for gap in report["capabilities"]["missing"]:
        found.setdefault((gap["capability"], gap["means"]), []).append(gap["side"])
    return [{"capability": name, "sides": joined(sides), "means": means} for (name, means), sides in found.items()]


def gap_sentence(gap: Mapping[str, str]) -> str:
    """One missing capability in words."""
    return f"{gap['capability']} is missing in {gap['sides']}: {gap['means']}"


def not_tested(report: Report) -> list[tuple[str, list[str]]]:
    """Gaps of this run, by heading; headings with nothing under them are left out."""
    coverage, mutants = report["coverage"], report["mutants"]
    asked = {level["level"] for level in report["levels"]}
    never = coverage["never"]
    more = f" and {len(never) - _NAMES} more" if len(never) > _NAMES else ""
    bounds = [
        f"{counted(check)} ({check_name(check)}): "
        f"up to {percent(bound(check))} of cases drawn the same way may still differ (95 %)"
        for check in tried(report)
        if bound(check) is not None
    ]
    if only_mutants(report):
        levels = ["this run measured the verifier by seeded bugs; it says nothing about the candidate itself"]
    else:
        levels = [f"{level} {LEVEL_TITLES[level]}: not asked for" for level in LEVELS if level not in asked]
    alive = survivors(mutants) if mutants else []
    groups = [
        ("Levels", levels),
        ("Checks without an answer", unfinished(report)),
        (
            "Missing capabilities",
            [gap_sentence(gap) for gap in gaps(report)],
        ),
        (
            "Behaviours never exercised",
            [f"{len(never)} of {coverage['declared']}: {', '.join(never[:_NAMES])}{more}"] if never else [],
        ),
        ("Fields not compared", [f"{entry['path']}: {entry['why']}" for entry in report["ignored_fields"]]),
        ("Tolerances", [f"{entry['path']}: {tolerance(entry)}; {entry['why']}" for entry in report["tolerances"]]),
        (
            "Seeded bugs that nobody noticed",
            [f"{row['id']}: {row['changes']}; {row['explanation'] or 'unexplained'}" for row in alive],
        ),
        ("How rare a difference could still be", bounds),
        ("Blind spots of the method", list(report["blind_spots"])),
    ]
    return [(heading, items) for heading, items in groups if items]
