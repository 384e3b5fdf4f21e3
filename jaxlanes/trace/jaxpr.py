"""From a Python function to a jaxpr on one lane."""

from __future__ import annotations

from collections.abc import Callable
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


def trace_function(fn: Callable[..., Any], arguments: Any) -> tuple[Any, Any]:
    """The closed jaxpr and the results' shapes. One lane is on one device, whatever mesh the call is on."""
    traced = jax.make_jaxpr(fn, return_shape=True)
    with jax.sharding.use_abstract_mesh(jax.sharding.AbstractMesh((), ())):
        closed, out_shape = traced(*arguments)
    if any(is_traced(constant) for constant in closed.consts):  # which belong to that mesh
        closed, out_shape = traced(*arguments)
    return closed, out_shape


def evaluate(closed: Any, *flat: Any) -> list[Any]:
    """The results of a closed jaxpr; its traced constants are the last arguments."""
    count = len(closed.jaxpr.invars)
    extra = iter(flat[count:])
    consts = [next(extra) if is_traced(const) else const for const in closed.consts]
    return core.jaxpr_as_fun(closed.replace(consts=consts))(*flat[:count])
