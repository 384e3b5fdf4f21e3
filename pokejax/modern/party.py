"""Parties of a battle that is about to start, from teams in wire form.

Source: the constructor of sim/pokemon.js. A gender that neither the set nor the species fixes is drawn, p1's first.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from pokejax.common.rng import Rng, draw
from pokejax.modern.data import tables
from pokejax.modern.state import MOVE_SLOTS, TEAM_SIZE, Active, Party
from pokejax.modern.tables import STATS, Gender
from pokejax.modern.teams import BATTLE_COLUMNS, battle_array

_OWN = ("species", "level", "item", "ability", "happiness", "hidden_power_type", "hidden_power")
_GENDERLESS = int(Gender.N)


def parties_from_wire(wire: np.ndarray, generation: int = 4) -> Party:
    """Parties of wire teams, integers [..., 6, 24]: numpy leaves in storage dtypes, [..., 6, …].

    A gender that a battle draws stays `Gender.UNSET` (see `draw_genders`).
    """
    battle = battle_array(np.asarray(wire), generation)

    def column(name: str) -> np.ndarray:
        return battle[..., BATTLE_COLUMNS.index(name)]

    moves = np.stack([column(f"move{k + 1}") for k in range(MOVE_SLOTS)], -1)
    pp = tables().moves.max_pp[moves]
    values = {name: column(name) for name in _OWN}
    values |= {
        "gender": column("gender"), "max_hp": column("hp"), "hp": column("hp"), "moves": moves, "pp": pp, "max_pp": pp,
        "stats": np.stack([column(stat) for stat in STATS[1:]], -1),
        "position": np.broadcast_to(np.arange(TEAM_SIZE), battle.shape[:-1]),
    }  # fmt: skip
    leaves = {}
    for name, field in Party.__dataclass_fields__.items():
        kind = field.metadata
        shape = (*battle.shape[:-2], *kind["shape"])
        leaves[name] = np.broadcast_to(values.get(name, 0), shape).astype(kind["dtype"])
    return Party(**leaves)


def draw_genders(rng: Rng, party: Party) -> tuple[Rng, Party]:
    """The generator and the party after the genders left open are drawn. A genderless Pokémon's code becomes 0."""

    def one(k: jax.Array, state: tuple[Rng, jax.Array]) -> tuple[Rng, jax.Array]:
        rng, genders = state
        open_ = (jnp.take(genders, k) == Gender.UNSET) & (jnp.take(party.species, k) != 0)
        rng, value = draw(rng, 2, open_)
        drawn = jnp.where((jnp.arange(TEAM_SIZE) == k) & open_, value + 1, genders)
        return rng, drawn

    genders = party.gender.astype(jnp.int32)
    rng, genders = lax.fori_loop(0, TEAM_SIZE, one, (rng, genders))
    genders = jnp.where(genders == _GENDERLESS, 0, genders)
    return rng, party.replace(gender=genders.astype(party.gender.dtype))


def bench(mon: Active, party: Party) -> jax.Array:
    """bool[6]: who could come in."""
    return (party.species != 0) & (party.hp > 0) & (jnp.arange(TEAM_SIZE) != mon.slot)
