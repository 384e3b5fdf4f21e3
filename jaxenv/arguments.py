"""Checks of what `reset`, `step` and the hooks are given: key, state and action.

They are made while tracing, on shapes and types, so that a compiled program pays nothing for them.
"""

from __future__ import annotations

import functools
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

import jax
import jax.core
import jax.numpy as jnp
import numpy as np

from jaxenv.pretty import array_type, pretty
from jaxenv.spaces import Box, Discrete

if TYPE_CHECKING:
    from jaxenv.environment import Environment

_IN_AXES = {
    "reset": "(0, None)",
    "step": "(0, 0, 0, None)",
    "step_env": "(0, 0, 0, None)",
    "legal_actions": "(0, None)",
    "observe": "(0, None)",
}
_MOST_KNOWN = 256
_known: OrderedDict[Any, Any] = OrderedDict()
"""Types of the states that resets returned in this process, by environment and types of params."""


def check_key(env: Environment, method: str, key: Any) -> None:
    """Raise TypeError unless `key` is one random key, typed or raw."""
    dtype, shape = getattr(key, "dtype", None), np.shape(key)
    typed = dtype is not None and jnp.issubdtype(dtype, jax.dtypes.prng_key)
    if not typed and (dtype != np.uint32 or not shape):
        raise TypeError(f"{env.id}: {method}: the key must be made by jax.random.key, got {_described(key)}")
    axes = len(shape) if typed else len(shape) - 1
    if axes:
        hint = f"; {_batch_of(shape[0], method)}" if axes == 1 else ""
        raise TypeError(f"{env.id}: {method}: the key must be one random key, got {array_type(key)}{hint}")


# ---- actions


def to_array(env: Environment, method: str, action: Any) -> Any:
    """The action as it may enter a compiled program: lists become arrays, and no number is cut to 32 bits.

    Raises TypeError for a list that is no array, ValueError for an index that does not fit int32.
    """
    if isinstance(action, (str, bytes, dict, set)) and isinstance(env.action_space(), (Discrete, Box)):
        raise TypeError(f"{_must_be(env, method)}, got {action!r}")
    if isinstance(action, (list, tuple)):
        try:
            traced = any(isinstance(leaf, jax.Array) for leaf in jax.tree.leaves(action))
            action = jnp.asarray(action) if traced else np.asarray(action)
        except (ValueError, TypeError) as error:
            raise TypeError(f"{_must_be(env, method)}, got {action!r}: {error}") from error
    if isinstance(action, (int, np.ndarray, np.generic)) and isinstance(env.action_space(), Discrete):
        values = np.asarray(action)
        if values.dtype.kind in "iuO" and values.dtype.itemsize > 4:
            limits = np.iinfo(np.int32)
            for value in values.ravel().tolist():
                if isinstance(value, int) and not limits.min <= value <= limits.max:
                    raise ValueError(f"{_must_be(env, method)}, got {value}, which does not fit int32")
    return action


def checked_action(env: Environment, method: str, action: Any) -> Any:
    """The action in the type of the action space, its shape checked; with two players the leading axis is the player.

    * Discrete: any integer type. Traced numbers of 64 bits that lie outside the space become the index below or above
      it, which is as illegal; a plain cast could make a legal one of them.
    * Box: any type of floats or integers.

    Raises TypeError for another type, ValueError for another shape.
    """
    space = env.action_space()
    if not isinstance(space, (Discrete, Box)):
        return action
    action = to_array(env, method, action)
    shape, dtype, wanted = np.shape(action), _dtype(action), np.dtype(space.dtype)
    integer = jnp.issubdtype(dtype, jnp.integer)
    if np.issubdtype(wanted, np.integer) and not integer:
        remedy = f"take the argmax of scores, or cast with .astype({wanted.name})"
        raise TypeError(f"{_must_be(env, method)}, got {_described(action)}; its actions are integers: {remedy}")
    if np.issubdtype(wanted, np.floating) and not (integer or jnp.issubdtype(dtype, jnp.floating)):
        raise TypeError(f"{_must_be(env, method)}, got {_described(action)}")
    expected = (*env._player_axis, *space.shape)
    if shape != expected:
        hint = f"; {_batch_of(shape[0], method)}" if shape and shape[1:] == expected else ""
        raise ValueError(f"{_must_be(env, method)}, got {_described(action)}{hint}")
    if dtype == wanted and isinstance(action, jax.Array):
        return action
    action = jnp.asarray(action, dtype)
    if isinstance(space, Discrete) and dtype.itemsize > wanted.itemsize:
        action = jnp.clip(action, 0 if jnp.issubdtype(dtype, jnp.unsignedinteger) else -1, space.n)
    return action.astype(wanted)


def _must_be(env: Environment, method: str) -> str:
    space: Any = env.action_space()
    shape = ",".join(map(str, (*env._player_axis, *space.shape)))
    each = f", one for each of {env.num_players} players" if env.num_players > 1 else ""
    return f"{env.id}: {method}: the action must be {np.dtype(space.dtype).name}[{shape}]{each}"


# ---- states


def remember_state(env: Environment, params: Any, env_state: Any) -> None:
    """Note the types of a state that a reset of this environment returned."""
    which = _which(env, params)
    _known[which] = jax.tree.map(_type, env_state)
    _known.move_to_end(which)
    while len(_known) > _MOST_KNOWN:
        _known.popitem(last=False)


