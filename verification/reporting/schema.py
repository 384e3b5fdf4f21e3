"""Structs of a report's JSON; fields beside these are allowed."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct

Verdict = Literal["error", "fail", "inconclusive", "not_run", "pass"]
Level = Literal["L0", "L1", "L2", "L3", "L3d", "L4"]
Pair = tuple[float, float]


class Implementation(Struct):
    """A side of the comparison."""

    name: str
    version: str


class Difference(Struct):
    """A field that differs."""

    name: str
    module: str
    candidate: Any
    reference: Any


class Finding(Struct):
    """A divergence, and how to see it again."""

    step: int
    differences: list[Difference]
    event: str
    draws: str
    suspects: list[tuple[Any, Any]]
    case: dict[str, Any]
    file: str
    repro: str
    shrunk_steps: int | None
    message: str


class Check(Struct):
    """A check of a level."""

    id: str
    level: str
    title: str
    verdict: Verdict
    cases: int
    unit: str
    planned: int | None
    steps: int
    seconds: float
    divergences: int
    findings: list[Finding]
    first_fields: dict[str, int]
    first_steps: dict[str, int]
    stats: dict[str, Any]
    notes: list[str]
    reason: str
    rate_bound_95: float | None


class LevelEntry(Struct):
    """A level: its totals, and its checks."""

    level: Level
    title: str
    verdict: Verdict
    episodes: int
    steps: int
    divergences: int
    seconds: float
    checks: list[Check]


class FirstKill(Struct):
    """Cost of a level's first case that finds a mutant."""

    cases: int
    seconds: float
    field: str


class Mutant(Struct):
    """A fault that was put in, and the levels that found it."""

    id: str
    module: str
    changes: str
    expected: str
    killed_by: dict[str, bool]
    first_kill: dict[str, FirstKill]
    suspects: list[Any]
    rank: int | None
    shrunk_steps: int | None
    explanation: str


class KillRate(Struct):
    """Mutants that one level finds."""

    killed: int
    of: int
    rate: float | None
    ci95: Pair | None
    unique: list[str]


class Unmutated(Struct):
    """Differences of the candidate without any seeded bug, at one level."""

    cases: int
    field: str
    file: str


class Mutants(Struct):
    """The verifier's own test."""

    mutants: int
    killed: int
    rate: float | None
    rate_ci95: Pair | None
    by_level: dict[str, KillRate]
    false_alarms: int
    false_alarm_episodes: int
    localisation: dict[str, float | None] | None
    median_shrunk_steps: float | None
    rows: list[Mutant]
    seconds: float
    compile_seconds: float
    unmutated: dict[str, Unmutated] = {}


class Tost(Struct):
    """A test of equivalence within a margin."""

    metric: str
    method: str
    n: tuple[int, int]
    k: int | None
    difference: float
    ci90: Pair
    ci95: Pair
    p_low: float
    p_high: float
    margin: float
    margin_reason: str
    verdict: str
    power_at_zero: float
    n_needed: int | None
    unit: str
    notes: list[str]


class Missing(Struct):
    """A capability that a side lacks, and what that means."""

    side: str
    capability: str
    means: str


class Capabilities(Struct):
    """Capabilities of both sides."""

    reference: dict[str, bool]
    candidate: dict[str, bool]
    missing: list[Missing]


class Coverage(Struct):
    """Events that the cases reached."""

    declared: int
    exercised: int
    never: list[str]
    counts: dict[str, int]
    unseen_mass: float | None


class Ignored(Struct):
    """A field that is not compared."""

    path: str
    why: str


class Tolerance(Struct):
    """A field that may differ a little."""

    path: str
    atol: float
    rtol: float
    ulp: int
    why: str


class Report(Struct):
    """A report of the levels."""

    schema: str
    env: str
    verdict: Verdict
    complete: bool
    interrupted: bool
    reason: str
    reference: Implementation
    candidate: Implementation
    capabilities: Capabilities
    levels: list[LevelEntry]
    coverage: Coverage
    mutants: Mutants | None
    tost: list[Tost]
    ignored_fields: list[Ignored]
    tolerances: list[Tolerance]
    blind_spots: list[str]
    plan: dict[str, Any]
    provenance: dict[str, Any]
    command: str
