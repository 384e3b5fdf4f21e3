"""Fields of a battle's state that are stored narrow and are int32 (or bool) inside the rules.

A class of the state declares each of its numbers by `stored`; `narrow`, `widen` and `empty` read the declarations.
"""

from __future__ import annotations

import dataclasses
from typing import Any, TypeVar

import jax
import jax.numpy as jnp
import numpy as np

from jaxenv import struct

Node = TypeVar("Node")


def stored(dtype: Any, *shape: int) -> Any:
    """A field kept as ``dtype`` in storage, int32 (or bool) inside the rules."""
    return struct.field(metadata={"dtype": np.dtype(dtype), "shape": shape})


def declared(node: Any) -> list[dataclasses.Field[Any]]:
    """The fields of a state's class, or of one of its values, that `stored` declares."""
    return [field for field in dataclasses.fields(node) if "dtype" in field.metadata]


def declared_bytes(node: Any) -> int:
    """Bytes that the declared fields take in storage."""
    return sum(f.metadata["dtype"].itemsize * int(np.prod(f.metadata["shape"], dtype=int)) for f in declared(node))


def narrow(node: Node) -> Node:
    """The node with its declared fields in storage dtypes."""
    return _replaced(node, lambda value, dtype: jnp.asarray(value, dtype))


def widen(node: Node) -> Node:
    """The node with its declared fields in the rules' dtypes: int32, and bool for flags."""
    return _replaced(node, lambda value, dtype: value if dtype == np.bool_ else value.astype(jnp.int32))


def empty(node_type: type[Node], **rest: Any) -> Node:
    """All zeros, in the rules' dtypes; ``rest``: the fields that `stored` does not declare."""
    values = dict(rest)
    for field in declared(node_type):
        dtype = jnp.bool_ if field.metadata["dtype"] == np.bool_ else jnp.int32
        values[field.name] = jnp.zeros(field.metadata["shape"], dtype)
    return node_type(**values)


def update(node: Node, when: jax.Array | bool = True, **values: Any) -> Node:
    """``node`` with fields replaced where ``when`` (a bool scalar) holds; dtypes and shapes stay as they are."""
    changes = {}
    for name, value in values.items():
        old = getattr(node, name)
        new = jnp.broadcast_to(jnp.asarray(value, old.dtype), old.shape)
        changes[name] = new if when is True else jnp.where(when, new, old)
    return node.replace(**changes)  # type: ignore[attr-defined]


def select(when: jax.Array | bool, yes: Node, no: Node) -> Node:
    """``yes`` if ``when`` (a bool scalar) else ``no``, leaf by leaf. A Python bool decides while tracing."""
    if isinstance(when, bool):
        return yes if when else no
    return jax.tree.map(lambda a, b: a if a is b else jnp.where(when, a, b), yes, no)


def _replaced(node: Any, leaf: Any) -> Any:
    return node.replace(**{f.name: leaf(getattr(node, f.name), f.metadata["dtype"]) for f in declared(node)})
