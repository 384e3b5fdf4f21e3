"""Replays as what both players saw and chose, decision by decision."""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

from pokejax.client.bridge import PACKAGES, Bridge
from pokejax.client.errors import ProtocolError
from pokejax.client.protocol import CHOICE, Seen, observations
from pokejax.client.replays.steps import CUT_SHORT, SEATS, Battle, part
from pokejax.client.replays.texts import Replay, ReplayError, read


@dataclasses.dataclass(frozen=True)
class Track:
    """One seat of one battle: T decisions, in which it waited included, as in the environment.

    * ``observations``: leaves [T, …], as the environment gives them. ``known``: the same with bool leaves, True where
      the replay tells the value. ``observations.legal_actions`` is the mask of actions.
    * ``actions``: int8 [T]. ``action_known``: bool [T]; where False, the action stands as ``NO_OP`` and means nothing.
    * ``rewards``: float32 [T], 1 for a win and −1 for a loss at the last decision, else 0.
    * ``terminated``: bool [T], the battle ended there. ``truncated``: bool [T], the log did.
    * ``ending``: one of `pokejax.client.replays.ENDINGS`.
    """

    seat: str
    observations: Any
    known: Any
    actions: NDArray[np.int8]
    action_known: NDArray[np.bool_]
    rewards: NDArray[np.float32]
    terminated: NDArray[np.bool_]
    truncated: NDArray[np.bool_]
    ending: str

    def __len__(self) -> int:
        return len(self.actions)


def convert(source: str | Path | Replay) -> tuple[Track, Track]:
    """Both seats of a replay. `ReplayError` for no replay, another generation, or messages that cannot be followed."""
    replay = source if isinstance(source, Replay) else read(source)
    package = PACKAGES.get(replay.generation)
    generation: Any = importlib.import_module(package) if package else None
    if not hasattr(generation, "Spectator"):
        known = ", ".join(map(str, PACKAGES))
        raise ReplayError(
            f"{replay.name}: is of generation {replay.generation}; replays of generation {known} are read"
        )
    try:
        battle = part(replay.lines, replay.name)
        shown = generation.scout(battle.steps)
        tracks = {seat: _watched(generation, battle, seat, shown[seat]) for seat in SEATS}
        if replay.requests:
            tracks[replay.requests] = _own(replay, battle, generation)
    except ReplayError:
        raise
    except ProtocolError as error:
        raise ReplayError(f"{replay.name}: cannot be followed: {error}") from error
    return tracks["p1"], tracks["p2"]


def _watched(generation: Any, battle: Battle, seat: str, team: Sequence[Any]) -> Track:
    """A seat from what a spectator was shown."""
    spectator = generation.Spectator(seat, team)
    seen, known, actions = [], [], []
    for place in range(battle.decisions):
        spectator.see(battle.steps[place])
        decision = spectator.decision()
        seen.append(decision.observation)
        known.append(decision.known)
        cut = place == battle.decisions - 1 and battle.ending == CUT_SHORT
        actions.append((spectator.num_actions - 1, False) if cut else spectator.action(battle.steps[place + 1]))
    return _track(seat, battle, seen, known, actions)


def _own(replay: Replay, battle: Battle, generation: Any) -> Track:
    """The seat whose requests are in the log: all of its observation is known but for what messages leave open."""
    seat = replay.requests
    seen = [one for one in observations(replay.text, seat, unfinished=True) if one.decision.request]
    if battle.ending != CUT_SHORT and len(seen) < battle.decisions:
        raise ReplayError(f"{replay.name}: {len(seen)} requests for {battle.decisions} decisions; give the whole log")
    seen = seen[: battle.decisions]
    team = generation.asked_team(seen[0].decision.request)
    spectator = generation.Spectator(seat, team)
    told = _choices(replay, seat)
    bridge, known, actions = Bridge(f"gen{replay.generation}", seat), [], []
    for place, one in enumerate(seen):
        bridge.see(one.decision.lines, one.decision.request)
        spectator.see(battle.steps[place])
        known.append(generation.certain(one.open))
        cut = place == battle.decisions - 1 and battle.ending == CUT_SHORT
        noted = told[place] if place < len(told) else ""
        actions.append(_noted(bridge, noted) or _inferred(spectator, battle, one, place, cut))
    return _track(seat, battle, [one.observation for one in seen], known, actions)


def _choices(replay: Replay, seat: str) -> list[str]:
    """Choices that ``pokejax play`` noted, by request of the seat; "" where it noted none."""
    found: list[str] = []
    for line in replay.lines:
        if line.startswith("|request|{"):
            found.append("")
        elif line.startswith(f"{CHOICE}{seat} ") and found:
            found[-1] = line.removeprefix(f"{CHOICE}{seat} ").strip()
    return found


def _noted(bridge: Bridge, words: str) -> tuple[int, bool] | None:
    """The action of noted words; None where there are none that the request offers."""
    for action in range(bridge.tracker.num_actions):
        try:
            if words and bridge.choice(action) == words:
                return action, True
        except ValueError:
            continue
    return None


def _inferred(spectator: Any, battle: Battle, one: Seen, place: int, cut: bool) -> tuple[int, bool]:
    """The action by what it led to."""
    legal = one.observation.legal_actions
    if cut:
        return spectator.num_actions - 1, False
    return spectator.action(battle.steps[place + 1], legal)


def _track(seat: str, battle: Battle, seen: list[Any], known: list[Any], actions: list[tuple[int, bool]]) -> Track:
    count = len(seen)
    last = np.arange(count) == count - 1
    won = {"": 0, seat: 1}.get(battle.winner, -1)
    return Track(
        seat=seat,
        observations=jax.tree.map(lambda *leaves: np.stack(leaves), *seen),
        known=jax.tree.map(lambda *leaves: np.stack(leaves), *known),
        actions=np.array([action for action, _ in actions], np.int8),
        action_known=np.array([certain for _, certain in actions], np.bool_),
        rewards=np.where(last, won, 0).astype(np.float32),
        terminated=last & (battle.ending != CUT_SHORT),
        truncated=last & (battle.ending == CUT_SHORT),
        ending=battle.ending,
    )
