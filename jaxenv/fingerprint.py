"""Fingerprint of an environment, by which a later process finds its kernels without tracing it."""

from __future__ import annotations

import json
import time
from typing import Any

import jax

from jaxenv import registry
from jaxenv.environment import Environment

_IMPORTED = time.time()
_OWN = {"jaxenv", "jaxlanes"}
_EVERYWHERE = {"builtins", "collections", "typing"}


def fingerprint(env: Environment, *arguments: Any) -> str | None:
    """A text that is another one whenever the environment would compute something else from arguments like these.

    It is made of the contents of all files of the packages in `Environment.sources`, of this one and of `jaxlanes`, the
    environment's class and fields, and the classes of the arguments; not of the arguments' shapes and types, and not of
    what `jaxlanes` takes care of itself.

    None if that cannot be known: the environment names no `sources`; a class of it, of its fields or of the arguments
    is defined elsewhere; a field has no value that could be written down (a function, an array, a path); or a file was
    touched after this process started, whose code may then be another than the file's.
    """
    from jaxlanes.runtime.serialization import NotDescribableError, encode, encode_structure
    from jaxlanes.runtime.source_hash import UnknownSourcesError, hash_of

    sources = env.sources or registry.built_in_sources(type(env))
    if not sources:
        return None
    packages = {*sources, *_OWN}
    classes = {cls for cls in type(env).__mro__ if cls is not object}
    try:
        configuration = encode(env, classes)
        for argument in arguments:
            encode_structure(jax.tree.structure(argument), classes)
        if any(_package(cls) not in packages | _EVERYWHERE for cls in classes):
            return None
        return json.dumps([sorted(packages), configuration, hash_of(packages, _IMPORTED)])
    except (NotDescribableError, UnknownSourcesError):
        return None


def _package(cls: type) -> str:
    return cls.__module__.partition(".")[0]
