"""One seat of a Gen 1 battle as a spectator's log lets it be rebuilt: its observations, and what of them is known.

The own team is what the whole log shows of it. Its order is not shown, nor that of a Pokémon's moves, so both stand in
an order of their own: the lead, then the others that came in by Pokédex number, then those that never did; moves by
number. The same battle with the team so arranged gives the same observations.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from pokejax.client.errors import ProtocolError
from pokejax.client.gen1.facts import Member, Side, numbered
from pokejax.client.gen1.fields import observation
from pokejax.client.gen1.messages import details_of, read
from pokejax.client.gen1.moves import traps
from pokejax.client.gen1.tracker import Tracker
from pokejax.client.protocol import given_up
from pokejax.gen1.choices import FIRST_MOVE, NO_OP
from pokejax.gen1.dex import Status, to_id
from pokejax.gen1.observation.spec import OBS_SPEC, VOLATILES, Observation
from pokejax.gen1.party import parties_from_wire
from pokejax.gen1.state import MOVE_SLOTS, REQUEST_MOVE, REQUEST_NONE, REQUEST_SWITCH, TEAM_SIZE

_FLINCHES = ("bite", "boneclub", "headbutt", "hyperfang", "lowkick", "rollingkick", "stomp")
_TRAP_LASTS = 3
"""Steps after a move of partial trapping in which it may still hold somebody, as far as a spectator can tell."""
_LOCKS = ("must_recharge", "thrash", "rage")
_USUAL = [30] * 5 + [255] * 5
"""DVs and stat experience (wire form) that nearly all teams have."""


def scout(steps: Sequence[Sequence[str]]) -> dict[str, list[Member]]:
    """By side, the Pokémon that a whole battle shows, in the order of the module, with the moves that it shows."""
    tracker = _public_tracker("p1")
    sides = {side.id: side for side in (tracker.own, tracker.foe)}
    lead: dict[str, Member | None] = {}
    for lines in steps:
        _check_names(sides, lines)
        _take(tracker, lines)
        for side in sides.values():
            lead.setdefault(side.id, side.active)
    return {side.id: _arranged(side, lead[side.id]) for side in sides.values()}


def _arranged(side: Side, lead: Member | None) -> list[Member]:
    others = sorted((one for one in side.team if one is not lead), key=lambda one: (one.species, one.level, one.name))
    found = []
    for seen in [lead, *others] if lead else others:
        member = Member(seen.name, seen.species, seen.level, hp=100, most=100)
        for move in sorted({*seen.pp, *seen.unnamed}):
            member.learn(move)
        member.shown.clear()
        found.append(member)
    return found


def _public_tracker(player: str) -> Tracker:
    """A tracker of a side that sends no requests."""
    tracker = Tracker(player)
    tracker.own = Side(player, own=False)
    return tracker


def _check_names(sides: dict[str, Side], lines: Sequence[str]) -> None:
    """`ProtocolError` for two Pokémon of one name, which messages do not tell apart."""
    for line in lines:
        _, kind, *values = line.split("|")
        if kind in ("switch", "drag") and values[0][:2] in sides:
            name, details = values[0].partition(": ")[2], values[1]
            member = sides[values[0][:2]].named(name)
            if member is not None and details_of(details)[0] != member.species:
                raise ProtocolError(f"two Pokémon of {values[0][:2]} are called {name!r}, and cannot be told apart")


def _take(tracker: Tracker, lines: Sequence[str]) -> None:
    """Take in a step's messages, without a request."""
    sides = {side.id: side for side in (tracker.own, tracker.foe)}
    try:
        tracker.turn = read(sides, lines, tracker.turn)
    except (IndexError, ValueError, KeyError) as error:
        raise ProtocolError(f"a message is cut short or unknown ({error})") from error
    tracker.settle(tracker.own, tracker.foe)
    tracker.settle(tracker.foe, tracker.own)


class _Rebuilt(Tracker):
    """A tracker whose request is what the messages say of it."""

    offered: list[bool]

    def legal(self) -> list[bool]:
        return list(self.offered)

    def maybe_locked(self) -> bool:
        return False


