"""Packed text: one line, fields between ``|``, sets between ``]``. Source: ``Teams.unpack`` in sim/teams.js."""

from __future__ import annotations

import re

from pokejax.common.team_text import STATS, TeamError, TextSet, is_blank, whole_number

_FIELDS = 12


def parse_packed(text: str, player: str) -> list[TextSet]:
    """The sets of one packed team."""
    sets = []
    rest = text.strip()
    while rest:
        where = f"{player}, Pokémon {len(sets) + 1}"
        # Only the last field ends at a bracket: a nickname may hold one.
        *fields, tail = rest.split("|", _FIELDS - 1)
        last, bracket, rest = tail.partition("]")
        if len(fields) < _FIELDS - 1:
            shown = "|".join([*fields, tail])
            count = len(fields) + 1
            raise TeamError([f"{where}: packed set {shown!r} has {count} fields separated by '|'; expected {_FIELDS}"])
        sets.append(_parse_set([*fields, last], where))
        if bracket and not rest:
            raise TeamError([f"{where}: the packed team ends with ']', which begins another Pokémon; leave it out"])
    return sets


def _parse_set(fields: list[str], where: str) -> TextSet:
    name, species, item, ability, moves, nature, evs, gender, ivs, shiny, level, rest = fields
    happiness_and_more = [*rest.split(","), *[""] * 5]
    happiness, hidden_power, _, gigantamax = happiness_and_more[:4]
    return TextSet(
        species=species or name,
        moves=tuple(move for move in moves.split(",") if not is_blank(move)),
        name=name,
        item=item,
        ability=ability,
        nature=nature,
        gender=gender,
        level=whole_number(level, where, "level") if level else None,
        evs=_stats(evs, 0, where, "EV") if evs else None,
        ivs=_stats(ivs, 31, where, "IV") if ivs else None,
        shiny=bool(shiny),
        hidden_power=hidden_power,
        happiness=happiness,
        gigantamax=bool(gigantamax),
    )


def _stats(text: str, default: int, where: str, what: str) -> dict[str, int]:
    """``252,,4,,,``, in the order of `STATS`."""
    values = re.split(",", text)[: len(STATS)]
    given = {name: whole_number(value, where, what) for name, value in zip(STATS, values, strict=False) if value}
    # What is missing at the end is 0, for individual values too: Number(undefined) || 0.
    missing = dict.fromkeys(STATS[len(values) :], 0)
    return dict.fromkeys(STATS, default) | given | missing
