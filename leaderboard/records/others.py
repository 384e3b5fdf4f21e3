"""Rows of the kinds `gap` (level 4), `verification` and `training`."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import UNSET, Struct, UnsetType

from leaderboard.records.origin import MadeWith

Pair = tuple[float, float]
Verdict = Literal["error", "fail", "inconclusive", "not_run", "pass"]


class PolicyGap(Struct, forbid_unknown_fields=True, kw_only=True):
    """Means of one policy, ours and the reference's, over so many episodes each."""

    name: str
    n: tuple[int, int]
    means: Pair


class GapRow(Struct, forbid_unknown_fields=True, kw_only=True):
    """Policies played here and in the reference: a test of equivalence within `margin`, over the policies.

    `evidence` names the file of all outcomes, and `evidence_sha256` its contents.
    """

    env: str
    env_version: str
    reference: str
    metric: str
    margin: float
    margin_reason: str
    method: str
    policies: list[PolicyGap]
    difference: float
    ci90: Pair
    ci95: Pair
    p_low: float
    p_high: float
    verdict: Literal["equivalent", "equivalent but biased", "different", "inconclusive"]
    evidence: str
    evidence_sha256: str
    made_with: list[MadeWith]
    command: str


class LevelRow(Struct, forbid_unknown_fields=True, kw_only=True):
    """Totals of a level."""

    level: str
    verdict: Verdict
    episodes: int
    steps: int
    divergences: int
    seconds: float


class CoverageRow(Struct, forbid_unknown_fields=True, kw_only=True):
    """Events that the cases reached."""

    declared: int
    exercised: int
    unseen_mass: float | None


class LevelKills(Struct, forbid_unknown_fields=True, kw_only=True):
    """Mutants that one level finds."""

    killed: int
    of: int


class MutantsRow(Struct, forbid_unknown_fields=True, kw_only=True):
    """Mutants that the levels find, and false alarms on the unchanged environment."""

    mutants: int
    killed: int
    rate: float | None
    by_level: dict[str, LevelKills]
    false_alarms: int
    false_alarm_episodes: int


class VerificationRow(Struct, forbid_unknown_fields=True, kw_only=True):
    """A report of the levels, or of the mutants, in short. `evidence` names the whole report."""

    env: str
    verdict: Verdict
    complete: bool
    reference: str
    candidate: str
    levels: list[LevelRow]
    coverage: CoverageRow | None
    mutants: MutantsRow | None
    evidence: str
    evidence_sha256: str
    provenance: dict[str, Any]
    command: str


class TrainingRow(Struct, forbid_unknown_fields=True, kw_only=True):
    """A training run. Older rows have `commit` and a machine in words, newer ones `made_with`."""

    env: str
    env_version: str
    command: str
    machine: str
    algorithm: str
    status: str
    seed: int
    seeds: int
    steps: int
    minutes: float
    train_sps: float | None
    env_sps: float | None
    training_mean_return: list[float | None] | None
    mean_return: float | None
    checkpoint: str | None
    evaluation: dict[str, Any] | None
    train_minutes: float | UnsetType = UNSET
    commit: str | UnsetType = UNSET
    made_with: MadeWith | UnsetType = UNSET
    ratings: dict[str, Any] | UnsetType | None = UNSET
    evaluation_seconds: float | UnsetType | None = UNSET


class TrainingSpeedRow(Struct, forbid_unknown_fields=True, kw_only=True):
    """Speed of training beside the environment's own. `env_share`: of the time of training."""

    env: str
    command: str
    commit: str
    machine: str
    hidden: list[int]
    parameters: int
    environments: int
    horizon: int
    epochs: int
    engine: str
    train_sps: float
    env_sps: float
    updates: int
    env_share: float
