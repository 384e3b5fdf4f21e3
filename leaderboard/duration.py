"""How long a bench takes: a prediction before it starts, and how far it is."""

from __future__ import annotations

import time

from leaderboard.bench import DEFAULT_BATCHES, Progress, Settings
from leaderboard.section import count

USUAL_SEARCH = 3  # batches that the search for the best one adds to the default ones: at least one each way


class Schedule:
    """Counts samples over all sections. The number of rows of a section is a guess until it ends."""

    def __init__(self, sections: int, settings: Settings, with_reference: bool):
        self._settings, self._sides = settings, 2 if with_reference else 1
        self._guess = len(settings.batches) if settings.batches else len(DEFAULT_BATCHES) + USUAL_SEARCH
        self._rows = [self._guess] * sections
        self._section, self._row = 0, 0.0  # of the current section: rows done, the last one in part
        self._started = time.monotonic()

    def prediction(self) -> str:
        """One sentence for before the start."""
        settings = self._settings
        about = "" if settings.batches else "about "
        seconds = sum(self._rows) * settings.samples * settings.seconds * self._sides
        turns = ", the reference in turns" if self._sides == 2 else ""
        parts = (
            count(len(self._rows), "section"),
            about + count(self._guess, "row"),
            count(settings.samples, "sample"),
            f"{settings.seconds:g} s",
        )
        return f"{' × '.join(parts)}{turns}: {about}{_words(seconds)}; starting, compiling and warming up come on top"

    def at(self, progress: Progress) -> tuple[int, int]:
        """Samples done and expected, all sections together."""
        self._row = progress.row + progress.done / self._settings.samples
        self._rows[self._section] = max(self._rows[self._section], progress.row + 1)
        done = (sum(self._rows[: self._section]) + progress.row) * self._settings.samples + progress.done
        return done, sum(self._rows) * self._settings.samples

    def end_section(self, rows: int) -> None:
        """The current section ended with so many rows."""
        self._rows[self._section] = rows
        self._section, self._row = self._section + 1, 0.0

    def left(self) -> str:
        """What is left at the pace of the rows so far, compiling included; "" before the first row is done."""
        done = sum(self._rows[: self._section]) + self._row
        if done < 1:
            return ""
        pace = (time.monotonic() - self._started) / done
        return f"about {_words(pace * (sum(self._rows) - done))} left"


def _words(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
