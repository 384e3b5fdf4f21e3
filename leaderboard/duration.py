"""Duration of a bench: a prediction before it starts, and the share that is done."""

from __future__ import annotations

import time
from collections.abc import Sequence

from leaderboard.bench import Progress
from leaderboard.peer import Peer
from leaderboard.section import count
from leaderboard.settings import Settings

_PEER_SAMPLE = 0.5  # seconds: a slow peer's sample is one step of all its lanes, however short the others' are
USUAL_SEARCH = 3  # batches that the search for the best one adds to the default ones: at least one each way


class Schedule:
    """Counts samples over all sections. The number of rows of a section is a guess until it ends.

    `peers` take their turns with one row of each of `peer_sections` sections.
    """

    def __init__(
        self,
        sections: int,
        settings: Settings,
        with_reference: bool,
        peers: Sequence[Peer] = (),
        peer_sections: int | None = None,
    ):
        self._settings, self._sides = settings, 2 if with_reference else 1
        self._peers, self._peer_sections = peers, sections if peer_sections is None else peer_sections
        batches = settings.batches or settings.default_batches(bool(peers))
        self._guess = len(batches) + (0 if settings.batches else USUAL_SEARCH)
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
        on_top = "starting, compiling and warming up come on top"
        if self._peers and self._peer_sections:
            seconds += self._peer_sections * len(self._peers) * settings.samples * max(settings.seconds, _PEER_SAMPLE)
            starting = self._peer_sections * sum(peer.startup_seconds for peer in self._peers)
            turns += f", {count(len(self._peers), 'peer')} in one row"
            on_top += f" (the peers': about {_words(starting)})"
            about = "about "
        return f"{' × '.join(parts)}{turns}: {about}{_words(seconds)}; {on_top}"

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
        """Time left at the pace of the rows so far, compiling included; "" before the first row is done."""
        done = sum(self._rows[: self._section]) + self._row
        if done < 1:
            return ""
        pace = (time.monotonic() - self._started) / done
        return f"about {_words(pace * (sum(self._rows) - done))} left"


def _words(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
