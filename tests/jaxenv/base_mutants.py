"""Copies of the base class with one bug each, for any environment: what `check_env` must find on every one of them."""

from __future__ import annotations

import dataclasses
import importlib.util
import itertools
import sys
import types
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
from jax.custom_batching import custom_vmap

from jaxenv import autoreset

_AUTORESET, _ENVIRONMENT = "jaxenv.autoreset", "jaxenv.environment"
_RETURN = "return obs, next_state, reward, terminated, truncated, info"
_STEP_ENV = "env.step_env(step_key, state.env_state, action, params)"
_SPLIT = "step_key, _ = jax.random.split(key)"
_RESET_KEY = "_, reset_key = jax.random.split(key)"
_MAYBE = "maybe(ended, begin, env_state)"
_ENDED = '"returned_episode": ended'
_RETURN_ON = "jnp.where(ended, jnp.zeros_like(episode_return), episode_return)"
_LENGTH_ON = "jnp.where(ended, 0, episode_length)"
_BEGIN = "return reset_hook(env)(reset_key, params)[1]"


@dataclasses.dataclass(frozen=True)
class BaseMutant:
    """`old`, which stands once in the module's source, becomes `new`. `finds`: words that the message must have."""

    id: str
    new: str
    finds: str
    old: str = _RETURN
    module: str = _AUTORESET


def _returning(**changed: str) -> str:
    """The return of `step` with some of its values changed."""
    names = ("obs", "next_state", "reward", "terminated", "truncated", "info")
    return f"return {', '.join(changed.get(name, name) for name in names)}"


