"""Serialization of plain values and pytree structures as JSON: the same text for the same thing in every process.

Values without such a text (a function, an object with an address) are refused: another process cannot know them again.
"""

from __future__ import annotations

import dataclasses
import enum
import importlib
import sys
from typing import Any

import jax
import numpy as np
from jax import tree_util


class NotDescribableError(TypeError):
    """A value whose meaning another process could not know."""


def encode(value: Any, met: set[type] | None = None) -> Any:
    """JSON of None, bool, int, float, str, tuple, list, dict, Enum, dtype, class and frozen dataclass, nested.

    Types count exactly: a subclass is another thing. `met` gets the classes that the JSON names. Raises
    NotDescribableError.
    """
    if value is None or type(value) in (bool, int, str):
        return value
    if type(value) is float:
        return ["float", value.hex()]
    if type(value) in (tuple, list):
        return [type(value).__name__, [encode(item, met) for item in value]]
    if type(value) is dict:
        return ["dict", [[encode(key, met), encode(item, met)] for key, item in value.items()]]
    if isinstance(value, enum.Enum):
        return ["enum", class_name(type(value), met), value.name]
    if isinstance(value, np.dtype) and value.names is None:
        return ["dtype", value.str]
    if isinstance(value, type):
        return ["class", class_name(value, met)]
    if dataclasses.is_dataclass(value) and type(value).__dataclass_params__.frozen:  # type: ignore[attr-defined]
        fields = [[field.name, encode(getattr(value, field.name), met)] for field in dataclasses.fields(value)]
        return ["dataclass", class_name(type(value), met), fields]
    raise NotDescribableError(f"a {type(value).__module__}.{type(value).__qualname__} has no description")


def decode(text: Any) -> Any:
    """The value that `encode` was given.

    Raises ValueError, KeyError, TypeError, ImportError, AttributeError for other JSON.
    """
    if not isinstance(text, list):
        return text
    kind, content = text[0], text[1]
    if kind == "float":
        return float.fromhex(content)
    if kind in ("tuple", "list"):
        return (tuple if kind == "tuple" else list)(decode(item) for item in content)
    if kind == "dict":
        return {decode(key): decode(item) for key, item in content}
    if kind == "enum":
        return getattr(class_of(content), text[2])
    if kind == "dtype":
        return np.dtype(content)
    if kind == "class":
        return class_of(content)
    if kind == "dataclass":
        return class_of(content)(**{name: decode(item) for name, item in text[2]})
    raise ValueError(f"no description of a value begins with {kind!r}")


def encode_structure(tree: Any, met: set[type] | None = None) -> Any:
    """JSON of a `PyTreeDef`: "*" is a leaf, null is None, else class, what it says of itself, children.

    `met` and errors as of `encode`.
    """
    data = tree.node_data()
    if data is None:
        return "*"
    if data[0] is type(None):
        return None
    return [class_name(data[0], met), encode(data[1], met), [encode_structure(child, met) for child in tree.children()]]


def decode_structure(text: Any) -> Any:
    """The `PyTreeDef`, its classes imported. Raises as `decode` does."""
    if text is None or text == "*":
        return jax.tree.structure(None if text is None else 0)
    name, auxiliary, children = text
    data = (class_of(name), decode(auxiliary))
    below = [decode_structure(child) for child in children]
    return tree_util.PyTreeDef.from_node_data_and_children(tree_util.default_registry, data, below)


def class_name(cls: type, met: set[type] | None = None) -> str:
    """Module and qualified name. NotDescribableError if they do not lead to the class, or to another one elsewhere."""
    name = f"{cls.__module__}:{cls.__qualname__}"
    if cls.__module__ == "__main__":
        raise NotDescribableError(f"{name} is another class in every program")
    found: Any = sys.modules.get(cls.__module__)
    for part in cls.__qualname__.split("."):
        found = getattr(found, part, None)
    if found is not cls:
        raise NotDescribableError(f"{name} cannot be found by that name")
    if met is not None:
        met.add(cls)
    return name


def class_of(name: str) -> type:
    """The class of `class_name`. Raises ValueError, ImportError, AttributeError."""
    module, _, qualified = name.partition(":")
    found: Any = importlib.import_module(module)
    for part in qualified.split("."):
        found = getattr(found, part)
    if not isinstance(found, type):
        raise ValueError(f"{name} is no class")
    return found
