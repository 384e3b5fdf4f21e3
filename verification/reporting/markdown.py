"""The report for a pull-request comment: claim, workload, what was tried, anomalies, what was not tested."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from verification.reporting import claims, words
from verification.reporting.charts import first_field

_FINDINGS, _DIFFERENCES, _SURVIVORS = 3, 5, 5
_CHECKS = 14
_OPEN = 5


def render(report: words.Report) -> str:
    """Markdown of a validated report, at most about 120 lines."""
    parts = [
        _title(report),
        _workload(report),
        _checks(report),
        _anomalies(report),
        _mutants(report["mutants"]),
        _tost(report["tost"]),
        _not_tested(report),
        _provenance(report),
    ]
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def plain(text: Any) -> str:
    """Text that stays one cell of a table and means nothing to Markdown."""
    line = " ".join(str(text).split())
    for mark in ("\\", "|", "*", "_", "`", "<", ">", "[", "]", "#", "@"):
        line = line.replace(mark, f"\\{mark}" if mark not in "<>@" else {"<": "&lt;", ">": "&gt;", "@": "&#64;"}[mark])
    return line


def code(text: Any) -> str:
    """Inline code, whatever backticks and bars are in it."""
    line = " ".join(str(text).split()).replace("|", "¦")
    fence = "``" if "`" in line else "`"
    pad = " " if "`" in line else ""
    return f"{fence}{pad}{line}{pad}{fence}" if line else ""


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = [f"| {' | '.join(header)} |", f"|{'---|' * len(header)}"]
    return lines + [f"| {' | '.join(row)} |" for row in rows]


def _title(report: words.Report) -> list[str]:
    verdict = report["verdict"]
    lines = [
        f"## {plain(report['env'])}: {words.SYMBOLS[verdict]} {claims.headline(report).lower()}",
        "",
        f"**Claim.** {plain(claims.claim(report))}",
    ]
    if report["interrupted"]:
        lines += ["", "> **Interrupted.** The run was stopped before its end; unfinished checks are not run."]
    elif not report["complete"]:
        lines += ["", "> **Incomplete.** Not everything that was planned has run."]
    return lines


def _workload(report: words.Report) -> list[str]:
    names = [words.side(report[side]) for side in ("reference", "candidate")]
    plan = ", ".join(f"{key} {words.value(entry)}" for key, entry in report["plan"].items())
    lines = ["### Workload", "", f"{plain(names[0])} (reference) → {plain(names[1])} (candidate)."]
    return lines + ([f"Plan: {plain(plan)}."] if plan else [])


def _checks(report: words.Report) -> list[str]:
    checks = [check for level in report["levels"] for check in level["checks"]]
    if claims.only_mutants(report):
        return []
    if not checks:
        return ["### What was tried", "", f"Nothing ran. {plain(report['reason'])}".rstrip()]
    checks.sort(key=lambda check: check["verdict"] == "pass")  # stable: the ones that did not pass come first
    rows = []
    for check in checks[:_CHECKS]:
        bound = words.bound(check)
        shown = "" if bound is None else f"≤ {words.percent(bound)}"
        verdict = check["verdict"]
        rows.append(
            (
                check["level"],
                plain(check["title"]),
                f"{words.SYMBOLS[verdict]} {words.verdict_word(verdict, check['cases'])}",
                plain(words.cases(check)),
                f"{check['divergences']:,}",
                shown,
                words.seconds(check["seconds"]),
            )
        )
    header = ("level", "check", "verdict", "cases", "divergences", "rate below (95 %)", "time")
    lines = ["### What was tried", "", *_table(header, rows)]
    if len(checks) > _CHECKS:
        lines += (
            ["", f"and {len(checks) - _CHECKS} more checks, all of which passed"]
            if all(check["verdict"] == "pass" for check in checks[_CHECKS:])
            else ["", f"and {len(checks) - _CHECKS} more checks, see the HTML report"]
        )
    coverage = report["coverage"]
    if coverage["declared"]:
        unseen = coverage["unseen_mass"]
        more = "" if unseen is None else f"; unseen mass {words.percent(unseen)} (Good–Turing)"
        lines += ["", f"Coverage: {coverage['exercised']:,} of {coverage['declared']:,} declared behaviours{more}."]
    for check in checks:
        if "meetings" in check["stats"]:
            lines += ["", *_meetings(check["stats"])]
    return lines


def _meetings(stats: Mapping[str, Any]) -> list[str]:
    """Conditions of the source that met, and the first of those that neither met nor are impossible."""
    of_kind = stats["meetings"].items()
    states = list(next(iter(stats["meetings"].values())))
    rows = [(plain(kind), *(f"{counts[state]:,}" for state in states)) for kind, counts in of_kind]
    found = [f"Meetings of conditions ({stats['conditions']:,} conditions of the source):", ""]
    found += _table(("kind", *states), rows)
    still = stats["open_meetings"]
    shown = [f"* open: {plain(name)}" for name in still[:_OPEN]]
    more = [f"* and {len(still) - _OPEN:,} more, in the JSON report"] if len(still) > _OPEN else []
    return found + ([""] if shown else []) + shown + more


def _anomalies(report: words.Report) -> list[str]:
    if claims.only_mutants(report):
        return []
    found = [
        (check, finding) for level in report["levels"] for check in level["checks"] for finding in check["findings"]
    ]
    total = sum(level["divergences"] for level in report["levels"])
    if not found:
        return [
            "### Anomalies",
            "",
            "None." if not total else f"{words.plural(total, 'divergence')}, none kept in detail.",
        ]
    # One of each kind, the most frequent first: several bugs are seen as several.
    kinds: dict[str, list[tuple[Mapping[str, Any], Mapping[str, Any]]]] = {}
    for check, finding in found:
        kinds.setdefault(first_field(finding), []).append((check, finding))
    frequent = dict(claims.first_fields(report))
    ranked = sorted(kinds.items(), key=lambda kind: -frequent.get(kind[0], 0))
    shown = [group[0] for _, group in ranked][:_FINDINGS]
    lines = [
        "### Anomalies",
        "",
        f"{words.plural(total, 'divergence')} in all; first wrong fields: {_first_fields(report)}.",
    ]
    for check, finding in shown:
        lines += ["", *_finding(check, finding)]
    return lines


def _first_fields(report: words.Report) -> str:
    ranked = claims.first_fields(report)
    more = f" and {len(ranked) - _DIFFERENCES} more" if len(ranked) > _DIFFERENCES else ""
    return ", ".join(f"{code(name)} ×{count:,}" for name, count in ranked[:_DIFFERENCES]) + more


def _finding(check: Mapping[str, Any], finding: Mapping[str, Any]) -> list[str]:
    history = "" if finding["shrunk_steps"] is None else f", shrunk to {words.plural(finding['shrunk_steps'], 'step')}"
    event = f" ({plain(finding['event'])})" if finding["event"] else ""
    lines = [f"**{check['level']} {plain(check['title'])}**, step {finding['step']}{event}{history}"]
    if finding["case"]:
        lines.append(
            "Case: " + plain(", ".join(f"{key} {words.value(entry)}" for key, entry in finding["case"].items())) + "."
        )
    if finding["message"]:
        lines.append(plain(finding["message"]))
    if finding["draws"]:
        lines.append(f"Random draws: {plain(finding['draws'])}.")
    if finding["differences"]:
        rows = []
        for difference in finding["differences"][:_DIFFERENCES]:
            expected, actual = words.contrast(difference["reference"], difference["candidate"])
            rows.append((code(difference["name"]), plain(difference["module"]), code(expected), code(actual)))
        lines += ["", *_table(("field", "module", "expected", "actual"), rows)]
        hidden = len(finding["differences"]) - _DIFFERENCES
        if hidden > 0:
            lines += ["", f"and {words.plural(hidden, 'more field')}"]
    if finding["suspects"]:
        lines += ["", "Suspects: " + ", ".join(code(place) for place, _ in finding["suspects"][:3])]
    if finding["repro"]:
        fence = "~~~~" if "```" in finding["repro"] else "```"
        lines += ["", f"{fence}sh", *finding["repro"].splitlines(), fence]
    return lines


def _mutants(mutants: Mapping[str, Any] | None) -> list[str]:
    if not mutants:
        return []
    rows = [
        (
            level,
            f"{entry['killed']} of {entry['of']}",
            words.percent(entry["rate"]),
            _interval(entry["ci95"]),
            str(len(entry["unique"])),
        )
        for level, entry in mutants["by_level"].items()
    ]
    rows.append(
        (
            "all",
            f"{mutants['killed']} of {mutants['mutants']}",
            words.percent(mutants["rate"]),
            _interval(mutants["rate_ci95"]),
            "",
        )
    )
    lines = [
        "### The verifier measured: seeded bugs",
        "",
        *_table(("level", "found", "rate", "95 %", "only here"), rows),
    ]
    lines += ["", plain(" ".join(claims.mutant_sentences(mutants)))]
    alive = claims.survivors(mutants)
    lines += [""] if alive else []
    lines += [
        f"* survives: **{plain(row['id'])}** {plain(row['changes'])}: {plain(row['explanation'] or 'unexplained')}"
        for row in alive[:_SURVIVORS]
    ]
    return lines + ([f"* and {len(alive) - _SURVIVORS} more survivors"] if len(alive) > _SURVIVORS else [])


def _interval(ends: Sequence[float] | None) -> str:
    return "" if ends is None else f"{words.percent(ends[0])} – {words.percent(ends[1])}"


def _tost(tests: Sequence[Mapping[str, Any]]) -> list[str]:
    if not tests:
        return []
    rows = [
        (
            plain(test["metric"]),
            f"**{plain(test['verdict'])}**",
            words.number(test["difference"]),
            "–" if test["ci90"] is None else f"{words.number(test['ci90'][0], 3)} … {words.number(test['ci90'][1], 3)}",
            f"±{words.number(test['margin'])}",
            words.sample(test),
        )
        for test in tests
    ]
    header = ("metric", "verdict", "difference", "90 % interval", "margin", "sample")
    return ["### Policy transfer (TOST)", "", *_table(header, rows)]


def _not_tested(report: words.Report) -> list[str]:
    lines = ["### What was not tested", ""]
    for heading, items in claims.not_tested(report):
        lines.append(f"* **{heading}**: {plain('; '.join(items))}")
    return lines if len(lines) > 2 else [*lines, "Nothing was declared."]


def _provenance(report: words.Report) -> list[str]:
    facts = report["provenance"]
    shown = [
        f"{key.replace('_', ' ')} {words.value(facts[key])}"
        for key in ("commit", "started", "platform", "jax")
        if key in facts
    ]
    if facts.get("uncommitted_changes"):
        shown.append("with uncommitted changes")
    lines = [f"<sub>{plain(', '.join(shown))}</sub>"] if shown else []
    return lines + ([f"<sub>{code(report['command'])}</sub>"] if report["command"] else [])
