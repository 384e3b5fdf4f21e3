"""Teams of Gen 1 as numbers: what a pool may hold, and the way there from what a person writes."""

from __future__ import annotations

from typing import Any

import numpy as np

from pokejax.common.pools import REBUILD, PoolError, refuse_where
from pokejax.gen1.dex import MAX_MOVE, MAX_SPECIES
from pokejax.gen1.teams import (
    MAX_EV,
    MAX_IV,
    MAX_LEVEL,
    TEAM_SIZE,
    WIRE_COLUMNS,
    showdown_sets,
    team_array,
    team_from_array,
)
from pokejax.gen1.teams_parse import parse_team
from pokejax.gen1.teams_validate import validate_team


def read_team(source: Any, format_id: str, player: str) -> np.ndarray:
    """uint8[6, 16] of one team; see `pokejax.common.generations.Wire`."""
    return team_array(validate_team(parse_team(source, player), format_id, player)).astype(np.uint8)


def write_team(team: np.ndarray, format_id: str) -> list[dict[str, Any]]:
    """Showdown's sets of one team, uint8[6, 16]; see `pokejax.common.generations.Wire`."""
    del format_id
    return showdown_sets(team_from_array(team))


def check_teams(teams: np.ndarray, where: str) -> None:
    """:class:`PoolError` unless ``teams`` is uint8[n, 6, 16] of structurally valid wire teams, n ≥ 1."""
    shape = (TEAM_SIZE, len(WIRE_COLUMNS))
    if teams.dtype != np.uint8 or teams.shape[1:] != shape or not len(teams):
        raise PoolError(
            f"{where}: 'teams' is {teams.dtype}{list(teams.shape)}; expected uint8[n, {shape[0]}, {shape[1]}] with "
            f"n ≥ 1; {REBUILD}"
        )
    full = teams[..., 0] > 0
    highest = (MAX_SPECIES, MAX_LEVEL, *[MAX_MOVE - 1] * 4, *[MAX_IV - 1] * 5, *[MAX_EV] * 5)
    for column, (name, limit) in enumerate(zip(WIRE_COLUMNS, highest, strict=True)):
        refuse_where(teams[..., column] > limit, teams[..., column], f"{name}", f"allowed are 0 to {limit}", where)
    levels, moves, ivs = teams[..., 1], teams[..., 2:6], teams[..., 6:11]
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
    refuse_where(
        np.any(ivs % 2 > 0, axis=-1), (ivs * (ivs % 2)).max(-1), "IV", "an odd IV counts as the even one below", where
    )
