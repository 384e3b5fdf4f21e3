"""Injected states: battles at any point and at every boundary, each with a joint choice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from families.pokejax_gen1.verify import recipes  # noqa: F401 - its import fills the table of changes
from families.pokejax_gen1.verify.changes import CHANGES, FRZ, RECIPES, SLP, State
from families.pokejax_gen1.verify.noise import extreme_state
from pokejax.gen1.party import parties_from_wire
from references.showdown.gen1.fields import column

UNCHANGED = "unchanged"
_BATCH = 8192
_MOST_CHANGES = 4
_KEPT = 64
"""States kept of one battle, so that the long ones do not crowd out the others."""
_STEP_LIMIT = 400
_FOLLOWS = 0.8
"""Share of the cases in which the action that a change asks for is taken, where it is legal."""
_ACTIONS = 11
DEFAULT = 11
"""An action that no mask allows: the engine falls back to Showdown's default, which Showdown takes for this number."""
_WITHOUT_CHOICE = 0.05

Restore = Callable[[NDArray[np.uint16], NDArray[np.int32]], NDArray[np.int32]]


@dataclass(frozen=True)
class Snapshots:
    """States as played, each with a choice to make: `teams` uint16 [M, 2, 6, 16], `records` int32 [M, F]."""

    teams: NDArray[np.uint16]
    records: NDArray[np.int32]


@dataclass(frozen=True)
class Injected:
    """States to step from: `teams` [N, 2, 6, 16], `records` [N, F], `actions` uint8 [N, 2].

    `changes`: the names of what was changed in each snapshot (of `CHANGES`), none for one taken as it was.
    """

    teams: NDArray[np.uint16]
    records: NDArray[np.int32]
    actions: NDArray[np.uint8]
    changes: list[tuple[str, ...]]


def injected_states(rng: np.random.Generator, n: int, snapshots: Snapshots, restore: Restore) -> Injected:
    """`n` states drawn from `snapshots`, most of them changed, each with a legal joint action.

    One choice in twenty is `DEFAULT`, what an illegal one comes to. Nine in ten states are given one to four of
    `CHANGES`; half get a generator's state with a draw at a boundary. `restore` (`Gen1Steps.restore_many`) gives back
    the records with their legal masks, from which the actions are drawn; they are what must be stepped from.
    """
    place = rng.integers(len(snapshots.records), size=n)
    teams, records = snapshots.teams[place].copy(), snapshots.records[place].copy()
    max_hp = np.array(parties_from_wire(teams).max_hp)
    states = [State(records[i], teams[i], max_hp[i], rng) for i in range(n)]
    changes = [_alter(state) for state in states]
    derive(records)
    masks = [column("p1.legal"), column("p2.legal")]
    records[:, masks] = restore(teams, records)[:, masks]
    allowed = (records[:, masks][..., None] >> np.arange(_ACTIONS)) & 1 == 1
    preference = rng.random(allowed.shape)
    for i, state in enumerate(states):
        for side, action in state.wanted.items():
            preference[i, side, action] += rng.random() < _FOLLOWS
    actions = np.where(allowed, preference, -1.0).argmax(axis=-1).astype(np.uint8)
    asked = records[:, [column("p1.request"), column("p2.request")]] != 0
    actions[asked & (rng.random(actions.shape) < _WITHOUT_CHOICE)] = DEFAULT
    return Injected(teams, records, actions, changes)


def _alter(state: State) -> tuple[str, ...]:
    rng = state.rng
    if rng.random() < 0.5:
        state["prng_hi"], state["prng_lo"] = extreme_state(rng)
    standing = [side for side in state.sides if side.stands]
    if rng.random() < 0.1 or not standing:
        return ()
    names, done = list(CHANGES), []
    drawn = [names[k] for k in rng.integers(len(names), size=rng.integers(1, _MOST_CHANGES + 1))]
    for name in sorted(drawn, key=RECIPES.__contains__):
        if CHANGES[name](state, standing[rng.integers(len(standing))]):
            done.append(name)
    return tuple(done)


def derive(records: NDArray[np.int32]) -> None:
    """Write, in place, what a decision point's other fields imply: disabled slots, who may not leave, what is hidden.

    Source: ``endTurn`` in sim/battle.js, ``getMoveRequestData`` in sim/pokemon.js.
    """
    for name in ("p1", "p2"):

        def get(field: str, side: str = name) -> NDArray[np.int32]:
            return records[:, column(f"{side}.{field}")]

        def flag(field: str, side: str = name) -> NDArray[np.bool_]:
            return records[:, column(f"{side}.active.volatile.{field}")] == 1

        asked = get("request") == 1
        locked = flag("mustrecharge") | flag("twoturnmove") | flag("lockedmove") | flag("rage")
        hidden = flag("partiallytrapped") & (get("active.partially_trapped_maybe_locked") == 1)
        status = records[np.arange(len(records)), _team_columns(name, "status")[get("active")]]
        hidden = (hidden | flag("fakepartiallytrapped")) & (status != SLP) & (status != FRZ) & ~flag("bide")
        hidden |= flag("partialtrappinglock") & (get("active.trapping_total") - get("active.trapping_duration") > 1)
        records[:, column(f"{name}.active.trapped")] = asked & locked
        records[:, column(f"{name}.active.maybe_locked")] = asked & hidden & ~locked
        for k in range(4):
            held = flag("disable") & (get("active.disable_slot") == k) & (get(f"active.move{k}.move") != 0)
            records[:, column(f"{name}.active.move{k}.disabled")] = asked & held


def _team_columns(side: str, field: str) -> NDArray[np.intp]:
    return np.array([column(f"{side}.team.{k}.{field}") for k in range(6)])
