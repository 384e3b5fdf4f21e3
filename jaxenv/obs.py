"""ObsSpec: the names, types, bounds and meanings of what one player sees, and its flat form."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxenv import pretty
from jaxenv.spaces import Box, Struct


@dataclasses.dataclass(frozen=True, kw_only=True)
class ObsField:
    """One named array. `meaning` says in one line what it holds, with its unit or its encoding."""

    name: str
    shape: tuple[int, ...] = ()
    dtype: Any = np.float32
    low: float
    high: float
    meaning: str

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    def __repr__(self) -> str:
        type_ = f"{np.dtype(self.dtype).name}{list(self.shape)}"
        text = f"{self.name}: {type_}, {self.low:g} to {self.high:g}: {self.meaning}"
        return pretty.clipped(text, pretty.WIDTH - 2)  # within an ObsSpec, it is indented

    def space(self) -> Box:
        return Box(self.low, self.high, self.shape, self.dtype)


@dataclasses.dataclass(frozen=True)
class ObsSpec:
    """The fields of an observation in their flat order. `container` is the struct class; None means a dict.

    Observations may carry any leading axes (players, batch, time); the same axes lead in the flat form.
    """

    fields: tuple[ObsField, ...]
    container: type | None = None

    def __post_init__(self) -> None:
        names = [field.name for field in self.fields]
        twice = {name for name in names if names.count(name) > 1}
        if twice:
            raise ValueError(f"ObsSpec: field names must differ, got twice: {sorted(twice)}")
        if self.container is not None:
            held = [f.name for f in dataclasses.fields(self.container)]
            if set(held) != set(names):
                raise ValueError(f"ObsSpec: {self.container.__name__} has fields {held}, the spec names {names}")

    @property
    def size(self) -> int:
        """D, the length of the flat form."""
        return sum(field.size for field in self.fields)

    @property
    def layout(self) -> dict[str, slice]:
        """Place of each field in the flat form."""
        ends = np.cumsum([field.size for field in self.fields]).tolist()
        return {f.name: slice(end - f.size, end) for f, end in zip(self.fields, ends, strict=True)}

    @property
    def fingerprint(self) -> str:
        """Sixteen hexadecimal digits of the layout: names, types and shapes of the fields, in their order."""
        layout = [[field.name, np.dtype(field.dtype).name, list(field.shape)] for field in self.fields]
        return hashlib.sha256(json.dumps(layout).encode()).hexdigest()[:16]

    def space(self) -> Struct:
        return Struct({field.name: field.space() for field in self.fields})

    def get(self, obs: Any, name: str) -> Any:
        """The field `name` of an observation, whether struct or dict."""
        return obs[name] if isinstance(obs, Mapping) else getattr(obs, name)

    def flatten(self, obs: Any) -> jax.Array:
        """`float32[..., D]` from an observation with leaves `[..., *shape]`. Integers beyond 2**24 lose precision."""
        parts = []
        for field in self.fields:
            value = jnp.asarray(self.get(obs, field.name))
            lead = value.shape[: value.ndim - len(field.shape)]
            if value.shape != lead + field.shape:
                raise ValueError(f"ObsSpec: {field.name} has shape {value.shape}; it must end in {field.shape}")
            parts.append(value.reshape(*lead, field.size).astype(jnp.float32))
        return jnp.concatenate(parts, axis=-1)

    def unflatten(self, flat: jax.Array) -> Any:
        """The observation from `float32[..., D]`, with every field's own dtype."""
        if flat.shape[-1] != self.size:
            raise ValueError(f"ObsSpec: the flat form must end in {self.size}, got shape {flat.shape}")
        values = {
            f.name: flat[..., where].reshape(*flat.shape[:-1], *f.shape).astype(f.dtype)
            for f, where in zip(self.fields, self.layout.values(), strict=True)
        }
        return self.build(values)

    def build(self, values: Mapping[str, Any]) -> Any:
        """The observation of these values by name, whether struct or dict."""
        return dict(values) if self.container is None else self.container(**values)

    def __repr__(self) -> str:
        container = "a dict" if self.container is None else self.container.__name__
        head = f"ObsSpec: {self.size} numbers in {len(self.fields)} fields of {container}"
        lines = [f"  {field!r}" for field in self.fields[: pretty.LINES]]
        more = len(self.fields) - len(lines)
        return "\n".join([head, *lines, *([f"  … {more} more"] if more else [])])

    def table(self) -> str:
        """A Markdown table of the fields, for docs. A bar in a text is escaped, else it would begin a new cell."""
        rows = ["| field | shape | dtype | range | at | meaning |", "|---|---|---|---|---|---|"]
        for f, at in zip(self.fields, self.layout.values(), strict=True):
            cells = (f"`{f.name}`", list(f.shape), np.dtype(f.dtype).name, f"{f.low:g} … {f.high:g}")
            texts = (*cells, f"{at.start}:{at.stop}", f.meaning)
            rows.append("| " + " | ".join(str(text).replace("|", "\\|") for text in texts) + " |")
        return "\n".join(rows)