MUTANTS = (
    # the last observation and mask of an episode
    BaseMutant(
        "final observation of the next episode",
        _returning(info='{**info, "final_observation": obs}'),
        "final_observation",
    ),
    BaseMutant(
        "final observation of before the step",
        '"final_observation": env.observe(state.env_state, params)',
        "final_observation",
        old='"final_observation": obs',
    ),
    BaseMutant(
        "final mask of the next episode",
        _returning(info='{**info, "final_legal_actions": env.legal_actions(env_state, params)}'),
        "final_legal_actions",
    ),
    BaseMutant(
        "final mask of before the step",
        "env.legal_actions(state.env_state, params)",
        "final_legal_actions",
        old="env.legal_actions(env_state, params)",
    ),
    # flags and the limit
    BaseMutant(
        "truncation reported as termination",
        _returning(terminated="terminated | truncated", truncated="jnp.zeros_like(truncated)"),
        "terminated",
    ),
    BaseMutant(
        "termination reported as truncation",
        _returning(terminated="jnp.zeros_like(truncated)", truncated="terminated | truncated"),
        "terminated",
    ),
    BaseMutant("both flags at once", _returning(truncated="truncated | terminated"), "terminated and truncated"),
    BaseMutant("truncated one step late", _STEP_ENV[:-7] + "with_limit(params, 1))", "truncated", old=_STEP_ENV),
    BaseMutant("truncated one step early", _STEP_ENV[:-7] + "with_limit(params, -1))", "truncated", old=_STEP_ENV),
    BaseMutant("limit of the default params", _STEP_ENV[:-7] + "env.default_params)", "truncated", old=_STEP_ENV),
    BaseMutant(
        "reset by the default params",
        _BEGIN.replace("params", "env.default_params"),
        "new episode",
        old=_BEGIN,
    ),
    BaseMutant("given params dropped", "if False:", "params", old="if params is not None:", module=_ENVIRONMENT),
    BaseMutant(
        "params of step dropped",
        'arguments.to_array(self, "step", action), self._resolve(None))',
        "params",
        old='arguments.to_array(self, "step", action), self._resolve(params))',
        module=_ENVIRONMENT,
    ),
    BaseMutant(
        "params of reset dropped",
        "return self._reset(key, self._resolve(None))",
        "params",
        old="return self._reset(key, self._resolve(params))",
        module=_ENVIRONMENT,
    ),
    # the next episode
    BaseMutant("the same episode for ever", "reset_key = one_key(key)", "new episode", old=_RESET_KEY),
    BaseMutant("reset by step's whole key", "reset_key = key", "new episode", old=_RESET_KEY),
    BaseMutant("reset by the key of the step", "reset_key, _ = jax.random.split(key)", "new episode", old=_RESET_KEY),
    BaseMutant("step by the whole key", "step_key = key", "key", old=_SPLIT),
    BaseMutant("step by the key of the reset", "_, step_key = jax.random.split(key)", "key", old=_SPLIT),
    BaseMutant("the same draws in every step", "step_key = one_key(key)", "key", old=_SPLIT),
    BaseMutant(
        "first reset by half of the key",
        "reset_hook(env)(jax.random.split(key)[0], params)",
        "key",
        old="reset_hook(env)(key, params)",
    ),
    BaseMutant(
        "last leaf of the state kept",
        f"{_RESET_KEY}\n        return keep_leaf(env_state, reset_hook(env)(reset_key, params)[1])",
        "new episode",
        old=f"del env_state\n        {_RESET_KEY}\n        {_BEGIN}",
    ),
    BaseMutant("no reset at all", "env_state = env_state", "new episode", old=_MAYBE),
    BaseMutant("no reset after truncation", "maybe(terminated, begin", "new episode", old="maybe(ended, begin"),
    BaseMutant("no reset after termination", "maybe(truncated, begin", "new episode", old="maybe(ended, begin"),
    BaseMutant("all lanes reset when one ends", _MAYBE[:-1] + ", masked=True)", "step_env", old=_MAYBE),
    BaseMutant(
        "observation of the episode that ended",
        "obs = obs",
        "observation",
        old="obs = env.observe(env_state, params)",
    ),
    BaseMutant(
        "the hook of the other mode",
        'env.autoreset != "pool"',
        "reset must begin by",
        old='env.autoreset == "pool"',
    ),
    BaseMutant(
        "the pool never used",
        "return env.reset_env",
        "reset must begin by",
        old='return env.reset_from_pool if env.autoreset == "pool" else env.reset_env',
    ),
    # the figures of an episode
    BaseMutant(
        "return without the last reward",
        "jnp.where(ended, state.episode_return, jnp",
        "returned_episode_return",
        old="jnp.where(ended, episode_return, jnp",
    ),
    BaseMutant(
        "return shown while it runs",
        '"returned_episode_return": episode_return',
        "returned_episode_return",
        old='"returned_episode_return": jnp.where(ended, episode_return, jnp.zeros_like(episode_return))',
    ),
    BaseMutant(
        "length without the last step",
        "jnp.where(ended, state.episode_length, 0)",
        "returned_episode_length",
        old="jnp.where(ended, episode_length, 0)",
    ),
    BaseMutant("return carried into the next episode", "episode_return", "running return", old=_RETURN_ON),
    BaseMutant("length carried into the next episode", "episode_length", "running length", old=_LENGTH_ON),
    BaseMutant("only terminations returned", '"returned_episode": terminated', "returned_episode", old=_ENDED),
    BaseMutant("the last reward doubled", _returning(reward="jnp.where(ended, 2 * reward, reward)"), "reward"),
    # info, types and the batch
    BaseMutant("info of step_env dropped", "info = {\n", "info", old="info = {\n        **info,\n"),
    BaseMutant(
        "an entry of info in every other trace",
        _returning(info="{**info, **every_other_time(ended)}"),
        "structures differ",
    ),
    BaseMutant(
        "an entry of info without a batch",
        _returning(info="{**info, **without_batch(ended)}"),
        "structures differ",
    ),
    BaseMutant(
        "no final mask in info",
        _returning(info='{k: v for k, v in info.items() if k != "final_legal_actions"}'),
        "info lacks",
    ),
    BaseMutant(
        "return in half precision",
        f"{_RETURN_ON}.astype(jnp.float16)",
        "float16",
        old=_RETURN_ON,
    ),
    BaseMutant("length as a float", f"{_LENGTH_ON}.astype(jnp.float32)", "float32", old=_LENGTH_ON),
    BaseMutant("reward in half precision", _returning(reward="reward.astype(jnp.float16)"), "float16"),
    BaseMutant("flags as numbers", _returning(terminated="terminated.astype(jnp.int32)"), "int32"),
    BaseMutant(
        "draws by the lane's place in the batch",
        "step_key, _ = jax.random.split(by_place(key))",
        "key",
        old=_SPLIT,
    ),
    BaseMutant(
        "an action dropped",
        "action = jax.tree.map(jnp.zeros_like, action)",
        "action",
        old='action = arguments.checked_action(env, "step", action)',
    ),
)


