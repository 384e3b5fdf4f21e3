"""One player's knowledge of a battle: its messages and requests, step after step, and the numbers of an observation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, NamedTuple

from references.showdown.gen1.knowledge.log import read
from references.showdown.gen1.knowledge.names import Names
from references.showdown.gen1.knowledge.team import Copied, KnowledgeError, Member, Side

Request = Mapping[str, Any] | None
STATS = ("atk", "def", "spa", "spe")
_TRAPS = {"wrap", "bind", "clamp", "firespin"}
_HELPLESS = ("slp", "frz")


class Truth(NamedTuple):
    """Facts of an active Pokémon that messages leave open: see `Watcher._clear_up`."""

    own: Sequence[tuple[str, int]]
    """(id, PP) of its own moves, in their order."""
    now: Sequence[tuple[str, int]]
    """(id, PP) of its moves as it is now."""
    lasting: AbstractSet[str]
    """The ones of "thrash" and "must_recharge" that last."""
    selected: str
    """Id of its own move in the place that was selected last."""


class Watcher:
    """A player ("p1" or "p2") from the first message on: call `see` for each decision point, then read `own`, `foe`."""

    def __init__(self, player: str, names: Names) -> None:
        self.player, self.names = player, names
        other = "p2" if player == "p1" else "p1"
        self.own, self.foe = Side(player, own=True), Side(other, own=False)
        self.turn = 0
        self.request: Request = None
        self.over = False

    def see(self, lines: Sequence[str], request: Request, truth: Mapping[str, Truth] | None = None) -> None:
        """Take in what the player was sent since the last call, and its request (None when the battle is over).

        `truth`: of both active Pokémon, by side, for what messages leave open (`_clear_up`).
        """
        if not self.own.team:
            if request is None:
                raise KnowledgeError(f"{self.player}: the first request is missing")
            self._meet_team(request)
        sides = (self.own, self.foe) if self.player == "p1" else (self.foe, self.own)
        self.over = request is None
        self.turn = read(sides, self.names, lines, self.turn)
        for side in sides:
            self._clear_up(side, truth)
        if request is not None:
            self._check(request)
        self.ask(request)
        self._settle(truth)

    def ask(self, request: Request) -> None:
        """Take in a request."""
        self.request = request
        if request is not None:
            self._read_moves(request)
        own, foe = self.own.stand.transform, self.foe.stand.transform
        if foe == [] and own:
            # The foe took what the own Pokémon had just got by Transform, which the request tells only now.
            self.foe.stand.transform = [Copied(copied.id, 5) for copied in own]
        self._requests()
        self._certain()

    def _clear_up(self, side: Side, truth: Mapping[str, Truth] | None) -> None:
        """Take the PP of the active Pokémon's moves as they are, where the messages leave open which of them paid.

        So it is with the nameless move after a thaw, a move called by a transformed Pokémon, and a move that a Pokémon
        has twice, by Mimic or Transform. The environment gives the true PP, and so does this. Where a battle ends in
        the turn of a Transform, no request lists the moves any more, and they are taken as they are, too. So are two
        ends that no message tells: of Thrash where the Pokémon is confused already, and of a recharge by a flinch of
        who has not moved or was held before.
        """
        unclear, side.unclear = side.unclear, False
        if truth is not None and side.stand.transform == [] and self.over:
            side.stand.transform = [Copied(*one) for one in truth[side.id].now]
        if truth is not None and side.active is not None:
            silent = {"must_recharge"} | ({"thrash"} if "confusion" in side.stand.conditions else set())
            side.stand.conditions -= silent - truth[side.id].lasting
        if truth is None or side.active is None or not (unclear or side.stand.mimic):
            return
        member, mimic = side.active, side.stand.mimic
        left = {move: self.names.pp[move] - pp for move, pp in truth[side.id].own}
        twice, side.twice = side.twice, ""
        before = member.spent.get(twice, member.hidden.get(twice, 0))
        if twice in left and (left[twice] - before) & 63:
            # Its own move was used: not the copy, nor one that was chosen for another Pokémon.
            member.spent[twice] = left[twice]
            member.shown.add(twice)
        for move, spent in left.items():
            if unclear:
                (member.spent if move in member.spent else member.hidden)[move] = spent
        if side.stand.transform is not None:
            for copied, (move, pp) in zip(side.stand.transform, truth[side.id].now, strict=False):
                copied.pp = pp if unclear and copied.id == move else copied.pp
            return
        for (own, _), (move, _) in zip(truth[side.id].own, truth[side.id].now, strict=False):
            if unclear and own in mimic | member.spent and move != own:
                mimic[own] = move
        copies = list(mimic.values())
        for own, copy in mimic.items():
            if copies.count(copy) > 1 or (copy in left and copy not in mimic):
                member.spent[own] = left[own]

    def _meet_team(self, request: Mapping[str, Any]) -> None:
        """The own team from the first request; its order never changes."""
        for told in request["side"]["pokemon"]:
            species, *details = told["details"].split(", ")
            level = next((int(detail[1:]) for detail in details if detail.startswith("L")), 100)
            member = Member(told["ident"].partition(": ")[2], species, level)
            member.stats = tuple(told["stats"][stat] for stat in STATS)  # type: ignore[assignment]
            member.spent = dict.fromkeys(told["moves"], 0)
            member.set_condition(told["condition"])
            self.own.team.append(member)

    def _check(self, request: Mapping[str, Any]) -> None:
        """The request says of the own team what the messages have said. `KnowledgeError` if not."""
        for told in request["side"]["pokemon"]:
            member = self.own.member(told["ident"].partition(": ")[2])
            if member is None:
                raise KnowledgeError(f"{self.player}: the request names {told['ident']}, which the first one did not")
            if told["active"] and member is not self.own.active:
                raise KnowledgeError(f"{self.player}: {member.name} is active, and no message said so")
            share, _, status = told["condition"].partition(" ")
            if int(share.partition("/")[0]) != member.hp:
                raise KnowledgeError(
                    f"{self.player}: {member.name} has {told['condition']} by the request, {member.hp} by the messages"
                )
            if status != "fnt" and status != member.status:
                member.set_status(status)

    def _read_moves(self, request: Mapping[str, Any]) -> None:
        """The own active Pokémon's moves and PP, where the request lists them."""
        stand, active = self.own.stand, self.own.standing()
        told = next(one for one in request["side"]["pokemon"] if one["active"])
        if stand.transform is not None and (not stand.transform or len(stand.transform) != len(told["moves"])):
            stand.transform = [Copied(move, 5) for move in told["moves"]]
        entries = request["active"][0]["moves"] if "active" in request else []
        if not entries or any("pp" not in entry for entry in entries):
            return
        if stand.transform is not None:
            stand.transform = [Copied(entry["id"], entry["pp"]) for entry in entries]
            return
        for own, entry in zip(active.spent, entries, strict=True):
            active.spent[own] = self.names.pp[own] - entry["pp"]

    def _requests(self) -> None:
        """Whom the battle waits for: 0 nobody, 1 a move or a switch, 2 a replacement of a fainted Pokémon."""
        request = self.request
        if request is None:
            self.own.request = self.foe.request = 0
            return
        if request.get("wait"):
            self.own.request, self.foe.request = 0, 2
        elif request.get("forceSwitch"):
            self.own.request = 2
            self.foe.request = 2 if self.foe.standing().hp == 0 else 0
        else:
            self.own.request = self.foe.request = 1

    def _certain(self) -> None:
        """The own request's word on partial trapping: a move that goes on, or "Fight" for who cannot move."""
        own, foe = self.own.stand.conditions, self.foe.stand.conditions
        for conditions in (own, foe):
            conditions -= {"trapping", "trapped"}
        entries = self.request["active"][0]["moves"] if self.request and "active" in self.request else []
        if len(entries) != 1 or self.request["active"][0].get("trapped"):  # type: ignore[index]
            return
        if entries[0]["id"] in _TRAPS and "pp" not in entries[0]:
            own.add("trapping")
            foe.add("trapped")
        if entries[0]["id"] == "fight" and self.own.standing().status not in _HELPLESS:
            own.add("trapped")
            foe.add("trapping")

    def _settle(self, truth: Mapping[str, Truth] | None) -> None:
        """Moves known at the end of the step: named by what still lasts, or listed by a request."""
        for side, other in ((self.own, self.foe), (self.foe, self.own)):
            stand, target = side.stand, other.stand
            if stand.charging and stand.payer and stand.transform is None:
                if truth is not None and stand.payer in stand.mimic.values():
                    self._know_own(side, truth[side.id].selected)  # its own move, or Mimic's copy of it
                else:
                    self._know(side, stand.payer)
            if stand.disabled and not stand.disabled_is_copied and stand.transform is None:
                self._know_own(side, stand.disabled)
            for mark in [mark for mark in stand.conditions if mark.startswith("just mimicked ")]:
                stand.conditions.discard(mark)
                move = mark.removeprefix("just mimicked ")
                # Nor has it come to have it twice within the step, nor transformed.
                if move not in target.mimic.values() and target.transform is None:
                    self._know_own(other, move)
            if "just transformed" in stand.conditions:
                stand.conditions.discard("just transformed")
                if target.transform is None:
                    listed = [copied.id for copied in stand.transform or []]
                    for move in listed:
                        # What Mimic gave it is listed too, and is not its own; a move listed twice is both.
                        if listed.count(move) > stand.foreign.count(move):
                            self._know_own(other, move)

    def _know(self, side: Side, move: str) -> None:
        """The other side's player knows that the active Pokémon has this move."""
        self._know_own(side, next((slot for slot, now in side.stand.mimic.items() if now == move), move))

    def _know_own(self, side: Side, move: str) -> None:
        member = side.standing()
        member.shown.add(move)
        if not side.own:
            member.know(move)

    def moves_now(self, side: Side) -> list[tuple[str, int]]:
        """Known moves of the active Pokémon as it is now, with PP."""
        stand = side.stand
        if stand.transform is not None:
            return [(copied.id, copied.pp) for copied in stand.transform]
        spent = side.standing().spent.items()
        return [(stand.mimic.get(move, move), self.pp(move, used)) for move, used in spent]

    def pp(self, move: str, spent: int) -> int:
        """PP left; below 0 they begin again at 63."""
        return (self.names.pp[move] - spent) & 63
