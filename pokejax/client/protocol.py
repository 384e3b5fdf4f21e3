"""Protocol text as the decisions of one player: the messages of each, and the request that they lead to.

Text is a protocol log with its ``|request|`` lines, as a client receives it and ``pokejax play --out`` writes it, or
such a page. A public replay has no requests, and so does not say what the player had.
"""

from __future__ import annotations

import dataclasses
import html
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from pokejax.client.bridge import Bridge
from pokejax.client.errors import ProtocolError

LOG_CLASS = "pokejax-player-log"
"""Class of the element of a saved page that holds the log with requests."""
CHOICE = ">"
"""Begins a line that notes what was chosen, as in Showdown's input logs: ">p1 move 2"."""
FORFEIT, TIMEOUT = "forfeit", "timeout"
_GIVEN_UP = (
    ("forfeited.", FORFEIT),
    ("lost due to inactivity", TIMEOUT),
    ("lost because of their inactivity", TIMEOUT),
)
_ENDS = ("win", "tie")
GENERATION = re.compile(r"^\|gen\|(\d+)", re.MULTILINE)
PAGE = re.compile(rf'<script[^>]*class="{LOG_CLASS}"[^>]*>(.*?)</script>', re.DOTALL)


def given_up(text: str) -> str:
    """`FORFEIT` or `TIMEOUT` where a message says that a player gave up so; else ""."""
    return next((ending for words, ending in _GIVEN_UP if words in text), "")


@dataclasses.dataclass(frozen=True)
class Decision:
    """Messages to a player up to a point at which the battle waits, or at which it is over (no request)."""

    lines: tuple[str, ...]
    request: dict[str, Any] | None


@dataclasses.dataclass(frozen=True)
class Seen:
    """One decision and the player's observation of it. ``open``: names of what the messages leave open."""

    decision: Decision
    observation: Any
    open: frozenset[str]


class Splitter:
    """Lines of a battle, as they come, into the decisions of a player. ``player``: "p1", "p2", or "" for any."""

    def __init__(self, player: str = "") -> None:
        self.player = player
        self._lines: list[str] = []
        self._split: list[str] = []
        self.ended = False

    def feed(self, lines: Iterable[str]) -> Iterator[Decision]:
        """The decisions that these lines complete. The end of the battle is one, at ``|win|`` or ``|tie``."""
        for line in lines:
            decision = self._take(line)
            if decision is not None:
                yield decision

    def _take(self, line: str) -> Decision | None:
        kind, _, rest = line[1:].partition("|") if line.startswith("|") else ("", "", "")
        if self._split:
            # Two lines follow |split|: what its player sees, and what everybody else does.
            wanted = self._split.pop(0)
            if wanted != "take":
                return None
        if kind == "split":
            self._split = ["take", "drop"] if rest == self.player else ["drop", "take"]
        elif kind == "request":
            return self._asked(rest)
        elif kind in _ENDS and not self.ended:
            self.ended = True
            return self._complete(None, line)
        elif line.startswith("|") and kind != "t:":
            self._lines.append(line)
        return None

    def _asked(self, text: str) -> Decision | None:
        if text.strip() in ("", "null"):
            return None
        try:
            request = json.loads(text)
        except ValueError as error:
            raise ProtocolError(f"a |request| is cut short ({error}); give the whole log") from error
        side = request.get("side", {}).get("id", "")
        self.player = self.player or side
        if side != self.player or self.ended:
            return None
        return self._complete(request)

    def _complete(self, request: dict[str, Any] | None, *more: str) -> Decision:
        lines, self._lines = (*self._lines, *more), []
        return Decision(lines, request)


def observations(source: str | Path, player: str = "", *, unfinished: bool = False) -> list[Seen]:
    """Every decision of one player in a battle, with the observation that the environment gives at it; the end is last.

    ``source``: a file that ``pokejax play --out`` wrote (.log or .html), or such a log as text. ``player``: "p1" or
    "p2"; "" is whose requests are there. ``unfinished``: allow a log that stops before the battle does.

    `ProtocolError` for a log without requests (a public replay), of another generation, or cut short.
    """
    text, where = _read(source)
    found = GENERATION.search(text)
    if found is None:
        raise ProtocolError(f"{where}: has no |gen| message; it is no battle's protocol log, or its start is cut off")
    splitter = Splitter(player)
    decisions = list(splitter.feed(text.splitlines()))
    if not any(decision.request for decision in decisions):
        whose = f" of {player}" if player else ""
        raise ProtocolError(
            f"{where}: holds no |request|{whose}, as public replays do: it does not say what the player had or could "
            "do. Save battles with `pokejax play --out FOLDER`, or keep the requests in your log"
        )
    if not splitter.ended and not unfinished:
        raise ProtocolError(
            f"{where}: stops before |win| or |tie|, after {len(decisions)} decisions; give the whole log, or "
            "unfinished=True for what there is"
        )
    bridge, seen = Bridge(f"gen{found.group(1)}", splitter.player), []
    for decision in decisions:
        observation = bridge.see(decision.lines, decision.request)
        seen.append(Seen(decision, observation, bridge.open))
    return seen


def _read(source: str | Path) -> tuple[str, str]:
    """The log and a name for it."""
    if isinstance(source, str) and "\n" in source:
        return source, "this log"
    file = Path(source)
    try:
        text = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ProtocolError(f"{file}: cannot be read as text: {error}; give a log or a saved page") from error
    page = PAGE.search(text)
    return (html.unescape(page.group(1)) if page else text), str(file)
