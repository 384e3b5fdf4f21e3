"""Battles of the reference as a spectator's replay, and both seats' truth in a replay's order."""

from __future__ import annotations

import collections
import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from families.pokejax_gen1.verify.sides import rolled_out
from families.pokejax_gen1.verify.themes import THEMES, drawn
from pokejax.client.replays import Track
from pokejax.gen1.observation import OBS_SPEC
from references.showdown import client
from references.showdown.gen1.knowledge import Names
from references.showdown.workers import WorkerPool
from verification import cases

REGRESSION = Path(__file__).parents[1] / "regression"
SEATS = ("p1", "p2")
NAMES = tuple(field.name for field in OBS_SPEC.fields)
_BY_SLOT = tuple(name for name in NAMES if name.startswith("own_"))


@dataclasses.dataclass(frozen=True)
class Played:
    """A battle: the joint ``actions`` [T, 2], what each seat was sent, and by path all that the environment gives."""

    actions: np.ndarray
    views: list[Any]
    outs: Any

    def spectators_log(self) -> str:
        """The log as a spectator is sent it: of each side what the other one sees."""
        lines: list[str] = []
        for (first, _), (second, _) in self.views:
            # A hint may be for one player alone, and no spectator is sent it.
            first, second = (
                [line for line in one if not line.startswith("|-hint|") or line in other]
                for one, other in ((first, second), (second, first))
            )
            for one, other in zip(first, second, strict=True):
                lines += ["|t:|1700000000"] if one.startswith("|switch|") else []
                lines.append(one if one == other else other if one.split("|")[2].startswith("p1") else one)
                lines += ["|c|☆somebody|hello|there"] if one.startswith("|turn|") else []
        return "\n".join(lines) + "\n"


def battles(pool: WorkerPool, seed: int, count: int, teams: str, policy: str) -> Iterator[Played]:
    """Battles played in the reference, and the environment's side of them by the verifier's tracker."""
    for place in range(count):
        yield battle(pool, seed, count, teams, policy, place)


def battle(pool: WorkerPool, seed: int, count: int, teams: str, policy: str, place: int) -> Played:
    """One of the battles of `battles`."""
    rng = np.random.default_rng(seed)
    names = Names.of(client.names(pool))
    pairs = drawn(teams, rng, count) if teams in THEMES else client.make_teams(pool, teams, (seed, 9), count)
    format_id = "gen1ou" if teams == "ou" else "gen1randombattle"
    high, low = (int(word) for word in rng.integers(2**32, size=(count, 2))[place])
    actions, told = client.play_watched(pool, format_id, (high, low), pairs[place], policy, choice_seed=low)
    job = client.BattleJob(format_id, (high, low), pairs[place], actions)
    return Played(actions, list(told.views), rolled_out(job, told, names).states)


def saved(pool: WorkerPool, name: str) -> Played:
    """The battle of a case in tests/regression, played again."""
    case = cases.load(REGRESSION / f"{name}.json")
    words = case.options["words"]
    actions = np.array([[int(joint[agent]) for agent in SEATS] for joint in case.actions], np.uint8)
    job = client.BattleJob("gen1randombattle", (int(words[0]), int(words[1])), case.options["teams"], actions)
    told = client.replay(pool, job, watched=True)
    assert told.message == ""
    return Played(actions, list(told.views), rolled_out(job, told, Names.of(client.names(pool))).states)


@dataclasses.dataclass
class Arranged:
    """One seat's truth in the order of a replay: the lead, those that came in by number, the others; moves by number.

    ``team``: by place the team slot. ``moves``: by team slot, for each place the move slot. ``shown``: by team slot
    how many of these moves the replay shows.
    """

    team: list[int]
    moves: list[list[int]]

    def observation(self, outs: Any, seat: str, step: int, forced: bool) -> dict[str, np.ndarray]:
        found = {name: np.array(outs[f"out.{seat}.obs.{name}"][step]) for name in NAMES}
        active = int(found["own_active"].argmax())
        for name in ("own_moves", "own_pp", "own_seen_moves"):
            found[name] = np.stack([found[name][slot][self.moves[slot]] for slot in range(6)])
        for name in _BY_SLOT:
            found[name] = found[name][self.team]
        for name in ("moves", "pp"):
            found[name][0] = found[name][0][self.moves[active]]
        legal = found["legal_actions"]
        legal[:6] = legal[:6][self.team]
        if not forced:
            legal[6:10] = legal[6:10][self.moves[active]]
        return found

    def action(self, action: int, active: int, forced: bool) -> int:
        if action < 6:
            return self.team.index(action)
        if action < 10 and not forced:
            return 6 + self.moves[active].index(action - 6)
        return action


