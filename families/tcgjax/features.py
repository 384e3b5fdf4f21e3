"""Features of a game for a network: tokens for cards of the hand and Pokémon in play, in units of about one.

Nothing here is learned, and nothing is known beyond the observation and the card table. A card is described by what it
does (HP, types, costs, damage, kinds of operations), so that what is learned about one carries over to all others.
"""

from __future__ import annotations

import dataclasses
import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from baselines.networks.tokens import TokenFeatures
from tcgjax.arrays import LIST
from tcgjax.observation import SEEN_TOP, Observation
from tcgjax.state import KINDS_OF_ENERGY, SPOTS
from tcgjax.tables import OPERATIONS, PLAYER_EFFECTS, POKEMON_EFFECTS, TYPES, USES, tables

_STAGES, _CONDITIONS, _PHASES = 3, 4, 5
_ATTACK = 12
CARD = 9 + 2 * len(TYPES) + _STAGES + len(USES) + 2 * _ATTACK + len(OPERATIONS)
"""Features of a card, the same wherever it is."""
STATE = 10 + KINDS_OF_ENERGY + _CONDITIONS + len(POKEMON_EFFECTS)
"""Features of what has become of a Pokémon in play."""
_SIDE = 10 + 4 * KINDS_OF_ENERGY + 2 + len(PLAYER_EFFECTS)
FIELD = 6 + _PHASES + SPOTS + len(OPERATIONS) + 2 * _SIDE


@dataclasses.dataclass(frozen=True)
class Tokens:
    """The parts of the flat features; leaves `[..., tokens, width]`, `field` `[..., width]`."""

    hand: Any
    own: Any
    foe: Any
    seen: Any
    """Known cards of the other's hand, and of the top of the own deck."""
    field: Any


SEEN = 5 + SEEN_TOP
"""Tokens of known cards: five of the other's hand, and the top of the own deck."""
_SHAPES = Tokens((LIST, CARD + 2), (SPOTS, CARD + STATE), (SPOTS, CARD + STATE), (SEEN, CARD + 1), (FIELD,))


def _parts(obs: Observation) -> list[jax.Array]:
    """The tokens of one observation."""
    hand = obs.hand.astype(jnp.int32)
    held = jnp.stack([(hand > 0).astype(jnp.float32), obs.shown.astype(jnp.float32)], -1)
    return [jnp.concatenate([_cards(hand), held], -1), _spots(obs, 0), _spots(obs, 1), _seen(obs), _field(obs)]


FEATURES = TokenFeatures(_SHAPES, _parts)
"""Features of one player's observations, and their `split` into tokens."""


def _cards(numbers: jax.Array) -> jax.Array:
    return jnp.asarray(card_table())[numbers]


def _spots(obs: Observation, side: int) -> jax.Array:
    """float32[4, CARD + STATE] of the own Pokémon (0) or the other's (1)."""
    stacks = obs.cards[side].astype(jnp.int32)
    top = stacks[..., 0]
    for depth in range(1, stacks.shape[-1]):
        top = jnp.where(stacks[..., depth] > 0, stacks[..., depth], top)
    hp = jnp.maximum(jnp.asarray(tables().hp)[top].astype(jnp.float32), 1)
    damage = obs.damage[side].astype(jnp.float32)
    flags = [obs.poisoned, obs.burned, obs.new, obs.evolved, obs.ability_used]
    columns = [
        top > 0,
        jnp.arange(SPOTS) == 0,
        damage / 100,
        jnp.where(top > 0, 1 - damage / hp, 0),
        obs.effect_turns[side].sum(-1) > 0,
        *(flag[side] for flag in flags),
    ]
    condition = obs.condition[side].astype(jnp.int32)[:, None] == jnp.arange(_CONDITIONS)
    amounts = obs.effects[side].astype(jnp.float32) / 30
    own = jnp.stack([column.astype(jnp.float32) for column in columns], -1)
    return jnp.concatenate([_cards(top), own, obs.energy[side] / 3, condition.astype(jnp.float32), amounts], -1)


def _seen(obs: Observation) -> jax.Array:
    numbers = jnp.concatenate([obs.opponent_hand[: SEEN - SEEN_TOP], obs.top_of_deck]).astype(jnp.int32)
    mine = (jnp.arange(SEEN) >= SEEN - SEEN_TOP).astype(jnp.float32)
    return jnp.concatenate([_cards(numbers), (mine * (numbers > 0))[:, None]], -1)


def _field(obs: Observation) -> jax.Array:
    scalars = [obs.turn / 30, obs.my_turn, obs.first, obs.to_act, obs.choice_left / 3, obs.choice > 0]
    asked = jnp.asarray(tables().operations)[obs.choice.astype(jnp.int32), 0]
    parts = [
        jnp.stack([jnp.asarray(scalar, jnp.float32) for scalar in scalars]),
        obs.phase == jnp.arange(_PHASES),
        obs.choice_used,
        (asked == jnp.arange(len(OPERATIONS))) & (obs.choice > 0),
    ]
    types = jnp.arange(1, KINDS_OF_ENERGY + 1)
    for side in range(2):
        turns = obs.turn.astype(jnp.float32) - jnp.stack([obs.knocked_out_turn[side], obs.sweets_relay_turn[side]])
        figures = [
            *(obs.hand_size[side] / 5, obs.deck_size[side] / 10, obs.points[side] / 2, obs.supporter_played[side]),
            *(obs.retreated[side], obs.sweets_relays[side] / 2, jnp.sum(obs.cards[side, :, 0] > 0) / SPOTS),
            *(obs.zone[side] > 0, obs.effect_group[side] > 0, jnp.sum(obs.energy[side]) / 5),
        ]
        parts += [
            jnp.stack([jnp.asarray(figure, jnp.float32) for figure in figures]),
            obs.energy_types[side],
            obs.zone[side] == types,
            obs.next_energy[side] == types,
            obs.discarded_energy[side] / 5,
            turns <= 2,
            obs.player_effects[side] / 20,
        ]
    return jnp.concatenate([part.astype(jnp.float32) for part in parts])


@functools.cache
def card_table() -> np.ndarray:
    """float32[N, CARD]: what a card is; zeros for nothing."""
    found = tables()
    columns = [
        found.hp / 100,
        found.pokemon,
        found.basic,
        found.fossil,
        found.supporter,
        found.ex,
        found.retreat / 2,
        (found.trainer[:, 0] > 0) & ~found.pokemon,
        found.evolves_from > 0,
    ]
    many = [_one_hot(found.type, len(TYPES)), _one_hot(found.weakness, len(TYPES))]
    many += [_one_hot(found.stage, _STAGES) * found.pokemon[:, None], _one_hot(found.use, len(USES))]
    for attack in range(2):
        there = found.attack[:, attack, None]
        facts = [there, found.damage[:, attack, None] / 50, found.rows[:, attack, :1] > 0]
        many += [*facts, found.cost[:, attack] / 2]
    rows = np.concatenate([found.rows.reshape(len(found.hp), -1), found.ability, found.trainer], 1)
    ops = np.zeros((len(found.hp), len(OPERATIONS)), np.float32)
    for column in rows.T:
        ops[np.arange(len(ops)), found.operations[column, 0]] = 1
    ops[np.arange(len(ops)), found.passive[:, 0]] = 1
    ops[:, 0] = 0
    table = np.concatenate([np.stack(columns, 1), *many, ops], 1).astype(np.float32)
    table[0] = 0
    return table


def _one_hot(codes: np.ndarray, size: int) -> np.ndarray:
    return codes[:, None] == np.arange(size)
