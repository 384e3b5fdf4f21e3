"""SAME_STEP auto-reset around an environment's hooks, with the episode's return and length."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic

import jax
import jax.numpy as jnp

from jaxenv import arguments, struct
from jaxenv.control import maybe
from jaxenv.typevars import ObsT, ParamsT, StateT

if TYPE_CHECKING:
    from jaxenv.environment import Environment, Step

MODES = ("full", "pool")
INFO_KEYS = (
    "final_observation",
    "final_legal_actions",
    "returned_episode",
    "returned_episode_return",
    "returned_episode_length",
)


@struct.dataclass
class AutoResetState(Generic[StateT]):
    """The environment's own state and the running episode's figures: what the public `reset` and `step` carry."""

    env_state: StateT
    episode_return: jax.Array  # float32[P], scalar for one player; undiscounted
    episode_length: jax.Array  # int32[]; steps taken so far


def unwrap(state: Any) -> Any:
    """The environment's own state, from either kind of state."""
    return state.env_state if isinstance(state, AutoResetState) else state


def reset_hook(env: Environment[StateT, ParamsT, ObsT]) -> Callable[[jax.Array, ParamsT], tuple[ObsT, StateT]]:
    """The hook that begins an episode in the environment's auto-reset mode."""
    return env.reset_from_pool if env.autoreset == "pool" else env.reset_env


def reset(
    env: Environment[StateT, ParamsT, ObsT], key: jax.Array, params: ParamsT
) -> tuple[ObsT, AutoResetState[StateT]]:
    """A first observation and state."""
    arguments.check_key(env, "reset", key)
    obs, env_state = reset_hook(env)(key, params)
    arguments.remember_state(env, params, env_state)
    return obs, AutoResetState(env_state, jnp.zeros(env._player_axis, jnp.float32), jnp.zeros((), jnp.int32))


def step(
    env: Environment[StateT, ParamsT, ObsT], key: jax.Array, state: AutoResetState[StateT], action: Any, params: ParamsT
) -> Step[ObsT, AutoResetState[StateT]]:
    """One transition; where the episode ends, the returned observation and state are the next episode's."""
    if not isinstance(state, AutoResetState):
        raise TypeError(
            f"{env.id}: step: the state must come from reset or step, got a {type(state).__name__}; "
            "a state from reset_env goes to step_env"
        )
    arguments.check_key(env, "step", key)
    arguments.check_state(env, "step", key, state.env_state, params, "state.env_state")
    action = arguments.checked_action(env, "step", action)
    # An environment that ignores its key never pays for this split: it is dead code outside the rare branch.
    step_key, _ = jax.random.split(key)
    obs, env_state, reward, terminated, truncated, info = env.step_env(step_key, state.env_state, action, params)
    clash = sorted(set(INFO_KEYS) & set(info))
    if clash:
        raise ValueError(f"{type(env).__name__}.step_env: info must not hold {clash}; step adds them")
    ended = terminated | truncated
    episode_return = state.episode_return + reward
    episode_length = state.episode_length + 1
    info = {
        **info,
        "final_observation": obs,
        "final_legal_actions": env.legal_actions(env_state, params),
        "returned_episode": ended,
        "returned_episode_return": jnp.where(ended, episode_return, jnp.zeros_like(episode_return)),
        "returned_episode_length": jnp.where(ended, episode_length, 0),
    }

    def begin(env_state):
        del env_state
        _, reset_key = jax.random.split(key)
        return reset_hook(env)(reset_key, params)[1]

    env_state = maybe(ended, begin, env_state)
    # One observation for both cases; the final one above costs nothing where nobody reads it.
    obs = env.observe(env_state, params)
    next_state = AutoResetState(
        env_state,
        jnp.where(ended, jnp.zeros_like(episode_return), episode_return),
        jnp.where(ended, 0, episode_length),
    )
    return obs, next_state, reward, terminated, truncated, info
