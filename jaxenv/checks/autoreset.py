"""Auto-reset held to its definition: hooks that show their arguments, and what `step` must make of them.

*Source*: the RFC's sections on randomness and auto-reset. The expected values are put together here from the hooks,
lane by lane, without `jaxenv.autoreset`.
"""

from __future__ import annotations

import functools
from typing import Any

import jax
import numpy as np

from jaxenv.autoreset import INFO_KEYS, MODES
from jaxenv.checks.compare import holding, same_types, same_values
from jaxenv.checks.limits import row
from jaxenv.checks.probe import (
    ACTIONS,
    BY_POOL,
    BY_RESET_ENV,
    DEFAULT_LIMIT,
    DEFAULT_MARK,
    PlainProbe,
    ProbeParams,
    probe,
)
from jaxenv.environment import Environment

LIMITS = (1, 2, 3, 4, 5, 50)
STEPS = 16
_ALONE = 8
_BASE = "leave reset and step to jaxenv.Environment, or let them do what jaxenv.autoreset.step does: "


def check_autoreset(env: Environment, key: jax.Array) -> None:
    """Every clause about `reset`, `step` and `info` that does not depend on the rules of the environment."""
    for mode in MODES:
        with holding(env, _BASE + "call the hooks, and take their states as they are"):
            try:
                _check_mode(env, mode, key)
            except AssertionError:  # a clause, or what `holding` makes one of
                raise
            except Exception as error:
                text = f"{type(error).__name__}: {error}"
                raise AssertionError(
                    f"reset or step fails around other hooks than the environment's own: {text}"
                ) from error


def _check_mode(env: Environment, mode: str, key: jax.Array) -> None:
    made, plain = probe(env, mode), PlainProbe(players=env.num_players)
    lanes = len(LIMITS)
    keys = jax.random.split(key, (STEPS + 1, lanes))
    params = ProbeParams(np.arange(1, lanes + 1, dtype=np.int32), np.array(LIMITS, np.int32))
    players = () if env.num_players == 1 else (env.num_players,)
    actions = np.resize(np.arange(7, dtype=np.int32) % ACTIONS, (STEPS, lanes, *players))
    _check_traces(env, made, probe(env, mode), plain, keys[0, 0], row(params, 0), actions[0, 0])
    first, before, out = _record(made, keys, actions, params)
    wanted, expected = _expected(plain, mode == "pool", keys, before[1].env_state, actions, params)
    first, before, out, wanted, expected = jax.tree.map(np.asarray, (first, before, out, wanted, expected))
    _check_start(env, mode, first, wanted)
    _check_steps(env, before[1], out, expected)
    if mode == env.autoreset:
        _check_alone(env, made, keys, actions, params, first, before, out)


@functools.partial(jax.jit, static_argnums=0)
def _record(made: Any, keys: jax.Array, actions: Any, params: Any) -> tuple[Any, Any, Any]:
    """A play of all lanes, `[T, B, ...]`: what `reset` gives, what each step was given, and what it gave."""

    def body(loop, given):
        out = jax.vmap(made.step)(given[0], loop[1], given[1], params)
        return (out[0], out[1]), (loop, out)

    first = jax.vmap(made.reset)(keys[0], params)
    return first, *jax.lax.scan(body, first, (keys[1:], actions))[1]


@functools.partial(jax.jit, static_argnums=(0, 1))
def _expected(plain: Any, pool: bool, keys: Any, states: Any, actions: Any, params: Any) -> tuple[Any, dict[str, Any]]:
    """A first episode, and for each step what the hooks make of it and the episode that would follow; `[T, B, ...]`."""
    hook = plain.reset_from_pool if pool else plain.reset_env

    def one(key: Any, state: Any, action: Any, params: Any) -> dict[str, Any]:
        halves = jax.random.split(key)
        obs, after, reward, terminated, truncated, info = plain.step_env(halves[0], state, action, params)
        begun_obs, begun = hook(halves[1], params)
        return {
            "obs": obs, "after": after, "reward": reward, "terminated": terminated, "truncated": truncated,
            "info": info, "begun_obs": begun_obs, "begun": begun, "legal": plain.legal_actions(after, params),
        }  # fmt: skip

    each = jax.vmap(jax.vmap(one), in_axes=(0, 0, 0, None))
    return jax.vmap(hook)(keys[0], params), each(keys[1:], states, actions, params)


def _check_start(env: Environment, mode: str, first: Any, wanted: Any) -> None:
    with holding(env, _BASE + "give the hook that the mode names the key and the params as they came"):
        (obs, state), (wanted_obs, wanted) = first, wanted
        by = {BY_RESET_ENV: "reset_env", BY_POOL: "reset_from_pool"}
        called = by.get(int(state.env_state.hook[0]), "neither hook")
        assert (state.env_state.hook == wanted.hook).all(), (
            f'with autoreset="{mode}" reset must begin by {by[int(wanted.hook[0])]}, not by {called}'
        )
        same_values("the key that reset gives to the hook, and its own", state.env_state.begun, wanted.begun)
        same_values("the state of reset, and of the hook", state.env_state, wanted)
        same_values("the observation of reset, and of the hook", obs, wanted_obs)
        zero = (np.zeros_like(state.episode_return), np.zeros_like(state.episode_length))
        same_values("the return and length of reset, and zero", (state.episode_return, state.episode_length), zero)


