"""A player's knowledge where a battle begins in the middle: what can be seen of a state at once.

That is the own team, and of the foe its active Pokémon with all that is public of it. Of moves the foe's player knows
only those that Mimic has replaced, and nobody has counted how long anybody slept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from references.showdown.gen1.fields import field_names
from references.showdown.gen1.knowledge.names import Names
from references.showdown.gen1.knowledge.team import Copied, Member, Side, Stand
from references.showdown.gen1.knowledge.watcher import STATS, Truth, Watcher

_SLOTS, _FIRST_MOVE = 4, 2
_BOOSTS = {
    "atk": "atk.boost", "def": "def.boost", "spa": "spa.boost", "spd": "spd.boost", "spe": "spe.boost",
    "accuracy": "accuracy_boost", "evasion": "evasion_boost",
}  # fmt: skip
_CONDITIONS = {
    "substitute": "substitute", "confusion": "confusion", "leechseed": "leech_seed", "reflect": "reflect",
    "lightscreen": "light_screen", "mist": "mist", "focusenergy": "focus_energy", "mustrecharge": "must_recharge",
    "invulnerability": "invulnerable", "bide": "bide", "rage": "rage", "lockedmove": "thrash", "residualdmg": "toxic",
}  # fmt: skip
"""Names of a record's ``volatile.…`` and of an observation."""
_SILENT_ENDS = {"thrash": "lockedmove", "must_recharge": "mustrecharge"}


@lru_cache
def _columns() -> dict[str, int]:
    return {name: place for place, name in enumerate(field_names())}


class _Reading:
    """A record by the names of its fields, and numbers turned back into names."""

    def __init__(self, names: Names, teams: NDArray[np.uint16], record: NDArray[np.int32]) -> None:
        self.names, self.teams, self.record = names, teams, record.tolist()
        self.move = names.move_of
        self.species = {number: name for name, number in names.species.items()}
        self.type = {number: name for name, number in names.types.items()}

    def __call__(self, field: str) -> int:
        return self.record[_columns()[field]]

    def frozen(self, agent: str) -> bool:
        slot = self(f"{agent}.active")
        return self.names.statuses["frz"] == self(f"{agent}.team.{slot}.status")

    def base_moves(self, agent: str, k: int) -> list[str]:
        row = self.teams[int(agent[1]) - 1, k]
        return [self.move[int(number)] for number in row[_FIRST_MOVE : _FIRST_MOVE + _SLOTS] if number]


def truth_of(names: Names, teams: NDArray[np.uint16], record: list[int]) -> dict[str, Truth]:
    """Facts of both active Pokémon that messages may leave open, by side ("p1")."""
    ids = names.move_of
    found = {}
    for n, side in enumerate(("p1", "p2")):
        k = record[_columns()[f"{side}.active"]]
        moves = teams[n, k, _FIRST_MOVE : _FIRST_MOVE + _SLOTS].tolist()
        pp = _columns()[f"{side}.team.{k}.pp0"]
        own = [(ids[move], record[pp + place]) for place, move in enumerate(moves) if move]
        now = [_columns()[f"{side}.active.move{place}.move"] for place in range(_SLOTS)]
        pp_now = [_columns()[f"{side}.active.move{place}.pp"] for place in range(_SLOTS)]
        current = [(ids[record[a]], record[b]) for a, b in zip(now, pp_now, strict=True) if record[a]]
        lasting = {
            name for name, field in _SILENT_ENDS.items() if record[_columns()[f"{side}.active.volatile.{field}"]]
        }
        selected = ids[moves[record[_columns()[f"{side}.last_selected_move_slot"]]]]
        found[side] = Truth(own, current, lasting, selected)
    return found


def watcher_of(
    player: str,
    names: Names,
    teams: NDArray[np.uint16],
    record: NDArray[np.int32],
    views: Mapping[str, Sequence[Any]],
) -> Watcher:
    """The knowledge of `player` in the state of a record [F] of `teams` [2, 6, 16].

    `views`: of the state, by player: no lines, the request, and the most HP of its Pokémon, which the request does not
    tell of fainted ones. The foe's stands for what is public of its active Pokémon.
    """
    watcher = Watcher(player, names)
    reading = _Reading(names, teams, record)
    for side in (watcher.own, watcher.foe):
        _, request, most = views[side.id]
        told = request["side"]["pokemon"]
        side.size = len(told)
        _fill(side, told, most, reading)
    watcher.turn = reading("turn")
    watcher.ask(views[player][1])
    return watcher


