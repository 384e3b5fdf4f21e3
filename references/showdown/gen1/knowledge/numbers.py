"""The numbers of an observation from a player's knowledge, field by field."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from references.showdown.gen1.knowledge.team import KnowledgeError, Member, Side
from references.showdown.gen1.knowledge.watcher import Watcher

TEAM, SLOTS = 6, 4
VOLATILES = (
    "transformed", "substitute", "confusion", "leech_seed", "reflect", "light_screen", "mist", "focus_energy",
    "must_recharge", "invulnerable", "bide", "rage", "thrash", "toxic", "trapping", "trapped",
)  # fmt: skip
BOOSTS = ("atk", "def", "spa", "spe", "accuracy", "evasion")
_FIRST_MOVE, _NO_OP, _ACTIONS = 6, 10, 11
Row = Sequence[Any]


def _padded(values: Row, width: int) -> list[Any]:
    if len(values) > width:
        raise KnowledgeError(f"{len(values)} values {list(values)} where there can be {width}: something was misread")
    return [*values, *([0] * (width - len(values)))]


def _team(side: Side, value: Callable[[Member], Any]) -> list[Any]:
    return _padded([value(member) for member in side.team], TEAM)


def _slots(side: Side, rows: Callable[[Member], Row]) -> list[Any]:
    found: list[Any] = []
    for member in side.team:
        found += _padded(rows(member), SLOTS)
    return _padded(found, TEAM * SLOTS)


def _ascending(watcher: Watcher, moves: Sequence[tuple[str, int]]) -> list[tuple[int, int]]:
    return sorted((watcher.names.moves[move], pp) for move, pp in moves)


def _known(watcher: Watcher, member: Member) -> list[tuple[int, int]]:
    return _ascending(watcher, [(move, watcher.pp(move, spent)) for move, spent in member.spent.items()])


def _percent(member: Member) -> int:
    return member.hp


def _status(watcher: Watcher, member: Member) -> int:
    return watcher.names.statuses[member.status] if member.hp else 0


def _types(watcher: Watcher, side: Side) -> list[int]:
    names = watcher.names
    if side.stand.types:
        return _padded([names.types[name] for name in side.stand.types], 2)
    return _padded(names.types_of[side.stand.species], 2)


def _now(watcher: Watcher, side: Side) -> list[tuple[int, int]]:
    moves = watcher.moves_now(side)
    if side.own:
        return [(watcher.names.moves[move], pp) for move, pp in moves]
    return _ascending(watcher, moves)


def _legal(watcher: Watcher) -> list[bool]:
    """The choices that the own request offers; everything when the battle is over."""
    request, own = watcher.request, watcher.own
    if request is None:
        return [True] * _ACTIONS
    legal = [False] * _ACTIONS
    if own.request == 0:
        legal[_NO_OP] = True
        return legal
    trapped = False
    if own.request == 1:
        asked = request["active"][0]
        trapped = bool(asked.get("trapped"))
        for place, entry in enumerate(asked["moves"]):
            legal[_FIRST_MOVE + place] = not entry.get("disabled", False)
    if not trapped:
        for place, member in enumerate(own.team):
            legal[place] = member is not own.active and member.hp > 0
    if not any(legal):
        legal[_NO_OP] = True
    return legal


#: Field → shape (of one player), dtype kind, and its values, flat.
FIELDS: dict[str, tuple[tuple[int, ...], str, Callable[[Watcher], Row]]] = {
    "own_species": ((TEAM,), "i", lambda w: _team(w.own, lambda m: w.names.species[m.species])),
    "own_level": ((TEAM,), "i", lambda w: _team(w.own, lambda m: m.level)),
    "own_hp": ((TEAM,), "i", lambda w: _team(w.own, lambda m: m.hp)),
    "own_max_hp": ((TEAM,), "i", lambda w: _team(w.own, lambda m: m.max_hp)),
    "own_stats": ((TEAM, 4), "i", lambda w: _slots(w.own, lambda m: m.stats)),
    "own_status": ((TEAM,), "i", lambda w: _team(w.own, lambda m: _status(w, m))),
    "own_slept": ((TEAM,), "i", lambda w: _team(w.own, lambda m: m.slept)),
    "own_rests": ((TEAM,), "b", lambda w: _team(w.own, lambda m: m.rests)),
    "own_active": ((TEAM,), "b", lambda w: _team(w.own, lambda m: m is w.own.active)),
    "own_moves": ((TEAM, SLOTS), "i", lambda w: _slots(w.own, lambda m: [w.names.moves[move] for move in m.spent])),
    "own_pp": ((TEAM, SLOTS), "i", lambda w: _slots(w.own, lambda m: [w.pp(*item) for item in m.spent.items()])),
    "own_seen": ((TEAM,), "b", lambda w: _team(w.own, lambda m: m.seen)),
    "own_seen_moves": ((TEAM, SLOTS), "b", lambda w: _slots(w.own, lambda m: [move in m.shown for move in m.spent])),
    "foe_species": ((TEAM,), "i", lambda w: _team(w.foe, lambda m: w.names.species[m.species])),
    "foe_level": ((TEAM,), "i", lambda w: _team(w.foe, lambda m: m.level)),
    "foe_hp_percent": ((TEAM,), "i", lambda w: _team(w.foe, _percent)),
    "foe_status": ((TEAM,), "i", lambda w: _team(w.foe, lambda m: _status(w, m))),
    "foe_slept": ((TEAM,), "i", lambda w: _team(w.foe, lambda m: m.slept)),
    "foe_rests": ((TEAM,), "b", lambda w: _team(w.foe, lambda m: m.rests)),
    "foe_active": ((TEAM,), "b", lambda w: _team(w.foe, lambda m: m is w.foe.active)),
    "foe_moves": ((TEAM, SLOTS), "i", lambda w: _slots(w.foe, lambda m: [move for move, _ in _known(w, m)])),
    "foe_pp": ((TEAM, SLOTS), "i", lambda w: _slots(w.foe, lambda m: [pp for _, pp in _known(w, m)])),
    "foe_team_size": ((), "i", lambda w: [w.foe.size]),
    "species": ((2,), "i", lambda w: [w.names.species[side.stand.species] for side in (w.own, w.foe)]),
    "types": ((2, 2), "i", lambda w: [*_types(w, w.own), *_types(w, w.foe)]),
    "moves": ((2, SLOTS), "i", lambda w: _both(w, lambda s: _padded([move for move, _ in _now(w, s)], SLOTS))),
    "pp": ((2, SLOTS), "i", lambda w: _both(w, lambda s: _padded([pp for _, pp in _now(w, s)], SLOTS))),
    "boosts": ((2, len(BOOSTS)), "i", lambda w: _both(w, lambda s: [s.stand.boosts.get(stat, 0) for stat in BOOSTS])),
    "volatiles": (
        (2, len(VOLATILES)),
        "b",
        lambda w: _both(w, lambda s: [name in s.stand.conditions for name in VOLATILES]),
    ),
    "toxic_counter": ((2,), "i", lambda w: _both(w, lambda s: [s.stand.toxic])),
    "last_move": ((2,), "i", lambda w: _both(w, lambda s: [w.names.moves[s.stand.last_move]])),
    "disabled_move": ((2,), "i", lambda w: _both(w, lambda s: [w.names.moves[s.stand.disabled]])),
    "charging_move": ((2,), "i", lambda w: _both(w, lambda s: [w.names.moves[s.stand.charging]])),
    "request": ((2,), "i", lambda w: [w.own.request, w.foe.request]),
    "turn": ((), "i", lambda w: [w.turn]),
    "maybe_locked": ((), "b", lambda w: [bool(_asked(w).get("maybeLocked"))]),
    "legal_actions": ((_ACTIONS,), "b", _legal),
}  # fmt: skip

WIDTH = sum(int(np.prod(shape)) for shape, _, _ in FIELDS.values())
"""Length of a `row`."""


def _both(watcher: Watcher, values: Callable[[Side], Row]) -> list[Any]:
    return [*values(watcher.own), *values(watcher.foe)]


def _asked(watcher: Watcher) -> Any:
    request = watcher.request
    return request["active"][0] if request and "active" in request else {}


def row(watcher: Watcher) -> list[int]:
    """All fields of one decision point, flat, in the order of `FIELDS`."""
    found: list[int] = []
    for _, _, values in FIELDS.values():
        found += values(watcher)
    return found


def columns(rows: Sequence[Sequence[int]]) -> dict[str, NDArray[Any]]:
    """Field → array [N, …] from N rows: int32, or bool. ValueError for rows of another width."""
    table = np.array(rows, np.int32).reshape(len(rows), -1)
    found, at = {}, 0
    for name, (shape, kind, _) in FIELDS.items():
        width = int(np.prod(shape))
        part = table[:, at : at + width].reshape(len(rows), *shape)
        found[name] = part != 0 if kind == "b" else part
        at += width
    if len(rows) and at != table.shape[1]:
        raise ValueError(f"rows of {table.shape[1]} numbers, expected {at}")
    return found
