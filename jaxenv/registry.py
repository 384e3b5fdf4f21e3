"""Environments by id. Entries are strings: nothing is imported before it is made."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import re
from collections.abc import Mapping
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any, Literal

from jaxenv.builtin import BUILT_IN, HOST, Entry
from jaxenv.environment import Environment
from jaxenv.specs import EnvSpec, Reference
from jaxenv.suggest import close, hint

if TYPE_CHECKING:
    from gymnasium.vector import VectorEnv

ENTRY_POINT_GROUP = "jaxenv.envs"
HOST_GROUP = "jaxenv.host_envs"
"""Entry points of environments in JAX, and of host environments."""
Kind = Literal["jax", "host"]


class UnknownEnvironmentError(LookupError):
    """No environment has this id; the message suggests close ones."""


class UnknownTagError(LookupError):
    """No environment has this tag; the message suggests close ones."""


_registered: dict[str, Entry] = {}


def register(
    id: str,
    entry: str,
    kwargs: Mapping[str, Any] | None = None,
    tags: tuple[str, ...] = (),
    *,
    kind: Kind = "jax",
    remedy: str = "",
) -> None:
    """Add or replace an environment: `entry` is "module:Class", built with `kwargs`; `tags` are for `list_envs`.

    With `kind` "host" the entry is a function that makes a Gymnasium `VectorEnv` (RFC 0002), and `remedy` says how to
    get what its module needs.
    """
    if not re.fullmatch(r"[\w.-]+(/[\w.-]+)*", id):
        raise ValueError(f"register: an id looks like 'family/name', got {id!r}")
    if not re.fullmatch(r"[\w.]+:\w+", entry):
        raise ValueError(f"register: {id}: the entry must look like 'module:Class', got {entry!r}")
    _registered[id] = Entry(entry, dict(kwargs or {}), tuple(tags), _kind(kind), remedy)


def build(id: str, config: Mapping[str, Any]) -> Environment | VectorEnv:
    """As `make`."""
    if not isinstance(id, str):
        raise TypeError(f"make: the id must be a text as 'family/name', got {id!r}; list_envs() names them all")
    entry = _find(id)
    made = _target(id, entry)
    if entry.kind == "host":
        known = list(inspect.signature(made).parameters)
    else:
        known = [field.name for field in dataclasses.fields(made)]
    for field in config:
        if field not in known:
            raise TypeError(f"{id} has no field {field!r}{hint(close(field, known))}; its fields are {known}")
    try:
        return made(**{**entry.kwargs, **config})
    except ImportError as error:
        if not entry.remedy:
            raise
        raise ImportError(f"{id}: {error}. Remedy: {entry.remedy}") from error


def _target(id: str, entry: Entry) -> Any:
    """The class or function of an entry, imported."""
    module, _, name = entry.target.partition(":")
    try:
        return getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        remedy = f". Remedy: {entry.remedy}" if entry.remedy else ""
        raise ImportError(f"{id}: cannot load {entry.target}: {error}{remedy}") from error


def spec(id: str) -> EnvSpec:
    """Facts about an environment. Imports its module, but loads no tables and compiles nothing."""
    entry = _find(id)
    if entry.kind == "jax":
        env = build(id, {})
        assert isinstance(env, Environment)
        return env.spec
    facts = dict(_target(id, entry).facts)
    reference = facts.pop("reference", None)
    if reference is not None:
        name, version, licence = reference
        reference = Reference(name=name, version=version, licence=licence)
    return EnvSpec(id=id, kind="host", backends=(), tags=entry.tags, reference=reference, **facts)


def kind_of(id: str) -> Kind:
    """Kind of an environment, without importing it. Raises UnknownEnvironmentError for an unknown id."""
    return _find(id).kind


def list_envs(tag: str | None = None, *, kind: Kind | None = "jax") -> list[str]:
    """Ids in order: of environments in JAX, of host environments with `kind` "host", or of both with None.

    `tag` keeps those that have it; third parties' ids carry no tags here.

    Raises UnknownTagError for a tag that no environment of this kind has, and ValueError for a kind that there is not.
    """
    wanted = None if kind is None else _kind(kind)
    entries = {id: entry for id, entry in _entries().items() if wanted in (None, entry.kind)}
    if tag is None:
        return sorted(entries)
    found = sorted(id for id, entry in entries.items() if tag in entry.tags)
    if not found:
        tags = _tags(entries)
        raise UnknownTagError(f"no environment has the tag {tag!r}{hint(close(tag, tags))}; tags are {', '.join(tags)}")
    return found


def _kind(kind: Kind) -> Kind:
    if kind not in ("jax", "host"):
        raise ValueError(f"no kind {kind!r} of environments. Remedy: 'jax' or 'host', or None for both in list_envs")
    return kind


def tags_of(id: str) -> tuple[str, ...]:
    """The tags of an id, which stand in the registry alone; () for an id that is neither built in nor registered."""
    entry = _registered.get(id) or BUILT_IN.get(id) or HOST.get(id)
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
    on_hosts = {point.name: Entry(point.value, kind="host") for point in entry_points(group=HOST_GROUP)}
    return {**third_party, **on_hosts, **BUILT_IN, **HOST, **_registered}


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
