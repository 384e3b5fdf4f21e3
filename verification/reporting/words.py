"""Figures and verdicts in words, the same in every form of the report."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

Report = Mapping[str, Any]

VERDICT_WORDS = {
    "pass": "passed",
    "fail": "failed",
    "inconclusive": "inconclusive",
    "not_run": "not run",
    "error": "error",
    "not_asked": "not asked for",
}
SYMBOLS = {"pass": "✓", "fail": "✗", "inconclusive": "?", "not_run": "–", "error": "!", "not_asked": "·"}
#: What the cases of a level are, by unit, where they are a sample of what can happen.
SAMPLES = {
    ("L1", "steps"): "injected single step",
    ("L2", "steps"): "interaction step",
    ("L2", "episodes"): "interaction trace",
    ("L3", "episodes"): "whole episode",
}
_LONG = 8


def verdict_word(verdict: str, cases: int = 0) -> str:
    """The verdict in words; what gave no answer after `cases` cases was at least partly run."""
    return "partly run" if verdict == "not_run" and cases else VERDICT_WORDS[verdict]


def level_word(level: Mapping[str, Any]) -> str:
    """A level's verdict in words."""
    return verdict_word(level["verdict"], sum(check["cases"] for check in level["checks"]))


def bound(check: Mapping[str, Any]) -> float | None:
    """Rule of three of a clean check, where its cases are a sample: not of contract checks or of trained policies."""
    if (check["level"], check["unit"]) not in SAMPLES or check["divergences"] or not check["cases"]:
        return None
    return min(1.0, 3 / check["cases"])


def number(value: Any, digits: int = 4) -> str:
    """A figure for people: thousands separated, `digits` significant, "–" for none."""
    if value is None:
        return "–"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    if isinstance(value, int) or not math.isfinite(value):
        return f"{value:,}"
    if value and not 1e-4 <= abs(value) < 1e9:
        return f"{value:.{digits - 1}e}"
    text = np.format_float_positional(value, precision=digits, fractional=False, trim="-")
    whole, dot, rest = text.partition(".")
    return re.sub(r"\B(?=(\d{3})+$)", ",", whole) + dot + rest


def percent(share: float | None) -> str:
    """A share as per cent with three significant digits, never rounded to 0 or 100 unless it is that."""
    if share is None:
        return "–"
    for digits in (3, 6, 12):
        text = np.format_float_positional(100 * share, precision=digits, fractional=False, trim="-")
        if text not in ("0", "100") or share in (0, 1):
            break
    return f"{text} %"


def seconds(value: float | None) -> str:
    """A duration: "0.42 s", "3 min 20 s", "2 h 05 min"."""
    if value is None:
        return "–"
    if value < 60:
        return f"{value:.2g} s" if value < 10 else f"{value:.0f} s"
    whole = round(value)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def plural(count: int, noun: str) -> str:
    """ "1 divergence", "3 divergences"."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def counted(check: Mapping[str, Any]) -> str:
    """A check's cases in words: "200 whole episodes"."""
    noun = SAMPLES.get((check["level"], check["unit"]))
    return plural(check["cases"], noun) if noun else cases(check)


def cases(check: Mapping[str, Any]) -> str:
    """The number of cases compared, and of all if it is less: "120 of 200 episodes"."""
    count, planned = check["cases"], check["planned"]
    if planned is not None and count < planned:
        return f"{count:,} of {planned:,} {check['unit']}"
    return f"{count:,} {check['unit'].removesuffix('s') if count == 1 else check['unit']}"


def check_name(check: Mapping[str, Any]) -> str:
    """The id of a check, with its level in front."""
    level = check["level"]
    return check["id"] if check["id"].startswith(f"{level}/") else f"{level}/{check['id']}"


def side(implementation: Mapping[str, str]) -> str:
    """Name and version of an implementation, and what compiled its steps where the report tells."""
    name, version = implementation["name"], implementation["version"]
    told = name if version in ("", "unknown") else f"{name} {version}"
    return f"{told} (backend {implementation['backend']})" if "backend" in implementation else told


def value(item: Any) -> str:
    """One value, with every digit that it has."""
    if item is None:
        return "none"
    if isinstance(item, bool):
        return "true" if item else "false"
    if isinstance(item, list | tuple):
        return "[" + ", ".join(value(entry) for entry in item) + "]"
    if isinstance(item, Mapping):
        return ", ".join(f"{key} {value(entry)}" for key, entry in item.items()) or "none"
    return str(item)


def contrast(reference: Any, candidate: Any, shown: int = 6) -> tuple[str, str]:
    """Both values as text; of long arrays of one shape, only the entries that differ, with their places."""
    theirs, ours = dict(_entries(reference)), dict(_entries(candidate))
    if len(theirs) <= _LONG or theirs.keys() != ours.keys():
        return _clipped(value(reference)), _clipped(value(candidate))
    differing = [place for place in theirs if not _same(theirs[place], ours[place])]
    hidden = len(differing) - shown
    more = f", … {hidden} more" if hidden > 0 else ""
    pair = [", ".join(f"{place} {value(side[place])}" for place in differing[:shown]) + more for side in (theirs, ours)]
    return (pair[0], pair[1]) if differing else (_clipped(value(reference)), _clipped(value(candidate)))


def gap(reference: Any, candidate: Any) -> str:
    """candidate − reference of two numbers ("+3"), "" where that means nothing."""
    for side in (reference, candidate):
        if isinstance(side, bool) or not isinstance(side, int | float) or not math.isfinite(side):
            return ""
    difference = candidate - reference
    return (f"{difference:+,}" if isinstance(difference, int) else f"{difference:+.3g}").replace("-", "−", 1)


def _entries(item: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(item, list | tuple):
        for index, entry in enumerate(item):
            yield from _entries(entry, f"{place}[{index}]")
    else:
        yield place, item


def _same(a: Any, b: Any) -> bool:
    return a == b or (isinstance(a, float) and isinstance(b, float) and math.isnan(a) and math.isnan(b))


def _clipped(text: str, width: int = 160) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"


def joined(parts: list[str]) -> str:
    """ "a, b and c"."""
    return " and ".join(part for part in (", ".join(parts[:-1]), *parts[-1:]) if part)


def sample(test: Mapping[str, Any]) -> str:
    """The data of an equivalence test: "5 policies", or observations of candidate and reference."""
    if test["k"] is not None:
        return f"{test['k']:,} {'policy' if test['k'] == 1 else 'policies'}"
    return f"{test['n'][0]:,} + {test['n'][1]:,}"


def tolerance(entry: Mapping[str, Any]) -> str:
    """ "atol 1e-05, rtol 1e-05"."""
    return ", ".join(f"{name} {entry[name]:g}" for name in ("atol", "rtol", "ulp") if entry[name])
