"""Speeds of one engine, sampled in turns with others."""

from __future__ import annotations

import statistics
from collections.abc import Callable


class Samples:
    """A base for what is timed: the reference, a peer, XLA's program.

    `timer(seconds)` plays for about so long and returns steps per second.
    """

    name: str

    def __init__(self, timer: Callable[[float], float]) -> None:
        self._timer = timer
        self._samples: list[float] = []

    def sample(self, seconds: float) -> None:
        """Time it once more. Raises what `failed` makes of the timer's error."""
        try:
            self._samples.append(float(self._timer(seconds)))
        except Exception as error:
            raise self.failed(error) from error

    def failed(self, error: Exception) -> Exception:
        """The error to raise in place of the timer's."""
        return error

    @property
    def samples(self) -> list[float]:
        """Steps per second of all samples; a copy."""
        return list(self._samples)

    @property
    def median(self) -> float | None:
        """Their median; None before the first."""
        return statistics.median(self._samples) if self._samples else None
