"""Environments by id. Entries are strings: nothing is imported before it is made."""

from __future__ import annotations

import dataclasses
import importlib
import re
from collections.abc import Mapping
from importlib.metadata import entry_points
from typing import Any

from jaxenv.builtin import BUILT_IN, Entry
from jaxenv.environment import Environment
from jaxenv.specs import EnvSpec
from jaxenv.suggest import close, hint

ENTRY_POINT_GROUP = "jaxenv.envs"


class UnknownEnvironmentError(LookupError):
    """No environment has this id; the message suggests close ones."""


class UnknownTagError(LookupError):
    """No environment has this tag; the message suggests close ones."""


_registered: dict[str, Entry] = {}


def register(id: str, entry: str, kwargs: Mapping[str, Any] | None = None, tags: tuple[str, ...] = ()) -> None:
    """Add or replace an environment: `entry` is "module:Class", built with `kwargs`; `tags` are for `list_envs`."""
    if not re.fullmatch(r"[\w.-]+(/[\w.-]+)*", id):
        raise ValueError(f"register: an id looks like 'family/name', got {id!r}")
    if not re.fullmatch(r"[\w.]+:\w+", entry):
        raise ValueError(f"register: {id}: the entry must look like 'module:Class', got {entry!r}")
    _registered[id] = Entry(entry, dict(kwargs or {}), tuple(tags))


def build(id: str, config: Mapping[str, Any]) -> Environment:
    """As `make`."""
    if not isinstance(id, str):
        raise TypeError(f"make: the id must be a text as 'family/name', got {id!r}; list_envs() names them all")
    entry = _find(id)
    module, _, name = entry.target.partition(":")
    try:
        cls = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise ImportError(f"{id}: cannot load {entry.target}: {error}") from error
    known = [field.name for field in dataclasses.fields(cls)]
    for field in config:
        if field not in known:
            raise TypeError(f"{id} has no field {field!r}{hint(close(field, known))}; its fields are {known}")
    return cls(**{**entry.kwargs, **config})


def spec(id: str) -> EnvSpec:
    """Facts about an environment. Imports its module, but loads no tables and compiles nothing."""
    return build(id, {}).spec


def list_envs(tag: str | None = None) -> list[str]:
    """All ids in order, or those with `tag`. Third parties' ids carry no tags here.

    Raises UnknownTagError for a tag that no environment has.
    """
    entries = _entries()
    if tag is None:
        return sorted(entries)
    found = sorted(id for id, entry in entries.items() if tag in entry.tags)
    if not found:
        tags = _tags(entries)
        raise UnknownTagError(f"no environment has the tag {tag!r}{hint(close(tag, tags))}; tags are {', '.join(tags)}")
    return found


def tags_of(id: str) -> tuple[str, ...]:
    """The tags of an id, which stand in the registry alone; () for an id that is neither built in nor registered."""
    entry = _registered.get(id) or BUILT_IN.get(id)
    return entry.tags if entry else ()


def built_in_sources(cls: type) -> tuple[str, ...]:
    """Value of `Environment.sources` for the environments that come with this package; () for any other class."""
    if any(entry.target == f"{cls.__module__}:{cls.__qualname__}" for entry in BUILT_IN.values()):
        return (cls.__module__.partition(".")[0],)
    return ()


def registered() -> dict[str, Entry]:
    """Environments that `register` has added in this process."""
    return dict(_registered)


def _entries() -> dict[str, Entry]:
    third_party = {point.name: Entry(point.value) for point in entry_points(group=ENTRY_POINT_GROUP)}
    return {**third_party, **BUILT_IN, **_registered}


def _tags(entries: Mapping[str, Entry]) -> list[str]:
    return sorted({tag for entry in entries.values() for tag in entry.tags})


def _find(id: str) -> Entry:
    entries = _entries()
    if id not in entries:
        raise UnknownEnvironmentError(f"no environment {id!r}{hint(_meant(id, entries))}; list_envs() names them all")
    return entries[id]


def _meant(name: str, entries: Mapping[str, Entry]) -> list[str]:
    """Ids that somebody may have meant by `name`, whatever the case: the first of these rules that finds any."""
    wanted, last = name.casefold(), name.rpartition("/")[2]
    own = {id: id.rpartition("/")[2].casefold() for id in entries}  # the family is often left out
    tags = _tags(entries)
    rules = [
        lambda: [id for id in entries if id.casefold() == wanted],
        lambda: [id for id in entries if len(wanted) > 2 and wanted in own[id]],
        lambda: [id for id in entries if wanted in map(str.casefold, entries[id].tags)],
        lambda: [id for id in entries if len(wanted) > 2 and wanted in id.casefold()],
    ]
    for cutoff in (0.8, 0.5):
        rules += [
            lambda cutoff=cutoff: [id for id in entries if own[id] in close(last, own.values(), cutoff)],
            lambda cutoff=cutoff: close(name, entries, cutoff),
            lambda cutoff=cutoff: [id for id in entries if set(close(name, tags, cutoff)) & set(entries[id].tags)],
        ]
    return next((found for rule in rules if (found := rule())), [])
