"""Counters of loops: carries to which every iteration adds the same constant.

What a carry may be is not known while its loop's body is lowered. Of a counter it is, so that one of a 64-bit type, as
Python numbers make it, can be shown to fit 32 bits.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from jax.extend import core

from jaxlanes.ir import LIMITS, node_type
from jaxlanes.lower.context import Context
from jaxlanes.lower.values import Keys, Value, is_wide

_UPPER, _LOWER = {"lt": 1, "le": 0}, {"gt": 1, "ge": 0}
_MIRRORED = {"lt": "gt", "le": "ge", "gt": "lt", "ge": "le"}


def step_of(jaxpr: Any, variable: Any, result: Any) -> int | None:
    """The constant that a loop's body adds to a scalar of a 64-bit integer type, None if it does something else."""
    type_ = variable.aval
    if isinstance(result, core.Literal) or type_.shape != () or not is_wide(type_.dtype) or type_.dtype.kind == "f":
        return None
    for equation in jaxpr.eqns:
        if result in equation.outvars:
            if equation.primitive.name not in ("add", "sub"):
                return None
            x, y = equation.invars
            if x is not variable and equation.primitive.name == "add":
                x, y = y, x
            if x is not variable or not isinstance(y, core.Literal):
                return None
            return int(y.val) if equation.primitive.name == "add" else -int(y.val)
    return None


def values_in_scan(context: Context, start: Value, step: int, length: int) -> tuple[int, int] | None:
    """The interval of a counter of a `scan`, its last value included; None if 32 bits may not hold it."""
    found = interval(context, start)
    if found is None:
        return None
    low, high = found[0] + min(0, step * length), found[1] + max(0, step * length)
    return _fitting(low, high, start)


def values_in_while(
    context: Context, condition: Any, number: int, start: Value, step: int, known: dict[int, Value]
) -> tuple[int, int] | None:
    """The interval of a counter of a `while`, its last value included, from a comparison that its condition implies.

    `number`: of the counter among the arguments of the condition; `known`: those that no iteration changes.
    """
    found = interval(context, start)
    if found is None or step == 0:
        return None
    arguments = {variable: i for i, variable in enumerate(condition.invars)}
    counter = condition.invars[number]
    for kind, x, y in _implied(condition):
        if x is not counter:
            kind, x, y = _MIRRORED[kind], y, x
        if x is not counter:
            continue
        limit = np.asarray(y.val) if isinstance(y, core.Literal) else known.get(arguments.get(y, -1))
        bounds = None if limit is None else interval(context, limit)
        if bounds is None:
            continue
        if step > 0 and kind in _UPPER:
            return _fitting(found[0], max(found[1], bounds[1] - _UPPER[kind] + step), start)
        if step < 0 and kind in _LOWER:
            return _fitting(min(found[0], bounds[0] + _LOWER[kind] + step), found[1], start)
    return None


def interval(context: Context, value: Value) -> tuple[int, int] | None:
    """The interval of an integer scalar, if its node is all of it."""
    if isinstance(value, Keys) or value.shape != () or value.dtype.kind not in "iu" or not context.is_exact(value):
        return None
    node = context.builder.nodes[context.scalar(value)]
    return node.low, node.high


def _fitting(low: int, high: int, like: Any) -> tuple[int, int] | None:
    limits = LIMITS[node_type(like.dtype)]
    return (low, high) if limits[0] <= low and high <= limits[1] else None


def _implied(condition: Any) -> list[tuple[str, Any, Any]]:
    """Comparisons `(kind, x, y)` that hold wherever the condition does."""
    made = {variable: equation for equation in condition.eqns for variable in equation.outvars}
    pending, found = list(condition.outvars), []
    while pending:
        variable = pending.pop()
        equation = None if isinstance(variable, core.Literal) else made.get(variable)
        if equation is None:
            continue
        name, types = equation.primitive.name, {atom.aval.dtype for atom in (*equation.invars, *equation.outvars)}
        if name == "and" or (name == "convert_element_type" and types == {np.dtype(bool)}):
            pending += equation.invars
        elif name in _MIRRORED:
            found.append((name, *equation.invars))
    return found
