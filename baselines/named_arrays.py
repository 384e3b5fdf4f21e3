"""A state as arrays by dotted name, as checkpoints hold it, and back."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

Shape = tuple[tuple[int, ...], np.dtype]


def flatten(state: Any) -> dict[str, np.ndarray]:
    """Arrays by dotted name. Random keys are stored as their words; arrays without elements are left out."""
    leaves = jax.tree_util.tree_flatten_with_path(state)[0]
    arrays = {_name(path): np.asarray(_plain(leaf)) for path, leaf in leaves}
    return {name: array for name, array in arrays.items() if array.size}


def shapes(template: Any) -> dict[str, Shape]:
    """Shape and type of every array by name; `template` has arrays or shapes for leaves."""
    leaves = jax.tree_util.tree_flatten_with_path(jax.eval_shape(lambda: jax.tree.map(_plain, _zeros(template))))[0]
    return {_name(path): (leaf.shape, np.dtype(leaf.dtype)) for path, leaf in leaves}


def unflatten(template: Any, arrays: list[np.ndarray]) -> Any:
    """`arrays` in the order of `shapes`, in the structure of `template`."""
    leaves, structure = jax.tree.flatten(template)
    wrapped = [
        jax.random.wrap_key_data(jnp.asarray(array)) if _is_key(leaf) else array
        for leaf, array in zip(leaves, arrays, strict=True)
    ]
    return jax.tree.unflatten(structure, wrapped)


def _zeros(template: Any) -> Any:
    def zero(leaf: Any) -> Any:
        return jax.random.split(jax.random.key(0), leaf.shape) if _is_key(leaf) else jnp.zeros(leaf.shape, leaf.dtype)

    return jax.tree.map(zero, template)


def _plain(leaf: Any) -> Any:
    return jax.random.key_data(leaf) if _is_key(leaf) else leaf


def _is_key(leaf: Any) -> bool:
    return jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key)


def _name(path: Any) -> str:
    return ".".join(str(getattr(part, "name", getattr(part, "key", getattr(part, "idx", part)))) for part in path)
