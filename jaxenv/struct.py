"""Frozen dataclasses that are pytrees."""

from __future__ import annotations

import dataclasses
from typing import Any, Self, TypeVar, dataclass_transform

import jax

from jaxenv.pretty import struct_repr

T = TypeVar("T")


def field(*, static: bool = False, **kwargs: Any) -> Any:
    """Like `dataclasses.field`; `static=True` makes it part of the structure (hashable), not a leaf."""
    return dataclasses.field(metadata={"static": static, **kwargs.pop("metadata", {})}, **kwargs)


class Node:
    """Base class for `dataclass` nodes that lets type checkers see ``replace``."""

    def replace(self, **changes: Any) -> Self:
        """A copy with these fields changed."""
        return dataclasses.replace(self, **changes)  # type: ignore[type-var]


@dataclass_transform(frozen_default=True, field_specifiers=(field, dataclasses.field))
def dataclass(cls: type[T]) -> type[T]:
    """Make `cls` a frozen dataclass registered as a pytree, with a method `replace(**changes)`.

    The leaves are the fields in order, each reachable by its name in key paths. Equality is identity: arrays have no
    truth value, compare leaves instead. `repr` names each array's type, not its elements.
    """
    if "__repr__" not in vars(cls):
        cls.__repr__ = struct_repr
    cls = dataclasses.dataclass(frozen=True, eq=False, repr=False)(cls)
    fields = dataclasses.fields(cls)  # type: ignore[arg-type]
    static = [f.name for f in fields if f.metadata.get("static")]
    cls.replace = dataclasses.replace  # type: ignore[attr-defined]
    return jax.tree_util.register_dataclass(cls, [f.name for f in fields if f.name not in static], static)
