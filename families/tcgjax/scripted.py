"""Players of TCG Pocket that need no training: they score every action and take the best of those that are legal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from baselines.policy import Policy
from baselines.transfer.scripted import Choose, Scripted
from jaxenv import Environment
from jaxenv.rollouts import random_legal
from tcgjax import actions as a
from tcgjax.arrays import LIST
from tcgjax.damage import WEAKNESS
from tcgjax.state import CHOOSE, SPOTS
from tcgjax.tables import OP, tables

_LITTLE = 0.01


class _Sight:
    """A player's reading of one observation."""

    def __init__(self, obs: Any) -> None:
        found = tables()
        self.obs = obs
        self.top = _top(obs.cards.astype(jnp.int32))
        self.left = jnp.asarray(found.hp)[self.top] - obs.damage
        self.there = self.top > 0
        types = jnp.asarray(found.type)[self.top]
        self.weak = jnp.asarray(found.weakness)[self.top[1]] == types[0, 0]
        self.damage = jnp.asarray(found.damage).astype(jnp.int32)[self.top]
        self.lack = _lack(obs.energy[0], self.top[0])

    def blows(self) -> jax.Array:
        """int32[2]: printed damage of the own Active Pokémon's attacks, with Weakness."""
        printed = self.damage[0, 0]
        return printed + jnp.where((printed > 0) & self.weak[0], WEAKNESS, 0)


def _top(stacks: jax.Array) -> jax.Array:
    """int32[2, 4]: the card on top of each Pokémon."""
    found = stacks[..., 0]
    for depth in range(1, stacks.shape[-1]):
        found = jnp.where(stacks[..., depth] > 0, stacks[..., depth], found)
    return found


def _lack(energy: jax.Array, cards: jax.Array) -> jax.Array:
    """int32[4]: Energy that each Pokémon still needs for its dearest attack."""
    cost = jnp.asarray(tables().cost).astype(jnp.int32)[cards]
    has = energy.astype(jnp.int32)[:, None]
    typed = jnp.sum(jnp.maximum(cost[..., :-1] - has, 0), -1, dtype=jnp.int32)
    any_type = jnp.maximum(cost[..., -1] - jnp.sum(has, -1, dtype=jnp.int32), 0)
    return jnp.max(jnp.maximum(typed, any_type), -1)


def _greedy(sight: _Sight) -> jax.Array:
    """Attack for the most damage at once; else Energy for the Active Pokémon, evolve, and fill the Bench."""
    blows = sight.blows()
    score = jnp.zeros((a.COUNT,), jnp.float32)
    score = score.at[a.END].set(-1)
    score = score.at[a.PLAY : a.EVOLVE].set(20)
    score = score.at[a.EVOLVE : a.ATTACH].set(30)
    score = score.at[a.ATTACH : a.RETREAT].set(jnp.where(jnp.arange(SPOTS) == 0, 40.0, 10.0))
    score = score.at[a.RETREAT : a.ABILITY].set(-2)
    score = score.at[a.ATTACK : a.DISCARD_FOSSIL].set(jnp.where(blows > 0, 100.0 + blows, 0.0))
    score = score.at[a.DISCARD_FOSSIL : a.OWN].set(-3)
    return score.at[a.OPPONENTS : a.PAY].set(200 - sight.left[1].astype(jnp.float32))


