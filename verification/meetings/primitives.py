"""JAX's primitives on batches, by NumPy: a value of a batch has the lanes first, a constant has none.

Nothing is compiled, so that a big program is evaluated at once. What has no rule here is evaluated by JAX under `vmap`.
Floats may differ from XLA's in the last place; cases are compared by the implementations, not by these values.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

Rule = Callable[..., Any]


def _shift(move: Rule) -> Rule:
    def shift(a: Any, b: Any) -> Any:
        bits = np.dtype(a.dtype).itemsize * 8
        return np.where((b >= 0) & (b < bits), move(a, np.clip(b, 0, bits - 1).astype(a.dtype)), np.zeros((), a.dtype))

    return shift


def _logical(a: Any, b: Any) -> Any:
    unsigned = np.dtype(f"u{np.dtype(a.dtype).itemsize}")
    return np.right_shift(np.asarray(a).view(unsigned), np.asarray(b).astype(unsigned)).view(a.dtype)


def _arithmetic(a: Any, b: Any) -> Any:
    bits = np.dtype(a.dtype).itemsize * 8
    return np.right_shift(a, np.clip(b, 0, bits - 1).astype(a.dtype))


def _divide(a: Any, b: Any) -> Any:
    if a.dtype.kind == "f":
        return a / b
    wide = np.asarray(a, np.int64), np.asarray(b, np.int64)
    divisor = np.where(wide[1] == 0, 1, wide[1])
    found = np.abs(wide[0]) // np.abs(divisor) * np.sign(wide[0]) * np.sign(divisor)
    return np.where(wide[1] == 0, -1, found).astype(a.dtype)


def _remainder(a: Any, b: Any) -> Any:
    return np.fmod(a, np.where(b == 0, np.ones((), b.dtype), b)) if a.dtype.kind != "f" else np.fmod(a, b)


#: Of operands of the same shape, element by element; no parameters matter.
ELEMENTWISE: dict[str, Rule] = {
    "add": np.add,
    "add_any": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "div": _divide,
    "rem": _remainder,
    "max": np.maximum,
    "min": np.minimum,
    "neg": np.negative,
    "abs": np.abs,
    "sign": np.sign,
    "eq": np.equal,
    "ne": np.not_equal,
    "lt": np.less,
    "le": np.less_equal,
    "gt": np.greater,
    "ge": np.greater_equal,
    "and": np.bitwise_and,
    "or": np.bitwise_or,
    "xor": np.bitwise_xor,
    "not": np.invert,
    "shift_left": _shift(np.left_shift),
    "shift_right_logical": _shift(_logical),
    "shift_right_arithmetic": _arithmetic,
    "ceil": np.ceil,
    "floor": np.floor,
    "sqrt": np.sqrt,
    "rsqrt": lambda a: 1 / np.sqrt(a),
    "square": np.square,
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "exp": np.exp,
    "log": np.log,
    "tanh": np.tanh,
    "atan2": np.arctan2,
    "pow": np.power,
    "is_finite": np.isfinite,
    "nextafter": np.nextafter,
    "copy": lambda a: a,
    "copy_p": lambda a: a,
    "stop_gradient": lambda a: a,
    "clamp": lambda low, a, high: np.minimum(np.maximum(a, low), high),
}
_REDUCED: dict[str, Rule] = {
    "reduce_or": np.bitwise_or.reduce,
    "reduce_and": np.bitwise_and.reduce,
    "reduce_sum": np.add.reduce,
    "reduce_max": np.maximum.reduce,
    "reduce_min": np.minimum.reduce,
    "reduce_prod": np.multiply.reduce,
}


def _structural(name: str, params: Any, values: list[Any], equation: Any) -> Any:
    """Rules that need the place of the axes: all `values` have the lanes first. None: there is no rule."""
    first = values[0]
    if name == "convert_element_type":
        return first.astype(params["new_dtype"])
    if name == "squeeze":
        return np.squeeze(first, tuple(axis + 1 for axis in params["dimensions"]))
    if name == "slice":
        steps = params["strides"] or (1,) * (first.ndim - 1)
        parts = zip(params["start_indices"], params["limit_indices"], steps, strict=True)
        return first[(slice(None), *(slice(*part) for part in parts))]
    if name == "broadcast_in_dim":
        shape = [1] * len(params["shape"])
        for axis, place in enumerate(params["broadcast_dimensions"]):
            shape[place] = first.shape[axis + 1]
        return np.broadcast_to(first.reshape(len(first), *shape), (len(first), *params["shape"]))
    if name == "reshape" and params.get("dimensions") is None:
        return first.reshape(len(first), *params["new_sizes"])
    if name == "transpose":
        return np.transpose(first, (0, *(axis + 1 for axis in params["permutation"])))
    if name == "rev":
        return np.flip(first, tuple(axis + 1 for axis in params["dimensions"]))
    if name == "concatenate":
        return np.concatenate(values, axis=params["dimension"] + 1)
    if name == "stack" and set(params) <= {"axis", "dimension"}:
        return np.stack(values, axis=next(iter(params.values())) + 1)
    if name in _REDUCED:
        found = _REDUCED[name]
        for axis in sorted(params["axes"], reverse=True):
            first = found(first, axis=axis + 1)
        return first
    if name in ("argmax", "argmin"):
        (axis,) = params["axes"]
        return (np.argmax if name == "argmax" else np.argmin)(first, axis=axis + 1).astype(params["index_dtype"])
    if name == "cumsum":
        flipped = np.flip(first, params["axis"] + 1) if params["reverse"] else first
        found = np.cumsum(flipped, axis=params["axis"] + 1, dtype=first.dtype)
        return np.flip(found, params["axis"] + 1) if params["reverse"] else found
    if name == "integer_pow":
        return first ** params["y"]
    if name == "dynamic_slice":
        return _sliced(first, values[1:], params["slice_sizes"])
    if name == "gather" and _takes_rows(params, equation):
        index = np.clip(values[1][..., 0], 0, first.shape[1] - 1).astype(np.int64)
        return first[np.arange(len(first)).reshape(-1, *(1,) * (index.ndim - 1)), index]
    return None


def _sliced(array: Any, starts: list[Any], sizes: Any) -> Any:
    for axis, (start, size) in enumerate(zip(starts, sizes, strict=True), 1):
        if size == array.shape[axis]:
            continue
        begin = np.clip(start.astype(np.int64), 0, array.shape[axis] - size)
        places = (begin[:, None] + np.arange(size)).reshape(
            [len(array), *(size if other == axis else 1 for other in range(1, array.ndim))]
        )
        array = np.take_along_axis(array, places, axis=axis)
    return array


def _takes_rows(params: Any, equation: Any) -> bool:
    """A gather that is `array[index]` along the first axis, for an index of any shape, which is in range."""
    numbers, shape = params["dimension_numbers"], equation.invars[0].aval.shape
    index_axes = len(equation.invars[1].aval.shape) - 1
    trailing = tuple(range(index_axes, index_axes + len(shape) - 1))
    return (
        "PROMISE_IN_BOUNDS" in str(params["mode"])
        and tuple(numbers.collapsed_slice_dims) == tuple(numbers.start_index_map) == (0,)
        and not numbers.operand_batching_dims
        and tuple(numbers.offset_dims) == trailing
        and tuple(params["slice_sizes"]) == (1, *shape[1:])
    )


def evaluate(equation: Any, operands: list[Any], lanes: int) -> list[Any]:
    """The results of one equation without inner functions; a constant if all `operands` are.

    An operand is a NumPy array (or, of types that NumPy does not have, JAX's) of the equation's own shape, then
    the same in every lane, or with an axis of `lanes` before it.
    """
    batched = [np.ndim(value) > len(atom.aval.shape) for value, atom in zip(operands, equation.invars, strict=True)]
    plain = all(isinstance(value, np.ndarray) for value in operands)
    if plain and operands and not any(batched):
        found = _by_numpy(equation, [value[None] for value in operands], [True] * len(operands), 1)
        return [np.asarray(found[0])] if found is not None else _by_jax(equation, operands, batched, lanes)
    found = _by_numpy(equation, operands, batched, lanes) if plain and operands else None
    return [found] if found is not None else _by_jax(equation, operands, batched, lanes)


def _by_numpy(equation: Any, operands: list[Any], batched: list[bool], lanes: int) -> Any:
    name, params = equation.primitive.name, equation.params
    if len(equation.outvars) == 1:
        kind = equation.outvars[0].aval.dtype
        with np.errstate(all="ignore"):
            if name in ELEMENTWISE:
                return _typed(ELEMENTWISE[name](*_aligned(operands, batched)), kind)
            if name == "select_n":
                return _typed(_select(_aligned(operands, batched)), kind)
            every = [v if b else np.broadcast_to(v, (lanes, *v.shape)) for v, b in zip(operands, batched, strict=True)]
            found = _structural(name, params, every, equation)
            if found is not None:
                return _typed(found, kind)
    return None


def _aligned(operands: list[Any], batched: list[bool]) -> list[Any]:
    """Operands that NumPy broadcasts lane by lane: a scalar of each lane beside arrays gets their axes."""
    most = max(value.ndim - b for value, b in zip(operands, batched, strict=True))
    return [
        value.reshape(len(value), *(1,) * most) if b and value.ndim == 1 and most else value
        for value, b in zip(operands, batched, strict=True)
    ]


def _select(operands: list[Any]) -> Any:
    which, *cases = operands
    if which.dtype == np.bool_:
        return np.where(which, cases[1], cases[0])
    found = cases[0]
    for number, case in enumerate(cases[1:], 1):
        found = np.where(which == number, case, found)
    return found


def _typed(value: Any, kind: Any) -> Any:
    return value if value.dtype == kind else value.astype(kind)


_programs: dict[Any, Any] = {}


def _by_jax(equation: Any, operands: list[Any], batched: list[bool], lanes: int) -> list[Any]:
    """By the primitive itself: once for constants, else under `vmap`, its lanes padded so that few are compiled."""
    if not any(batched):
        found = _bind(equation, operands)
        return [_plain(value) for value in found]
    padded = max(64, 1 << (lanes - 1).bit_length())
    index = np.minimum(np.arange(padded), lanes - 1)
    key = (id(equation), tuple(batched), padded)
    if key not in _programs:
        axes = tuple(0 if b else None for b in batched)
        _programs[key] = equation, jax.jit(jax.vmap(lambda *values: _bind(equation, list(values)), in_axes=axes))
    found = _programs[key][1](*(v[index] if b else v for v, b in zip(operands, batched, strict=True)))
    return [_plain(value[:lanes]) for value in found]


def _bind(equation: Any, operands: list[Any]) -> list[Any]:
    bound = equation.primitive.get_bind_params(equation.params)
    subfuns, plain = bound if isinstance(bound, tuple) else ((), bound)  # JAX before 0.10 gave two
    found = equation.primitive.bind(*subfuns, *operands, **plain)
    return list(found) if equation.primitive.multiple_results else [found]


def _plain(value: Any) -> Any:
    return value if jnp.issubdtype(value.dtype, jax.dtypes.extended) else np.asarray(value)
