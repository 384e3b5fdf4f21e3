"""Arguments of commands: numbers within their bounds, and paths. Each error names the value and what would do."""

from __future__ import annotations

import argparse
import math
from pathlib import Path

from baselines import files
from baselines.errors import ConfigError, StorageError

MOST_SEED = 2**31 - 1
BACKENDS = ("auto", "simd", "xla")
BACKEND_HELP = "compiler of the environments: a kernel of jaxlanes, XLA, or the kernel where there can be one (auto)"


def positive(text: str) -> int:
    """An integer of at least 1."""
    return _number(text, 1, None)


def seed(text: str) -> int:
    """A seed: JAX takes 32 bits of one, so a larger one would silently be another."""
    return _number(text, 0, MOST_SEED)


def seconds(text: str) -> float:
    """A positive number."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is not a positive number of seconds")
    return value


def path(text: str) -> Path:
    """A path, `~` expanded."""
    try:
        return files.path(text)
    except StorageError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def check_seed(value: int, members: int = 1) -> None:
    """`ConfigError` for seeds `value` … `value + members - 1` that JAX does not tell apart."""
    if not 0 <= value <= MOST_SEED - members + 1:
        raise ConfigError(f"--seed {value}: give one from 0 to {MOST_SEED - members + 1}")


def _number(text: str, least: int, most: int | None) -> int:
    try:
        value = int(text)
    except ValueError:
        value = least - 1
    if value < least or (most is not None and value > most):
        bounds = f"from {least} to {most}" if most is not None else f"of at least {least}"
        raise argparse.ArgumentTypeError(f"{text!r} is not an integer {bounds}")
    return value
