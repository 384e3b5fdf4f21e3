"""Facts about an environment and its observation, as the environment itself states them."""

from __future__ import annotations

import dataclasses
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
    fields = made.obs_spec.fields if made else ()
    reference = spec.reference
    facts = {
        "Version": spec.version,
        "Reference": f"{reference.name} {reference.version}, {reference.licence}" if reference else "none",
        "Players": f"{spec.players}, {spec.dynamics}" if spec.players > 1 else str(spec.players),
        "Information": spec.information,
        "Actions": f"{spec.num_actions}" if spec.num_actions else "continuous",
        "Reward of a step": " to ".join(f"{bound:g}" for bound in spec.reward_range),
        "Longest episode": f"{spec.horizon:,} steps" if spec.horizon else "not bounded",
        "Tags": ", ".join(spec.tags),
    }
    if fields:
        facts["Observation"] = f"{sum(field.size for field in fields):,} numbers in {len(fields)} fields"
    return Description(facts=tuple(facts.items()), fields=tuple(_field(field) for field in fields))


def _field(field: Any) -> dict[str, str]:
    shape = str(list(field.shape)) if field.shape else ""
    return {
        "name": field.name,
        "type": f"{np.dtype(field.dtype).name}{shape}",
        "range": f"{field.low:g} to {field.high:g}",
        "meaning": field.meaning,
    }
