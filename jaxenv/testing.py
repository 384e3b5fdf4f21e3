"""`check_env`: holds an environment to the contract (`docs/rfc/0001-environment-contract.md`)."""

from __future__ import annotations

import dataclasses
import functools
import warnings
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxenv.autoreset import INFO_KEYS
from jaxenv.backends import choose, missing_compiler
from jaxenv.environment import Environment
from jaxenv.rollouts import Transition, random_policy


def check_env(
    env: Environment,
    params: Any = None,
    *,
    key: jax.Array | None = None,
    steps: int = 64,
    batch: int = 8,
    tolerance: float = 1e-5,
    backends: Sequence[str] | None = None,
) -> None:
    """Raise AssertionError, naming the clause and the values, at the first clause of the contract that `env` breaks.

    Plays `batch` lanes of random legal play for `steps` steps; clauses about endings are only seen if episodes end
    within `steps`, so lower `params.max_steps_in_episode` or raise `steps` until some do (the check demands it).
    `tolerance`, absolute and relative, is for the floats of a lane played alone against the same lane among others: XLA
    rounds the two programs differently, and a chaotic environment magnifies that within a few steps.
    `backends`: those to hold to the same play, by default all that `env.spec.backends` names.
    """
    params = env.default_params if params is None else params
    key = jax.random.key(0) if key is None else key
    _check_identity(env, params)
    _check_types(env, params, key)
    keys = jax.random.split(key, batch)
    stacked = jax.tree.map(lambda leaf: jnp.broadcast_to(leaf, (batch, *jnp.shape(leaf))), params)
    order = np.roll(np.arange(batch), 1)
    device_run = _play(env, stacked, keys, steps=steps)
    played = jax.tree.map(np.asarray, device_run)
    _check_observations(env, params, played)
    _check_masks(env, played)
    _check_rewards_and_endings(env, played)
    again = _play(dataclasses.replace(env), stacked, keys, steps=steps)
    _check_reproducible(env, played, again, _play(env, stacked, keys[order], steps=steps), order)
    _check_alone(env, params, keys[1], played[0], tolerance, lane=1)
    _check_backends(env, params, keys, played[0], tolerance, env.spec.backends if backends is None else backends)


def _check_identity(env: Environment, params: Any) -> None:
    name = type(env).__name__
    frozen = getattr(type(env), "__dataclass_params__").frozen  # noqa: B009
    assert frozen and "__dataclass_fields__" in vars(type(env)), f"{name} must be a frozen dataclass"
    again = dataclasses.replace(env)
    assert env == again and hash(env) == hash(again), f"{name}: equal configuration must mean equal and equal hash"
    spec = env.spec
    assert spec == again.spec, f"{name}.spec must depend on the configuration only"
    assert spec.id and spec.version, f"{name}.spec needs an id and a version, got {spec.id!r}, {spec.version!r}"
    assert hasattr(params, "max_steps_in_episode"), f"{name}: params must have max_steps_in_episode"
    for path, leaf in jax.tree_util.tree_flatten_with_path(params)[0]:
        kind = np.asarray(leaf).dtype.kind if not _is_key(leaf) else "u"
        assert kind in "biufc", f"{name}: params{jax.tree_util.keystr(path)} must be numeric, got {leaf!r}"


