"""Arguments of these commands, beside `jaxenv.commands.arguments`."""

from __future__ import annotations

from baselines.errors import ConfigError
from jaxenv.commands.arguments import integer, path, positive, seconds

__all__ = ["BACKENDS", "BACKEND_HELP", "MOST_SEED", "check_seed", "path", "positive", "seconds", "seed"]

MOST_SEED = 2**31 - 1
BACKENDS = ("auto", "simd", "xla")
BACKEND_HELP = "compiler of the environments: a kernel of jaxlanes, XLA, or the kernel where there can be one (auto)"


def seed(text: str) -> int:
    """A seed: JAX takes 32 bits of one, so a larger one would silently be another."""
    return integer(text, 0, MOST_SEED)


def check_seed(value: int, members: int = 1) -> None:
    """`ConfigError` for seeds `value` … `value + members - 1` that JAX does not tell apart."""
    if not 0 <= value <= MOST_SEED - members + 1:
        raise ConfigError(f"--seed {value}: give one from 0 to {MOST_SEED - members + 1}")