@dataclasses.dataclass(frozen=True)
class Decision:
    """A decision of one seat. ``known``: bool arrays of the fields' shapes, True where the value is certain."""

    observation: Observation
    known: Observation


class Spectator:
    """One seat, step after step. ``team``: its Pokémon from `scout`.

    Call `see` with the messages up to a decision, then `decision` for it, then `action` with those that it led to.
    """

    num_actions = NO_OP + 1

    def __init__(self, player: str, team: Sequence[Member]) -> None:
        self._tracker = tracker = _Rebuilt(player)
        tracker.own.team = [dataclasses.replace(one, pp=dict(one.pp), shown=set(), unnamed={}) for one in team]
        stats = _usual_stats(tracker.own.team)
        self._most: list[int] = [row[0] for row in stats]
        for member, row in zip(tracker.own.team, stats, strict=True):
            member.stats = tuple(row[1:])
        self._unclear: set[int] = set()  # ids of members whose PP or moves are in doubt
        self._listed: set[int] = set()  # of members whose moves the other player's request has listed
        self._since_trap = _TRAP_LASTS + 1
        self._flinched: dict[str, bool] = {}
        self._legal_known = [True] * self.num_actions

    def see(self, lines: Sequence[str]) -> None:
        """Take in the messages up to a decision."""
        tracker = self._tracker
        sides = (tracker.own, tracker.foe)
        _take(tracker, lines)
        used = [(values[0][:2], to_id(values[1])) for values in _of_kind(lines, "move")]
        self._since_trap = 0 if any(traps(numbered(move)) for _, move in used) else self._since_trap + 1
        for side, other in (sides, sides[::-1]):
            self._flinched[side.id] = any(who == other.id and move in _FLINCHES for who, move in used)
            if side.active is None:
                raise ProtocolError("the battle waits before both leads have come in")
            if side.open & {"pp", "moves", "own pp"}:
                self._unclear.add(id(side.active))
            self._unclear |= {id(member) for member in side.team if member.doubtful}
            side.open.clear()
            if side.step.transformed and other.active is not None:
                self._listed.add(id(other.active))
        self._ask()

    def _ask(self) -> None:
        own, foe = self._tracker.own, self._tracker.foe
        gone = [side.member.hp == 0 for side in (own, foe)]
        for side, fainted in zip((own, foe), gone, strict=True):
            side.request = REQUEST_MOVE if not any(gone) else REQUEST_SWITCH if fainted else REQUEST_NONE
        self._tracker.offered, self._legal_known = self._offers()

    def _locked(self) -> bool:
        stand = self._tracker.own.stand
        return bool(stand.charging) or any(lock in stand.flags for lock in _LOCKS)

    def _doubtful(self, side: Side) -> set[str]:
        """Names of locks that may be over without a message: see `docs/play-on-showdown.md`."""
        flags, found = side.stand.flags, set()
        if "thrash" in flags and "confusion" in flags:
            found.add("thrash")
        if "must_recharge" in flags and self._flinched.get(side.id):
            found.add("must_recharge")
        return found

    @property
    def _trap(self) -> bool:
        return self._since_trap <= _TRAP_LASTS

    def _offers(self) -> tuple[list[bool], list[bool]]:
        """Choices that the seat is offered, and which of them are certain."""
        own = self._tracker.own
        offered, known = [False] * self.num_actions, [True] * self.num_actions
        if own.request == REQUEST_NONE:
            offered[NO_OP] = True
            return offered, known
        moving = own.request == REQUEST_MOVE
        locked = moving and self._locked()
        for place in range(own.size or TEAM_SIZE):
            member = own.team[place] if place < len(own.team) else None
            offered[place] = not locked and (member is None or (member is not own.active and member.hp > 0))
            known[place] = bool(own.size) or member is not None
        if not moving:
            return offered, known
        if locked or own.member.status in (Status.SLP, Status.FRZ) or "bide" in own.stand.flags:
            offered[FIRST_MOVE] = True
        else:
            self._offer_moves(offered, known)
        if self._doubtful(own):
            known = [False] * NO_OP + [True]
        return offered, known

    def _offer_moves(self, offered: list[bool], known: list[bool]) -> None:
        own = self._tracker.own
        places = slice(FIRST_MOVE, FIRST_MOVE + MOVE_SLOTS)
        moves = own.moves_now()
        complete = len(moves) == MOVE_SLOTS
        usable = [pp > 0 and move != own.stand.disabled for move, pp in moves]
        usable += [True] * (MOVE_SLOTS - len(moves))
        sure = [True] * len(moves) + [False] * (MOVE_SLOTS - len(moves))
        if [move for move, _ in moves].count(own.stand.disabled) > 1:
            sure = [False] * MOVE_SLOTS
        if complete and not any(usable):
            usable = [True] + [False] * (MOVE_SLOTS - 1)  # Struggle
        elif not any(usable[: len(moves)]):
            sure = [False] * MOVE_SLOTS  # Struggle, or a move that never was used
        if own.stand.copied is not None or self._trap or id(own.active) in self._unclear:
            sure = [False] * MOVE_SLOTS
        offered[places], known[places] = usable, sure

    def decision(self) -> Decision:
        """The observation at this decision, and what is known of it."""
        seen = observation(self._tracker)
        values = {field.name: getattr(seen, field.name) for field in OBS_SPEC.fields}
        own = self._tracker.own
        for place, (member, most) in enumerate(zip(own.team, self._most, strict=True)):
            values["own_max_hp"][place] = most
            values["own_hp"][place] = max(1, member.hp * most // 100) if member.hp else 0
        known = _all_known()
        self._mark(known)
        return Decision(Observation(**values), Observation(**known))

    def _mark(self, known: dict[str, Any]) -> None:
        own, foe = self._tracker.own, self._tracker.foe
        never = slice(len(own.team), own.size or TEAM_SIZE)
        for name in ("own_species", "own_level", "own_moves", "own_pp"):
            known[name][never] = False
        brought = slice(0, own.size or TEAM_SIZE)
        for place in range(own.size or TEAM_SIZE):
            known["own_hp"][place] = place < len(own.team) and own.team[place].hp == 0
        known["own_max_hp"][brought] = False
        known["own_stats"][brought] = False
        known["foe_team_size"][...] = bool(foe.size)
        for place, member in enumerate(own.team):
            rest = slice(len(member.pp), MOVE_SLOTS)
            known["own_moves"][place, rest] = known["own_pp"][place, rest] = False
            if id(member) in self._listed:
                known["own_seen_moves"][place, rest] = False
            if id(member) in self._unclear:
                known["own_pp"][place] = known["own_seen_moves"][place] = False
        doubt = self._unclear | self._listed
        for place, member in enumerate(foe.team):
            if id(member) in doubt:
                known["foe_moves"][place] = known["foe_pp"][place] = False
        self._mark_field(known, own, foe, doubt)
        known["legal_actions"][:] = self._legal_known

    def _mark_field(self, known: dict[str, Any], own: Side, foe: Side, doubt: set[int]) -> None:
        """Of the two on the field."""
        rest = slice(len(own.member.pp), MOVE_SLOTS)
        known["moves"][0, rest] = known["pp"][0, rest] = False
        if own.stand.copied is not None:
            known["moves"][0] = known["pp"][0] = False
        elif id(own.active) in self._unclear:
            known["pp"][0] = known["moves"][0] = False
        if foe.stand.copied is not None or id(foe.active) in doubt:
            known["moves"][1] = known["pp"][1] = False
        for row, side in enumerate((own, foe)):
            for name in self._doubtful(side):
                known["volatiles"][row, VOLATILES.index(name)] = False
        if self._trap:
            for name in ("trapping", "trapped"):
                known["volatiles"][:, VOLATILES.index(name)] = False
            known["maybe_locked"][...] = False

    def action(self, lines: Sequence[str], legal: Any = None) -> tuple[int, bool]:
        """The seat's action by the messages that it led to, and True if these tell it. Call it before `see`.

        ``legal``: bool [11], where the seat's request is known.
        """
        own = self._tracker.own
        known = self._legal_known if legal is None else [True] * self.num_actions
        offered = self._tracker.offered if legal is None else list(map(bool, legal))
        if own.request == REQUEST_NONE:
            return NO_OP, True
        switched = next((values for values in _of_kind(lines, "switch") if values[0][:2] == own.id), None)
        if switched is not None:
            member = own.named(switched[0].partition(": ")[2])
            return (own.team.index(member), True) if member is not None else (NO_OP, False)
        if own.request == REQUEST_SWITCH:
            return NO_OP, False
        moves = offered[FIRST_MOVE:NO_OP]
        if sum(moves) == 1 and all(known[FIRST_MOVE:NO_OP]) and _carried_out(lines):
            return FIRST_MOVE + moves.index(True), True  # one entry is offered, and there was no switch
        if self._trap or self._doubtful(own):
            return NO_OP, False
        return self._move(_named_by(own.id, lines))

    def _move(self, move: int) -> tuple[int, bool]:
        own = self._tracker.own
        if move == numbered("struggle"):
            return FIRST_MOVE, True  # it is offered alone
        moves = [now for now, _ in own.moves_now()]
        if move in own.stand.mimicked.values() and len(moves) < MOVE_SLOTS:
            return NO_OP, False  # a move of its own that nobody saw may be the same
        if own.stand.copied is not None or move == own.stand.called or moves.count(move) != 1:
            return NO_OP, False
        return FIRST_MOVE + moves.index(move), True


def asked_team(request: Mapping[str, Any]) -> list[Member]:
    """The own team as the first request lists it: for a seat whose requests are known."""
    team = []
    for told in request["side"]["pokemon"]:
        species, level = details_of(told["details"])
        member = Member(told["ident"].partition(": ")[2], species, level, hp=100, most=100)
        for move in map(numbered, told["moves"]):
            member.learn(move)
        team.append(member)
    return team


def certain(open_: frozenset[str]) -> Observation:
    """The mask of a seat whose requests are known: all but what the messages leave open (`Bridge.open`)."""
    known = _all_known()
    for name in ("own_pp", "own_seen_moves", "foe_moves", "foe_pp", "moves", "pp") if open_ else ():
        known[name][:] = False
    return Observation(**known)


def _all_known() -> dict[str, Any]:
    """By field a mask of True."""
    return {field.name: np.ones(field.shape, np.bool_) for field in OBS_SPEC.fields}


def _usual_stats(team: Sequence[Member]) -> list[list[int]]:
    """Maximal HP and the four stats of each, with the DVs and stat experience that nearly all have."""
    wire = np.zeros((1, TEAM_SIZE, 16), np.uint16)
    for place, member in enumerate(team[:TEAM_SIZE]):
        wire[0, place] = [member.species, member.level, 0, 0, 0, 0, *_USUAL]
    party = parties_from_wire(wire)
    return [[int(party.max_hp[0, k]), *map(int, party.stats[0, k])] for k in range(min(len(team), TEAM_SIZE))]


def _of_kind(lines: Sequence[str], kind: str) -> list[list[str]]:
    """The values of all messages of a kind."""
    return [line.split("|")[2:] for line in lines if line.startswith(f"|{kind}|")]


def _carried_out(lines: Sequence[str]) -> bool:
    """The turn was played: nobody gave up before it."""
    return any(line.startswith(("|move|", "|cant|", "|switch|", "|upkeep", "|-")) for line in lines) and not any(
        line.startswith("|-message|") and given_up(line) for line in lines
    )


def _named_by(side: str, lines: Sequence[str]) -> int:
    """The move that a side's choice is named by: by its first ``|move|``, or by Disable which held it; 0 if none."""
    if any("thawed from freeze and no move has been selected" in line for line in lines):
        return 0
    for line in lines:
        _, kind, *values = line.split("|")
        if not values or values[0][:2] != side:
            continue
        if kind == "move":
            return 0 if any(value.startswith("[from]") for value in values) else numbered(to_id(values[1]))
        if kind == "cant":
            named = len(values) > 2 and values[1] == "Disable"
            return numbered(to_id(values[2])) if named else 0
    return 0
