"""The message ``|move|``: who pays PP for it, what the other player learns by it, and what it begins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pokejax.client.gen1.facts import NO_MOVE, Side, is_move, moves_named, numbered
from pokejax.gen1.dex import to_id


@dataclass(frozen=True)
class Message:
    """A message: the side that it speaks of, the other one, its parts after the kind, and the lines that follow it."""

    side: Side
    foe: Side
    values: Sequence[str]
    later: Sequence[Sequence[str]]
    nameless: bool = False

    @property
    def what(self) -> str:
        """The second part, without "move: "."""
        return self.values[1].removeprefix("move: ")

    @property
    def source(self) -> str:
        """Id of the effect in "[from] …"; "" without one."""
        told = next((one for one in self.values if one.startswith("[from]")), "")
        return to_id(told.removeprefix("[from]").strip().removeprefix("move: "))


def two_turns(move: int) -> bool:
    """Dig, Fly and the others that charge in a first turn."""
    return move in moves_named("dig", "fly", "razorwind", "skullbash", "skyattack", "solarbeam")


def hides(move: int) -> bool:
    """Dig and Fly."""
    return move in moves_named("dig", "fly")


def traps(move: int) -> bool:
    """The four moves of partial trapping."""
    return move in moves_named("wrap", "bind", "clamp", "firespin")


def thrashes(move: int) -> bool:
    """Thrash and Petal Dance."""
    return move in moves_named("thrash", "petaldance")


def use_move(message: Message) -> None:
    """Take in ``|move|``."""
    side, stand = message.side, message.side.stand
    move = numbered(to_id(message.what))
    source = numbered(message.source) if message.source else NO_MOVE
    if message.nameless:
        # After a thaw with no move selected: nobody can say which slot paid.
        stand.last_move = numbered("fissure")
        side.doubt_pp()
        return
    charges = two_turns(move) and not stand.charging
    if side.step.thawed and not source and (charges or not stand.chosen):
        # Showdown repeats what this side chose last, which may have been for a Pokémon that was there before.
        side.doubt_pp(move)
        if charges:  # its first turn: it has not been used yet
            stand.chosen = NO_MOVE
        else:
            stand.last_move = stand.called = move
        _begin(message, move)
        return
    goes_on, called = source == move, source not in (NO_MOVE, move)
    if traps(move):
        message.foe.stand.flags.discard("must_recharge")
    if called and stand.copied is not None:
        _give_to_the_caller(side)
    if charges:
        if called:
            _pay(message, stand.chosen, -1)
            _forget_caller(side)
        else:
            stand.chosen = move
        return
    if two_turns(move):
        if stand.payer:
            _pay(message, stand.payer, 1)
        else:
            side.doubt_pp(move)  # begun after a thaw
        stand.stop()
        stand.flags.discard("invulnerable")
    elif not goes_on and not called and move == stand.called and is_move(move):
        # Another move called it before, and nobody chose it now: that one pays, unless it is its own, too.
        _pay(message, stand.chosen, 1)
        side.doubt_pp(move)
    elif not goes_on and not called:
        stand.chosen = move
        _pay(message, move, 1)
    if called or move != stand.called:
        stand.called = move if called else NO_MOVE
    stand.last_move = move
    _begin(message, move)


def _begin(message: Message, move: int) -> None:
    """Begin what lasts beyond the turn."""
    if thrashes(move):
        message.side.stand.flags.add("thrash")
    if move in moves_named("rage") and _hits(message):
        message.side.stand.flags.add("rage")


def _hits(message: Message) -> bool:
    """True if no message up to the next action says that the move did not hit."""
    if "[miss]" in message.values or "[notarget]" in message.values:
        return False
    for kind, *values in message.later:
        if kind in ("-immune", "-notarget", "-fail") or (kind == "-end" and values[1:2] == ["Substitute"]):
            return False  # the blow that breaks a Substitute does not begin Rage either
        if kind in ("move", "cant", "", "switch", "upkeep", "turn"):
            break
    return True


def _pay(message: Message, move: int, amount: int) -> None:
    """Take PP from a move of the active Pokémon as it is now; using it makes it known."""
    side, stand, member = message.side, message.side.stand, message.side.member
    if not is_move(move):
        return
    if stand.copied is not None:
        found = [copy for copy in stand.copied if copy[0] == move]
        if len(found) > 1:
            side.doubt_pp()
        for copy in found[:1]:
            copy[1] = (copy[1] - amount) & 63
        return
    own = next((slot for slot, now in stand.mimicked.items() if now == move), move)
    if own != move:
        side.doubt_pp(move)  # by Mimic; it may have the move itself, too
    if amount > 0:
        side.step.first_named = own if own not in member.shown else NO_MOVE
    member.learn(own)
    member.pay(own, amount)


def _give_to_the_caller(side: Side) -> None:
    """Give 1 PP to the own move in the place of a copied one that calls another, as Gen 1 does."""
    copied, own = side.stand.copied or [], list(side.member.pp)
    places = [place for place, (move, _) in enumerate(copied) if move == side.stand.chosen]
    if not side.own:
        side.open.add("own pp")  # the foe's order is not known
    elif len(places) != 1:
        side.member.doubtful = True  # of two equal copies either may have called
    elif places[0] < len(own):
        side.member.pay(own[places[0]], -1)


def _forget_caller(side: Side) -> None:
    """Take back the caller of a two-turn move, which its charge made known: it may be over within the step."""
    move, side.step.first_named = side.step.first_named, NO_MOVE
    if not move or side.stand.copied is not None:
        return
    if side.own:
        side.member.shown.discard(move)
    else:
        side.member.forget(move)