def _check_traces(
    env: Environment, made: Any, again: Any, plain: Any, key: jax.Array, params: Any, action: Any
) -> None:
    """Structure and types of `step`, traced twice anew, from the state of `reset` and from that of `step`."""
    with holding(
        env, _BASE + "keep state, reward, flags and info of one structure, and of the same types on every step"
    ):
        obs, state = jax.eval_shape(made.reset, key, params)
        out = jax.eval_shape(made.step, key, state, action, params)
        missing = [name for name in INFO_KEYS if name not in out[5]]
        assert not missing, f"step: info lacks {missing}"
        same_types("step's state and reset's", state, out[1])
        same_types("step's observation and reset's", obs, out[0])
        same_types("step, traced twice", out, jax.eval_shape(again.step, key, out[1], action, params))
        hook = jax.eval_shape(plain.step_env, key, state.env_state, action, params)
        same_types("step's reward and flags, and step_env's", out[2:5], hook[2:5])


def _check_steps(env: Environment, before: Any, out: Any, expected: Any) -> None:
    obs, state, reward, terminated, truncated, info = out
    ended = expected["terminated"] | expected["truncated"]
    with holding(
        env, _BASE + "return step_env's reward, terminated and truncated unchanged, and give it the lane's params"
    ):
        both = terminated & truncated
        assert not both.any(), "step sets terminated and truncated both, where step_env sets one"
        same_values("terminated of step and of step_env", terminated, expected["terminated"])
        same_values("truncated of step and of step_env", truncated, expected["truncated"])
        same_values("reward of step and of step_env", reward, expected["reward"])
    own = {name: leaf for name, leaf in info.items() if name not in INFO_KEYS}
    with holding(env, _BASE + "hand step_env's info through, on every step"):
        same_values("info of step and of step_env", own, expected["info"])
    with holding(env, _BASE + "take final_observation and final_legal_actions from the state before any reset"):
        same_values("final_observation and step_env's observation", info["final_observation"], expected["obs"])
        same_values(
            "final_legal_actions and the mask of step_env's state", info["final_legal_actions"], expected["legal"]
        )
    going, fresh = state.env_state, expected["begun"]
    with holding(
        env, _BASE + "go on with step_env's state, which got the first half of the split key, while no episode ends"
    ):
        kept = [jax.tree.map(lambda leaf: leaf[~ended], tree) for tree in (going, expected["after"])]
        same_values("the key, action and params that step gives to step_env, and its own", *kept)
    with holding(
        env, _BASE + "where an episode ends, begin one by the mode's hook with the second half of the split key"
    ):
        begun = [jax.tree.map(lambda leaf: leaf[ended], tree) for tree in (going, fresh)]
        same_values("the state after an end, and a new episode's", *begun)
    with holding(env, _BASE + "return the observation of the state that step returns"):
        seen = jax.tree.map(functools.partial(_where, ended), expected["begun_obs"], expected["obs"])
        same_values("the observation of step, and of the state beside it", obs, seen)
    with holding(
        env, _BASE + "add up an episode's rewards and steps, report them where it ends, and begin at zero again"
    ):
        total, count = before.episode_return + reward, before.episode_length + 1
        same_values("returned_episode and the end of an episode", info["returned_episode"], ended)
        same_values(
            "returned_episode_return", info["returned_episode_return"], _where(ended, np.zeros_like(total), total, True)
        )
        same_values(
            "returned_episode_length", info["returned_episode_length"], np.where(ended, count, 0).astype(count.dtype)
        )
        same_values(
            "the running return after the step", state.episode_return, _where(ended, np.zeros_like(total), total)
        )
        same_values(
            "the running length after the step", state.episode_length, np.where(ended, 0, count).astype(count.dtype)
        )


def _where(mask: np.ndarray, there: np.ndarray, elsewhere: np.ndarray, swapped: bool = False) -> np.ndarray:
    """`np.where` with the mask's axes leading; `swapped`: the other way round."""
    mask = mask.reshape(*mask.shape, *(1,) * (there.ndim - mask.ndim))
    return np.where(mask ^ swapped, there, elsewhere)


def _check_alone(
    env: Environment, made: Any, keys: Any, actions: Any, params: Any, first: Any, before: Any, out: Any
) -> None:
    """One environment at a time, without vmap, gives what it gives in a batch, whatever its place there."""
    defaults = ProbeParams(np.int32(DEFAULT_MARK), np.int32(DEFAULT_LIMIT))
    with holding(env, _BASE + "act on one environment, and leave the batch to jax.vmap"):
        alone = made.reset(keys[0, 2], row(params, 2))
        same_values("reset alone and under vmap", alone, row(first, 2))
        for t in range(_ALONE):
            lane = (t + 2) % len(LIMITS)
            alone = made.step(keys[t + 1, lane], row(before[1], t, lane), actions[t, lane], row(params, lane))
            same_values("step alone and under vmap", alone, row(out, t, lane))
    with holding(env, _BASE + "use default_params where none are given, and the given ones otherwise"):
        named = made.reset(keys[0, 0], defaults)
        same_values("reset without params and with the default ones", made.reset(keys[0, 0]), named)
        given = keys[1, 0], named[1], actions[0, 0]
        same_values("step without params and with the default ones", made.step(*given), made.step(*given, defaults))
