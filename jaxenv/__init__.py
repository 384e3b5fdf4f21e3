"""Environments by name, their contract, and loops that play many of them. The contract: RFC 0001, `docs/rfc/`.

    env = jaxenv.make("family/name")
    play = jaxenv.rollout(env, batch_size=512, num_steps=1000)
    carry, summary = play(jax.random.key(0))

Importing this starts no XLA backend and imports no environment.
"""

from jaxenv import spaces, struct
from jaxenv._version import __version__
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
    "random_legal",
    "random_policy",
    "register",
    "rollout",
    "spaces",
    "spec",
    "struct",
]
