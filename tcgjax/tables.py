"""Cards and operations of `data/cards.json` as NumPy arrays, read once when they are first needed.

Row 0 of each table is nothing: an empty place, or no operation. A card's *number* is its kind plus 1, an operation's
number its place in the file plus 1.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from tcgjax import library
from tcgjax.library import ENERGY_TYPES

TYPES = ("", *ENERGY_TYPES, "colorless", "dragon")
USES = ("", "passive", "once", "once_active", "always")
CONDITIONS = ("", "asleep", "paralyzed", "confused")
STATUSES = (*CONDITIONS, "poisoned", "burned")
POKEMON_EFFECTS = (
    *("take_less", "no_damage", "untouchable", "no_attack", "no_retreat", "smokescreen", "do_less"),
    *("counter", "boost"),
)
PLAYER_EFFECTS = ("take_less", "no_supporters", "retreat_less", "do_more", "named_more")
COIN_MODES = ("count", "per_energy", "until_tails")
COUNTS = ("heads", "own_bench", "opponent_bench", "defender_energy", "sweets_relay")
DAMAGE_CONDITIONS = (
    *("all_heads", "damaged", "defender_damaged", "defender_poisoned", "defender_ex", "defender_evolved", "has_tool"),
    *("evolved_this_turn", "knocked_out_last_turn", "sweets_relay_last_turn", "extra_energy"),
)
FILTERS = ("basic", "pokemon")
AMONG = ("", "own", "own_bench", "opponent", "opponent_bench", "defender", "all")
WHEN = ("", "heads", "tails")
ON = ("", "self", "defender", "opponent")
HEADS, UNTIL_TAILS, OPPONENT_HAND = -1, -2, -3
_COUNTS_BY_NAME = {"heads": HEADS, "until_tails": UNTIL_TAILS, "opponent_hand": OPPONENT_HAND}

CHOICES = (
    *("choose_damage", "choose_attach", "choose_heal", "switch_self", "switch_out", "switch_in"),
    *("move_energy", "choose_from_discard", "copy_attack"),
)
"""Operations that ask for a choice. Each is the last of its list."""
BEFORE_DAMAGE = ("coins", "nothing_if_tails", "damage_per", "damage_if")
PASSIVE = (
    *("counter", "take_less", "no_supporters", "double_energy", "no_evolving", "damage_on_attach"),
    *("attach_after_first_turn", "heal_on_attach"),
)
DECK = (
    *("discard_random_card", "discard_top", "draw", "search", "search_to_bench", "new_hand", "reveal_hand"),
    *("look_at_top", "take_top_or_bottom", "return_active", "shuffle_away"),
)
"""Operations that move cards of a deck, a hand, or out of play."""
OTHERS = (
    *("status", "effect", "player_effect", "heal_self", "heal_each", "heal_dealt", "self_damage", "bench_damage"),
    *("random_hits", "discard_energy", "discard_all_energy", "discard_random_energy", "attach_self", "attach_active"),
    *("move_all_energy", "count_sweets_relay", "fossil"),
)
OPERATIONS = ("", *CHOICES, *BEFORE_DAMAGE, *PASSIVE, *DECK, *OTHERS, "pay_retreat")
OP = {name: number for number, name in enumerate(OPERATIONS)}
ROWS = 3
"""Most operations of an attack, an ability or a Trainer."""
MAX_STACK = 3

_WORDS: Mapping[str, Sequence[str]] = {
    "status": STATUSES,
    "effect": POKEMON_EFFECTS,
    "player_effect": PLAYER_EFFECTS,
    "coins": COIN_MODES,
    "damage_per": COUNTS,
    "damage_if": DAMAGE_CONDITIONS,
    "search": FILTERS,
}
_KEY_OF_WORD = {
    "status": "status",
    "effect": "kind",
    "player_effect": "kind",
    "coins": "mode",
    "damage_per": "count",
    "damage_if": "condition",
    "search": "filter",
}
_KNOWN_KEYS = {
    *("op", "when", "amount", "type", "only", "count", "on", "turns", "among", "names", "distinct", "basic", "hp"),
    *("times", "add", *_KEY_OF_WORD.values()),
}


class Row(NamedTuple):
    """One operation, its parameters as numbers; `what` is the word that says more (a status, a kind, a condition)."""

    op: Any
    when: Any
    amount: Any
    type: Any
    only: Any
    count: Any
    on: Any
    what: Any
    turns: Any
    among: Any
    group: Any
    """1 + the place of its list of names; 0 without one."""
    flag: Any
    """"distinct" or "basic"."""


class HandFacts(NamedTuple):
    """Facts of a card that matter in a hand."""

    bit: Any
    """Place in `Tables.trainer_rows` of its first operation."""
    trainer: Any
    basic: Any
    supporter: Any
    evolves_from: Any
    """The name that it evolves from, 0 for what is no evolution."""


HAND_BITS = 31
HAND_SHIFTS = (0, 5, 6, 7, 8)
"""Columns of `Tables.in_hand`, by the fields of `HandFacts`."""


class Passive(NamedTuple):
    """The operation of a passive ability, as in `Row`."""

    op: Any
    type: Any
    amount: Any
    group: Any


PASSIVE_FIELDS = tuple(Row._fields.index(name) for name in Passive._fields)


@dataclasses.dataclass(frozen=True)
class Tables:
    """All columns. N cards and M operations, counting nothing."""

    operations: np.ndarray
    """int16[M + 1, 12]: the fields of `Row`. The last one is the payment of a retreat."""
    name: np.ndarray
    """int16[N]: equal for cards of the same name, 0 for nothing."""
    evolves_from: np.ndarray
    """int16[N]: the name that it evolves from, 0 for none."""
    groups: np.ndarray
    """int32[N]: bit g is set if the card's name is in list g of names."""
    pokemon: np.ndarray
    basic: np.ndarray
    fossil: np.ndarray
    supporter: np.ndarray
    ex: np.ndarray
    hp: np.ndarray
    """int16[N]; a fossil's are those that it has in play."""
    type: np.ndarray
    weakness: np.ndarray
    stage: np.ndarray
    retreat: np.ndarray
    use: np.ndarray
    """int8[N]: place in `USES` of its ability's."""
    ability: np.ndarray
    """int16[N, 3]: operations of an ability that is used; 0 where it is passive."""
    passive: np.ndarray
    """int16[N, 4]: the fields of `Passive` of a passive ability."""
    trainer: np.ndarray
    """int16[N, 3]: operations of an Item or a Supporter."""
    attack: np.ndarray
    """bool[N, 2]: it has the attack."""
    cost: np.ndarray
    """int8[N, 2, 9]: Energy of each type, and of any type, all in all."""
    damage: np.ndarray
    """int16[N, 2]."""
    rows: np.ndarray
    """int16[N, 2, 3]: operations of the attacks."""
    copies: np.ndarray
    """bool[N, 2]: the attack copies an attack, and may not be copied."""
    trainer_rows: tuple[int, ...]
    """Numbers of the first operations of Trainers, each once: whether these do something decides if one is played."""
    ability_rows: tuple[int, ...]
    ability_bit: np.ndarray
    """int8[N]: the place of the ability's first operation in ``ability_rows``."""
    in_hand: np.ndarray
    """int32[N]: what matters of a card in a hand, packed: `HandFacts`."""


