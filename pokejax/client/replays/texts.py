"""Saved battles as text: Showdown's logs, pages and JSON, and what ``pokejax play --out`` writes."""

from __future__ import annotations

import dataclasses
import html
import json
import re
from pathlib import Path

from pokejax.client.errors import ProtocolError
from pokejax.client.protocol import GENERATION, PAGE

_SHOWDOWN_LOG = re.compile(r'<script[^>]*class="[^"]*battle-log-data[^"]*"[^>]*>(.*?)</script>', re.DOTALL)
_TIER = re.compile(r"^\|tier\|([^\n]*)", re.MULTILINE)
_GAME = re.compile(r"^\|gametype\|([^\n]*)", re.MULTILINE)
_SPELLED_OUT = re.compile(r"[^a-z0-9]+")


class ReplayError(ProtocolError):
    """A file that is no replay, or one of a battle that is not read; the message names the file and the remedy."""


@dataclasses.dataclass(frozen=True)
class Replay:
    """The protocol log of one battle.

    * ``name``: of the file. ``lines``: of the log. ``format_id``: as "gen1ou", from the log's tier.
    * ``requests``: the player whose requests are in it ("p1", "p2"); "" for a spectator's log.
    """

    name: str
    lines: tuple[str, ...]
    generation: int
    format_id: str
    requests: str = ""

    @property
    def text(self) -> str:
        """The log."""
        return "\n".join(self.lines) + "\n"


def read(source: str | Path) -> Replay:
    """The battle in a file (.log, .txt, .html, .json), or in a log given as text; `ReplayError` for anything else."""
    if isinstance(source, str) and "\n" in source:
        return _replay("this log", source)
    file = Path(source)
    try:
        text = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ReplayError(f"{file}: cannot be read as text ({error}); give a replay's .log, .html or .json") from error
    start = text.lstrip()[:1]
    if start == "{":
        return _replay(str(file), _of_json(file, text))
    if start == "<":
        return _replay(str(file), _of_page(file, text))
    return _replay(str(file), text)


def _of_json(file: Path, text: str) -> str:
    try:
        data = json.loads(text)
    except ValueError as error:
        raise ReplayError(f"{file}: is not whole JSON ({error}); save the replay again") from error
    log = data.get("log")
    if isinstance(log, list):
        log = "\n".join(map(str, log))
    if not isinstance(log, str):
        raise ReplayError(f"{file}: its JSON has no text under 'log', as a replay's has; save the replay's own .json")
    return log


def _of_page(file: Path, text: str) -> str:
    own = PAGE.search(text)
    if own is not None:
        return html.unescape(own.group(1))
    page = _SHOWDOWN_LOG.search(text)
    if page is None:
        raise ReplayError(
            f"{file}: this page holds no battle's log (an element of class 'battle-log-data'); save the replay itself, "
            "by its Download button or as .log"
        )
    return page.group(1).replace("<\\/", "</")


def _replay(name: str, text: str) -> Replay:
    found = GENERATION.search(text)
    if found is None:
        raise ReplayError(
            f"{name}: has no |gen| message: it is no battle's log, or its start is cut off; give the whole log"
        )
    game = _GAME.search(text)
    if game is not None and game.group(1).strip() != "singles":
        raise ReplayError(f"{name}: is a battle of {game.group(1).strip()}; battles of singles alone are read")
    tier = _TIER.search(text)
    format_id = _SPELLED_OUT.sub("", tier.group(1).lower()) if tier else f"gen{found.group(1)}"
    lines = tuple(line.rstrip("\r") for line in text.splitlines())
    return Replay(name, lines, int(found.group(1)), format_id, _whose(name, lines))


def _whose(name: str, lines: tuple[str, ...]) -> str:
    for line in lines:
        if line.startswith("|request|{"):
            try:
                side = json.loads(line.removeprefix("|request|")).get("side", {}).get("id", "")
            except ValueError as error:
                raise ReplayError(f"{name}: a |request| is cut short ({error}); give the whole log") from error
            if side:
                return str(side)
    return ""
