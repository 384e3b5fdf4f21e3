"""The registered environment, stepped by its public `step`, and all that it gives out, by path.

An episode begins with given teams and a given seed instead of drawn ones, and `step_env` hands on what it returned, so
that an ending can be looked at behind auto-reset. Nothing else of the environment is changed.
"""

from __future__ import annotations

import dataclasses
import functools
from typing import Any

import jax
import jax.numpy as jnp

from families.pokejax_gen1.verify.outcome import (
    AGENTS,
    EPISODE,
    FINAL,
    REWARDS,
    own_paths,
)
from jaxenv import struct
from jaxenv.autoreset import AutoResetState
from pokejax.common import formats
from pokejax.common.rng import Rng
from pokejax.env import Gen1Battle, Gen1Params, Gen1State
from pokejax.gen1 import engine
from pokejax.gen1.state import Party
from references.protocol import TERMINATED, TRUNCATED

State = AutoResetState[Gen1State]
_TOLD = "told by step_env"


@struct.dataclass
class GivenParams(Gen1Params):
    """`pool`: both teams, leaves ``[2, 6, …]``. `rng`: Showdown's generator before its first draw."""

    pool: Party
    max_steps_in_episode: Any = 4000
    rng: Any = None


@functools.cache
def watched(env: Gen1Battle) -> Gen1Battle:
    """`env` of a new subclass that takes a reset's draws from `GivenParams`, and tells what `step_env` returned."""
    parent = type(env)

    def draw(self: Any, key: jax.Array, params: GivenParams) -> tuple[Rng, jax.Array]:
        del self, key
        return params.rng, jnp.arange(2, dtype=jnp.int32)

    def step_env(self: Any, key: jax.Array, state: Any, action: Any, params: Any) -> Any:
        obs, after, reward, terminated, truncated, info = parent.step_env(self, key, state, action, params)
        told = (obs, after, reward, terminated, truncated)
        return obs, after, reward, terminated, truncated, {**info, _TOLD: told}

    # The same engine, found by an import that copies of this package (with mutants in them) send to their own.
    own = property(lambda self: engine.engine(self._format))
    body = {"draw": draw, "step_env": step_env, "engine": own, "__module__": __name__}
    made = dataclasses.dataclass(frozen=True, kw_only=True)(type("WatchedGen1Battle", (parent,), body))
    found: Any = object.__new__(made)
    for field in dataclasses.fields(env):
        object.__setattr__(found, field.name, getattr(env, field.name))
    return found


def environment(env_id: str) -> Gen1Battle:
    """The environment of an id, watched. `families.pokejax_gen1.verify.plugin` checks that it is what `make` gives."""
    return watched(Gen1Battle(format=formats.of_environment(env_id).id))


def begin(env: Gen1Battle, params: GivenParams) -> tuple[State, dict[str, jax.Array]]:
    """The first state, by the public `reset`, and what is given out there."""
    obs, state = env.reset(jax.random.key(0), params)
    return state, first_outcome(env, state, obs, params)


def first_outcome(env: Gen1Battle, state: State, obs: Any, params: GivenParams) -> dict[str, Any]:
    """All paths of a state that no step has led to."""
    zero, no, yes = jnp.float32(0), jnp.bool_(False), jnp.bool_(True)
    return {
        **dict.fromkeys(REWARDS, zero),
        TERMINATED: no,
        TRUNCATED: no,
        **dict.fromkeys(FINAL, yes),
        EPISODE + "over": no,
        EPISODE + "length": jnp.int32(0),
        **{f"{EPISODE}return.{agent}": zero for agent in AGENTS},
        **_of_players(obs, env.legal_actions(state, params), env.to_act(state), jnp.zeros(2, bool)),
    }


def step(
    env: Gen1Battle, state: State, action: jax.Array, params: GivenParams
) -> tuple[State, Gen1State, dict[str, jax.Array]]:
    """One public `step`: the state it returns, the state that `step_env` led to, and all that is given out, by path."""
    obs, following, reward, terminated, truncated, info = env.step(jax.random.key(0), state, action, params)
    told_obs, after, told_reward, told_terminated, told_truncated = info[_TOLD]
    ended = terminated | truncated
    seen = _either(ended, info["final_observation"], obs)
    legal = jnp.where(ended, info["final_legal_actions"], env.legal_actions(following, params))
    flags = (reward, terminated, truncated)
    outs = {
        **{path: reward[side] for side, path in enumerate(REWARDS)},
        TERMINATED: terminated,
        TRUNCATED: truncated,
        FINAL[0]: _same(info["final_observation"], told_obs),
        FINAL[1]: _same(flags, (told_reward, told_terminated, told_truncated)),
        FINAL[2]: ended | _same(following.env_state, after),
        EPISODE + "over": info["returned_episode"],
        EPISODE + "length": info["returned_episode_length"],
        **{f"{EPISODE}return.{agent}": info["returned_episode_return"][side] for side, agent in enumerate(AGENTS)},
        **_of_players(seen, legal, env.to_act(after), info["illegal"]),
    }
    return following, after, outs


def _of_players(obs: Any, legal: jax.Array, to_act: jax.Array, illegal: jax.Array) -> dict[str, jax.Array]:
    found = {}
    for side, agent in enumerate(AGENTS):
        fields = {field.name: getattr(obs, field.name)[side] for field in dataclasses.fields(obs)}
        found |= own_paths(agent, fields, legal[side], to_act[side], illegal[side])
    return found


def _either(when: jax.Array, yes: Any, no: Any) -> Any:
    return jax.tree.map(lambda a, b: jnp.where(when, a, b), yes, no)


def _same(a: Any, b: Any) -> jax.Array:
    """bool[]: two trees with the same leaves."""
    return jnp.all(jnp.stack([jnp.all(x == y) for x, y in zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True)]))
