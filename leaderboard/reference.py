"""The reference's speed, taken in turns with ours."""

from __future__ import annotations

import dataclasses
import statistics
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from jaxenv.environment import Environment
from leaderboard.samples import Samples


class ReferenceError(RuntimeError):
    """The reference could not be timed."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Request:
    """Task of a reference: `env` as it is configured, in a mode of `section.MODES`, on so many cores."""

    env_id: str
    env: Environment
    mode: str
    cores: int


class Session(Samples):
    """Warm workers of a reference. `timer(seconds)` plays on all of them at once and returns steps per second.

    * `cores` is what it keeps busy; `tuning` says how it was set up to be at its fastest.
    * `physics_per_step`: physics steps, or frames, of an environment step; None where there is no such thing.
    * `note`: a sentence on work that it is spared, or has to do, beside ours.
    """

    def __init__(
        self,
        *,
        name: str,
        version: str,
        cores: int,
        unit: str,
        timer: Callable[[float], float],
        tuning: Mapping[str, Any] | None = None,
        physics_per_step: int | None = None,
        note: str = "",
    ):
        self.name = name
        facts = {"name": name, "version": version, "cores": cores, "unit": unit, "tuning": dict(tuning or {})}
        self._facts, self._physics_per_step = {**facts, "note": note}, physics_per_step
        super().__init__(timer)

    def failed(self, error: Exception) -> Exception:
        """A `ReferenceError`."""
        return _failed(error)

    def summary(self) -> dict[str, Any]:
        """Name, version, cores, unit, tuning, note, all samples and their median: all workers together."""
        median, physics = statistics.median(self._samples), self._physics_per_step
        physics_sps = median * physics if physics else None
        return {**self._facts, "median_sps": median, "samples": self.samples, "physics_sps": physics_sps}


@contextmanager
def open_session(start: Opener, request: Request) -> Iterator[Session]:
    """Start the reference's workers. Raises ReferenceError if they cannot be."""
    manager = None
    try:
        manager = start(request)
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


Opener = Callable[[Request], AbstractContextManager[Session]]
"""Starts the reference's workers, see `family.Bench.session`."""


def _failed(error: Exception) -> ReferenceError:
    return ReferenceError(f"the reference could not be timed: {error}; --no-reference goes without")
