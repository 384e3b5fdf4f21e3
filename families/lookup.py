"""Families of environments, found by an environment's id.

A folder beside this file that holds a `family.py` is a family of this repository; its attribute `FAMILY` describes it.
A package of its own names its `Family` in the entry-point group `jaxenv.families` (name: the family, value:
"module:attribute"). Nothing else is imported before it is asked for: neither JAX, nor a reference, nor a tool.
"""

from __future__ import annotations

import dataclasses
import difflib
import functools
import importlib
import json
import os
from collections.abc import Mapping
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

GROUP = "jaxenv.families"
_HANDED_ON = "JAXENV_REGISTERED"


class UnknownFamilyError(LookupError):
    """No family has that environment, or what is registered as one is none."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Family:
    """All that the tools know about the environments of one package.

    Parts are named as "module:attribute" and imported by the tool that needs them; "" where there is none.

    * `name`: of the package. `reference`: the implementation that its environments are held equal to, in words.
    * `environments`: ids of `jaxenv` environments.
    * `plugins`: id → a `verification.plugin.Plugin`, or a function that makes one. Ids of self-checks and of pairs
      that are no `jaxenv` environment stand here too.
    * `bench`: a `leaderboard.family.Bench`. `training`: a `baselines.family.Training`.
    * `transfer`: a `baselines.family.Transfer`.
    * `denied`: top-level modules that an untrusted candidate may not import: those of the reference.
    * `translation`: the translation project, a path relative to the family's folder.
    * `watch`: a `baselines.watch.Draw`, which writes the page of an episode.
    * `paper`: a tuple of `leaderboard.paper.figures.PaperRow`.
    """

    name: str
    reference: str = ""
    environments: tuple[str, ...] = ()
    plugins: Mapping[str, str] = dataclasses.field(default_factory=dict)
    bench: str = ""
    training: str = ""
    transfer: str = ""
    denied: tuple[str, ...] = ()
    translation: str = ""
    watch: str = ""
    paper: str = ""

    def part(self, name: str) -> Any:
        """Object that the attribute `name` points to, imported; None where it is ""."""
        target = getattr(self, name)
        return load(target) if target else None


_registered: dict[str, Family] = {}


def register(family: Family) -> None:
    """Add or replace a family for this process."""
    _registered[family.name] = family


def handed_on() -> dict[str, str]:
    """Environment variables by which a child process, once it calls `adopt`, knows what is registered in this one.

    Families and `jaxenv` environments alike; {} where nothing is. Raises TypeError for an environment whose settings
    cannot be written down.
    """
    from jaxenv.registry import registered
    from jaxlanes.runtime.serialization import encode

    if not _registered and not registered():
        return {}
    return {_HANDED_ON: json.dumps(encode([list(_registered.values()), registered()]))}


def adopt() -> None:
    """Register what the process that started this one has handed on."""
    if _HANDED_ON not in os.environ:
        return
    import jaxenv
    from jaxlanes.runtime.serialization import decode

    found, environments = decode(json.loads(os.environ[_HANDED_ON]))
    for family in found:
        register(family)
    for id, entry in environments.items():
        jaxenv.register(id, entry.target, entry.kwargs, entry.tags, kind=entry.kind, remedy=entry.remedy)


def families() -> tuple[Family, ...]:
    """All families: installed ones, this repository's, registered ones; of one name the last of these."""
    found = {family.name: family for family in (*_installed(), *_own())}
    return tuple({**found, **_registered}.values())


def find(env_id: str) -> Family | None:
    """The family that names this id as an environment or as a plugin; None where no family does."""
    for family in families():
        if env_id in family.environments or env_id in family.plugins:
            return family
    return None


def family_of(env_id: str) -> Family:
    """The family of an id; `UnknownFamilyError` suggests close ids."""
    family = find(env_id)
    if family is None:
        known = [id for each in families() for id in (*each.environments, *each.plugins)]
        raise UnknownFamilyError(f"no family has an environment '{env_id}'; {hint(env_id, known)}")
    return family


def part(env_id: str, name: str) -> Any:
    """A part of the family of an id, imported; None where the id has no family, or the family no such part."""
    family = find(env_id)
    return None if family is None else family.part(name)


def load(target: str) -> Any:
    """The object of "module:attribute". `UnknownFamilyError` where the module has no such attribute."""
    module_name, _, attribute = target.partition(":")
    module = importlib.import_module(module_name)
    try:
        return getattr(module, attribute)
    except AttributeError:
        raise UnknownFamilyError(f"'{target}': module {module_name} has no attribute '{attribute}'") from None


def hint(wanted: str, known: list[str]) -> str:
    """Close ids as a question, or the list of all."""
    close = difflib.get_close_matches(wanted, known, n=3, cutoff=0.4)
    return f"did you mean {', '.join(close)}?" if close else f"known: {', '.join(sorted(set(known)))}"


@functools.cache
def _own() -> tuple[Family, ...]:
    folders = sorted(path.parent.name for path in Path(__file__).parent.glob("*/family.py"))
    return tuple(
        _checked(load(f"families.{folder}.family:FAMILY"), f"families/{folder}/family.py") for folder in folders
    )


def _installed() -> tuple[Family, ...]:
    return tuple(_checked(entry.load(), f"{entry.name} = {entry.value}") for entry in entry_points(group=GROUP))


def _checked(found: Any, where: str) -> Family:
    if not isinstance(found, Family):
        raise UnknownFamilyError(f"{where}: expected a families.Family, got a {type(found).__name__}")
    return found