def _check_types(env: Environment, params: Any, key: jax.Array) -> None:
    """Real values have the types that tracing promises, and a step returns the types it takes."""
    obs, state = env.reset(key, params)
    _same_types("reset: traced and real", jax.eval_shape(env.reset, key, params), (obs, state))
    raw_obs, raw_state = jax.eval_shape(env.reset_env, key, params)
    _same_types("reset and reset_env", (raw_obs, raw_state), (obs, state.env_state))
    if type(env).reset_from_pool is not Environment.reset_from_pool:
        drawn = jax.eval_shape(env.reset_from_pool, key, params)
        _same_types("reset_from_pool and reset_env", drawn, (raw_obs, raw_state))
    _same_types("observe and reset's observation", jax.eval_shape(env.observe, state, params), obs)
    _same_values("observe and reset's observation", env.observe(state, params), obs)
    players = () if env.num_players == 1 else (env.num_players,)
    action = random_policy(env)(key, obs, env.legal_actions(state, params))
    stepped = jax.eval_shape(env.step_env, key, state.env_state, action, params)
    _same_types("step_env's observation and state, and reset's", stepped[:2], (obs, state.env_state))
    out = env.step(key, state, action, params)
    assert len(out) == 6, f"step must return six values, got {len(out)}"
    _same_types("step: traced and real", jax.eval_shape(env.step, key, state, action, params), out)
    next_obs, next_state, reward, terminated, truncated, info = out
    _same_types("step's state and reset's state", state, next_state)
    _same_types("step's observation and reset's observation", obs, next_obs)
    missing = [name for name in INFO_KEYS if name not in info]
    assert not missing, f"info lacks {missing}"
    _is_type("reward", reward, players, np.float32)
    _is_type("terminated", terminated, (), np.bool_)
    _is_type("truncated", truncated, (), np.bool_)
    _is_type("legal_actions", env.legal_actions(state, params), (*players, env.num_actions), np.bool_)
    _is_type("to_act", env.to_act(state), players, np.bool_)
    _same_types("final_observation and obs", obs, info["final_observation"])
    if "illegal" in info:
        _is_type('info["illegal"]', info["illegal"], players, np.bool_)


@functools.partial(jax.jit, static_argnums=0, static_argnames="steps")
def _play(env: Environment, params: Any, keys: jax.Array, *, steps: int) -> tuple[Transition, jax.Array]:
    """Random play of one lane per key and per row of params: transitions `[T, B, ...]` and who was to act."""
    return jax.vmap(functools.partial(_play_lane, env, steps), out_axes=1)(keys, params)


def _play_lane(env: Environment, steps: int, key: jax.Array, params: Any) -> tuple[Transition, jax.Array]:
    """One lane: transitions `[T, ...]` and who was to act."""

    def body(loop, t):
        obs, state = loop
        to_act = env.to_act(state)
        mask, action, out = _random_step(env, jax.random.fold_in(key, t), obs, state, params)
        return out[:2], (Transition(obs, mask, action, *out[2:]), to_act)

    return jax.lax.scan(body, env.reset(key, params), jnp.arange(steps))[1]


def _random_step(env: Environment, key: jax.Array, obs: Any, state: Any, params: Any) -> tuple[Any, Any, Any]:
    """The mask, a random legal action and what `step` makes of it."""
    policy_key, step_key = jax.random.split(key)
    mask = env.legal_actions(state, params)
    action = random_policy(env)(policy_key, obs, mask)
    return mask, action, env.step(step_key, state, action, params)


def _check_observations(env: Environment, params: Any, played: tuple[Transition, np.ndarray]) -> None:
    transition, _ = played
    spec, space = env.obs_spec, env.observation_space(params)
    lead = transition.reward.ndim  # time, lane and, with several players, player
    for field in spec.fields:
        value = np.asarray(spec.get(transition.obs, field.name))
        where = f"observation field {field.name!r}"
        assert value.dtype == np.dtype(field.dtype), f"{where}: dtype {value.dtype}, the spec says {field.dtype}"
        assert value.shape[lead:] == field.shape, f"{where}: shape {value.shape[lead:]}, the spec says {field.shape}"
        assert np.isfinite(value).all(), f"{where}: not finite"
        inside = (value >= field.low) & (value <= field.high)
        assert inside.all(), f"{where}: {value[~inside][0]} lies outside [{field.low}, {field.high}]"
        assert field.meaning, f"{where}: needs a meaning"
    one = jax.tree.map(lambda leaf: leaf[(0,) * lead], transition.obs)
    assert space.contains(one), f"observation_space {space!r} does not contain {one}"
    flat = spec.flatten(transition.obs)
    assert flat.shape[lead:] == (spec.size,), f"flatten gives {flat.shape[lead:]}, the spec's size is {spec.size}"
    _same_values("unflatten(flatten(obs)) and obs", spec.unflatten(flat), transition.obs)


