"""The report in a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from verification.reporting import claims, words

_FINDINGS, _DIFFERENCES, _SURVIVORS = 3, 8, 8


def lines(report: words.Report) -> list[str]:
    """The summary as lines of plain text, the claim last, where a terminal leaves the eye."""
    names = [words.side(report[side]) for side in ("reference", "candidate")]
    out = [f"{report['env']}: {names[1]} against {names[0]}"]
    for level in report["levels"]:
        out += _level(level)
    for level in report["levels"]:
        for check in level["checks"]:
            for finding in check["findings"][:_FINDINGS]:
                out += ["", *finding_lines(finding, f"{check['level']} {check['id']}, ")]
    out += _coverage(report["coverage"]) + _mutants(report["mutants"])
    out += [
        f"  {test['metric']}: {test['verdict']}, difference {words.number(test['difference'])}, "
        f"margin ±{words.number(test['margin'])}"
        for test in report["tost"]
    ]
    out += [f"  {claims.gap_sentence(gap)}" for gap in claims.gaps(report)]
    if report["interrupted"]:
        out += ["", "interrupted: the figures are of what had run until then"]
    verdict = report["verdict"]
    return [*out, "", f"{words.SYMBOLS[verdict]} {claims.headline(report).upper()}", claims.claim(report)]


def _level(level: Mapping[str, Any]) -> list[str]:
    word = f"{words.SYMBOLS[level['verdict']]} {words.level_word(level)}"
    out = [f"  {level['level']:<4}{level['title']:<28}{word:<15}{words.seconds(level['seconds'])}"]
    for check in level["checks"]:
        figures = words.cases(check)
        if check["divergences"]:
            figures += f", {words.plural(check['divergences'], 'divergence')}"
        elif words.bound(check) is not None:
            figures += f", rate below {words.percent(words.bound(check))}"
        reason = f"; {check['reason']}" if check["reason"] else ""
        word = f"{words.SYMBOLS[check['verdict']]} {words.verdict_word(check['verdict'], check['cases'])}"
        out.append(f"      {check['id']:<26}{word:<15}{figures}{reason}")
    return out


def finding_lines(finding: Mapping[str, Any], prefix: str = "") -> list[str]:
    """One divergence: where, the draws, the fields with both values, suspects, and how to run it again."""
    event = f" ({finding['event']})" if finding["event"] else ""
    shrunk = "" if finding["shrunk_steps"] is None else f", shrunk to {words.plural(finding['shrunk_steps'], 'step')}"
    out = [f"{prefix}step {finding['step']}{event}{shrunk}"]
    if finding["case"]:
        out.append("  " + ", ".join(f"{key} {words.value(entry)}" for key, entry in finding["case"].items()))
    if finding["message"]:
        out.append(f"  {finding['message']}")
    if finding["draws"]:
        out.append(f"  draws: {finding['draws']}")
    shown = finding["differences"][:_DIFFERENCES]
    name_width = max((len(difference["name"]) for difference in shown), default=0)
    module_width = max((len(difference["module"]) for difference in shown), default=0)
    for difference in shown:
        expected, actual = words.contrast(difference["reference"], difference["candidate"])
        place = f"{difference['module']:<{module_width}}  {difference['name']:<{name_width}}"
        out.append(f"  {place}  expected {expected}, actual {actual}")
    hidden = len(finding["differences"]) - len(shown)
    if hidden > 0:
        out.append(f"  and {words.plural(hidden, 'more field')}")
    if finding["suspects"]:
        out.append("  suspects: " + ", ".join(place for place, _ in finding["suspects"][:3]))
    if finding["repro"]:
        out.append(f"  again: {finding['repro']}")
    return out


def _coverage(coverage: Mapping[str, Any]) -> list[str]:
    if not coverage["declared"]:
        return []
    never = coverage["never"]
    names = (
        f"; never: {', '.join(never[:6])}" + (f" and {len(never) - 6} more" if len(never) > 6 else "") if never else ""
    )
    unseen = "" if coverage["unseen_mass"] is None else f"; unseen mass {words.percent(coverage['unseen_mass'])}"
    return ["", f"  coverage {coverage['exercised']:,} of {coverage['declared']:,} behaviours{unseen}{names}"]


def _mutants(mutants: Mapping[str, Any] | None) -> list[str]:
    if not mutants:
        return []
    out = ["", *(f"  {sentence}" for sentence in claims.mutant_sentences(mutants))]
    alive = claims.survivors(mutants)
    out += [
        f"    survives: {row['id']}, {row['changes']}: {row['explanation'] or 'unexplained'}"
        for row in alive[:_SURVIVORS]
    ]
    return out + ([f"    and {len(alive) - _SURVIVORS} more"] if len(alive) > _SURVIVORS else [])
