"""Axes of a batched call: its arguments as leaves whose batch is their first axis, and its results where asked."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

Axes = tuple[int | None, ...]


def _is_none(value: Any) -> bool:
    return value is None


@dataclasses.dataclass(frozen=True, eq=False)
class Call:
    """Arguments of a call. `tree`: the structure of `(args, kwargs)`. `leaves`: its arrays, with the batch, of
    ``lanes`` elements, moved to axis 0 where `axes` says 0; those with None have none."""

    tree: Any
    leaves: list[Any]
    axes: Axes
    lanes: int

    @property
    def is_batched(self) -> bool:
        """True if an argument has a batch."""
        return any(axis is not None for axis in self.axes)


def arguments(in_axes: Any, axis_size: int | None, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Call:
    """The arguments of `jax.vmap(fn, in_axes, axis_size=axis_size)(*args, **kwargs)`. Keywords have the batch first.

    Raises ValueError for axes that do not fit the arguments, and for batches of different sizes.
    """
    leaves, tree = jax.tree.flatten((args, kwargs))
    axes = [*spread(in_axes, args), *(0 for _ in jax.tree.leaves(kwargs))]
    sizes = set() if axis_size is None else {int(axis_size)}
    moved = []
    for leaf, axis in zip(leaves, axes, strict=True):
        if axis is not None:
            shape = jnp.shape(leaf)
            place = _place(axis, shape)
            sizes.add(shape[place])
            leaf = jnp.moveaxis(leaf, place, 0) if place else leaf
        moved.append(leaf)
    if not sizes:
        raise ValueError(
            "jaxlanes.vmap: no argument has a batch axis; name one of at least one argument in in_axes, or give "
            "axis_size"
        )
    if len(sizes) > 1:
        raise ValueError(f"jaxlanes.vmap: arguments have different batch sizes: {sorted(sizes)}")
    return Call(tree, moved, tuple(None if axis is None else 0 for axis in axes), sizes.pop())


def spread(in_axes: Any, args: tuple[Any, ...]) -> list[int | None]:
    """The axis of each leaf of the arguments; `in_axes` is a prefix of their pytree.

    Raises ValueError where it does not fit them, and TypeError for what is no axis.
    """
    if isinstance(in_axes, list):
        in_axes = tuple(in_axes)
    if isinstance(in_axes, tuple) and len(in_axes) != len(args):
        raise ValueError(f"jaxlanes.vmap: in_axes {in_axes} names {len(in_axes)} arguments, the call has {len(args)}")
    try:
        axes = _of_leaves(in_axes, args)
    except ValueError as error:
        raise ValueError(f"jaxlanes.vmap: in_axes {in_axes} does not fit the arguments: {error}") from error
    for axis in axes:
        if axis is not None and (isinstance(axis, bool) or not hasattr(axis, "__index__")):
            raise TypeError(f"jaxlanes.vmap: in_axes must be integers and None, got {axis!r}")
    return axes


def _of_leaves(prefix: Any, tree: Any) -> list[Any]:
    """The entry of a prefix of a pytree for each of its leaves. None is an entry of the prefix, and no leaf."""
    found: list[Any] = []

    def add(entry: Any, part: Any) -> None:
        found.extend([entry] * len(jax.tree.leaves(part)))

    jax.tree.map(add, prefix, tree, is_leaf=_is_none)
    return found


def _place(axis: Any, shape: tuple[int, ...]) -> int:
    """A batch axis, counted from the front."""
    if not shape:
        raise ValueError("jaxlanes.vmap: a scalar has no batch axis; pass it with in_axes None")
    axis = int(axis)
    if not -len(shape) <= axis < len(shape):
        raise ValueError(
            f"jaxlanes.vmap: in_axes says axis {axis} of an argument of shape {list(shape)}, which has axes "
            f"{-len(shape)} to {len(shape) - 1}"
        )
    return axis % len(shape)


def results(out_axes: Any, structure: Any, leaves: list[Any], check: Callable[[], Any]) -> Any:
    """The pytree of results whose batch is axis 0, with the batch at the axes asked for.

    `check`: raises `jax.vmap`'s error where `out_axes` does not fit; it is called if that is more than a number.
    Raises ValueError for an axis that a result does not have.
    """
    tree = jax.tree.unflatten(structure, leaves)
    if type(out_axes) is int and out_axes == 0:
        return tree
    if type(out_axes) is not int:
        check()
    moved = []
    for leaf, axis in zip(leaves, _of_leaves(out_axes, tree), strict=True):
        if axis is None:  # all lanes have the same, says the check
            moved.append(leaf[0])
            continue
        if not -leaf.ndim <= axis < leaf.ndim:
            raise ValueError(
                f"jaxlanes.vmap: out_axes says axis {axis} of a result that has axes {-leaf.ndim} to {leaf.ndim - 1}"
            )
        moved.append(jnp.moveaxis(leaf, 0, axis) if axis else leaf)
    return jax.tree.unflatten(structure, moved)