def check_state(env: Environment, method: str, key: Any, env_state: Any, params: Any, name: str = "state") -> None:
    """Raise TypeError, naming the first wrong leaf, unless a reset returns states of this structure and these types."""
    expected = _known.get(_which(env, params)) or _of_reset(env, key, params)
    if expected is not None:
        _compare(env, method, name, expected, env_state, dtypes=True)


def check_state_to_read(env: Environment, method: str, env_state: Any, params: Any) -> None:
    """The same for hooks that only read the state, once a reset was seen; any precision will do."""
    expected = None if params is None else _known.get(_which(env, params))
    if expected is not None:
        _compare(env, method, "state", expected, env_state, dtypes=False)


def check_one_state(env: Environment, method: str, env_state: Any, params: Any) -> None:
    """Refuse a batch of states where one is needed, also before any reset."""
    expected = _known.get(_which(env, params)) or _of_reset(env, jax.random.key(0), params)
    if expected is not None:
        lead = {np.ndim(leaf) - len(want.shape) for leaf, want in _pairs(env_state, expected)}
        if lead and min(lead) > 0:
            raise ValueError(
                f"{env.id}: {method}: the state has {min(lead)} axes more than one environment's; "
                "choose one of them, as `jax.tree.map(lambda leaf: leaf[0], state)`"
            )
        _compare(env, method, "state", expected, env_state, dtypes=False)


def _pairs(given: Any, expected: Any) -> list[tuple[Any, Any]]:
    if jax.tree.structure(given) != jax.tree.structure(expected):
        return []
    return list(zip(jax.tree.leaves(given), jax.tree.leaves(expected), strict=True))


def _of_reset(env: Environment, key: Any, params: Any) -> Any:
    try:
        _, state = jax.eval_shape(env.reset_env, key, params)
    except Exception:  # a reset that cannot be traced by itself says why when it is called
        return None
    remember_state(env, params, state)
    return state


def _which(env: Environment, params: Any) -> Any:
    leaves, tree = jax.tree.flatten(params)
    types = tuple((np.shape(leaf), str(_dtype(leaf))) for leaf in leaves)
    return env, tree, types, jax.config.jax_enable_x64  # type: ignore[attr-defined]


def _compare(env: Environment, method: str, name: str, expected: Any, given: Any, dtypes: bool) -> None:
    structure = jax.tree.structure(expected)
    if jax.tree.structure(given) != structure:
        where = f"{env.id}: {method}"
        if jax.tree.structure(getattr(given, "env_state", None)) == structure:
            raise TypeError(f"{where}: takes the environment's own state: pass state.env_state")
        if type(given) is not type(expected):
            raise TypeError(f"{where}: {name} must be a {type(expected).__name__}, got a {type(given).__name__}")
        raise TypeError(f"{where}: {name} must have the structure\n{pretty(expected)}\nit has\n{pretty(given)}")
    paths = jax.tree_util.tree_flatten_with_path(expected)[0]
    pairs = [(path, want, _type(leaf)) for (path, want), leaf in zip(paths, jax.tree.leaves(given), strict=True)]
    if not dtypes:  # a key and its data are the same to read
        pairs = [pair for pair in pairs if _is_key(pair[1]) == _is_key(pair[2])]
    wrong = [pair for pair in pairs if pair[1].shape != pair[2].shape or (dtypes and pair[1].dtype != pair[2].dtype)]
    if not wrong:
        return
    path, want, got = wrong[0]
    sizes = {got.shape[0] if got.shape and got.shape[1:] == want.shape else None for _, want, got in pairs}
    size = sizes.pop()
    hint = "" if sizes or size is None else f"; {_batch_of(size, method)}"
    leaf = f"{name}{jax.tree_util.keystr(path)}"
    raise TypeError(f"{env.id}: {method}: {leaf} must be {array_type(want)}, got {array_type(got)}{hint}")


def _batch_of(size: int, method: str) -> str:
    vmap = f"jax.vmap(env.{method}, in_axes={_IN_AXES[method]})"
    return f"that is a batch of {size}, and {method} acts on one environment: use {vmap}"


def _described(value: Any) -> str:
    return array_type(value) if hasattr(value, "dtype") and hasattr(value, "shape") else repr(value)


def _is_key(leaf: Any) -> bool:
    return bool(jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key))


def _type(leaf: Any) -> jax.ShapeDtypeStruct:
    return jax.ShapeDtypeStruct(np.shape(leaf), _dtype(leaf))


def _dtype(leaf: Any) -> Any:
    """As JAX sees it: without x64, 32 bits."""
    dtype = getattr(leaf, "dtype", None)
    if dtype is not None and jnp.issubdtype(dtype, jax.dtypes.extended):
        return dtype
    return jnp.result_type(leaf)


def checks_step(step_env: Any) -> Any:
    """`step_env`, its state checked, with the action in the type of the action space."""

    @functools.wraps(step_env)
    def wrapper(self: Environment, key: Any, state: Any, action: Any, params: Any) -> Any:
        if type(self).step_env is not wrapper:  # called by a subclass, whose state may be another
            return step_env(self, key, state, action, params)
        check_state(self, "step_env", key, state, params)
        return step_env(self, key, state, checked_action(self, "step_env", action), params)

    return wrapper
