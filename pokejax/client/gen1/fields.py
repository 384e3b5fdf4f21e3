"""A player's knowledge as the observation that the environment gives, field by field."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from pokejax.client.errors import ProtocolError
from pokejax.client.gen1.facts import BOOSTS, Member, Side
from pokejax.gen1.dex import load_dex
from pokejax.gen1.observation.spec import OBS_SPEC, VOLATILES, Observation
from pokejax.gen1.state import MOVE_SLOTS, TEAM_SIZE

if TYPE_CHECKING:
    from pokejax.client.gen1.tracker import Tracker


def observation(tracker: Tracker) -> Observation:
    """Arrays of the shapes and dtypes of `OBS_SPEC`. `ProtocolError` for what no player can be told."""
    own, foe = tracker.own, tracker.foe
    values: dict[str, Any] = {
        **_team("own", own),
        **_team("foe", foe),
        "own_hp": _row(member.hp for member in own.team),
        "own_max_hp": _row(member.most for member in own.team),
        "own_stats": _table(own.team, 4, lambda member: member.stats),
        "own_moves": _table(own.team, MOVE_SLOTS, lambda member: member.pp),
        "own_pp": _table(own.team, MOVE_SLOTS, lambda member: member.pp.values()),
        "own_seen": _row(member.seen for member in own.team),
        "own_seen_moves": _table(own.team, MOVE_SLOTS, lambda member: [move in member.shown for move in member.pp]),
        "foe_hp_percent": _row(member.hp for member in foe.team),
        "foe_moves": _table(foe.team, MOVE_SLOTS, lambda member: sorted(member.pp)),
        "foe_pp": _table(foe.team, MOVE_SLOTS, lambda member: [pp for _, pp in sorted(member.pp.items())]),
        "foe_team_size": foe.size,
        "turn": tracker.turn,
        "maybe_locked": tracker.maybe_locked(),
        "legal_actions": tracker.legal(),
    }
    now = own.moves_now(), sorted(foe.moves_now())
    both = (own, foe)
    values |= {
        "species": [side.stand.species for side in both],
        "types": [_types(side) for side in both],
        "moves": [_padded((move for move, _ in moves), MOVE_SLOTS) for moves in now],
        "pp": [_padded((pp for _, pp in moves), MOVE_SLOTS) for moves in now],
        "boosts": [[side.stand.boosts.get(stat, 0) for stat in BOOSTS] for side in both],
        "volatiles": [[name in side.stand.flags for name in VOLATILES] for side in both],
        "toxic_counter": [side.stand.toxic for side in both],
        "last_move": [side.stand.last_move for side in both],
        "disabled_move": [side.stand.disabled for side in both],
        "charging_move": [side.stand.charging for side in both],
        "request": [side.request for side in both],
    }
    arrays: dict[str, Any] = {field.name: _array(field, values[field.name]) for field in OBS_SPEC.fields}
    return Observation(**arrays)


def blank() -> Observation:
    """Zeros, with every action allowed."""
    zeros: dict[str, Any] = {field.name: np.zeros(field.shape, field.dtype) for field in OBS_SPEC.fields}
    zeros["legal_actions"] = np.ones_like(zeros["legal_actions"])
    return Observation(**zeros)


def _team(prefix: str, side: Side) -> dict[str, list[int]]:
    """Fields that both teams have."""
    return {
        f"{prefix}_species": _row(member.species for member in side.team),
        f"{prefix}_level": _row(member.level for member in side.team),
        f"{prefix}_status": _row(member.status if member.hp else 0 for member in side.team),
        f"{prefix}_slept": _row(member.slept for member in side.team),
        f"{prefix}_rests": _row(member.rests for member in side.team),
        f"{prefix}_active": _row(member is side.active for member in side.team),
    }


def _row(values: Iterable[Any]) -> list[int]:
    return _padded(values, TEAM_SIZE)


def _table(team: list[Member], width: int, values: Callable[[Member], Iterable[Any]]) -> list[list[int]]:
    rows = [_padded(values(member), width) for member in team]
    return rows + [[0] * width] * (TEAM_SIZE - len(rows))


def _padded(values: Iterable[Any], width: int) -> list[int]:
    found = [int(value) for value in values]
    if len(found) > width:
        raise ProtocolError(f"{len(found)} values {found} where Gen 1 has {width}: messages are missing from the log")
    return found + [0] * (width - len(found))


def _types(side: Side) -> list[int]:
    stand = side.stand
    if stand.types is not None:
        return _padded(stand.types, 2)
    return load_dex().species.types[stand.species].tolist()


def _array(field: Any, value: Any) -> np.ndarray:
    found = np.asarray(value, np.int64)
    if found.size and (found.min() < field.low or found.max() > field.high):
        raise ProtocolError(f"{field.name} is {found.tolist()}, beyond {field.low} to {field.high}: misread messages")
    return found.astype(field.dtype).reshape(field.shape)