def _number(row: Mapping[str, Any], groups: Sequence[Sequence[str]]) -> list[int]:
    """The fields of `Row` of one operation. `KeyError` names what it does not know."""
    name = row["op"]
    if name not in OP:
        raise KeyError(f"operation {name!r}")
    unknown = set(row) - _KNOWN_KEYS
    if unknown:
        raise KeyError(f"parameter {sorted(unknown)[0]!r} of operation {name!r}")
    words = _WORDS.get(name)
    what = words.index(row[_KEY_OF_WORD[name]]) if words else 0
    count = row.get("times", row.get("count", 0)) if name != "damage_per" else 0
    return [
        OP[name],
        WHEN.index(row.get("when", "")),
        row.get("amount", 0),
        TYPES.index(row.get("type", "")),
        TYPES.index(row.get("only", "")),
        _COUNTS_BY_NAME[count] if isinstance(count, str) else count,
        ON.index(row.get("on", "")),
        what,
        row.get("turns", 0),
        AMONG.index(row.get("among", "")),
        1 + list(groups).index(row["names"]) if "names" in row else 0,
        bool(row.get("distinct") or row.get("basic")),
    ]


def _attack_cost(cost: Sequence[str]) -> list[int]:
    return [*(cost.count(kind) for kind in ENERGY_TYPES), len(cost)]


@functools.cache
def refused() -> dict[int, str]:
    """Kinds of cards of the file that the engine does not play, and why; empty when it plays all of them."""
    found = {}
    for kind, row in enumerate(library.kinds()):
        try:
            check_effects(row)
        except (KeyError, ValueError) as error:
            found[kind] = str(error.args[0])
    return found


def check_effects(row: Mapping[str, Any]) -> None:
    """Raise `KeyError` or `ValueError` for an effect that the engine has no operation for, or not in this order."""
    groups = library.table()["groups"]
    ability = row.get("ability") or {"use": "", "operations": []}
    attacks = row.get("attacks", ())
    if len(attacks) > 2:
        raise ValueError(f"{len(attacks)} attacks")
    for found in (row.get("operations", ()), ability["operations"], *(a.get("operations", ()) for a in attacks)):
        names = [operation["op"] for operation in found]
        for operation in found:
            _number(operation, groups)
        if len(found) > ROWS:
            raise ValueError(f"{len(found)} operations")
        if any(name in CHOICES for name in names[:-1]) or "coins" in names[1:]:
            raise ValueError(f"the order of operations {names}")
        if any(name in PASSIVE for name in names) != (found is ability["operations"] and ability["use"] == "passive"):
            raise ValueError(f"operations {names} in this place")