def mutated(env: Any, mutant: BaseMutant) -> Any:
    """`env` of a new subclass whose base class has the bug."""
    base = _load(mutant)
    own = ("reset", "step", "_reset", "_step", "_resolve")
    methods = {name: vars(base)[name] for name in own}
    made = type(f"Mutated{type(env).__name__}", (type(env),), {**methods, "__module__": __name__})
    made = dataclasses.dataclass(frozen=True, kw_only=True)(made)
    return made(**{field.name: getattr(env, field.name) for field in dataclasses.fields(env) if field.init})


def _load(mutant: BaseMutant) -> type:
    """The class `Environment` of a copy of both modules, one of them with the bug."""
    loaded = _copy(_AUTORESET, mutant)
    loaded.AutoResetState = autoreset.AutoResetState
    vars(loaded).update(_HELPERS)
    return _copy(_ENVIRONMENT, mutant, loaded).Environment


def _copy(name: str, mutant: BaseMutant, autoreset_copy: Any = None) -> Any:
    """A copy of a module, with the bug if it is there; `autoreset_copy` takes the place of `jaxenv.autoreset` in it."""
    spec = importlib.util.find_spec(name)
    assert spec is not None and spec.origin is not None
    source = Path(spec.origin).read_text()
    if mutant.module == name:
        found = source.count(mutant.old)
        assert found == 1, f"{mutant.id}: {name} holds {mutant.old!r} {found} times"
        source = source.replace(mutant.old, mutant.new)
    module = types.ModuleType(f"{name}_mutated")
    sys.modules[module.__name__] = module  # dataclasses look their module up
    try:
        exec(compile(source, spec.origin, "exec", dont_inherit=True), vars(module))
    finally:
        del sys.modules[module.__name__]
    if autoreset_copy is not None:
        vars(module)["autoreset"] = autoreset_copy
    return module


# ---- what the mutants call


def with_limit(params: Any, more: int) -> Any:
    return dataclasses.replace(params, max_steps_in_episode=params.max_steps_in_episode + more)


def one_key(key: jax.Array) -> jax.Array:
    """The same key in every step and lane, of the kind of `key`."""
    if jnp.issubdtype(key.dtype, jax.dtypes.prng_key):
        return jax.random.wrap_key_data(jnp.zeros_like(jax.random.key_data(key)), impl=jax.random.key_impl(key))
    return jnp.zeros_like(key)


def keep_leaf(old: Any, new: Any) -> Any:
    """The new state but for its last leaf."""
    leaves, tree = jax.tree.flatten(new)
    return jax.tree.unflatten(tree, [*leaves[:-1], jax.tree.leaves(old)[-1]])


_traces = itertools.count()


def every_other_time(ended: Any) -> dict[str, Any]:
    """An entry in every other trace."""
    return {"sometimes": ended} if next(_traces) % 2 else {}


def without_batch(ended: Any) -> dict[str, Any]:
    batched = hasattr(ended, "batch_dim")
    return {} if batched else {"alone": ended}


@custom_vmap
def _by_place(data: jax.Array) -> jax.Array:
    return data


@_by_place.def_vmap
def _(axis_size: int, in_batched: Any, data: jax.Array) -> Any:
    place = jnp.arange(axis_size, dtype=jnp.uint32).reshape(-1, *(1,) * (data.ndim - in_batched[0]))
    return data + place, True


def key_by_place(key: jax.Array) -> jax.Array:
    if jnp.issubdtype(key.dtype, jax.dtypes.prng_key):
        return jax.random.wrap_key_data(_by_place(jax.random.key_data(key)), impl=jax.random.key_impl(key))
    return _by_place(key)


_HELPERS = {
    "with_limit": with_limit,
    "one_key": one_key,
    "keep_leaf": keep_leaf,
    "every_other_time": every_other_time,
    "without_batch": without_batch,
    "by_place": key_by_place,
}
