"""A program of one battle run on many by NumPy, operation by operation, without compiling it.

Tracing the engine takes seconds where compiling it takes minutes, so that the small checks of a test run use this. It
knows the operations that the rules are made of and no others; a batch is one more axis in front of every value.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.core import Literal

Value = np.ndarray
_CALLS = ("pjit", "jit", "closed_call", "custom_jvp_call", "custom_vmap_call")


def _lifted(value: Value, axes: int) -> Value:
    """``value`` with axes of length 1 at its end, up to ``axes`` in all."""
    return value.reshape(value.shape + (1,) * (axes - value.ndim))


def _divide(one: Value, other: Value) -> Value:
    if one.dtype.kind not in "iu":
        return one / other
    wide, by = one.astype(np.int64), np.where(other == 0, 1, other).astype(np.int64)
    return (np.abs(wide) // np.abs(by) * np.sign(wide) * np.sign(by)).astype(one.dtype)


def _shift_right(one: Value, by: Value) -> Value:
    return (one.astype(np.uint32) >> by.astype(np.uint32)).astype(one.dtype)


_ELEMENTWISE: dict[str, Callable[..., Value]] = {
    "add": np.add, "sub": np.subtract, "mul": np.multiply, "max": np.maximum, "min": np.minimum,
    "and": np.bitwise_and, "or": np.bitwise_or, "xor": np.bitwise_xor, "not": np.invert, "neg": np.negative,
    "sign": np.sign, "abs": np.abs, "eq": np.equal, "ne": np.not_equal, "lt": np.less, "le": np.less_equal,
    "gt": np.greater, "ge": np.greater_equal, "div": _divide, "shift_right_logical": _shift_right,
    "shift_right_arithmetic": np.right_shift, "shift_left": np.left_shift,
    "rem": lambda one, by: np.fmod(one, np.where(by == 0, 1, by)),
}  # fmt: skip


def _axes(axes: Sequence[int]) -> tuple[int, ...]:
    return tuple(axis + 1 for axis in axes)


def _select(which: Value, *cases: Value) -> Value:
    axes = max(case.ndim for case in cases)
    which = _lifted(which, axes)
    chosen = _lifted(cases[0], axes)
    for place, case in enumerate(cases[1:], 1):
        chosen = np.where(which if which.dtype == bool else which == place, _lifted(case, axes), chosen)
    return chosen


def _broadcast(value: Value, *, shape: Any, broadcast_dimensions: Any, **_: Any) -> Value:
    lengths = [1] * len(shape)
    for axis, target in enumerate(broadcast_dimensions):
        lengths[target] = value.shape[axis + 1]
    return np.broadcast_to(value.reshape([value.shape[0], *lengths]), (value.shape[0], *shape))


def _slice(value: Value, *, start_indices: Any, limit_indices: Any, strides: Any) -> Value:
    steps = strides or (1,) * (value.ndim - 1)
    return value[(slice(None), *map(slice, start_indices, limit_indices, steps))]


def _concatenate(*values: Value, dimension: int) -> Value:
    lanes = max(value.shape[0] for value in values)
    return np.concatenate([np.broadcast_to(value, (lanes, *value.shape[1:])) for value in values], dimension + 1)


def _iota(*, dtype: Any, shape: Any, dimension: int, **_: Any) -> Value:
    lengths = [1, *(-1 if axis == dimension else 1 for axis in range(len(shape)))]
    return np.broadcast_to(np.arange(shape[dimension], dtype=np.dtype(dtype)).reshape(lengths), (1, *shape))


_SHAPED: dict[str, Callable[..., Value]] = {
    "select_n": _select,
    "convert_element_type": lambda value, *, new_dtype, **_: value.astype(np.dtype(new_dtype), copy=False),
    "broadcast_in_dim": _broadcast,
    "squeeze": lambda value, *, dimensions: np.squeeze(value, _axes(dimensions)),
    "reshape": lambda value, *, new_sizes, **_: value.reshape((value.shape[0], *new_sizes)),
    "transpose": lambda value, *, permutation: np.transpose(value, (0, *_axes(permutation))),
    "slice": _slice,
    "concatenate": _concatenate,
    "stack": lambda *values, axis=0, **_: np.stack(np.broadcast_arrays(*values), axis + 1),
    "iota": _iota,
    "reduce_or": lambda value, *, axes, **_: np.any(value, _axes(axes)),
    "reduce_and": lambda value, *, axes, **_: np.all(value, _axes(axes)),
    "reduce_sum": lambda value, *, axes, **_: np.sum(value, _axes(axes), dtype=value.dtype),
    "reduce_max": lambda value, *, axes, **_: np.max(value, _axes(axes)),
    "reduce_min": lambda value, *, axes, **_: np.min(value, _axes(axes)),
    "cumsum": lambda value, *, axis, **_: np.cumsum(value, axis + 1, dtype=value.dtype),
    "clamp": lambda low, value, high: np.clip(value, _lifted(low, value.ndim), _lifted(high, value.ndim)),
    "argmax": lambda value, *, axes, index_dtype: np.argmax(value, axes[0] + 1).astype(np.dtype(index_dtype)),
}


# Keys of JAX's random numbers, as the words that they are made of.
_KEYS: dict[str, Callable[..., Any]] = {
    "random_wrap": lambda words, **_: words,
    "random_unwrap": lambda words, **_: words,
    "random_split": lambda words, *, shape: jax.random.key_data(
        jax.random.split(jax.random.wrap_key_data(words), shape)
    ),
    "random_bits": lambda words, *, bit_width, shape: jax.random.bits(
        jax.random.wrap_key_data(words), shape, f"uint{bit_width}"
    ),
}


def _merged(which: Value, new: Sequence[Value], old: Sequence[Value]) -> list[Value]:
    """``new`` in the lanes ``which``, ``old`` in the others."""
    return [
        one if one is two else np.where(_lifted(which, max(one.ndim, two.ndim)), one, two)
        for one, two in zip(new, old, strict=True)
    ]


def _gather(equation: Any, values: list[Value]) -> Value:
    table, index = values
    numbers = equation.params["dimension_numbers"]
    row = numbers.start_index_map == (0,) and numbers.collapsed_slice_dims == (0,) and index.ndim == 2
    if row and table.shape[0] == 1 and tuple(equation.params["slice_sizes"][1:]) == table.shape[2:]:
        return table[0][np.clip(index[:, 0], 0, table.shape[1] - 1)]
    return _by_jax(equation, values)[0]


def _by_jax(equation: Any, values: list[Value]) -> list[Value]:
    """An operation that is not written here, by JAX itself."""
    lanes = max(value.shape[0] for value in values)
    full = [jnp.asarray(np.broadcast_to(value, (lanes, *value.shape[1:]))) for value in values]
    found = jax.vmap(lambda *one: equation.primitive.bind(*one, **equation.params))(*full)
    return [np.asarray(one) for one in (found if equation.primitive.multiple_results else [found])]


def _conditional(params: dict[str, Any], values: list[Value]) -> list[Value]:
    which = values[0].astype(np.int32)
    found: list[Value] | None = None
    for place, branch in enumerate(params["branches"]):
        lanes = which == place
        if lanes.any():
            new = _run(branch.jaxpr, branch.consts, values[1:])
            found = new if found is None else _merged(lanes, new, found)
    if found is None:
        raise ValueError(f"a branch among {sorted(set(which.tolist()))}; there are {len(params['branches'])}")
    return found


def _while(params: dict[str, Any], values: list[Value]) -> list[Value]:
    first, second = params["cond_nconsts"], params["body_nconsts"]
    known, given, carry = values[:first], values[first : first + second], values[first + second :]
    test, body = params["cond_jaxpr"], params["body_jaxpr"]
    while True:
        lanes = _run(test.jaxpr, test.consts, [*known, *carry])[0]
        if not lanes.any():
            return carry
        new = _run(body.jaxpr, body.consts, [*given, *carry])
        carry = new if lanes.all() else _merged(lanes, new, carry)


def _scan(params: dict[str, Any], values: list[Value]) -> list[Value]:
    first, second = params["num_consts"], params["num_carry"]
    known, carry, rows = values[:first], values[first : first + second], values[first + second :]
    body, told = params["jaxpr"], []
    for step in range(params["length"]):
        at = params["length"] - 1 - step if params["reverse"] else step
        out = _run(body.jaxpr, body.consts, [*known, *carry, *(row[:, at] for row in rows)])
        carry = out[:second]
        told.append(out[second:])
    return [*carry, *(np.stack(column, 1) for column in zip(*told, strict=True))]


def _run(jaxpr: Any, consts: Sequence[Any], args: Sequence[Value]) -> list[Value]:
    known: dict[Any, Value] = dict(zip(jaxpr.constvars, (np.asarray(const)[None] for const in consts), strict=True))
    known.update(zip(jaxpr.invars, args, strict=True))

    def read(atom: Any) -> Value:
        return np.asarray(atom.val)[None] if isinstance(atom, Literal) else known[atom]

    for equation in jaxpr.eqns:
        name, params = equation.primitive.name, equation.params
        values = [read(atom) for atom in equation.invars]
        if name in _ELEMENTWISE:
            axes = max(value.ndim for value in values)
            out = [_ELEMENTWISE[name](*(_lifted(value, axes) for value in values))]
        elif name in _SHAPED:
            out = [_SHAPED[name](*values, **params)]
        elif name in _CALLS:
            inner = params.get("jaxpr") or params.get("call_jaxpr") or params["call"]
            out = _run(inner.jaxpr, inner.consts, values)
        elif name == "cond":
            out = _conditional(params, values)
        elif name == "while":
            out = _while(params, values)
        elif name == "scan":
            out = _scan(params, values)
        elif name in _KEYS:
            out = [np.asarray(jax.vmap(lambda words, n=name, p=params: _KEYS[n](words, **p))(jnp.asarray(values[0])))]
        elif name == "gather":
            out = [_gather(equation, values)]
        else:
            out = _by_jax(equation, values)
        known.update(zip(equation.outvars, out, strict=True))
    return [read(atom) for atom in jaxpr.outvars]


def interpreted(fn: Callable[..., Any]) -> Callable[..., Any]:
    """The function ``jax.jit(jax.vmap(fn))``, for arguments with a leading axis; traced once for all of a shape."""
    traced: dict[Any, tuple[Any, Any]] = {}

    def run(*args: Any) -> Any:
        leaves, tree = jax.tree.flatten(args)
        leaves = [np.asarray(leaf) for leaf in leaves]
        key = (tree, tuple((leaf.shape[1:], leaf.dtype.name) for leaf in leaves))
        if key not in traced:
            traced[key] = jax.make_jaxpr(fn, return_shape=True)(*jax.tree.unflatten(tree, [leaf[0] for leaf in leaves]))
        closed, shape = traced[key]
        lanes = len(leaves[0])
        with np.errstate(over="ignore"):
            out = _run(closed.jaxpr, closed.consts, leaves)
        full = [np.broadcast_to(value, (lanes, *value.shape[1:])) for value in out]
        return jax.tree.unflatten(jax.tree.structure(shape), full)

    return run
