"""One player's knowledge of a Gen 1 battle, decision after decision, from what a server sends to that player."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pokejax.client.errors import ProtocolError
from pokejax.client.gen1.facts import Member, Side, numbered
from pokejax.client.gen1.messages import COPIED_PP, details_of, read
from pokejax.client.gen1.moves import thrashes, traps
from pokejax.gen1.choices import FIRST_MOVE, NO_OP
from pokejax.gen1.dex import Status, to_id
from pokejax.gen1.state import MOVE_SLOTS, REQUEST_MOVE, REQUEST_NONE, REQUEST_SWITCH

_STATS = ("atk", "def", "spa", "spe")
_REMEDY = "give the log from its first message on, as a server of Showdown 0.11.11 sends it"


class Tracker:
    """A player ("p1" or "p2"). Call `see` at each decision point; then `observation` is what the player may know.

    * ``open``: names of what the messages leave open at this point, of either side. Where it is empty, the observation
      is the environment's; otherwise the likeliest reading stands for it. `docs/play-on-showdown.md` lists them.
    """

    num_actions = NO_OP + 1
    no_op = NO_OP

    def __init__(self, player: str) -> None:
        if player not in ("p1", "p2"):
            raise ValueError(f"player {player!r}: allowed are 'p1' and 'p2'")
        self.player = player
        self.own = Side(player, own=True)
        self.foe = Side("p2" if player == "p1" else "p1", own=False)
        self.turn = 0
        self.request: Mapping[str, Any] | None = None
        self.ended = False

    def see(self, lines: Sequence[str], request: Mapping[str, Any] | None) -> None:
        """Take in the messages since the last call, and the request they lead to; None once the battle is over.

        `ProtocolError` for messages that do not follow from what was seen before.
        """
        if not self.own.team:
            if request is None or "side" not in request:
                raise ProtocolError(f"{self.player} was sent no request, so its team is not known; {_REMEDY}")
            self._meet_team(request)
        self.request, self.ended = request, request is None
        try:
            self.turn = read({side.id: side for side in (self.own, self.foe)}, lines, self.turn)
        except (IndexError, ValueError, KeyError) as error:
            raise ProtocolError(f"a message of {self.player}'s battle is cut short ({error}); {_REMEDY}") from error
        if self.own.active is None or self.foe.active is None:
            raise ProtocolError(f"{self.player} is asked before both leads have come in; {_REMEDY}")
        if request is not None and "side" in request:
            self._check(request)
            self._read_entries(request)
        self._transform_of_a_transform()
        self._ask(request)
        self.settle(self.own, self.foe)
        self.settle(self.foe, self.own)
        self._doubt_members()

    @property
    def open(self) -> frozenset[str]:
        """See the class."""
        return frozenset(f"{side.id}: {name}" for side in (self.own, self.foe) for name in side.open)

    @property
    def entries(self) -> list[Mapping[str, Any]]:
        """The moves that the request offers; [] where it asks for none."""
        asked = (self.request or {}).get("active")
        return list(asked[0]["moves"]) if asked else []

    def legal(self) -> list[bool]:
        """The choices that the request offers, by action; all of them once the battle is over."""
        if self.request is None:
            return [True] * self.num_actions
        found = [False] * self.num_actions
        if self.own.request == REQUEST_MOVE:
            for place, entry in enumerate(self.entries):
                found[FIRST_MOVE + place] = not entry.get("disabled", False)
        if self.own.request != REQUEST_NONE and not self._asked("trapped"):
            for place, member in enumerate(self.own.team):
                found[place] = member is not self.own.active and member.hp > 0
        found[NO_OP] = not any(found)
        return found

    def choice(self, action: int) -> str:
        """Showdown's words for an action of the request: "move 2", "switch 5"; "" for who waits."""
        if self.request is None or not self.legal()[action]:
            raise ValueError(f"action {action} is not among those that {self.player}'s request offers: {self.legal()}")
        if action == NO_OP:
            return ""
        if action >= FIRST_MOVE:
            return f"move {action - FIRST_MOVE + 1}"
        order = [entry["ident"].partition(": ")[2] for entry in self.request["side"]["pokemon"]]
        return f"switch {order.index(self.own.team[action].name) + 1}"

    def maybe_locked(self) -> bool:
        """The request's ``maybeLocked``."""
        return self._asked("maybeLocked")

    def _asked(self, name: str) -> bool:
        asked = (self.request or {}).get("active")
        return bool(asked and asked[0].get(name))

    def _meet_team(self, request: Mapping[str, Any]) -> None:
        for told in request["side"]["pokemon"]:
            species, level = details_of(told["details"])
            member = Member(told["ident"].partition(": ")[2], species, level)
            member.stats = tuple(int(told["stats"][stat]) for stat in _STATS)
            for move in map(numbered, told["moves"]):
                member.learn(move)
            member.shown.clear()
            member.set_condition(told["condition"])
            self.own.team.append(member)

    def _check(self, request: Mapping[str, Any]) -> None:
        """`ProtocolError` where the request says of the own team what the messages do not."""
        for told in request["side"]["pokemon"]:
            member = self.own.named(told["ident"].partition(": ")[2])
            if member is None:
                raise ProtocolError(f"a request names {told['ident']}, which the first one did not; {_REMEDY}")
            if told["active"] and member is not self.own.active:
                raise ProtocolError(f"{member.name} is active by the request, and no message said so; {_REMEDY}")
            share, _, status = told["condition"].partition(" ")
            if int(share.partition("/")[0]) != member.hp:
                raise ProtocolError(
                    f"{member.name} has {told['condition']!r} by the request, {member.hp} by the messages; {_REMEDY}"
                )
            if status != "fnt":
                member.set_condition(told["condition"])

    def _read_entries(self, request: Mapping[str, Any]) -> None:
        """Take in the own active Pokémon's moves and PP, where the request lists them, and what it is locked into."""
        side, stand = self.own, self.own.stand
        listed = next(list(map(numbered, told["moves"])) for told in request["side"]["pokemon"] if told["active"])
        if stand.copied is not None and len(stand.copied) != len(listed):
            stand.copied = [[move, COPIED_PP] for move in listed]
        entries = [(to_id(entry["id"]), entry.get("pp")) for entry in self.entries]
        if not entries:
            return
        self._read_locks([name for name, _ in entries])
        if any(pp is None for _, pp in entries):
            return
        side.open -= {"pp", "moves"}
        moves = [(numbered(name), int(pp)) for name, pp in entries if pp is not None]
        if stand.copied is not None:
            stand.copied = [list(one) for one in moves]
            return
        member = side.member
        for own, (now, pp) in zip(list(member.pp), moves, strict=True):
            if own in member.twice and pp != member.pp[own]:
                member.shown.add(own)  # it has paid itself: not the copy, nor another Pokémon's choice
            member.pp[own] = pp
            if now != own:
                stand.mimicked[own] = now
        member.doubtful = False
        member.twice.clear()

    def _doubt_members(self) -> None:
        """Name own PP that no request has listed since they were last in doubt: after Transform, of a fainted one."""
        self.own.open.discard("own pp")
        if any(member.doubtful for member in self.own.team):
            self.own.open.add("own pp")

    def _read_locks(self, names: list[str]) -> None:
        """Ends that no message tells: a lock that the own request does not show is over."""
        flags = self.own.stand.flags
        if names != ["recharge"]:
            flags.discard("must_recharge")
            if not (len(names) == 1 and names[0] != "fight" and thrashes(numbered(names[0]))):
                flags.discard("thrash")

    def _transform_of_a_transform(self) -> None:
        """The foe took what the own Pokémon had just got by Transform, which only the request tells."""
        if self.foe.stand.copied == [] and self.own.stand.copied:
            self.foe.stand.copied = [[move, COPIED_PP] for move, _ in self.own.stand.copied]

    def _ask(self, request: Mapping[str, Any] | None) -> None:
        """Whom the battle waits for, and the word of the own request on partial trapping."""
        own, foe = self.own, self.foe
        for side in (own, foe):
            side.stand.flags -= {"trapping", "trapped"}
        if request is None:
            own.request = foe.request = REQUEST_NONE
        elif request.get("wait"):
            own.request, foe.request = REQUEST_NONE, REQUEST_SWITCH
        elif request.get("forceSwitch"):
            own.request = REQUEST_SWITCH
            foe.request = REQUEST_NONE if foe.member.hp else REQUEST_SWITCH
        else:
            own.request = foe.request = REQUEST_MOVE
        if len(self.entries) != 1 or self._asked("trapped"):
            return
        name, counted = to_id(self.entries[0]["id"]), "pp" in self.entries[0]
        if name == "fight":
            if own.member.status not in (Status.SLP, Status.FRZ):
                own.stand.flags.add("trapped")
                foe.stand.flags.add("trapping")
        elif not counted and traps(numbered(name)):
            own.stand.flags.add("trapping")
            foe.stand.flags.add("trapped")

    def settle(self, side: Side, other: Side) -> None:
        """Moves made known by what still lasts at the end of the step, or by what took them."""
        stand, target = side.stand, other.stand
        if side.active is None or other.active is None:
            return
        if stand.charging and stand.payer and stand.copied is None:
            slots = [slot for slot, now in stand.mimicked.items() if now == stand.payer]
            if slots and (len(side.member.pp) < MOVE_SLOTS or stand.payer in side.member.pp):
                side.doubt_pp()  # Mimic's copy began it, or the own move
            side.member.learn(slots[0] if slots else stand.payer)
        if stand.disabled and not stand.disabled_copy and stand.copied is None:
            side.member.learn(stand.disabled)
        for move in side.step.mimics if side.member.hp else ():
            if move not in target.mimicked.values() and target.copied is None:
                other.member.learn(move)
        if side.step.transformed and stand.copied is not None and target.copied is None:
            listed = [move for move, _ in stand.copied]
            for move in listed:
                # What Mimic gave the foe is listed too and is not its own; a move listed twice is both.
                if listed.count(move) > stand.lent.count(move):
                    other.member.learn(move)

    def observation(self) -> Any:
        """The player's observation: `pokejax.gen1.observation.Observation` of numpy arrays."""
        from pokejax.client.gen1.fields import observation

        return observation(self)
