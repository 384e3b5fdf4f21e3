"""Changes between two reports of one environment, and a warning where the later one shows less."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from verification.reporting import words
from verification.reporting.validate import ReportError
from verification.results import SEVERITY

Direction = Literal["worse", "better", "other"]
_MARKS: dict[Direction, str] = {"worse": "✗", "better": "✓", "other": " "}
#: A check that ran on less than this share of the former cases shows less; what time budgets vary by does not.
_FEWER = 0.5


@dataclass(frozen=True)
class Change:
    """One difference between the reports, in words."""

    direction: Direction
    topic: str
    words: str


@dataclass(frozen=True)
class Comparison:
    """All changes from report A to report B; `worse` when any of them means that less is shown than before."""

    env: str
    changes: tuple[Change, ...]

    @property
    def worse(self) -> bool:
        """True if B is worse than A."""
        return any(change.direction == "worse" for change in self.changes)

    @property
    def exit_status(self) -> int:
        """1 when B is worse, else 0."""
        return int(self.worse)

    def lines(self) -> list[str]:
        """Plain text: the changes by topic, those for the worse marked ✗, and the answer last."""
        out, topic = [f"{self.env}: A → B"], ""
        for change in self.changes:
            if change.topic != topic:
                topic = change.topic
                out.append(f"{topic}:")
            out.append(f"  {_MARKS[change.direction]} {change.words}")
        worse = sum(change.direction == "worse" for change in self.changes)
        better = sum(change.direction == "better" for change in self.changes)
        answer = f"B is worse: {worse} for the worse, {better} for the better" if worse else "B is not worse"
        return [*out, "", answer + ("" if worse else f": {better} for the better")]


def compare(before: words.Report, after: words.Report) -> Comparison:
    """Compare two validated reports. Raises `ReportError` when they are of different environments."""
    if before["env"] != after["env"]:
        raise ReportError(f"A is of {before['env']!r}, B of {after['env']!r}: give two reports of one environment")
    parts = (_settings, _verdicts, _levels, _allowances, _capabilities, _coverage, _mutants, _transfer, _speed)
    changes = [change for part in parts for change in part(before, after)]
    topics = list(dict.fromkeys(change.topic for change in changes))
    return Comparison(after["env"], tuple(sorted(changes, key=lambda change: topics.index(change.topic))))


def _graver(before: str, after: str) -> Direction:
    """By the order of `results.SEVERITY`, but an answer that is no longer there is never an improvement."""
    if after == "not_run":
        return "worse" if before == "pass" else "other"
    ranks = {verdict: rank for rank, verdict in enumerate(SEVERITY)}
    return "worse" if ranks[after] < ranks[before] else "better"


def _settings(before: words.Report, after: words.Report) -> Iterator[Change]:
    for side in ("reference", "candidate"):
        a, b = (words.side(report[side]) for report in (before, after))
        if a != b:
            yield Change("other", "settings", f"{side}: {a} → {b}")
    for key in sorted(before["plan"].keys() | after["plan"].keys()):
        a, b = (words.value(report["plan"].get(key)) for report in (before, after))
        if a != b:
            yield Change("other", "settings", f"{key}: {a} → {b}")


def _verdicts(before: words.Report, after: words.Report) -> Iterator[Change]:
    a, b = before["verdict"], after["verdict"]
    if a != b:
        yield Change(_graver(a, b), "verdicts", f"whole run: {words.VERDICT_WORDS[a]} → {words.VERDICT_WORDS[b]}")
    olds, news = ({level["level"]: level for level in report["levels"]} for report in (before, after))
    for name in sorted(olds.keys() | news.keys()):
        if name not in news:
            yield Change("worse", "verdicts", f"{name}: {words.VERDICT_WORDS[olds[name]['verdict']]} → not asked for")
        elif name not in olds:
            yield Change("better", "verdicts", f"{name}: not asked for → {words.VERDICT_WORDS[news[name]['verdict']]}")
        elif olds[name]["verdict"] != news[name]["verdict"]:
            a, b = olds[name]["verdict"], news[name]["verdict"]
            yield Change(_graver(a, b), "verdicts", f"{name}: {words.VERDICT_WORDS[a]} → {words.VERDICT_WORDS[b]}")


def _levels(before: words.Report, after: words.Report) -> Iterator[Change]:
    olds, news = (
        {(check["level"], check["id"]): check for level in report["levels"] for check in level["checks"]}
        for report in (before, after)
    )
    kept = {level["level"] for level in after["levels"]}
    for place, old in olds.items():
        name = words.check_name(old)
        if place in news:
            yield from _check(name, old, news[place])
        elif place[0] in kept:
            yield Change("worse", "checks", f"{name}: is gone")
    for place in news:
        if place not in olds:
            yield Change("other", "checks", f"{words.check_name(news[place])}: is new")


def _check(name: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    if old["verdict"] != new["verdict"]:
        a, b = (words.verdict_word(check["verdict"], check["cases"]) for check in (old, new))
        yield Change(_graver(old["verdict"], new["verdict"]), "checks", f"{name}: {a} → {b}")
    rates = [check["divergences"] / check["cases"] if check["cases"] else 0.0 for check in (old, new)]
    if rates[0] != rates[1]:
        a, b = (f"{check['divergences']:,} in {check['cases']:,}" for check in (old, new))
        direction: Direction = "worse" if rates[1] > rates[0] else "better"
        yield Change(direction, "rates", f"{name}: divergences {a} → {b}")
    if new["cases"] < old["cases"]:
        direction = "worse" if new["cases"] < _FEWER * old["cases"] else "other"
        yield Change(
            direction, "rates", f"{name}: {old['cases']:,} → {new['cases']:,} {new['unit']}{_bounds(old, new)}"
        )
    elif new["cases"] > old["cases"]:
        yield Change("other", "rates", f"{name}: {old['cases']:,} → {new['cases']:,} {new['unit']}{_bounds(old, new)}")


def _bounds(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    a, b = words.bound(old), words.bound(new)
    if a is None or b is None:
        return ""
    return f", rate below {words.percent(a)} → {words.percent(b)}"


def _allowances(before: words.Report, after: words.Report) -> Iterator[Change]:
    """Changes of what counts as equal: a wider tolerance, an ignored field or a wider margin moves the goalposts."""
    olds, news = ({entry["path"] for entry in report["ignored_fields"]} for report in (before, after))
    yield from (Change("worse", "allowances", f"{path}: no longer compared") for path in sorted(news - olds))
    yield from (Change("better", "allowances", f"{path}: compared again") for path in sorted(olds - news))
    old_tolerances, new_tolerances = (
        {entry["path"]: entry for entry in report["tolerances"]} for report in (before, after)
    )
    for path in sorted(old_tolerances.keys() | new_tolerances.keys()):
        a, b = (
            {n: side.get(path, {}).get(n, 0) for n in ("atol", "rtol", "ulp")}
            for side in (old_tolerances, new_tolerances)
        )
        if a != b:
            direction: Direction = "worse" if any(b[name] > a[name] for name in a) else "better"
            yield Change(
                direction, "allowances", f"{path}: {words.tolerance(a) or 'exact'} → {words.tolerance(b) or 'exact'}"
            )


def _capabilities(before: words.Report, after: words.Report) -> Iterator[Change]:
    for side in ("reference", "candidate"):
        olds, news = (report["capabilities"][side] for report in (before, after))
        for name in sorted(olds.keys() | news.keys()):
            if olds.get(name, False) != news.get(name, False):
                gained = bool(news.get(name, False))
                yield Change(
                    "better" if gained else "worse",
                    "capabilities",
                    f"{side} is {'now' if gained else 'no longer'} {name}",
                )


def _coverage(before: words.Report, after: words.Report) -> Iterator[Change]:
    olds, news = (
        {name for name, count in report["coverage"]["counts"].items() if count > 0} for report in (before, after)
    )
    if olds - news:
        yield Change("worse", "coverage", f"lost {_names(olds - news)}")
    if news - olds:
        yield Change("better", "coverage", f"gained {_names(news - olds)}")
    a, b = before["coverage"]["declared"], after["coverage"]["declared"]
    if a != b:
        yield Change("worse" if b < a else "better", "coverage", f"declared behaviours: {a:,} → {b:,}")


def _names(names: set[str], shown: int = 8) -> str:
    more = f" and {len(names) - shown} more" if len(names) > shown else ""
    return f"{len(names)}: {', '.join(sorted(names)[:shown])}{more}"


def _mutants(before: words.Report, after: words.Report) -> Iterator[Change]:
    old, new = before["mutants"], after["mutants"]
    if not old or not new:
        if old:
            yield Change("other", "seeded bugs", "not measured in B")
        return
    olds, news = ({row["id"]: row["killed_by"] for row in mutants["rows"]} for mutants in (old, new))
    for name in olds:
        if name not in news:
            yield Change("worse", "seeded bugs", f"{name}: is gone")
            continue
        was, now = any(olds[name].values()), any(news[name].values())
        if was != now:
            yield Change(
                "better" if now else "worse", "seeded bugs", f"{name}: {'is found now' if now else 'survives now'}"
            )
    for name, killed in news.items():
        if name not in olds:
            yield Change("other", "seeded bugs", f"{name}: is new, {'found' if any(killed.values()) else 'survives'}")
    for level in old["by_level"].keys() & new["by_level"].keys():
        a, b = (mutants["by_level"][level]["killed"] for mutants in (old, new))
        if a != b:
            yield Change("other", "seeded bugs", f"{level} finds {a} → {b}")
    if new["false_alarms"] != old["false_alarms"]:
        direction: Direction = "worse" if new["false_alarms"] > old["false_alarms"] else "better"
        yield Change(direction, "seeded bugs", f"false alarms {old['false_alarms']} → {new['false_alarms']}")


def _transfer(before: words.Report, after: words.Report) -> Iterator[Change]:
    order = ("different", "inconclusive", "equivalent but biased", "equivalent")
    ranks = {verdict: rank for rank, verdict in enumerate(order)}
    olds, news = ({test["metric"]: test for test in report["tost"]} for report in (before, after))
    for metric, old in olds.items():
        new = news.get(metric)
        if new is None:
            yield Change("worse", "policy transfer", f"{metric}: is gone")
            continue
        if new["verdict"] != old["verdict"]:
            direction: Direction = "worse" if ranks.get(new["verdict"], 0) < ranks.get(old["verdict"], 0) else "better"
            yield Change(direction, "policy transfer", f"{metric}: {old['verdict']} → {new['verdict']}")
        if new["margin"] != old["margin"]:
            direction = "worse" if new["margin"] > old["margin"] else "better"
            a, b = words.number(old["margin"]), words.number(new["margin"])
            yield Change(direction, "policy transfer", f"{metric}: margin ±{a} → ±{b}")


def _speed(before: words.Report, after: words.Report) -> Iterator[Change]:
    """Steps a second by level: for information, two runs on a busy machine differ."""
    olds, news = (
        {
            level["level"]: level["steps"] / level["seconds"]
            for level in report["levels"]
            if level["seconds"] and level["steps"]
        }
        for report in (before, after)
    )
    for name in (level for level in olds if level in news):
        a, b = olds[name], news[name]
        yield Change(
            "other", "speed", f"{name}: {words.number(a, 3)} → {words.number(b, 3)} steps/s (×{words.number(b / a, 3)})"
        )
