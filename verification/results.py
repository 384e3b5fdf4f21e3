"""Results of the checks as plain data: one `CheckResult` per check, gathered into the report."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Verdict = Literal["pass", "fail", "inconclusive", "not_run", "error"]

#: The worst verdict of several is the one that stands first here. `not_run` is never green.
SEVERITY: tuple[Verdict, ...] = ("error", "fail", "inconclusive", "not_run", "pass")
EXIT_STATUS: dict[Verdict, int] = {"pass": 0, "fail": 1, "inconclusive": 2, "not_run": 2, "error": 3}

LEVELS = ("L0", "L1", "L2", "L3", "L3d", "L4")
LEVEL_TITLES = {
    "L0": "contract",
    "L1": "injected single steps",
    "L2": "interactions",
    "L3": "whole episodes in lockstep",
    "L3d": "law of the random draws",
    "L4": "policy transfer",
}


KEPT = 20
"""Findings, faults and the like that a result tells one by one."""


@dataclass(frozen=True)
class FieldDifference:
    """One path with both values, as plain Python values."""

    name: str
    module: str
    candidate: Any
    reference: Any


@dataclass(frozen=True)
class Finding:
    """One divergence.

    * `step`: joint steps from where the case starts; `event`: the sub-event within it, "" if unknown.
    * `differences`: in module order. `draws`: the difference in random draws, in words, "" if unknown.
    * `suspects`: places in the candidate's source, the likeliest first, with a score.
    * `case`: what distinguishes the case (seed, policy, mutation); `file`: its counterexample; `repro`: the command.
    * `shrunk_steps`: joint steps of the counterexample after shrinking, None if it was not shrunk.
    * `unshrunk`: in a shard's report, a shrunk finding as it would stand without shrinking: the shards together shrink
      more of them than one process does.
    """

    step: int
    differences: tuple[FieldDifference, ...]
    event: str = ""
    draws: str = ""
    suspects: tuple[tuple[str, float], ...] = ()
    case: dict[str, Any] = field(default_factory=dict)
    file: str = ""
    repro: str = ""
    shrunk_steps: int | None = None
    message: str = ""
    unshrunk: Finding | None = None

    @property
    def first_field(self) -> str:
        """The path under which divergences are counted."""
        return self.differences[0].name if self.differences else self.message or "unknown"


@dataclass(frozen=True)
class Parts:
    """Parts of a check: `first` ≤ number < `done` are done, those below `last` fall to this process, `of` to all.

    `before`: while a part goes on, the check's result as it was before it.
    """

    first: int
    last: int
    done: int
    of: int
    before: dict[str, Any] | None = None


@dataclass
class CheckResult:
    """One check of one level.

    * `cases` of `unit` ("steps", "episodes", "draws", "checks") were compared, of `planned`; `steps`: joint steps.
    * `divergences`: how many cases differed; `findings`: the first of them in detail.
    * `first_fields`: divergences by the first differing path, and `first_steps`: by step, for triage.
    * `stats`: figures of the check's own; `notes`: sentences for the reader.
    * `behaviours`: how often its steps showed each.
    * `parts`: of a check that is divided, what of it was done here; None for one that is not.
    """

    id: str
    level: str
    title: str
    verdict: Verdict = "not_run"
    cases: int = 0
    unit: str = "checks"
    planned: int | None = None
    steps: int = 0
    seconds: float = 0.0
    divergences: int = 0
    findings: list[Finding] = field(default_factory=list)
    first_fields: dict[str, int] = field(default_factory=dict)
    first_steps: dict[int, int] = field(default_factory=dict)
    stats: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    reason: str = ""
    behaviours: dict[str, int] = field(default_factory=dict)
    parts: Parts | None = None

    def add(self, finding: Finding, keep: int = KEPT) -> None:
        """Count a divergence; the first `keep` are kept in detail."""
        self.divergences += 1
        self.first_fields[finding.first_field] = self.first_fields.get(finding.first_field, 0) + 1
        self.first_steps[finding.step] = self.first_steps.get(finding.step, 0) + 1
        cells = self.stats.setdefault("first_cells", {}).setdefault(finding.first_field, {})
        cells[str(finding.step)] = cells.get(str(finding.step), 0) + 1
        if len(self.findings) < keep:
            self.findings.append(finding)

    def take(self, part: CheckResult, stats: bool = True) -> None:
        """Add what came of more cases of the same check: counts add up, the first findings stay.

        `stats`: its figures too, if they are counts, tables of counts or lists, of which the first `KEPT` stay.
        """
        self.cases += part.cases
        self.steps += part.steps
        self.seconds = round(self.seconds + part.seconds, 3)
        self.divergences += part.divergences
        self.findings = [*self.findings, *part.findings][:KEPT]
        self.notes = list(dict.fromkeys([*self.notes, *part.notes]))
        self.first_fields = _added(self.first_fields, part.first_fields)
        self.first_steps = _added(self.first_steps, part.first_steps)
        self.behaviours = dict(sorted(_added(self.behaviours, part.behaviours).items()))
        self.reason = self.reason or part.reason
        if stats:
            self.stats = _added(self.stats, part.stats)

    def conclude(self) -> CheckResult:
        """Set the verdict from the counts: "fail" on any divergence, "not_run" when less ran than was planned."""
        if self.divergences:
            self.verdict = "fail"
        elif not self.cases or (self.planned is not None and self.cases < self.planned):
            self.verdict = "not_run"
            self.reason = self.reason or f"{self.cases} of {self.planned} {self.unit} were run"
        else:
            self.verdict = "pass"
        return self

    @property
    def rate_bound(self) -> float | None:
        """Rule of three: no divergence in n cases bounds their rate, at 95 % confidence. None after a divergence."""
        return None if self.divergences or not self.cases else min(1.0, 3 / self.cases)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> CheckResult:
        """The inverse of `to_json`."""
        known = {name: data[name] for name in cls.__dataclass_fields__ if name in data}
        known["first_steps"] = {int(step): count for step, count in data.get("first_steps", {}).items()}
        known["findings"] = [_finding(found) for found in data.get("findings", [])]
        known["parts"] = Parts(**data["parts"]) if data.get("parts") else None
        return cls(**known)

    def to_json(self) -> dict[str, Any]:
        """Plain values for the report."""
        data = asdict(self)
        data["first_steps"] = {str(step): count for step, count in sorted(self.first_steps.items())}
        data["first_fields"] = dict(sorted(self.first_fields.items(), key=lambda item: (-item[1], item[0])))
        if self.parts is None:
            del data["parts"]
        for finding in data["findings"]:
            if finding["unshrunk"] is None:
                del finding["unshrunk"]
        data["rate_bound_95"] = self.rate_bound
        return data


def _finding(data: dict[str, Any]) -> Finding:
    differences = tuple(FieldDifference(**difference) for difference in data["differences"])
    places = tuple((place, score) for place, score in data["suspects"])
    whole = _finding(data["unshrunk"]) if data.get("unshrunk") else None
    return Finding(**{**data, "differences": differences, "suspects": places, "unshrunk": whole})


def _added(before: Mapping[Any, Any], after: Mapping[Any, Any]) -> dict[Any, Any]:
    """Both tables as one: counts added, tables in them likewise, lists one after the other. `TypeError` for others."""
    found = dict(before)
    for name, value in after.items():
        if name not in found:
            found[name] = value
        elif isinstance(value, Mapping):
            found[name] = _added(found[name], value)
        elif isinstance(value, list):
            found[name] = [*found[name], *value][:KEPT]
        elif isinstance(value, int):
            found[name] += value
        else:
            raise TypeError(f"{name}: two {type(value).__name__} cannot be added")
    return found


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The gravest of the verdicts; "not_run" of none at all."""
    found = set(verdicts)
    for verdict in SEVERITY:
        if verdict in found:
            return verdict
    return "not_run"


def level_json(level: str, results: list[CheckResult]) -> dict[str, Any]:
    """A level's entry in the report: its own totals, then its checks."""
    episodes = [result for result in results if result.unit == "episodes"]
    return {
        "level": level,
        "title": LEVEL_TITLES.get(level, level),
        "verdict": worst(result.verdict for result in results),
        "episodes": sum(result.cases for result in episodes),
        "steps": sum(result.steps for result in results),
        "divergences": sum(result.divergences for result in results),
        "seconds": round(sum(result.seconds for result in results), 2),
        "checks": [result.to_json() for result in results],
    }