def _check_masks(env: Environment, played: tuple[Transition, np.ndarray]) -> None:
    transition, to_act = played
    action_space = env.action_space()
    actions = transition.action.reshape(-1, *action_space.shape)
    for action in actions[:32]:
        assert action_space.contains(action), f"action_space {action_space!r} does not contain {action}"
    if env.num_actions == 0:
        return
    masks = transition.legal_actions
    assert masks.any(axis=-1).all(), f"legal_actions is all False at [step, lane, player] {_first(~masks.any(-1))}"
    if env.no_op is not None:
        only_no_op = np.arange(env.num_actions) == env.no_op
        wrong = ~to_act & (masks != only_no_op).any(-1)
        assert not wrong.any(), f"who waits must have exactly no_op, at {_first(wrong)} it has {masks[wrong][:1]}"
    else:
        assert to_act.all(), f"a player waits at {_first(~to_act)}, but spec.no_op names no action for it"
    over = transition.info["returned_episode"] & transition.terminated
    final = transition.info["final_legal_actions"][over]
    assert final.all(), f"a terminal state must allow everything, got {final[~final.all(-1)][:1]}"
    if "illegal" in transition.info:
        illegal = transition.info["illegal"]
        assert not illegal.any(), f'info["illegal"] is set for a legal action at {_first(illegal)}'


def _check_rewards_and_endings(env: Environment, played: tuple[Transition, np.ndarray]) -> None:
    transition, _ = played
    info, reward = transition.info, transition.reward
    low, high = env.spec.reward_range
    assert np.isfinite(reward).all(), f"reward is not finite at {_first(~np.isfinite(reward))}"
    outside = (reward < low) | (reward > high)
    assert not outside.any(), f"reward {reward[outside][:1]} lies outside spec.reward_range {(low, high)}"
    both = transition.terminated & transition.truncated
    assert not both.any(), f"terminated and truncated are both set at {_first(both)}; an end by the rules is terminated"
    ended = transition.terminated | transition.truncated
    assert ended.any(), "no episode ended: raise steps or lower params.max_steps_in_episode, else nothing is checked"
    _same_values("returned_episode and terminated | truncated", info["returned_episode"], ended)
    if env.spec.reward_only_at_end:
        early = (reward.reshape(*ended.shape, -1) != 0).any(-1) & ~ended
        assert not early.any(), f"spec says reward_only_at_end, but reward is {reward[early][:1]} at {_first(early)}"
    if env.spec.zero_sum:
        assert np.allclose(reward.sum(-1), 0, atol=1e-6), "spec says zero_sum, but rewards do not add up to 0"
    players = reward.shape[2:]
    total, length = np.zeros((reward.shape[1], *players), np.float32), np.zeros(reward.shape[1], np.int32)
    for t in range(len(reward)):
        total, length = total + reward[t], length + 1
        mask = ended[t].reshape(-1, *(1,) * len(players))
        wanted = np.where(mask, total, 0)
        got = info["returned_episode_return"][t]
        assert np.allclose(got, wanted, atol=1e-4), (
            f"returned_episode_return at step {t}: {got}, rewards sum to {wanted}"
        )
        _same_values(
            f"returned_episode_length at step {t}", info["returned_episode_length"][t], np.where(ended[t], length, 0)
        )
        total, length = np.where(mask, 0, total), np.where(ended[t], 0, length)
    going = ~ended[:-1]
    following = jax.tree.map(lambda leaf: leaf[1:][going], transition.obs)
    final = jax.tree.map(lambda leaf: leaf[:-1][going], info["final_observation"])
    _same_values("final_observation and the next observation, where no episode ended", final, following)


def _check_reproducible(env: Environment, played: Any, again: Any, reordered: Any, order: np.ndarray) -> None:
    _same_values("two runs from the same keys", again, played)
    _same_values("lanes in another order", reordered, jax.tree.map(lambda leaf: leaf[:, order], played))


