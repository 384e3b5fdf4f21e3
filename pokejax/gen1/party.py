"""Parties from teams: the stats, PP and places a battle starts with."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from pokejax.gen1.dex import load_dex
from pokejax.gen1.state import MOVE_SLOTS, TEAM_SIZE, Party
from pokejax.gen1.teams import battle_array

_IV_SPEED, _EV_SPEED = 10, 15


def parties_from_wire(wire: np.ndarray) -> Party:
    """Parties (numpy leaves in storage dtypes, leading axes kept) of wire teams uint16[..., 6, 16].

    See `teams.team_array` for the wire form. Pokémon are at full HP and PP; species 0 leaves its row empty.
    """
    wire = np.asarray(wire)
    if wire.shape[-2:] != (TEAM_SIZE, 16):
        raise ValueError(f"teams must have shape [..., {TEAM_SIZE}, 16] (teams.team_array), got {wire.shape}")
    rows = battle_array(wire).astype(np.int32)
    species = rows[..., 0]
    moves = rows[..., 2 : 2 + MOVE_SLOTS]
    max_pp = np.where(moves > 0, load_dex().moves.max_pp[moves], 0)
    hp = np.where(species > 0, rows[..., 6], 0)
    bonus = (wire[..., _IV_SPEED].astype(np.int32) & ~1) + wire[..., _EV_SPEED].astype(np.int32) // 4
    nothing = np.zeros(species.shape)
    columns = {
        "species": species,
        "level": rows[..., 1],
        "moves": moves,
        "max_hp": hp,
        "stats": rows[..., 7:11],
        "speed_bonus": bonus,
        "hp": hp,
        "pp": max_pp,
        "position": np.broadcast_to(np.arange(TEAM_SIZE), species.shape),
        "status": nothing,
        "sleep_turns": nothing,
        "slept_by_self": nothing,
        "sub_fainted": nothing,
    }
    dtypes = {field.name: field.metadata["dtype"] for field in dataclasses.fields(Party)}
    values: dict[str, Any] = {name: column.astype(dtypes[name]) for name, column in columns.items()}
    return Party(**values)
