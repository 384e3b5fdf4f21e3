"""States that play seldom reaches: the edges of every rule. Worth more than anything else here."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from families.new.template.package.rules import BATTERY, DIG, ROOM, SIZE
from references.protocol import Batch
from verification.batches import rows, size
from verification.plugin import Injected

EDGES = ("any", "at a wall", "hardly any battery", "full load", "last piece", "last steps")


def inject(rng: np.random.Generator, snapshots: Batch, n: int) -> Injected:
    """`n` single steps, each from a mined state that was moved to an edge. Actions may be illegal."""
    batch = rows(snapshots, rng.integers(0, size(snapshots), n))
    label = rng.choice(EDGES, n)
    count = lambda low, high: rng.integers(low, high, n)  # noqa: E731
    place = np.where(label == "at a wall", rng.choice([0, 1, SIZE - 2, SIZE - 1], n), count(0, SIZE))
    battery = np.where(label == "hardly any battery", count(1, 4), count(1, BATTERY + 1))
    cargo = np.where(label == "full load", ROOM, np.where(place == 0, 0, count(0, ROOM + 1)))
    ore = rng.integers(0, 3, (n, SIZE)) * (rng.random((n, SIZE)) < 0.5)
    last = label == "last piece"
    ore[last] = 0
    near = last & (rng.random(n) < 0.7)
    place, cargo = np.where(near, count(0, 2), place), np.where(last, count(0, 3), cargo)
    here = rng.random(n) < 0.5
    ore[here & ~last, place[here & ~last]] = count(1, 3)[here & ~last]
    ore[:, 0] = 0
    # A rover at the base has delivered already, and an episode that is over is not played on.
    cargo = np.where(place == 0, 0, cargo)
    ore[:, -1] = np.where((ore.sum(axis=1) == 0) & (cargo == 0), 1, ore[:, -1])
    changed = {
        "state.place": place,
        "state.battery": battery,
        "state.cargo": cargo,
        "state.ore": ore,
        "state.time": np.where(label == "last steps", count(57, 60), count(0, 60)),
    }
    cases = {**batch, **{path: values.astype(batch[path].dtype) for path, values in changed.items()}}
    actions = np.where(rng.random(n) < 0.3, DIG, rng.integers(0, 4, n)).astype(np.int32)
    return Injected(cases, {"agent": actions}, label.tolist())


def interactions(rng: np.random.Generator, snapshots: Batch, n: int) -> Injected:
    """The same, of which level 2 plays each some steps on."""
    return inject(rng, snapshots, n)


def valid(snapshots: Batch) -> NDArray[np.bool_]:
    """bool [N]: states that the reference can be in."""
    inside = (snapshots["state.place"] >= 0) & (snapshots["state.place"] < SIZE)
    inside &= (snapshots["state.battery"] >= 0) & (snapshots["state.battery"] <= BATTERY)
    inside &= (snapshots["state.cargo"] >= 0) & (snapshots["state.cargo"] <= ROOM)
    ore = snapshots["state.ore"]
    return inside & ((ore >= 0) & (ore <= 2)).all(axis=1) & (snapshots["state.time"] >= 0)
