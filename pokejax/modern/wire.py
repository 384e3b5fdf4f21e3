"""Teams as numbers: what a pool may hold, and the way there from what a person writes."""

from __future__ import annotations

from typing import Any

import numpy as np

from pokejax.common import formats
from pokejax.common.pools import REBUILD, PoolError, refuse_where
from pokejax.modern.tables import load_tables
from pokejax.modern.teams import (
    MAX_EV,
    MAX_HAPPINESS,
    MAX_IV,
    MAX_LEVEL,
    MOVE_SLOTS,
    TEAM_SIZE,
    WIRE_COLUMNS,
    showdown_sets,
    team_array,
    team_from_array,
)
from pokejax.modern.teams_parse import parse_team
from pokejax.modern.teams_validate import validate_team


def read_team(source: Any, format_id: str, player: str) -> np.ndarray:
    """uint16[6, 24] of one team; see `pokejax.common.generations.Wire`."""
    generation = formats.find(format_id).generation
    return team_array(validate_team(parse_team(source, generation, player), format_id, player), generation)


def write_team(team: np.ndarray, format_id: str) -> list[dict[str, Any]]:
    """Showdown's sets of one team, uint16[6, 24]; see `pokejax.common.generations.Wire`."""
    generation = formats.find(format_id).generation
    return showdown_sets(team_from_array(team, generation), generation)


def check_teams(teams: np.ndarray, where: str, generation: int = 4) -> None:
    """:class:`PoolError` unless ``teams`` is uint16[n, 6, 24] of structurally valid wire teams, n ≥ 1."""
    shape = (TEAM_SIZE, len(WIRE_COLUMNS))
    if teams.dtype != np.uint16 or teams.shape[1:] != shape or not len(teams):
        raise PoolError(
            f"{where}: 'teams' is {teams.dtype}{list(teams.shape)}; expected uint16[n, {shape[0]}, {shape[1]}] with "
            f"n ≥ 1; {REBUILD}"
        )
    tables = load_tables(generation)
    most = {
        "species": len(tables.species.id) - 1,
        "level": MAX_LEVEL,
        "item": len(tables.items.id) - 1,
        "ability": len(tables.abilities.id) - 1,
        "gender": 3,
        "nature": len(tables.natures.id) - 1,
        "happiness": MAX_HAPPINESS,
        "hidden_power_type": len(tables.types.name) - 1,
    }
    for column, name in enumerate(WIRE_COLUMNS):
        # The last move is no move of a set but a turn of recharging.
        kind = MAX_EV if name.endswith("_ev") else MAX_IV if name.endswith("_iv") else len(tables.moves.id) - 2
        limit = most.get(name, kind)
        refuse_where(teams[..., column] > limit, teams[..., column], name, f"allowed are 0 to {limit}", where)
    full = teams[..., 0] > 0
    levels, moves = teams[..., 1], teams[..., 8 : 8 + MOVE_SLOTS]
    refuse_where(~full[:, 0], teams[:, 0, 0], "first species", "a team has at least one Pokémon", where)
    refuse_where(~full[:, :-1] & full[:, 1:], teams[:, 1:, 0], "species", "an empty slot stands before it", where)
    refuse_where(~full & teams.any(-1), teams.max(-1), "a value of an empty slot", "an empty slot is all zeros", where)
    refuse_where(full & (levels == 0), levels, "level", f"allowed are 1 to {MAX_LEVEL}", where)
    refuse_where(full & (moves[..., 0] == 0), moves[..., 0], "first move", "a Pokémon knows at least one move", where)
    gap = (moves[..., :-1] == 0) & (moves[..., 1:] > 0)
    refuse_where(gap.any(-1), moves.max(-1), "move", "an empty move slot stands before it", where)
    ordered = np.sort(moves, axis=-1)
    twice = (ordered[..., 1:] == ordered[..., :-1]) & (ordered[..., 1:] > 0)
    refuse_where(twice.any(-1), (ordered[..., 1:] * twice).max(-1), "move", "it is there twice", where)
    one = tables.species.gender[teams[..., 0]]
    refuse_where(
        (one > 0) & (teams[..., 4] != one), teams[..., 4], "gender", "the species has one gender, and it is not this",
        where,
    )  # fmt: skip
