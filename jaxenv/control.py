"""Control flow that stays a real branch under `jax.vmap`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import jax
import jax.core
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.custom_batching import custom_vmap
from jax.extend.core import jaxpr_as_fun

T = TypeVar("T")
Leaves = list[Any]
LeafFunction = Callable[[Leaves], Leaves]


def maybe(pred: Any, fn: Callable[[T], T], operand: T, *, masked: bool = False) -> T:
    """`fn(operand) if pred else operand`, on one environment.

    Alone this is `lax.cond`. Under `vmap`, where `lax.cond` would turn into a select that always pays for `fn`, it is
    one branch for the whole batch: `fn` runs (on every lane) only if some lane wants it, and lanes that do not want it
    keep their operand. So a rare mechanic costs nothing in a batch that does not need it, and how rare it is for the
    batch depends on the batch: `rollout(chunk=...)` keeps batches small for that reason. Results equal `lax.cond`'s
    bit for bit.

    * `pred`: a bool scalar. A Python bool decides while tracing.
    * `fn`: must return the structure, shapes and dtypes of `operand`; it runs for lanes that did not ask for it, so it
      must not fail on them. Leaves that `fn` hands through untouched (the same tracer) cost nothing, however large.
    * `masked`: a promise, not checked, that `fn` itself returns its operand wherever `pred` is false. Then a batch
      spends nothing on keeping the lanes that did not ask; `pred` only says when nobody does.
    * What `fn` closes over may be traced, batched or not; it is passed along as an operand.
    * Differentiable in both modes. Differentiated, it is the plain select.
    """
    if isinstance(pred, bool | np.bool_):
        return fn(operand) if pred else operand
    pred = jnp.asarray(pred)
    if pred.shape != () or pred.dtype != jnp.bool_:
        raise TypeError(f"maybe: pred must be a bool scalar, got {pred.dtype}{list(pred.shape)}; reduce it first")
    flat, tree = jax.tree.flatten(operand)
    flat = [leaf if _has_aval(leaf) else jnp.asarray(leaf) for leaf in flat]
    closed, out_shape = jax.make_jaxpr(fn, return_shape=True)(jax.tree.unflatten(tree, flat))
    _check_same_type(operand, out_shape)

    inputs, outputs = closed.jaxpr.invars, closed.jaxpr.outvars
    changed = [i for i, (before, after) in enumerate(zip(inputs, outputs, strict=True)) if before is not after]
    if not changed:
        return operand
    is_traced = [isinstance(const, jax.core.Tracer) for const in closed.consts]
    captured = [const for const, traced in zip(closed.consts, is_traced, strict=True) if traced]

    def body(leaves: Leaves) -> Leaves:
        extra = iter(leaves[len(flat) :])
        consts = [next(extra) if traced else const for const, traced in zip(closed.consts, is_traced, strict=True)]
        out = jaxpr_as_fun(closed.replace(consts=consts))(*leaves[: len(flat)])
        return [out[i] for i in changed]

    results = _conditional(pred, body, changed, flat + captured, masked)
    for i, result in zip(changed, results, strict=True):
        flat[i] = result
    return jax.tree.unflatten(tree, flat)


def _conditional(pred: Any, body: LeafFunction, changed: Sequence[int], leaves: Leaves, masked: bool) -> Leaves:
    """`body(leaves)` if `pred` else the leaves at the indices `changed`; see `maybe` for what `vmap` does to it."""

    @custom_vmap
    def branch(pred, leaves):
        return lax.cond(pred, body, lambda leaves: [leaves[i] for i in changed], leaves)

    @branch.def_vmap
    def _(axis_size, in_batched, pred, leaves):
        pred_batched, leaves_batched = in_batched
        axes = [0 if batched else None for batched in leaves_batched]
        leaves = list(leaves)
        for i in changed:  # what fn may change differs between lanes afterwards
            if axes[i] is None:
                leaves[i] = jnp.broadcast_to(leaves[i], (axis_size, *jnp.shape(leaves[i])))
                axes[i] = 0
        every_lane = jax.vmap(body, in_axes=(axes,), axis_size=axis_size)
        if not pred_batched:
            out = _conditional(pred, every_lane, changed, leaves, masked)
        elif masked:
            out = _conditional(jnp.any(pred), every_lane, changed, leaves, masked)
        else:

            def chosen_lanes(operands):
                *leaves, lanes = operands
                return [_select(lanes, new, leaves[i]) for i, new in zip(changed, every_lane(leaves), strict=True)]

            # Not lax.cond: an outer vmap applies the same rule again, and the branch stays real.
            out = _conditional(jnp.any(pred), chosen_lanes, changed, [*leaves, pred], masked=False)
        return out, [True] * len(changed)

    differentiable = jax.custom_jvp(branch)

    @differentiable.defjvp
    def _(primals, tangents):
        # custom_vmap has no reverse mode, and a batched lax.cond inside a jvp rule has no transpose: select instead.
        # Tangents are cleared on both sides of body, so that a lane which did not ask cannot leak a NaN.
        (pred, leaves), (_, rates) = primals, tangents
        cleared = [rate if _no_tangent(rate) else jnp.where(pred, rate, 0) for rate in rates]
        new, new_rates = jax.jvp(body, (leaves,), (cleared,))
        out = [_select(pred, value, leaves[i]) for i, value in zip(changed, new, strict=True)]
        return out, [
            rate if _no_tangent(rate) else _select(pred, rate, rates[i])
            for i, rate in zip(changed, new_rates, strict=True)
        ]

    return differentiable(pred, leaves)


def _no_tangent(rate: Any) -> bool:
    return rate.dtype == jax.dtypes.float0


def _select(lanes: Any, new: Any, old: Any) -> Any:
    """`new` where `lanes` (bool[B] or bool[]) is set, else `old`; both have the lane axis first."""
    return jnp.where(jnp.reshape(lanes, lanes.shape + (1,) * (jnp.ndim(new) - lanes.ndim)), new, old)


def _has_aval(leaf: Any) -> bool:
    return isinstance(leaf, jax.Array | np.ndarray | np.generic)


def _check_same_type(operand: Any, result: Any) -> None:
    """Raise TypeError, naming the first differing leaf, unless both have the same structure, shapes and dtypes."""
    before, tree = jax.tree_util.tree_flatten_with_path(operand)
    after, out_tree = jax.tree.flatten(result)
    if tree != out_tree:
        raise TypeError(f"maybe: fn must return what it takes; it takes {tree} and returns {out_tree}")
    for (path, old), new in zip(before, after, strict=True):
        old_type, new_type = jax.typeof(old), new
        if old_type.shape != new_type.shape or old_type.dtype != new_type.dtype:
            where = jax.tree_util.keystr(path) or "the operand"
            raise TypeError(
                f"maybe: fn changes {where} from {old_type.dtype}{list(old_type.shape)} "
                f"to {new_type.dtype}{list(new_type.shape)}; cast it with .astype({old_type.dtype}) inside fn"
            )
