"""From a Python function to a jaxpr on one lane."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import jax
from jax.core import Tracer
from jax.extend import core


def is_traced(constant: Any) -> bool:
    """True for a constant of a jaxpr that is itself a value of a function that is being traced outside."""
    return isinstance(constant, Tracer)


def lane_type(value: Any, axis: int | None) -> jax.ShapeDtypeStruct:
    """The type of one lane of an argument, which has the batch as its first axis or (`axis` None) is shared by all."""
    aval = jax.typeof(value)
    return jax.ShapeDtypeStruct(
        aval.shape if axis is None else aval.shape[1:], aval.dtype, weak_type=getattr(aval, "weak_type", False)
    )


def trace_function(fn: Callable[..., Any], types: Sequence[Any], axis_name: Any, lanes: int) -> tuple[Any, Any]:
    """The closed jaxpr and the results' shapes. One lane is on one device, whatever mesh the call is on.

    `types`: of the arguments. `axis_name`: of the batch of so many `lanes`, or None.
    """
    axis_env = None if axis_name is None else [(axis_name, lanes)]
    traced = jax.make_jaxpr(fn, axis_env=axis_env, return_shape=True)
    with jax.sharding.use_abstract_mesh(jax.sharding.AbstractMesh((), ())):
        closed, out_shape = traced(*types)
    if any(is_traced(constant) for constant in closed.consts):  # which belong to that mesh
        closed, out_shape = traced(*types)
    return closed, out_shape


def result_weak_types(closed: Any, axes: Sequence[int | None]) -> list[bool]:
    """The weak types of the results of `jax.vmap`; `axes`: of the arguments, then of the traced constants.

    A batched branch is a select, whose result may be strong where that of one branch is weak.
    """
    if not any(aval.weak_type for aval in closed.out_avals):
        return [False] * len(closed.out_avals)
    types = [*closed.in_avals, *(jax.typeof(constant) for constant in closed.consts if is_traced(constant))]
    batch = [
        jax.ShapeDtypeStruct((*(() if axis is None else (2,)), *aval.shape), aval.dtype, weak_type=aval.weak_type)
        for aval, axis in zip(types, axes, strict=True)
    ]
    with jax.sharding.use_abstract_mesh(jax.sharding.AbstractMesh((), ())):
        found = jax.eval_shape(jax.vmap(functools.partial(evaluate, closed), in_axes=tuple(axes)), *batch)
    return [bool(result.weak_type) for result in found]


def evaluate(closed: Any, *flat: Any) -> list[Any]:
    """The results of a closed jaxpr; its traced constants are the last arguments."""
    count = len(closed.jaxpr.invars)
    extra = iter(flat[count:])
    consts = [next(extra) if is_traced(const) else const for const in closed.consts]
    return core.jaxpr_as_fun(closed.replace(consts=consts))(*flat[:count])
