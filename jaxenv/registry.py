"""Environments by id. Entries are strings: nothing is imported before it is made."""

from __future__ import annotations

import dataclasses
import difflib
import importlib
import re
from collections.abc import Mapping
from importlib.metadata import entry_points
from typing import Any

from jaxenv.environment import Environment
from jaxenv.spec import EnvSpec

ENTRY_POINT_GROUP = "jaxenv.envs"


@dataclasses.dataclass(frozen=True)
class Entry:
    """`target` is "module:Class"; `kwargs` configure the class."""

    target: str
    kwargs: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    tags: tuple[str, ...] = ()


class UnknownEnvironmentError(LookupError):
    """No environment has this id; the message suggests close ones."""


_BUILT_IN = {
    "pokejax/gen1randombattle": Entry(
        "pokejax.env:Gen1Battle", {"format": "gen1randombattle"}, ("pokemon", "two-player", "simultaneous", "imperfect")
    ),
    "pokejax/gen1ou": Entry(
        "pokejax.env:Gen1Battle", {"format": "gen1ou"}, ("pokemon", "two-player", "simultaneous", "imperfect")
    ),
    "pongjax/puffer_pong": Entry("pongjax.env:PufferPong", {}, ("arcade", "one-player")),
    "pongjax/puffer_pong_continuous": Entry(
        "pongjax.env:PufferPong", {"continuous": True}, ("arcade", "one-player", "continuous")
    ),
    **{
        f"cheetahjax/{task}": Entry(f"cheetahjax.envs.{module}", {}, ("mujoco", "one-player", "continuous"))
        for task, module in {
            "HalfCheetah-v5": "half_cheetah:HalfCheetah",
            "Hopper-v5": "hopper:Hopper",
            "InvertedDoublePendulum-v5": "inverted_double_pendulum:InvertedDoublePendulum",
            "InvertedPendulum-v5": "inverted_pendulum:InvertedPendulum",
            "Reacher-v5": "reacher:Reacher",
            "Swimmer-v5": "swimmer:Swimmer",
            "Walker2d-v5": "walker2d:Walker2d",
        }.items()
    },
}
_registered: dict[str, Entry] = {}


def register(id: str, entry: str, kwargs: Mapping[str, Any] | None = None, tags: tuple[str, ...] = ()) -> None:
    """Add or replace an environment: `entry` is "module:Class", built with `kwargs`; `tags` are for `list_envs`."""
    if not re.fullmatch(r"[\w.-]+(/[\w.-]+)*", id):
        raise ValueError(f"register: an id looks like 'family/name', got {id!r}")
    if not re.fullmatch(r"[\w.]+:\w+", entry):
        raise ValueError(f"register: {id}: the entry must look like 'module:Class', got {entry!r}")
    _registered[id] = Entry(entry, dict(kwargs or {}), tuple(tags))


def make(id: str, **config: Any) -> Environment:
    """The environment with this id; `config` overrides fields of its class.

    Raises UnknownEnvironmentError for an unknown id, TypeError for a field that the class does not have.
    """
    entry = _find(id)
    module, _, name = entry.target.partition(":")
    try:
        cls = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise ImportError(f"{id}: cannot load {entry.target}: {error}") from error
    known = [field.name for field in dataclasses.fields(cls)]
    for field in config:
        if field not in known:
            raise TypeError(f"{id} has no field {field!r}{_suggest(field, known)}; its fields are {known}")
    return cls(**{**entry.kwargs, **config})


def spec(id: str) -> EnvSpec:
    """Facts about an environment. Imports its module, but loads no tables and compiles nothing."""
    return make(id).spec


def list_envs(tag: str | None = None) -> list[str]:
    """All ids in order, or those with `tag`. Third parties' ids carry no tags here."""
    return sorted(id for id, entry in _entries().items() if tag is None or tag in entry.tags)


def built_in_sources(cls: type) -> tuple[str, ...]:
    """What `Environment.sources` is for the environments that come with this package: () for any other class."""
    if any(entry.target == f"{cls.__module__}:{cls.__qualname__}" for entry in _BUILT_IN.values()):
        return (cls.__module__.partition(".")[0],)
    return ()


def registered() -> dict[str, Entry]:
    """What `register` has added in this process."""
    return dict(_registered)


def _entries() -> dict[str, Entry]:
    third_party = {point.name: Entry(point.value) for point in entry_points(group=ENTRY_POINT_GROUP)}
    return {**third_party, **_BUILT_IN, **_registered}


def _find(id: str) -> Entry:
    entries = _entries()
    if id not in entries:
        raise UnknownEnvironmentError(f"no environment {id!r}{_suggest(id, list(entries))}; list_envs() names them all")
    return entries[id]


def _suggest(name: str, known: list[str]) -> str:
    short = {id.rpartition("/")[2]: id for id in known}  # the family is often left out
    close = difflib.get_close_matches(name, known, cutoff=0.5) or [
        short[match] for match in difflib.get_close_matches(name.rpartition("/")[2], list(short), cutoff=0.5)
    ]
    return f" (did you mean {' or '.join(close)}?)" if close else ""
