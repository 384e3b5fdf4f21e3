"""The reference's speed, taken in turns with ours."""

from __future__ import annotations

import importlib
import statistics
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

# By the reference's name in the environment's spec: a module with `session(env_id, workers)`, a context manager that
# yields a `Session`.
_SESSIONS = {"pokemon-showdown": "leaderboard.references.showdown"}


class ReferenceError(RuntimeError):
    """The reference could not be timed."""


class Session:
    """Warm workers of a reference. `timer(seconds)` plays on all of them at once and returns steps per second."""

    def __init__(self, *, name: str, version: str, cores: int, unit: str, timer: Callable[[float], float]):
        self._facts = {"name": name, "version": version, "cores": cores, "unit": unit}
        self._timer = timer
        self._samples: list[float] = []

    def sample(self, seconds: float) -> None:
        """Time the reference once more."""
        try:
            self._samples.append(float(self._timer(seconds)))
        except Exception as error:
            raise _failed(error) from error

    def summary(self) -> dict[str, Any]:
        """Name, version, cores, unit, all samples and their median: all workers together."""
        return {**self._facts, "median_sps": statistics.median(self._samples), "samples": list(self._samples)}


def is_known(reference_name: str | None) -> bool:
    """Whether there is a timer for this reference."""
    return reference_name in _SESSIONS


@contextmanager
def open_session(reference_name: str, env_id: str, workers: int) -> Iterator[Session]:
    """Start the reference's workers. Raises ReferenceError if they cannot be."""
    manager = None
    try:
        manager = importlib.import_module(_SESSIONS[reference_name]).session(env_id, workers)
        session = manager.__enter__()
    except Exception as error:
        raise _failed(error) from error
    try:
        yield session
    finally:
        manager.__exit__(None, None, None)


def ratios(sps: float, reference: dict[str, Any] | None) -> dict[str, float | None]:
    """Ours over all the reference's workers together, and over one of them."""
    if reference is None:
        return {"ratio": None, "ratio_per_reference_core": None}
    return {
        "ratio": sps / reference["median_sps"],
        "ratio_per_reference_core": sps / (reference["median_sps"] / reference["cores"]),
    }


def _failed(error: Exception) -> ReferenceError:
    return ReferenceError(f"the reference could not be timed: {error}; --no-reference goes without")
