"""Evidence that an environment is the same as its reference: levels, seeded bugs, and transfer of policies."""

from __future__ import annotations

import dataclasses
from typing import Any, Literal

from leaderboard.checking.status import NEEDED
from leaderboard.site.collected import Collected, SiteError

State = Literal["equal", "partly", "differs", "not verified"]
PASSED = "pass"
LEVELS = ("L0", "L1", "L2", "L3", "L3d")


@dataclasses.dataclass(frozen=True, kw_only=True)
class LevelResult:
    """One level of one run. `file`: its JSON under the pages' data."""

    level: str
    verdict: str
    episodes: int
    steps: int
    divergences: int
    file: str
    command: str
    commit: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class Mutants:
    """Seeded bugs of one run. `rows`: every bug, where the evidence holds them. `random`: drawn, not chosen by hand."""

    killed: int
    judged: int
    verdict: str
    by_level: dict[str, str]
    false_alarms: str
    random: bool
    rows: tuple[dict[str, Any], ...]
    file: str
    command: str

    @property
    def text(self) -> str:
        """As "127 of 127"."""
        return f"{self.killed} of {self.judged}"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Equivalence:
    """All of one environment.

    * `equal`: the levels that are needed have passed; `partly`: others have; `differs`: one has failed.
    * `bugs`: the run with the most seeded bugs, which the badge names; None without any.
    """

    state: State
    passed: tuple[str, ...]
    failed: tuple[str, ...]
    levels: tuple[LevelResult, ...]
    mutants: tuple[Mutants, ...]

    @property
    def bugs(self) -> Mutants | None:
        """The chosen bugs of the largest run."""
        return max((one for one in self.mutants if not one.random), key=lambda one: one.judged, default=None)

    @property
    def levels_text(self) -> str:
        """The levels that have passed: all five as "L0–L3d", else one by one."""
        return f"{LEVELS[0]}–{LEVELS[-1]}" if self.passed == LEVELS else " ".join(self.passed)

    @property
    def text(self) -> str:
        """The badge in words."""
        if self.state == "differs":
            return f"differs: {' '.join(self.failed)}"
        bugs = f"; {self.bugs.text} bugs found" if self.bugs else ""
        return self.state + (f": {self.levels_text}" if self.passed else "") + bugs


def equivalence(collected: Collected, env: str) -> Equivalence:
    """Levels and seeded bugs of one environment, of the rows and of the evidence."""
    levels = sorted(_levels(collected, env), key=lambda one: (one.level, one.file))
    passed = {one.level for one in levels if one.verdict == PASSED and not one.divergences}
    failed = {one.level for one in levels if one.verdict == "fail" or one.divergences}
    state: State = "not verified"
    if failed:
        state = "differs"
    elif passed:
        state = "equal" if passed >= NEEDED else "partly"
    return Equivalence(
        state=state,
        passed=tuple(sorted(passed)),
        failed=tuple(sorted(failed)),
        levels=tuple(levels),
        mutants=tuple(sorted(_mutants(collected, env), key=lambda one: (one.random, -one.judged))),
    )


def _levels(collected: Collected, env: str) -> list[LevelResult]:
    found = []
    seen: set[str] = set()
    for path, row in collected.of("verification", env):
        file = collected.named(row["evidence"]) or path
        seen.add(file)
        found += [_level(one, file, row["command"], row["provenance"]) for one in row["levels"]]
    for path, data in collected.evidence_of(env):
        if path not in seen and isinstance(data.get("levels"), list):
            made = data.get("provenance") or data
            found += [_level(one, path, data.get("command", ""), made) for one in data["levels"]]
    return found


def _level(one: dict[str, Any], file: str, command: str, made: dict[str, Any]) -> LevelResult:
    try:
        return LevelResult(
            level=one["level"],
            verdict=one["verdict"],
            episodes=one["episodes"],
            steps=one["steps"],
            divergences=one["divergences"],
            file=file,
            command=command,
            commit=str(made.get("commit") or "")[:8],
        )
    except KeyError as error:
        raise SiteError(f"{file}: a level lacks the field {error}; write the file again by its command") from None


def _mutants(collected: Collected, env: str) -> list[Mutants]:
    found = []
    seen: set[str] = set()
    for path, row in collected.of("verification", env):
        file = collected.named(row["evidence"])
        if row["mutants"] and file:
            seen.add(file)
            found.append(_of_file(collected.files[file], file))
        elif row["mutants"]:
            found.append(_of_row(row, path))
    for path, data in collected.evidence_of(env):
        if path not in seen and "mutants" in str(data.get("schema", "")):
            found.append(_of_file(data, path))
    return found


def _of_row(row: dict[str, Any], path: str) -> Mutants:
    kills = row["mutants"]
    return Mutants(
        killed=kills["killed"],
        judged=kills["mutants"],
        verdict=row["verdict"],
        by_level={level: f"{one['killed']} of {one['of']}" for level, one in kills["by_level"].items()},
        false_alarms=f"{kills['false_alarms']} in {kills['false_alarm_episodes']:,} episodes",
        random=False,
        rows=(),
        file=path,
        command=row["command"],
    )


def _of_file(data: dict[str, Any], file: str) -> Mutants:
    try:
        by_level = {level: _kills(one) for level, one in data["by_level"].items()}
        alarms = data.get("false_alarms")
        return Mutants(
            killed=data["killed"],
            judged=data.get("judged", data["mutants"]),
            verdict=data["verdict"],
            by_level=by_level,
            false_alarms="" if alarms is None else f"{alarms} in {data['false_alarm_episodes']:,} episodes",
            random="random" in data,
            rows=tuple(data["rows"]),
            file=file,
            command=data["command"],
        )
    except KeyError as error:
        raise SiteError(f"{file}: it lacks the field {error}; write the file again by its command") from None


def _kills(one: dict[str, Any]) -> str:
    """Bugs that a level finds; of a run that stops at the first finder, those that it finds first."""
    if "killed" in one:
        return f"{one['killed']} of {one['of']}"
    return f"{one['killed_first']} of {one['of']} first"