@functools.cache
def tables() -> Tables:
    """The tables of the file."""
    table = library.table()
    kinds, groups, rows = table["kinds"], table["groups"], list(table["operations"])
    names = {name: 1 + place for place, name in enumerate(dict.fromkeys(row["name"] for row in kinds))}

    def numbers(found: Sequence[Mapping[str, Any]]) -> list[int]:
        return ([1 + rows.index(row) for row in found] + [0] * ROWS)[:ROWS]

    def column(value: Any, dtype: Any, shape: tuple[int, ...] = ()) -> np.ndarray:
        made = np.zeros((1 + len(kinds), *shape), dtype)
        for place, row in enumerate(kinds):
            made[1 + place] = value(row)
        return made

    def attacks(value: Any, empty: Any) -> Any:
        return lambda row: ([value(attack) for attack in row.get("attacks", ())] + [empty, empty])[:2]

    def ability(row: Mapping[str, Any], passive: bool) -> Sequence[Mapping[str, Any]]:
        found = row.get("ability")
        return found["operations"] if found and (found["use"] == "passive") == passive else ()

    def fossil(row: Mapping[str, Any]) -> int:
        return next((r["hp"] for r in row.get("operations", ()) if r["op"] == "fossil"), 0)

    coded = [[0] * len(Row._fields)]
    for row in rows:
        try:
            coded.append(_number(row, groups))
        except (KeyError, ValueError):
            coded.append([0] * len(Row._fields))  # its cards are refused when a deck is read
    coded.append([OP["pay_retreat"], *[0] * (len(Row._fields) - 1)])
    pokemon = column(lambda row: row["category"] == "pokemon", np.bool_)
    stage = column(lambda row: row.get("stage", 0), np.int8)
    trainer = column(lambda row: numbers(row.get("operations", ())), np.int16, (ROWS,))
    used = column(lambda row: numbers(ability(row, False)), np.int16, (ROWS,))
    evolves_from = column(lambda row: names.get(row.get("evolves_from", ""), 0), np.int16)
    basic = pokemon & (stage == 0)
    supporter = column(lambda row: row["category"] == "supporter", np.bool_)
    trainer_rows, trainer_bit = _distinct(trainer[:, 0])
    ability_rows, ability_bit = _distinct(used[:, 0])
    packed = (trainer_bit, trainer[:, 0] > 0, basic, supporter, np.where(stage > 0, evolves_from, 0))
    in_hand = sum(np.asarray(part, np.int32) << shift for part, shift in zip(packed, HAND_SHIFTS, strict=True))
    return Tables(
        trainer_rows=trainer_rows,
        ability_rows=ability_rows,
        ability_bit=ability_bit,
        in_hand=np.asarray(in_hand, np.int32),
        operations=np.array(coded, np.int16),
        name=column(lambda row: names[row["name"]], np.int16),
        evolves_from=evolves_from,
        groups=column(lambda row: sum(1 << g for g, found in enumerate(groups) if row["name"] in found), np.int32),
        pokemon=pokemon,
        basic=basic,
        fossil=column(lambda row: fossil(row) > 0, np.bool_),
        supporter=supporter,
        ex=column(lambda row: row.get("ex", False), np.bool_),
        hp=column(lambda row: fossil(row) or row.get("hp", 0), np.int16),
        type=column(lambda row: TYPES.index(row.get("type", "colorless")), np.int8),
        weakness=column(lambda row: TYPES.index(row.get("weakness", "")), np.int8),
        stage=stage,
        retreat=column(lambda row: row.get("retreat", 0), np.int8),
        use=column(lambda row: USES.index((row.get("ability") or {"use": ""})["use"]), np.int8),
        ability=used,
        passive=column(
            lambda row: [coded[numbers(ability(row, True))[0]][at] for at in PASSIVE_FIELDS], np.int16, (4,)
        ),
        trainer=trainer,
        attack=column(attacks(lambda attack: True, False), np.bool_, (2,)),
        cost=column(attacks(lambda attack: _attack_cost(attack["cost"]), _attack_cost(())), np.int8, (2, 9)),
        damage=column(attacks(lambda attack: attack["damage"], 0), np.int16, (2,)),
        rows=column(attacks(lambda attack: numbers(attack.get("operations", ())), [0] * ROWS), np.int16, (2, ROWS)),
        copies=column(
            attacks(lambda attack: any(r["op"] == "copy_attack" for r in attack.get("operations", ())), False),
            np.bool_,
            (2,),
        ),
    )


def _distinct(first: np.ndarray) -> tuple[tuple[int, ...], np.ndarray]:
    """Different numbers of operations, but 0, and for each card the place of its own among them."""
    rows = sorted({int(number) for number in first} - {0})
    if len(rows) > HAND_BITS:
        raise ValueError(f"{len(rows)} different first operations; {HAND_BITS} fit an integer")
    return tuple(rows), np.array([rows.index(number) if number else 0 for number in first], np.int8)


def pay_retreat() -> int:
    """Number of the row that stands for the payment of a retreat."""
    return len(tables().operations) - 1
