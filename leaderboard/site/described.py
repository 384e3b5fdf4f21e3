"""Facts about an environment and its observation, as the environment itself states them."""

from __future__ import annotations

import dataclasses
import importlib
import math
from typing import Any

import numpy as np

import jaxenv


@dataclasses.dataclass(frozen=True, kw_only=True)
class Description:
    """`facts`: (name, value) in words. `fields`: of the observation, in its flat order.

    `problem` says why there is nothing, where the environment cannot be made here.
    """

    facts: tuple[tuple[str, str], ...] = ()
    fields: tuple[dict[str, str], ...] = ()
    problem: str = ""


def describe(env_id: str) -> Description:
    """Facts of one environment, without compiling anything."""
    try:
        spec = jaxenv.spec(env_id)
        made: Any = jaxenv.make(env_id) if spec.kind == "jax" else None
    except (ImportError, jaxenv.UnknownEnvironmentError) as error:
        return Description(problem=str(error))
    return _described(spec, made)


def describe_class(target: str) -> Description:
    """The same of an environment in JAX that has no id: `target` is "module:Class", made without arguments."""
    module, _, name = target.partition(":")
    try:
        made = getattr(importlib.import_module(module), name)()
    except (ImportError, AttributeError, TypeError) as error:
        return Description(problem=f"cannot make {target}: {error}")
    return _described(made.spec, made)


def _described(spec: jaxenv.EnvSpec, made: Any) -> Description:
    fields = made.obs_spec.fields if made else ()
    reference = spec.reference
    facts = {
        "Version": spec.version,
        "Reference": f"{reference.name} {reference.version}, {reference.licence}" if reference else "none",
        "Players": f"{spec.players}, {spec.dynamics}" if spec.players > 1 else str(spec.players),
        "Information": spec.information,
        "Actions": f"{spec.num_actions}" if spec.num_actions else _continuous(made),
        "Reward of a step": _between(*spec.reward_range),
        "Longest episode": f"{spec.horizon:,} steps" if spec.horizon else "not bounded",
        "Tags": ", ".join(spec.tags),
    }
    if fields:
        facts["Observation"] = f"{sum(field.size for field in fields):,} numbers in {len(fields)} fields"
    return Description(facts=tuple(facts.items()), fields=tuple(_field(field) for field in fields))


def _between(low: float, high: float) -> str:
    """As "0 to 1"; "any number" between the infinities."""
    return f"{low:g} to {high:g}" if np.isfinite([low, high]).any() else "any number"


def _continuous(made: Any) -> str:
    """As "6 numbers, -1 to 1" of a box whose bounds are the same everywhere."""
    space = made.action_space(None)
    count, low, high = math.prod(space.shape), np.unique(space.low), np.unique(space.high)
    bounds = f", {low[0]:g} to {high[0]:g}" if len(low) == len(high) == 1 else ""
    return f"{count} number{'' if count == 1 else 's'}{bounds}"


def _field(field: Any) -> dict[str, str]:
    shape = str(list(field.shape)) if field.shape else ""
    return {
        "name": field.name,
        "type": f"{np.dtype(field.dtype).name}{shape}",
        "range": _between(field.low, field.high),
        "meaning": field.meaning,
    }
