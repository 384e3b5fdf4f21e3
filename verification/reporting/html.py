"""The report as one self-contained HTML page: no scripts, no network, light and dark, screen, phone and paper."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from verification.reporting import charts, claims, words
from verification.reporting.figures import figures
from verification.results import LEVEL_TITLES, LEVELS

_OPEN_FINDINGS = 3
_SHOWN_DIFFERENCES = 12
_RAREST = 24


def render(report: words.Report) -> str:
    """The page of a validated report (plain JSON values)."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "number": words.number,
        "percent": words.percent,
        "duration": words.seconds,
        "value": words.value,
        "plural": words.plural,
    }
    environment.globals |= {
        "verdict_word": words.verdict_word,
        "level_word": words.level_word,
        "symbols": words.SYMBOLS,
        "cases": words.cases,
        "counted": words.counted,
        "side": words.side,
    }
    return environment.get_template("template.html").render(**_view(report))


def _view(report: words.Report) -> dict[str, Any]:
    mutants = report["mutants"]
    return {
        "report": report,
        "headline": claims.headline(report),
        "claim": claims.claim(report),
        "gaps": claims.gaps(report),
        "strip": [] if claims.only_mutants(report) else _strip(report),
        "levels": [
            {
                **level,
                "checks": [
                    {**check, "bound": _bound(check), "figures": figures(check["stats"])} for check in level["checks"]
                ],
            }
            for level in report["levels"]
        ],
        "failing": [_failing(check) for level in report["levels"] for check in level["checks"] if check["divergences"]],
        "curves": _curves(report),
        "coverage": _coverage(report["coverage"]),
        "mutants": mutants and _mutants(mutants),
        "forest": Markup(charts.forest(report["tost"])),
        "tost": [
            {**test, "colour": charts.VERDICT_CLASS.get(test["verdict"], "not_run"), "sample": words.sample(test)}
            for test in report["tost"]
        ],
        "not_tested": claims.not_tested(report),
        "provenance": [(key.replace("_", " "), words.value(entry)) for key, entry in report["provenance"].items()],
        "plan": [(key.replace("_", " "), words.value(entry)) for key, entry in report["plan"].items()],
    }


def _strip(report: words.Report) -> list[dict[str, Any]]:
    """One cell for every level there is, asked for or not."""
    found = {level["level"]: level for level in report["levels"]}
    cells = []
    for name in LEVELS:
        level = found.get(name)
        verdict = level["verdict"] if level else "not_asked"
        figure = ""
        if level and level["checks"]:
            largest = max(level["checks"], key=lambda check: check["cases"])
            figure = words.counted(largest)
        cells.append(
            {
                "level": name,
                "title": LEVEL_TITLES[name],
                "verdict": verdict,
                "word": words.level_word(level) if level else words.VERDICT_WORDS[verdict],
                "figure": figure,
                "divergences": level["divergences"] if level else 0,
            }
        )
    return cells


def _bound(check: Mapping[str, Any]) -> str:
    """Rule of three, "" where it does not apply."""
    bound = words.bound(check)
    return "" if bound is None else f"≤ {words.percent(bound)}"


def _failing(check: Mapping[str, Any]) -> dict[str, Any]:
    findings = [_finding(finding, index < _OPEN_FINDINGS) for index, finding in enumerate(check["findings"])]
    return {
        **check,
        "findings": findings,
        # A picture of one divergence a field shows nothing that the list below does not.
        "table": Markup(charts.divergence_table(check) if check["divergences"] > len(check["first_fields"]) else ""),
        "exact": charts.cells_are_exact(check),
        "other_fields": max(0, len(check["first_fields"]) - charts.ROWS),
    }


def _finding(finding: Mapping[str, Any], opened: bool) -> dict[str, Any]:
    rows = []
    for difference in finding["differences"]:
        expected, actual = words.contrast(difference["reference"], difference["candidate"])
        gap = words.gap(difference["reference"], difference["candidate"])
        rows.append({**difference, "expected": expected, "actual": actual, "gap": gap})
    return {
        **finding,
        "first": charts.first_field(finding),
        "rows": rows[:_SHOWN_DIFFERENCES],
        "more_rows": rows[_SHOWN_DIFFERENCES:],
        "case_items": [(key.replace("_", " "), words.value(entry)) for key, entry in finding["case"].items()],
        "opened": opened,
    }


def _curves(report: words.Report) -> list[dict[str, Any]]:
    """Error curves of the checks: `stats["curves"]` is {name: {"x": […], "y": […], "limit": number | list | None}}.

    Curves whose names differ only after the last comma ("qpos.0, candidate", "qpos.0, rounding alone") share a picture.
    """
    found = []
    for check in (check for level in report["levels"] for check in level["checks"]):
        pictures: dict[str, dict[str, Any]] = {}
        for name, data in check["stats"].get("curves", {}).items():
            title, _, label = name.rpartition(", ")
            pictures.setdefault(title or name, {})[label if title else ""] = data
        for name, series in pictures.items():
            limited = any(data.get("limit") is not None for data in series.values())
            svg = Markup(charts.curves(name, series))
            found.append({"check": check["id"], "name": name, "svg": svg, "limited": limited})
    return found


def _coverage(coverage: Mapping[str, Any]) -> dict[str, Any]:
    counted = sorted(coverage["counts"].items(), key=lambda item: (item[1], item[0]))
    seen = [(name, count) for name, count in counted if count > 0]
    most = max((count for _, count in seen), default=1)
    chips = [{"name": name, "count": count, "heat": _heat(count, most)} for name, count in seen]
    share = coverage["exercised"] / coverage["declared"] if coverage["declared"] else None
    words_ = f"{coverage['exercised']:,} of {coverage['declared']:,}: {words.percent(share)}"
    bar = charts.rates([("exercised", words_, share, None)], f"Behaviours exercised: {words_}")
    counts = [count for _, count in seen] + [0] * len(coverage["never"])
    return {
        **coverage,
        "unseen_mass_se": coverage.get("unseen_mass_se"),
        "any": bool(coverage["declared"] or counted),
        "bar": Markup(bar),
        "histogram": Markup(charts.counts(counts, "How many behaviours were exercised how often")),
        "rarest": chips[:_RAREST],
        "others": chips[_RAREST:],
    }


def _heat(count: int, most: int) -> str:
    return f"{math.log1p(count) / math.log1p(most):.2f}" if most > 0 else "0"


def _mutants(mutants: Mapping[str, Any]) -> dict[str, Any]:
    """Survivors first, then as registered."""
    rows = [{**row, "survives": not any(row["killed_by"].values())} for row in mutants["rows"]]
    return {
        **mutants,
        "rows": sorted(rows, key=lambda row: not row["survives"]),
        "levels": list(mutants["by_level"]),
        "survivors": [row for row in rows if row["survives"]],
        "chart": Markup(charts.kill_rates(mutants)),
        "sentences": claims.mutant_sentences(mutants),
    }
