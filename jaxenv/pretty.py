"""Short texts of nested values: `dtype[shape]` for each array, never its elements.

Used as the `repr` of structs, environments, specs and spaces.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import jax
import jax.core
import jax.numpy as jnp
import numpy as np

WIDTH = 100
"""Characters of a line."""
LINES = 40
"""Lines of a text; what would need more is shown with its inner structs collapsed."""
MOST_ITEMS = 24
"""Fields or items that are shown of one value."""
_MOST_CHARACTERS = 80
_DEEPEST = 8


def pretty(value: Any) -> str:
    """A text of at most about `LINES` lines. Scalars show their value; inner structs collapse until it fits."""
    for depth in range(_DEEPEST, 0, -1):
        text = _text(value, depth, 0, 0)
        if text.count("\n") < LINES:
            return text
    return _text(value, 1, 0, 0)


def call(name: str, arguments: Iterable[tuple[str, str]], indent: int = 0, used: int = 0) -> str:
    """``name(key=text, …)`` on one line if it fits, else a line for each argument.

    `indent` is the depth in levels; `used` counts the characters that stand before the text on its line.
    """
    return _bracketed(f"{name}(", [f"{key}={text}" for key, text in arguments], ")", indent, used)


def differing(value: Any) -> list[tuple[str, str]]:
    """Names and texts of a dataclass's fields that do not have their default value."""
    shown = []
    for field in dataclasses.fields(value):
        found = getattr(value, field.name)
        if field.default is not dataclasses.MISSING and _same(found, field.default):
            continue
        shown.append((field.name, _text(found, _DEEPEST, 1, len(field.name) + 1)))
    return shown


def array_type(leaf: Any) -> str:
    """``float32[2,6]``; JAX's name of a key's type is ``key<fry>``."""
    shape = ",".join(str(size) for size in leaf.shape)
    return f"{leaf.dtype}[{shape}]"


def _text(value: Any, depth: int, indent: int, used: int) -> str:
    if _is_array(value):
        return _array(value)
    if value is None or isinstance(value, (bool, int, float, complex, str, bytes)):
        return clipped(repr(value))
    opening, children, closing = _children(value)
    if closing is None:
        return clipped(repr(value))
    if not children:
        return opening + closing
    if depth == 0:
        return f"{opening}{_size(value)}{closing}"
    inner = [key + _text(child, depth - 1, indent + 1, len(key)) for key, child in children[:MOST_ITEMS]]
    if len(children) > MOST_ITEMS:
        inner.append(f"… {len(children) - MOST_ITEMS} more")
    return _bracketed(opening, inner, closing, indent, used)


def _children(value: Any) -> tuple[str, list[tuple[str, Any]], str | None]:
    """A container's opening, its items with their prefixes, and its closing: None if it is no container."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type) and _shown_by_fields(type(value)):
        fields = [field.name for field in dataclasses.fields(value)]
        return f"{type(value).__name__}(", [(f"{name}=", getattr(value, name, None)) for name in fields], ")"
    if isinstance(value, Mapping):
        return "{", [(f"{key!r}: ", item) for key, item in value.items()], "}"
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        names: tuple[str, ...] = value._fields  # type: ignore[attr-defined]
        return f"{type(value).__name__}(", [(f"{name}=", item) for name, item in zip(names, value, strict=True)], ")"
    if isinstance(value, (tuple, list)):
        opening, closing = "()" if isinstance(value, tuple) else "[]"
        return opening, [("", item) for item in value], closing
    return "", [], None


def _shown_by_fields(cls: type) -> bool:
    """True unless somebody wrote a text for this class: it is used as it is."""
    own: Callable[..., str] = cls.__repr__
    return own is struct_repr or hasattr(own, "__wrapped__")  # `dataclasses` wraps the one that it makes


def struct_repr(self: Any) -> str:
    """The `__repr__` of structs."""
    return pretty(self)


def _bracketed(opening: str, items: list[str], closing: str, indent: int, used: int) -> str:
    alone = "," if opening == "(" and len(items) == 1 else ""  # a tuple of one
    line = f"{opening}{', '.join(items)}{alone}{closing}"
    if "\n" not in line and 2 * indent + used + len(line) <= WIDTH:
        return line
    inner = "  " * (indent + 1)
    return "\n".join([opening, *(f"{inner}{item}," for item in items), "  " * indent + closing])


def _array(leaf: Any) -> str:
    """The type; for a scalar whose value is at hand, the value too."""
    if leaf.shape == () and isinstance(leaf, (jax.Array, np.ndarray, np.generic)):
        value = _value(leaf)
        if value is not None:
            return f"{leaf.dtype}({value})"
    return array_type(leaf)


def _value(leaf: Any) -> Any:
    """A scalar's value; None if it is traced, deleted, on another process, or a random key."""
    if jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key) or isinstance(leaf, jax.core.Tracer):
        return None
    if isinstance(leaf, jax.Array) and (leaf.is_deleted() or not leaf.is_fully_addressable):
        return None
    return np.asarray(leaf)[()]


def _size(value: Any) -> str:
    leaves = [leaf for leaf in jax.tree.leaves(value) if _is_array(leaf)]
    size = sum(leaf.size * leaf.dtype.itemsize for leaf in leaves)
    return f"… {len(leaves)} arrays, {size:,} bytes" if leaves else "…"


def _is_array(value: Any) -> bool:
    return isinstance(value, (jax.Array, np.ndarray, np.generic, jax.ShapeDtypeStruct))


def clipped(text: str, most: int = _MOST_CHARACTERS) -> str:
    """The text on one line of at most so many characters."""
    text = " ".join(text.split())
    return text if len(text) <= most else text[: most - 1] + "…"


def _same(left: Any, right: Any) -> bool:
    try:
        return bool(left == right)
    except ValueError:  # arrays
        return left is right
