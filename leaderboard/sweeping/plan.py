"""Order of a sweep's items: the most valuable first, as far as the time goes."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any, Literal

import families
from families.lookup import Family
from jaxenv import list_envs
from leaderboard.family import Bench

Kind = Literal["equivalence", "speed", "training", "peers", "profile"]
DEVICES = ("cpu", "gpu")
BATCHES = {"gpu": tuple(2**n for n in range(10, 21, 2)), "cpu": (1024, 4096, 16384)}
"""Lanes of the curves: 1K to 1M on a GPU."""
FIRST = {"gpu": 65536, "cpu": 4096}
"""Lanes of the rows that are measured first."""
KERNEL = {"gpu": "cuda", "cpu": "simd"}
TRAINS_BY = {"gpu": "xla", "cpu": "simd"}
TRAINED = {"gpu": None, "cpu": 16}
"""Most environments of a training row; None for the family's own number."""
SECONDS: dict[Kind, float] = {"equivalence": 25, "speed": 25, "training": 60, "peers": 90, "profile": 30}
"""About how long an item of each kind takes, compiling included, before one of its environment was timed."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Item:
    """One thing to measure. `size`: lanes; `row`: which of the family's training rows."""

    kind: Kind
    env_id: str
    backend: str
    size: int = 0
    row: str = ""

    @property
    def name(self) -> str:
        """Unique in a plan."""
        return " ".join(
            filter(None, (self.kind, self.env_id, self.backend, f"{self.size}" if self.size else "", self.row))
        )

    def seconds(self) -> float:
        """A guess before anything was measured."""
        return SECONDS[self.kind]

    def to_json(self) -> dict[str, Any]:
        """For another process."""
        return dataclasses.asdict(self)


def plan(device: str, only: str = "") -> list[Item]:
    """All items in their order; `only` keeps those whose name holds it. Starts no backend.

    First everything once for the first environment of each family, then the curves over the lanes, then the families'
    other environments.
    """
    parts = [(family, part) for family in families.families() if (part := _part(family)) and family.environments]
    return [item for item in _ordered(device, parts) if only in item.name]


def _part(family: Family) -> Bench | None:
    part = family.part("bench")
    return None if part is None or part.host else part  # a sweep measures compiled programs


def _peer_sizes(part: Bench, device: str) -> tuple[int, ...]:
    if device == "gpu":
        return part.peer_batches
    return (256,) if part.peer_batches else ()


def _ordered(device: str, parts: Sequence[tuple[Family, Bench]]) -> Iterator[Item]:
    kernel, first = KERNEL[device], FIRST[device]
    leads = [family.environments[0] for family, _ in parts]
    known = set(list_envs())  # a family names plugins without an environment, too
    rest = [env_id for family, _ in parts for env_id in family.environments[1:] if env_id in known]
    yield from (Item(kind="equivalence", env_id=env_id, backend=kernel) for env_id in leads)
    for backend in (kernel, "xla"):
        yield from (Item(kind="speed", env_id=env_id, backend=backend, size=first) for env_id in leads)
    for _, part in parts:
        for row in part.training:
            most = TRAINED[device]
            size = row.lanes if most is None else min(row.lanes, most)
            yield Item(kind="training", env_id=row.env_id, backend=TRAINS_BY[device], size=size, row=row.name)
    yield from (
        Item(kind="peers", env_id=env_id, backend="xla", size=size)
        for (_, part), env_id in zip(parts, leads, strict=True)
        for size in _peer_sizes(part, device)
    )
    for backend in (kernel, "xla"):
        yield from (Item(kind="profile", env_id=env_id, backend=backend, size=first) for env_id in leads)
    yield from (Item(kind="equivalence", env_id=env_id, backend="xla") for env_id in leads)
    for backend in (kernel, "xla"):
        for size in sorted(set(BATCHES[device]) - {first}, reverse=True):
            yield from (Item(kind="speed", env_id=env_id, backend=backend, size=size) for env_id in leads)
    for env_id in rest:
        yield Item(kind="equivalence", env_id=env_id, backend=kernel)
        yield Item(kind="speed", env_id=env_id, backend=kernel, size=first)