def _fill(side: Side, told: list[Mapping[str, Any]], most: list[int], reading: _Reading) -> None:
    slot = reading(f"{side.id}.active")
    for k in range(len(told)):
        entry = told[reading(f"{side.id}.team.{k}.position")]
        member = _member(entry)
        member.max_hp = most[reading(f"{side.id}.team.{k}.position")]
        moves = reading.base_moves(side.id, k)
        replaced = _replaced(side.id, moves, reading) if k == slot else {}
        if not side.own:
            member.hp, member.max_hp = _percent(member.hp, member.max_hp), 100
        for place, move in enumerate(moves):
            known = member.spent if side.own or move in replaced else member.hidden
            known[move] = reading.names.pp[move] - reading(f"{side.id}.team.{k}.pp{place}")
        member.shown |= replaced.keys()
        member.rests = member.status == "slp" and reading(f"{side.id}.team.{k}.status_source") == 1
        if side.own or k == slot:
            side.team.append(member)
        else:
            side.unseen[member.name] = member
        if k == slot:
            side.active, member.seen = member, True
            side.stand = _stand(side.id, replaced, reading)


def _member(entry: Mapping[str, Any]) -> Member:
    species, *details = entry["details"].split(", ")
    level = next((int(detail[1:]) for detail in details if detail.startswith("L")), 100)
    member = Member(entry["ident"].partition(": ")[2], species, level)
    member.stats = tuple(entry["stats"][stat] for stat in STATS)  # type: ignore[assignment]
    member.set_condition(entry["condition"])
    return member


def _percent(hp: int, most: int) -> int:
    """HP as the foe is told it: rounded up, and 100 only where nothing is lacking."""
    if hp == 0:
        return 0
    share = -(-100 * hp // most)
    return 99 if share == 100 and hp < most else share


def _replaced(agent: str, moves: list[str], reading: _Reading) -> dict[str, str]:
    """Own moves that Mimic has replaced, and by which."""
    if reading(f"{agent}.active.transformed"):
        return {}
    active = f"{agent}.active.move"
    virtual = [k for k in range(len(moves)) if reading(f"{active}{k}.virtual")]
    return {moves[k]: reading.move[reading(f"{active}{k}.move")] for k in virtual}


def _stand(agent: str, replaced: dict[str, str], reading: _Reading) -> Stand:
    def value(field: str) -> int:
        return reading(f"{agent}.active.{field}")

    now = [reading.move[value(f"move{k}.move")] for k in range(_SLOTS)]
    stand = Stand(
        species=reading.species[value("species")],
        types=tuple(reading.type[value(f"type{n}")] for n in (1, 2) if value(f"type{n}")),
        boosts={stat: value(field) for stat, field in _BOOSTS.items()},
        conditions={name for id_, name in _CONDITIONS.items() if value(f"volatile.{id_}")},
        mimic=replaced,
        toxic=value("residual_counter"),
        last_move=reading.move[value("last_move")],
        disabled=reading.move[value("disable_move")],
        charging=reading.move[value("two_turn_move")],
        selected=now[reading(f"{agent}.last_selected_move_slot")],
    )
    again = reading.move[value("trapping_move")] or ("hyperbeam" if value("volatile.mustrecharge") else "")
    last = reading.move[reading(f"{agent}.last_selected_move")]
    again = again or (last if last not in now else "")
    stand.called = again if again != stand.selected else ""
    if stand.charging:
        # Another move may have called it, or a thaw repeated it: then the one that pays is not named by its release.
        stand.payer = stand.selected if last == stand.selected else ""
    elif value("trapping_move") and last != stand.selected and stand.selected != "metronome":
        stand.selected = ""  # likewise, where a new foe is trapped
    elif last != stand.selected and reading.frozen(agent):
        stand.selected = ""  # a thaw repeats a move chosen for another Pokémon
    if value("transformed"):
        stand.conditions.add("transformed")
        stand.transform = [Copied(move, value(f"move{k}.pp")) for k, move in enumerate(now) if move]
    if stand.disabled:
        # A copy by Mimic beside the own move: Disable named one of them.
        copies = [now[k] for k in range(_SLOTS) if value(f"move{k}.virtual")]
        stand.disabled_is_copied = stand.disabled in copies
    return stand