def _planner(sight: _Sight) -> jax.Array:
    """Does all that helps before it attacks, and attacks last.

    It fills the Bench, evolves, uses abilities and Trainers that help, gives Energy to who needs it for its best
    attack, brings in a benched Pokémon that can attack where the Active one cannot or is nearly beaten, and attacks
    for a knock-out, or for the most damage.
    """
    obs, left, there = sight.obs, sight.left.astype(jnp.float32), sight.there
    power = jnp.max(sight.damage[0], -1).astype(jnp.float32)
    ready = there[0] & (sight.lack == 0)
    worth = jnp.where(there[0], power + left[0] / 2 - 40 * sight.lack, -1000)

    score = jnp.zeros((a.COUNT,), jnp.float32)
    score = score.at[a.PLAY : a.EVOLVE].set(_plays(sight))
    evolving = 80 + jnp.max(jnp.asarray(tables().damage).astype(jnp.float32)[obs.hand.astype(jnp.int32)], -1) / 10
    evolving = evolving[:, None] + jnp.where(jnp.arange(SPOTS) == 0, 5.0, 0.0)
    score = score.at[a.EVOLVE : a.ATTACH].set(evolving.reshape(-1))
    needs = jnp.where(sight.lack > 0, 60 + power / 10 - sight.lack, 5.0) + jnp.where(jnp.arange(SPOTS) == 0, 4.0, 0.0)
    score = score.at[a.ATTACH : a.RETREAT].set(needs)
    score = score.at[a.ABILITY : a.ATTACK].set(70)

    blows = sight.blows().astype(jnp.float32)
    beats = blows >= left[1, 0]
    can = jnp.max(jnp.where(ready[0], blows, 0)) > 0
    flees = (ready[1:] & (worth[1:] > worth[0])) & (~can | (left[0, 0] <= 40)) & ~jnp.any(beats & ready[0])
    score = score.at[a.RETREAT : a.ABILITY].set(jnp.where(flees, 50 + worth[1:] / 100, -5))
    score = score.at[a.ATTACK : a.DISCARD_FOSSIL].set(20 + blows / 20 + jnp.where(beats, 10.0, 0.0))
    score = score.at[a.END].set(0.5)
    score = score.at[a.DISCARD_FOSSIL : a.OWN].set(-6)
    return score.at[a.OWN : a.COUNT].set(_choices(sight, worth))


def _plays(sight: _Sight) -> jax.Array:
    """float32[20]: worth of playing each card of the hand; in the setup the Basic with the most HP comes first."""
    obs, found = sight.obs, tables()
    hand = obs.hand.astype(jnp.int32)
    basic = jnp.asarray(found.basic)[hand]
    rows = jnp.asarray(found.trainer).astype(jnp.int32)[hand]
    op = jnp.asarray(found.operations).astype(jnp.int32)[rows[:, 0], 0]
    hurt = jnp.max(jnp.where(sight.there[0], obs.damage[0], 0)) >= 20
    seldom = {"choose_heal": jnp.where(hurt, 45.0, -1.0), "return_active": -1.0, "choose_from_discard": -1.0}
    seldom |= {"look_at_top": 41.0, "reveal_hand": 41.0, "draw": 90.0, "search": 95.0, "new_hand": 42.0}
    value = jnp.full((LIST,), 43.0)
    for name, worth in seldom.items():
        value = jnp.where(op == OP[name], worth, value)
    return jnp.where(basic, 85 + jnp.asarray(found.hp)[hand].astype(jnp.float32) / 100, value)


def _choices(sight: _Sight, worth: jax.Array) -> jax.Array:
    """float32[24]: help for the best own Pokémon, or the most hurt one; damage for the foe that is nearest its end."""
    obs, left = sight.obs, sight.left.astype(jnp.float32)
    op = jnp.asarray(tables().operations).astype(jnp.int32)[obs.choice.astype(jnp.int32), 0]
    chooses = obs.phase == CHOOSE
    heals = chooses & (op == OP["choose_heal"])
    own = jnp.where(heals, obs.damage[0].astype(jnp.float32), worth)
    needs = chooses & (op == OP["choose_attach"])
    own = own + jnp.where(needs & (sight.lack > 0), 100.0, 0.0)
    copied = sight.damage[1].astype(jnp.float32).reshape(-1)
    return jnp.concatenate([own, 400 - left[1], jnp.zeros((a.COPY - a.PAY,)), copied]).astype(jnp.float32)


def _best(score: Callable[[_Sight], jax.Array]) -> Choose:
    def choose(key: jax.Array, obs: Any, mask: Any) -> jax.Array:
        ties = jax.random.uniform(key, (a.COUNT,), jnp.float32) * np.float32(_LITTLE)
        return jnp.argmax(jnp.where(mask, score(_Sight(obs)) + ties, -jnp.inf)).astype(jnp.int32)

    return choose


PLAYERS: dict[str, Choose] = {"random": random_legal, "greedy": _best(_greedy), "planner": _best(_planner)}


def names() -> tuple[str, ...]:
    """Names of the scripted players, the weakest first."""
    return tuple(PLAYERS)


def opponent(name: str) -> Choose:
    """One player, unbatched: `(key, obs, mask) -> action`."""
    return PLAYERS[name]


def players(env_id: str) -> Mapping[str, Callable[[Environment], Policy]]:
    """Scripted policies by name."""
    del env_id
    return {name: partial(_player, name) for name in PLAYERS}


def _player(name: str, env: Environment) -> Policy:
    return Scripted(env.id, env.version, name, PLAYERS[name])
