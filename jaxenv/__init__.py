"""Environments by name, their contract, and loops that play many of them. The contract: RFC 0001, `docs/rfc/`.

    env = jaxenv.make("family/name")
    play = jaxenv.rollout(env, batch_size=512, num_steps=1000)
    carry, summary = play(jax.random.key(0))

Importing this imports no environment, and JAX only with the first name that needs it: `jaxenv.commands`, which every
command line uses, works without.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from jaxenv._version import __version__

if TYPE_CHECKING:
    from jaxenv import policy, spaces, struct
    from jaxenv.autoreset import AutoResetState
    from jaxenv.builtin import make
    from jaxenv.cache import enable_compilation_cache
    from jaxenv.control import maybe
    from jaxenv.environment import Environment, Step
    from jaxenv.obs import ObsField, ObsSpec
    from jaxenv.registry import UnknownEnvironmentError, UnknownTagError, list_envs, register, spec
    from jaxenv.rollouts import Policy, random_legal, random_policy, rollout
    from jaxenv.specs import EnvSpec, Reference

__all__ = [
    "AutoResetState",
    "EnvSpec",
    "Environment",
    "ObsField",
    "ObsSpec",
    "Policy",
    "Reference",
    "Step",
    "UnknownEnvironmentError",
    "UnknownTagError",
    "__version__",
    "enable_compilation_cache",
    "list_envs",
    "make",
    "maybe",
    "policy",
    "random_legal",
    "random_policy",
    "register",
    "rollout",
    "spaces",
    "spec",
    "struct",
]

_HOMES = {
    "AutoResetState": "autoreset",
    "EnvSpec": "specs",
    "Environment": "environment",
    "ObsField": "obs",
    "ObsSpec": "obs",
    "Policy": "rollouts",
    "Reference": "specs",
    "Step": "environment",
    "UnknownEnvironmentError": "registry",
    "UnknownTagError": "registry",
    "enable_compilation_cache": "cache",
    "list_envs": "registry",
    "make": "builtin",
    "maybe": "control",
    "random_legal": "rollouts",
    "random_policy": "rollouts",
    "register": "registry",
    "rollout": "rollouts",
    "spec": "registry",
}
"""Modules by the names that they give."""


def __getattr__(name: str) -> Any:
    if name in ("policy", "spaces", "struct"):
        return importlib.import_module(f"{__name__}.{name}")
    if name not in _HOMES:
        raise AttributeError(f"module 'jaxenv' has no attribute {name!r}; it has {', '.join(__all__)}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)  # of a copy, its own
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
