"""Types of arguments, for `argparse`: numbers within bounds, and paths. Errors name the value and what would do."""

from __future__ import annotations

import argparse
import math
from pathlib import Path

from jaxenv.commands import files

MOST_SEED = 2**63 - 1


def positive(text: str) -> int:
    """An integer of at least 1."""
    return integer(text, 1, None)


def seed(text: str) -> int:
    """An integer from 0 to 2**63 - 1."""
    return integer(text, 0, MOST_SEED)


def integer(text: str, least: int, most: int | None) -> int:
    """An integer from `least` to `most`."""
    try:
        value = int(text)
    except ValueError:
        value = least - 1
    if value < least or (most is not None and value > most):
        bounds = f"from {least} to {most}" if most is not None else f"of at least {least}"
        raise argparse.ArgumentTypeError(f"{text!r} is not an integer {bounds}")
    return value


def seconds(text: str) -> float:
    """A positive, finite number."""
    return positive_number(text, " of seconds")


def positive_number(text: str, of: str = "") -> float:
    """A positive, finite number; `of` says what is counted."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is not a positive number{of}")
    return value


def path(text: str) -> Path:
    """A path, `~` expanded."""
    try:
        return files.path(text)
    except files.StorageError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
