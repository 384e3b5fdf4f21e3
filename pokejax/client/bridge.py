"""The bridge between what a Showdown server sends to a player and the environment's observation of that player.

>>> bridge = Bridge("gen1randombattle", "p1")
>>> obs = bridge.see(lines, request)        # at each request; `request` is its JSON, None at the end
>>> bridge.choice(action)                   # "move 2"
"""

from __future__ import annotations

import importlib
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from pokejax.client.errors import ClientError, ProtocolError

PACKAGES = {1: "pokejax.client.gen1"}
"""By generation, packages with a class `Tracker`."""
_FORMAT = re.compile(r"gen(\d)\w*")


class Tracker(Protocol):
    """One player's knowledge of a battle, which each generation implements."""

    num_actions: int
    no_op: int
    turn: int

    def __init__(self, player: str) -> None: ...

    def see(self, lines: Sequence[str], request: Mapping[str, Any] | None) -> None:
        """Take in the messages since the last call, and the request they lead to; None once the battle is over."""
        ...

    def observation(self) -> Any:
        """The player's observation as the environment gives it, of numpy arrays without a batch axis."""
        ...

    def choice(self, action: int) -> str:
        """Showdown's words for a legal action; "" for who waits. `ValueError` for an illegal one."""
        ...

    @property
    def open(self) -> frozenset[str]:
        """Names of what the messages leave open; empty where the observation is exact."""
        ...


def tracker(format_id: str, player: str) -> Tracker:
    """A tracker of the generation of a format like "gen1ou"; `ClientError` for one that is not there."""
    match = _FORMAT.fullmatch(format_id)
    package = PACKAGES.get(int(match.group(1))) if match else None
    if package is None:
        known = ", ".join(f"gen{generation}…" for generation in PACKAGES)
        raise ClientError(f"format {format_id!r}: the bridge reads battles of {known}; give one of these formats")
    return importlib.import_module(package).Tracker(player)


def blank(format_id: str) -> Any:
    """An observation of zeros with every action allowed, to try a policy with."""
    tracker(format_id, "p1")
    package: Any = importlib.import_module(PACKAGES[int(format_id[3])])
    return package.blank()


class Bridge:
    """Observations of one player of one battle.

    ``format_id``: Showdown's, as "gen1randombattle" or "gen1ou". ``player``: "p1", "p2"; "" is read off the first
    request.
    """

    def __init__(self, format_id: str, player: str = "") -> None:
        self.format_id, self.player = format_id, player
        self._tracker: Tracker | None = tracker(format_id, player) if player else None
        tracker(format_id, "p1")
        self.ended = False

    @property
    def tracker(self) -> Tracker:
        """The generation's own; `ProtocolError` before the first request."""
        if self._tracker is None:
            raise ProtocolError("nothing has been seen of this battle yet; call `see` first")
        return self._tracker

    def see(self, lines: Sequence[str], request: Mapping[str, Any] | str | None) -> Any:
        """The observation after these messages.

        ``lines``: of the protocol, as sent to this player since the last call. ``request``: the one they lead to (its
        JSON, or as text), None once the battle is over. `ProtocolError` where they do not fit.
        """
        told = json.loads(request) if isinstance(request, str) else request
        if self._tracker is None:
            if not told or "side" not in told:
                raise ProtocolError("the first request is missing, so the own team is not known; read from the start")
            self.player = str(told["side"]["id"])
            self._tracker = tracker(self.format_id, self.player)
        self._tracker.see(lines, told)
        self.ended = told is None
        return self._tracker.observation()

    def choice(self, action: int) -> str:
        """Showdown's words for an action: "move 2", "switch 5"; "" for who waits. `ValueError` for an illegal one."""
        return self.tracker.choice(int(action))

    @property
    def open(self) -> frozenset[str]:
        """Names of what the messages leave open; empty where the observation is exact."""
        return self._tracker.open if self._tracker else frozenset()
