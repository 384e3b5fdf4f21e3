"""Teams that a player brings to a format that does not hand them out. Needs poke-env."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from poke_env.teambuilder import Teambuilder

from pokejax.client.errors import ClientError
from pokejax.common import formats, generations
from pokejax.common.pools import load_pool
from pokejax.common.team_mappings import parse_mappings
from pokejax.common.team_write import pack_team


class TeamsInTurn(Teambuilder):
    """One of some packed teams for each battle, drawn at random. ``seed``: of the draws."""

    def __init__(self, packed: Sequence[str], seed: int = 0) -> None:
        self._packed = tuple(packed)
        self._rng = np.random.default_rng(seed)

    def yield_team(self) -> str:
        """A packed team."""
        return self._packed[int(self._rng.integers(len(self._packed)))]


def hands_out_teams(format_id: str) -> bool:
    """A format in which the server makes the teams."""
    return "random" in format_id or "challengecup" in format_id


def pool_teams(format_id: str, seed: int = 0) -> TeamsInTurn:
    """Teams of the built-in pool of a format; `ClientError` for a format without one."""
    format = formats.FORMATS.get(format_id)
    if format is None or format.pool is None:
        raise ClientError(f"format {format_id!r}: PokeJAX has no teams for it; give one with --team FILE")
    return TeamsInTurn([packed(team, format) for team in load_pool(format.pool).teams], seed)


def packed(wire: np.ndarray, format: formats.Format) -> str:
    """Packed text of a team as a pool stores it."""
    return pack_team(parse_mappings(generations.wire(format).write_team(wire, format.id), "team"))


def own_teams(texts: Sequence[str], format_id: str, seed: int = 0) -> TeamsInTurn:
    """Teams that somebody wrote, in any form that is read; `TeamError` with all that the format forbids."""
    format = formats.find(format_id)
    read = [generations.wire(format).read_team(text, format.id, f"team {n}") for n, text in enumerate(texts, 1)]
    return TeamsInTurn([packed(team, format) for team in read], seed)
