"""The environment's own `reset` and `step` around hooks that show what they were given.

Random play of an environment cannot show that `step` splits its key, if its rules draw nothing, nor which hook began an
episode, if both draw alike. So the class is given other hooks: their state notes every argument, and episodes last two
to five steps. What `reset` and `step` must make of them is known beforehand (`jaxenv.checks.autoreset`).
"""

from __future__ import annotations

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp

from jaxenv import struct
from jaxenv.environment import Environment
from jaxenv.spaces import Discrete
from jaxenv.specs import EnvSpec

ACTIONS = 5
DEFAULT_LIMIT, DEFAULT_MARK = 3, 77
BY_RESET_ENV, BY_POOL = 1, 2


@struct.dataclass
class ProbeParams:
    """`mark` is any number: the hooks show which params they were given."""

    mark: Any = DEFAULT_MARK
    max_steps_in_episode: Any = DEFAULT_LIMIT


@struct.dataclass
class ProbeState:
    """Arguments of the hooks so far: what began the episode, and what the last step was given."""

    begun: jax.Array  # uint32[k]: data of the key that began the episode
    hook: jax.Array  # int32: BY_RESET_ENV or BY_POOL
    begun_mark: jax.Array  # int32: the params' mark at the beginning
    stepped: jax.Array  # uint32[k]: data of the last step's key, zeros before the first
    action: jax.Array  # int32[P]: the last step's
    step_mark: jax.Array  # int32: the params' mark in the last step
    time: jax.Array  # int32


def probe(env: Environment, mode: str) -> Any:
    """An environment of a new subclass of `env`'s class, in that auto-reset mode, with the hooks of this module.

    New each time: nothing that was compiled before can stand in for what the class does now.
    """
    base = type(env)
    hooks = {name: value for name, value in vars(_Hooks).items() if not name.startswith("__")}
    made = type(f"{base.__name__}Probe", (base,), {**hooks, "__module__": __name__})
    made = dataclasses.dataclass(frozen=True, kw_only=True)(made)
    found: Any = object.__new__(made)
    for field in dataclasses.fields(env):
        object.__setattr__(found, field.name, getattr(env, field.name))
    object.__setattr__(found, "autoreset", mode)
    return found


class _Hooks:
    """Hooks of the probe; `self` is an `Environment`."""

    @property
    def spec(self: Any) -> Any:
        own: Any = super(type(self), self)
        return dataclasses.replace(own.spec, num_actions=ACTIONS, no_op=None)

    @property
    def default_params(self) -> ProbeParams:
        return ProbeParams(jnp.int32(DEFAULT_MARK), jnp.int32(DEFAULT_LIMIT))

    def action_space(self, params: Any = None) -> Discrete:
        del params
        return Discrete(ACTIONS)

    def reset_env(self, key: Any, params: Any) -> Any:
        return _begin(self, key, params, BY_RESET_ENV)

    def reset_from_pool(self, key: Any, params: Any) -> Any:
        return _begin(self, key, params, BY_POOL)

    def step_env(self, key: Any, state: Any, action: Any, params: Any) -> Any:
        over = state.time >= length(state.begun)
        state = state.replace(
            stepped=_data(key),
            action=jnp.asarray(action, jnp.int32),
            step_mark=jnp.asarray(params.mark, jnp.int32),
            time=state.time + 1,
        )
        terminated = state.time >= length(state.begun)
        truncated = (state.time >= jnp.asarray(params.max_steps_in_episode, jnp.int32)) & ~terminated
        reward = jnp.where(over, 100.0, state.time.astype(jnp.float32) / 8) + jnp.zeros_like(state.action, jnp.float32)
        reward = reward + jnp.where(terminated, 1.0, 0.0)
        info = {"illegal": jnp.zeros_like(state.action, bool), "mark": state.step_mark + state.time}
        return self.observe(state, params), state, reward.astype(jnp.float32), terminated, truncated, info  # type: ignore[attr-defined]

    def observe(self, state: Any, params: Any) -> Any:
        shown = {"begun": state.begun, "time": state.time, "mark": jnp.asarray(params.mark, jnp.int32)}
        return jax.tree.map(lambda leaf: jnp.broadcast_to(leaf, (*state.action.shape, *leaf.shape)), shown)

    def legal_actions(self, state: Any, params: Any) -> Any:
        del params
        rest = (state.begun[-1] % 3).astype(jnp.int32) + state.time
        allowed = (jnp.arange(ACTIONS, dtype=jnp.int32) + rest) % 4 != 0
        return jnp.broadcast_to(allowed, (*state.action.shape, ACTIONS))

    def to_act(self, state: Any) -> Any:
        return jnp.ones(state.action.shape, bool)


@dataclasses.dataclass(frozen=True, kw_only=True)
class PlainProbe(_Hooks, Environment):
    """The hooks alone, which the expected values come from."""

    players: int = 1

    @property
    def spec(self) -> EnvSpec:
        dynamics = "single" if self.players == 1 else "simultaneous"
        return EnvSpec(
            id="jaxenv/probe", version="v0", players=self.players, dynamics=dynamics, information="perfect",
            num_actions=ACTIONS, reward_range=(0.0, 200.0), horizon=None,
        )  # fmt: skip


def length(begun: Any) -> Any:
    """Steps after which the rules end the episode that a key began: two to five."""
    return 2 + (begun[-1] % 4).astype(jnp.int32)


def _begin(self: Any, key: Any, params: Any, hook: int) -> Any:
    data = _data(key)
    mark = jnp.asarray(params.mark, jnp.int32)
    nobody = jnp.zeros(self._player_axis, jnp.int32)
    state = ProbeState(data, jnp.int32(hook), mark, jnp.zeros_like(data), nobody, jnp.int32(0), jnp.int32(0))
    return self.observe(state, params), state


def _data(key: Any) -> jax.Array:
    return jax.random.key_data(key) if jnp.issubdtype(key.dtype, jax.dtypes.prng_key) else jnp.asarray(key)