def _check_alone(
    env: Environment, params: Any, key: jax.Array, played: Transition, tolerance: float, lane: int, steps: int = 4
) -> None:
    """A lane by itself, without vmap and with unstacked params, gives what it gives among others."""
    obs, state = env.reset(key, params)
    for t in range(min(steps, len(played.reward))):
        before = obs
        mask, action, out = _random_step(env, jax.random.fold_in(key, t), obs, state, params)
        obs, state, *rest = out
        alone = Transition(before, mask, action, *rest)
        among = jax.tree.map(lambda leaf, t=t: leaf[t, lane], played)
        _close(f"step {t}, alone and under vmap", alone, among, tolerance)


def _check_backends(
    env: Environment,
    params: Any,
    keys: jax.Array,
    played: Transition,
    tolerance: float,
    backends: Sequence[str],
    steps: int = 4,
) -> None:
    """The first steps by every other backend: equal integers, floats as for a lane alone."""
    others = [backend for backend in backends if backend != "xla"]
    expected = jax.tree.map(lambda leaf: np.moveaxis(leaf[:steps], 0, 1), played)
    for backend in others:
        missing = missing_compiler()
        if missing:
            warnings.warn(f"{env.id}: the backend {backend} is not checked: {missing}", stacklevel=3)
            continue
        play = choose(backend, env).vmap(functools.partial(_play_lane, env, steps), in_axes=(0, None))
        found, _ = play(keys, params)
        _close(f"random play by {backend} and by xla", found, expected, tolerance)


def _is_type(name: str, value: Any, shape: tuple[int, ...], dtype: Any) -> None:
    assert value.shape == shape and value.dtype == dtype, (
        f"{name} must be {np.dtype(dtype).name}{list(shape)}, got {value.dtype}{list(value.shape)}"
    )


def _pairs(name: str, a: Any, b: Any):
    """Leaves of equal path. Struct classes must match: compares structures first."""
    tree_a, tree_b = jax.tree.structure(a), jax.tree.structure(b)
    assert tree_a == tree_b, f"{name}: structures differ:\n{tree_a}\n{tree_b}"
    for (path, x), y in zip(jax.tree_util.tree_flatten_with_path(a)[0], jax.tree.leaves(b), strict=True):
        yield f"{name}: at {jax.tree_util.keystr(path) or 'the root'}", x, y


def _same_types(name: str, a: Any, b: Any) -> None:
    for where, x, y in _pairs(name, a, b):
        assert x.shape == y.shape and x.dtype == y.dtype, (
            f"{where}: {x.dtype}{list(x.shape)} and {y.dtype}{list(y.shape)}"
        )


def _same_values(name: str, a: Any, b: Any) -> None:
    for where, x, y in _pairs(name, a, b):
        x, y = _plain(x), _plain(y)
        # That values are finite is another check's business.
        same = np.array_equal(x, y, equal_nan=x.dtype.kind == "f")
        assert x.dtype == y.dtype and same, f"{where}: {_difference(x, y)}"


def _close(name: str, a: Any, b: Any, tolerance: float) -> None:
    """Equal integers; floats up to how XLA rounds another program."""
    for where, x, y in _pairs(name, a, b):
        x, y = _plain(x), _plain(y)
        if x.shape != y.shape:
            differ = np.array(True)
        elif x.dtype.kind == "f":
            differ = ~np.isclose(x, y, rtol=tolerance, atol=tolerance)
        else:
            differ = x != y
        assert not np.any(differ), f"{where}: {_difference(x, y, differ)}"


def _difference(x: np.ndarray, y: np.ndarray, differ: np.ndarray | None = None) -> str:
    if x.shape != y.shape:
        return f"shapes {x.shape} and {y.shape}"
    at = _first(x != y if differ is None else differ)
    return f"first at {at}: {x[at]} and {y[at]}"


def _first(wrong: Any) -> tuple[int, ...]:
    return tuple(int(i) for i in np.argwhere(wrong)[0]) if np.ndim(wrong) and np.any(wrong) else ()


def _plain(leaf: Any) -> np.ndarray:
    return np.asarray(jax.random.key_data(leaf)) if _is_key(leaf) else np.asarray(leaf)


def _is_key(leaf: Any) -> bool:
    return isinstance(leaf, jax.Array) and jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key)
