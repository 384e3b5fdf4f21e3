"""Values of 64-bit types in lanes of 32 bits, as far as every result stays exact.

With JAX_ENABLE_X64 a Python number, an index or a loop's counter is 64 bits wide, although nearly all of them are small
or become 32 bits wide at once. Such a value is kept in a 32-bit node: an integer as its low word, a float rounded to
float32. `exact` of the value says that the node is all of it, which intervals prove. Without that proof it may only be
moved, take part in operations whose low words depend on nothing else, and be converted to 32 bits or fewer. Everything
else with it is not supported. Operations on constants alone are done by XLA while lowering.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import jax
import numpy as np

from jaxlanes.ir import FLOAT, INT, LIMITS, UINT, WIDE, node_type
from jaxlanes.lower.context import Context, Rule, describe
from jaxlanes.lower.elementwise import convert_value
from jaxlanes.lower.values import Formula, Keys, Lanes, Stored, Value, is_wide
from jaxlanes.passes import folding

_PASS = frozenset(("copy", "copy_p", "stop_gradient", "optimization_barrier", "mesh_cast", "pvary", "device_put",
                   "sharding_constraint"))  # fmt: skip
_MOVES = {"gather": 1, "scatter": 1, "dynamic_slice": 1, "dynamic_update_slice": 2} | dict.fromkeys(
    ("reshape", "squeeze", "expand_dims", "broadcast_in_dim", "transpose", "rev", "slice", "concatenate", "stack",
     "split", "unstack", "pad", "tile", "select_n", "iota")
)  # fmt: skip
"""Operations that only move elements; and the number of the first operand that is an index, if there are some. (A
scatter's updates come after its indices: they have to be exact where these are wide.)"""
_LOW_WORD = frozenset(("add", "add_any", "sub", "mul", "square", "integer_pow", "neg", "and", "or", "xor", "not",
                       "shift_left", "reduce_sum", "reduce_prod", "reduce_and", "reduce_or", "reduce_xor", "cumsum",
                       "cumprod", "dot_general", "scatter-add", "scatter_add", "scatter-sub", "scatter_sub",
                       "scatter-mul", "scatter_mul"))  # fmt: skip
"""Operations on integers whose low word depends on nothing but the low words of the operands."""
_WHOLE = frozenset(("div", "rem", "max", "min", "lt", "le", "gt", "ge", "eq", "ne", "sign", "abs", "clamp", "pow",
                    "shift_right_arithmetic", "shift_right_logical", "argmax", "argmin", "reduce_max", "reduce_min",
                    "cummax", "cummin", "sort", "top_k", "scatter-min", "scatter_min", "scatter-max",
                    "scatter_max"))  # fmt: skip
"""Operations on integers that need all of the operands' bits."""
_BY_THEMSELVES = frozenset(("neg", "abs", "not", "shift_left", "shift_right_logical", "shift_right_arithmetic"))
"""Those whose rules do not go through `elementwise.binary`, which notes an overflow."""
_ROUNDED = frozenset(("neg", "abs", "max", "min", "clamp", "reduce_max", "reduce_min"))
"""Operations on floats that may as well be done after rounding."""
_COMPARISONS = frozenset(("lt", "le", "gt", "ge", "eq", "ne", "is_finite"))


def concerns(equation: Any) -> bool:
    """True if an operand or a result of the equation has a 64-bit type."""
    return any(is_wide(getattr(atom.aval, "dtype", None)) for atom in (*equation.invars, *equation.outvars))


def lower_wide(context: Context, equation: Any, rule: Rule, values: list[Value]) -> Any:
    """The results of an equation with 64-bit types, by its rule where that is exact. Raises UnsupportedError."""
    name = equation.primitive.name
    if values and all(isinstance(value, np.ndarray) for value in values):
        return _constants(equation, values)
    if name in _PASS:
        return rule(context, equation, *values)
    if name == "convert_element_type":
        return _convert(context, equation, values[0])
    kinds = {_kind(atom.aval.dtype) for atom in (*equation.invars, *equation.outvars)} - {""}
    needs_all = _operands_needed_whole(equation, name, kinds)
    if needs_all is None:
        raise refused(context, equation)
    whole = [context.is_exact(value) for value in values]
    if not all(exact for exact, needed in zip(whole, needs_all, strict=True) if needed):
        raise refused(context, equation)
    context.inexact = False
    if name in _BY_THEMSELVES and kinds == {"i"}:
        _note_overflow(context, equation, name, values)
    results = rule(context, equation, *values)
    exact = all(whole) and not context.inexact
    many = isinstance(results, list | tuple)
    marked = [with_exactness(context, result, exact) for result in (results if many else [results])]
    return marked if many else marked[0]


def with_exactness(context: Context, value: Value, exact: bool) -> Value:
    """The value, of which it is known whether its nodes are all of it."""
    if isinstance(value, Keys | np.ndarray) or not is_wide(value.dtype) or value.exact == exact:
        return value
    return dataclasses.replace(value, exact=exact)


def refused(context: Context, equation: Any) -> Exception:
    return context.unsupported(
        f"{describe(equation)} on values that may need 64 bits",
        "a lane has 32 bits: convert the operands to int32 or float32 before it",
    )


def _kind(dtype: Any) -> str:
    """ "i" for a 64-bit integer, "f" for a 64-bit float, "" for the rest."""
    return {INT: "i", UINT: "i", FLOAT: "f"}[WIDE[dtype.name]] if is_wide(dtype) else ""


def _operands_needed_whole(equation: Any, name: str, kinds: set[str]) -> list[bool] | None:
    """For each operand: it must be exact. None: there is no way to do this exactly."""
    count = len(equation.invars)
    if name in _MOVES:
        if name == "scatter" and equation.params["update_jaxpr"] is not None:
            return None
        moved = _MOVES[name]
        first = count if moved is None else moved
        indices = [number >= first and is_wide(atom.aval.dtype) for number, atom in enumerate(equation.invars)]
        if name == "scatter":
            indices[2] = False
        return indices
    if kinds == {"f"}:
        if name in _ROUNDED:
            return [False] * count
        return [True] * count if name in _COMPARISONS else None
    if kinds == {"i"}:
        if name in _LOW_WORD:
            # A shift's amount is no low word.
            return [name == "shift_left" and number == 1 for number in range(count)]
        return [True] * count if name in _WHOLE else None
    return None


def _note_overflow(context: Context, equation: Any, name: str, values: list[Value]) -> None:
    """Note that a result may not be all in its node. Raises UnsupportedError where the node would be wrong."""
    builder, type_ = context.builder, node_type(equation.outvars[0].aval.dtype)
    wide_result = is_wide(equation.outvars[0].aval.dtype)
    first = [builder.nodes[int(node)] for node in context.ids(values[0]).reshape(-1)]
    least = min((node.low for node in first), default=0)
    if name == "shift_right_logical" and least < 0:
        raise refused(context, equation)
    if name == "shift_right_arithmetic" and type_ == UINT:
        raise refused(context, equation)
    if not wide_result:
        return
    overflows = name in ("neg", "abs") and least == LIMITS[INT][0]
    negative = name in ("neg", "not") and type_ == UINT
    context.inexact |= overflows or negative
    if name == "shift_left":
        pairs = zip(*(ids.reshape(-1) for ids in np.broadcast_arrays(*map(context.ids, values))), strict=True)
        nodes = builder.nodes
        context.inexact |= not all(folding.fits("shl", nodes[int(a)], nodes[int(b)]) for a, b in pairs)


def _constants(equation: Any, values: list[Any]) -> Any:
    """By XLA, now."""
    with jax.ensure_compile_time_eval():
        results = equation.primitive.bind(*values, **dict(equation.params))
    if equation.primitive.multiple_results:
        return [np.asarray(result) for result in results]
    return np.asarray(results)


def _convert(context: Context, equation: Any, x: Value) -> Value:
    """Between types of which one is wide. Fewer bits of an integer are its low ones, whatever the others are."""
    source, target = np.dtype(x.dtype), np.dtype(equation.outvars[0].aval.dtype)
    if isinstance(x, Stored) and x.as_float is not None and target == np.float32:
        return x.as_float
    if isinstance(x, Stored | Formula):
        x = Lanes(context.ids(x), source, x.exact)
    assert isinstance(x, Lanes)
    exact, integer_target = context.is_exact(x), target.kind in "iu"
    if source.kind == "f" and is_wide(target) and integer_target:
        raise refused(context, equation)
    rounds_only = target.kind == "f" and source.kind == "f"
    cuts_only = integer_target and source.kind in "iu"
    if is_wide(source) and not (exact or rounds_only or cuts_only):
        raise refused(context, equation)
    result = convert_value(context, x, target)
    if not is_wide(target):
        return result
    if source.kind in "iu":
        nodes = [context.builder.nodes[int(node)] for node in x.ids.reshape(-1)]
        low, high = (-(2**24), 2**24) if target.kind == "f" else LIMITS[node_type(target)]
        exact &= all(low <= node.low and node.high <= high for node in nodes)
    return with_exactness(context, result, exact)