def arranged(track: Track, outs: Any, seat: str) -> Arranged:
    """The order that a track gives a seat's team, from what it says at its end of the Pokémon and moves."""
    first = {name: np.array(outs[f"out.{seat}.obs.{name}"][0]) for name in NAMES}
    last = {name: np.array(getattr(track.observations, name)[-1]) for name in NAMES}
    known = np.array(track.known.own_species[-1])
    team = []
    for place in range(6):
        if known[place] and last["own_species"][place]:
            fits = (first["own_species"] == last["own_species"][place]) & (
                first["own_level"] == last["own_level"][place]
            )
            seen = np.array(outs[f"out.{seat}.obs.own_seen"][-1])
            team.append(next(slot for slot in range(6) if fits[slot] and seen[slot] and slot not in team))
    team += [slot for slot in range(6) if slot not in team]
    moves = [[0, 1, 2, 3] for _ in range(6)]
    for place, slot in enumerate(team):
        shown = [move for move in last["own_moves"][place] if move]
        own = list(first["own_moves"][slot])
        found = [own.index(move) for move in shown]
        moves[slot] = found + [k for k in range(4) if k not in found]
    return Arranged(team, moves)


@dataclasses.dataclass
class Tally:
    """Numbers compared and not; ``differences`` name seat, decision and field."""

    counts: collections.Counter[str] = dataclasses.field(default_factory=collections.Counter)
    fields: collections.Counter[str] = dataclasses.field(default_factory=collections.Counter)
    differences: list[str] = dataclasses.field(default_factory=list)


def compare(tally: Tally, played: Played, tracks: tuple[Track, Track], where: str = "") -> None:
    """Every field and action that a track calls known beside the truth; all of both seats are counted."""
    for number, (seat, track) in enumerate(zip(SEATS, tracks, strict=True)):
        order = arranged(track, played.outs, seat)
        assert len(track) == len(played.actions), (len(track), len(played.actions))
        for step in range(len(track)):
            request = played.views[step][number][1] or {}
            entries = (request.get("active") or [{}])[0].get("moves", [])
            active = int(np.array(played.outs[f"out.{seat}.obs.own_active"][step]).argmax())
            forced = len(entries) == 1 and len(set(order.moves[active])) > 1
            truth = order.observation(played.outs, seat, step, forced)
            at = f"{where}{seat}, decision {step}"
            for name in NAMES:
                value, mask = getattr(track.observations, name)[step], getattr(track.known, name)[step]
                tally.counts["values"] += mask.size
                tally.counts["values known"] += int(mask.sum())
                tally.fields[name] += mask.size
                tally.fields[f"{name} known"] += int(mask.sum())
                if np.any((value != truth[name]) & mask):
                    told = f"{name} is {value.tolist()}, in truth {truth[name].tolist()}"
                    tally.differences.append(f"{at}: {told}, known {mask.astype(int).tolist()}")
            right = order.action(int(played.actions[step, number]), active, forced)
            tally.counts["decisions"] += 1
            asked = int(truth["request"][0]) != 0
            tally.counts["choices"] += asked
            if track.action_known[step]:
                tally.counts["choices known"] += asked
                if int(track.actions[step]) != right:
                    tally.differences.append(f"{at}: action is {track.actions[step]}, in truth {right}")
        reward = played.outs[f"out.reward.{seat}"][len(track)]
        if float(reward) != float(track.rewards[-1]):
            tally.differences.append(f"{where}{seat}: the last reward is {track.rewards[-1]}, in truth {reward}")
    tally.counts["battles"] += 1
