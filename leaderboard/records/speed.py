"""Rows of the kind `sps`: steps per second by `PROTOCOL.md`, which says what each field means.

Fields that older rows lack are `UNSET`: they are absent in the file, and stay so.
"""

from __future__ import annotations

from typing import Any, Literal

from msgspec import UNSET, Struct, UnsetType

from leaderboard.records.origin import Machine, Versions

Options = dict[str, str | int | float | bool]


class Policy(Struct, forbid_unknown_fields=True, kw_only=True):
    """The fixed network of the mode `policy_in_loop`."""

    layers: list[int]
    activation: str
    parameters: int
    seed: int


class BesideXla(Struct, forbid_unknown_fields=True, kw_only=True):
    """XLA's program of the same play, timed in turns. `ratio`: ours over it."""

    devices: int
    compiler_options: Options
    trace_seconds: float
    compile_seconds: float
    median_sps: float
    samples: list[float]
    ratio: float


class StepError(Struct, forbid_unknown_fields=True, kw_only=True):
    """Distance of one step from the reference's."""

    against: str
    states: int
    max_dq: float | None
    max_dv: float | None
    median_dv: float | None
    large_dv: float | None
    not_finite: int


class Count(Struct, forbid_unknown_fields=True, kw_only=True):
    """A count of the constraint solver."""

    total: int
    per_physics_step: float
    env_steps_with: int


class ReferenceSpeed(Struct, forbid_unknown_fields=True, kw_only=True):
    """The reference in the same run: the samples of the whole section."""

    name: str
    version: str
    cores: int
    unit: str
    median_sps: float
    samples: list[float]
    tuning: dict[str, Any] | UnsetType = UNSET
    note: str | UnsetType = UNSET
    physics_sps: float | UnsetType | None = UNSET


class PeerSpeed(Struct, forbid_unknown_fields=True, kw_only=True):
    """Another engine of the same task."""

    name: str
    version: str
    config: dict[str, Any]
    batch: int
    trace_seconds: float | None
    compile_seconds: float | None
    error: StepError | None
    median_sps: float | None
    samples: list[float]
    physics_sps: float | None
    ratio: float | None


class Probe(Struct, forbid_unknown_fields=True, kw_only=True):
    """States of a few lanes in the timed program, for another machine to step on from each of them.

    `states[t][leaf]` holds the numbers of a leaf after t steps, all lanes in one flat list.
    """

    seed: int
    lanes: int
    shapes: list[list[int]]
    dtypes: list[str]
    states: list[list[list[float | int | bool]]]


class SpeedRow(Struct, forbid_unknown_fields=True, kw_only=True):
    """One batch of one section."""

    env: str
    env_version: str
    mode: Literal["env_random_legal", "policy_in_loop"]
    backend: str
    machine: Machine
    protocol: int
    versions: Versions
    commit: str | None
    dirty: bool | None
    command: str
    devices: int
    batch: int
    chunk: int | None
    scan: int
    median_sps: float
    q25: float
    q75: float
    samples: list[float]
    agent_sps: float
    noisy: bool
    short: bool
    best: bool
    trace_seconds: float
    compile_seconds: float
    first_run_seconds: float
    warmed_up: bool
    reset_fraction: float
    mean_episode_length: float | None
    checksum: str
    peak_memory_bytes: int | None
    date: str
    reference: ReferenceSpeed | None
    ratio: float | None
    ratio_per_reference_core: float | None
    config: dict[str, str | int | float | bool | None] | UnsetType = UNSET
    policy: Policy | UnsetType | None = UNSET
    cores: int | UnsetType = UNSET
    compiler_options: Options | UnsetType = UNSET
    xla: BesideXla | UnsetType | None = UNSET
    physics_sps: float | UnsetType | None = UNSET
    cached_start_seconds: float | UnsetType | None = UNSET
    error: StepError | UnsetType | None = UNSET
    solver: dict[str, int | Count] | UnsetType | None = UNSET
    peers: list[PeerSpeed] | UnsetType = UNSET
    peers_in_turns: bool | UnsetType = UNSET
    probe: Probe | UnsetType | None = UNSET
