"""Protocol messages, read one by one into what a player knows of both sides."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from references.showdown.gen1.knowledge.names import Names, to_id
from references.showdown.gen1.knowledge.team import Copied, KnowledgeError, Member, Side, Stand

_CONDITIONS = {
    "Substitute": "substitute", "confusion": "confusion", "Leech Seed": "leech_seed", "Reflect": "reflect",
    "Light Screen": "light_screen", "Mist": "mist", "Focus Energy": "focus_energy", "Bide": "bide",
    "Toxic counter": "toxic",
}  # fmt: skip
"""Names in ``|-start|`` and ``|-end|``."""
_TWO_TURNS = {"dig", "fly", "razorwind", "skullbash", "skyattack", "solarbeam"}
_HIDING = {"dig", "fly"}
_TRAPPING = {"wrap", "bind", "clamp", "firespin"}
_THRASHING = {"thrash", "petaldance"}
_IDLE = {
    "", "gametype", "player", "gen", "tier", "rule", "start", "upkeep", "-supereffective", "-resisted", "-crit",
    "-miss", "-fail", "-immune", "-ohko", "-hitcount", "-message", "-notarget", "-nothing", "win", "tie",
    "bigerror", "-fieldactivate", "message",
}  # fmt: skip
"""Kinds of messages that tell nothing that an observation holds."""
_ENDINGS = ("Endless Battle Clause activated", "You have hit the turn limit")
_NAMELESS = "thawed from freeze and no move has been selected"


def read(sides: Sequence[Side], names: Names, lines: Sequence[str], turn: int) -> int:
    """Take in the messages of one step; returns the turn that it is now. `KnowledgeError` for an unknown kind."""
    before = turn
    for side in sides:
        side.flinched = side.thawed = side.held_asleep = False
        side.named = ""
    nameless = False
    for place, line in enumerate(lines):
        _, kind, *values = [*line.split("|"), ""]
        if kind == "turn":
            turn = int(values[0])
        elif kind == "teamsize":
            sides[_side(values[0])].size = int(values[1])
        elif kind == "-clearallboost":
            for side in sides:
                side.stand.boosts.clear()
        elif kind in ("message", "-message") and any(reason in values[0] for reason in _ENDINGS):
            turn = 1 + before  # the turn that would have begun is counted, and never announced
        elif kind == "-hint":
            nameless = nameless or _NAMELESS in values[0]
        elif kind in _IDLE:
            continue
        elif kind not in _READERS:
            raise KnowledgeError(f"message {line!r}: kind {kind!r} is not known to the tracker")
        else:
            at = _side(values[0])
            context = _Message(sides[at], sides[1 - at], names, values, lines[place + 1 :], nameless and kind == "move")
            nameless = nameless and kind != "move"
            _READERS[kind](context)
    return turn


def _side(ident: str) -> int:
    if ident[:2] not in ("p1", "p2"):
        raise KnowledgeError(f"a message names {ident!r}, which is of no side")
    return int(ident[1]) - 1


class _Message:
    """One message: the side it speaks of, the other one, its values, and the messages that follow it."""

    def __init__(
        self, side: Side, foe: Side, names: Names, values: list[str], later: Sequence[str], nameless: bool
    ) -> None:
        self.side, self.foe, self.names, self.values, self.later = side, foe, names, values, later
        self.nameless = nameless

    @property
    def what(self) -> str:
        return self.values[1].removeprefix("move: ")

    @property
    def member(self) -> Member:
        return self.side.standing()

    @property
    def stand(self) -> Stand:
        return self.side.stand

    @property
    def source(self) -> str:
        """Id of the effect of ``[from] …``; "" if there is none."""
        told = next((value for value in self.values if value.startswith("[from]")), "")
        return to_id(told.removeprefix("[from]").strip().removeprefix("move: "))


def _switch(message: _Message) -> None:
    side = message.side
    name = message.values[0].partition(": ")[2]
    species, *details = message.values[1].split(", ")
    level = next((int(detail[1:]) for detail in details if detail.startswith("L")), 100)
    member = side.member(name)
    if member is None:
        member = side.unseen.pop(name, None) or Member(name, species, level)
        side.team.append(member)
    side.active, member.seen = member, True
    member.set_condition(message.values[2])
    side.stand = Stand(species=species)
    message.foe.stand.last_move = ""


def _move(message: _Message) -> None:
    stand = message.stand
    move, source = to_id(message.what), message.source
    if message.nameless:
        stand.last_move, message.side.unclear = "fissure", True
        return
    charges = move in _TWO_TURNS and not stand.charging
    if message.side.thawed and not source and (charges or not stand.selected):
        # Showdown repeats what this side chose last, which may have been for a Pokémon that was there before.
        message.side.unclear, message.side.twice = True, move
        if charges:  # the first turn: it has not been used yet
            stand.selected = ""
        else:
            stand.last_move = stand.called = move
        _begins(message, move)
        return
    locked, called = source == move, source not in ("", move)
    if move in _TRAPPING:
        message.foe.stand.conditions.discard("must_recharge")
    if called and stand.transform is not None:
        message.side.unclear = True  # Gen 1 gives 1 PP to the own move in the place of the one that called
    if charges:
        # The first turn: it has not been used yet, and nothing is paid.
        if called:
            _pay(message, stand.selected, -1)
            _take_back(message)
        else:
            stand.selected = move
        return
    if move in _TWO_TURNS:
        if stand.payer:
            _pay(message, stand.payer, 1)
        else:  # begun after a thaw
            message.side.unclear = True
            message.side.twice = move if stand.transform is None else ""
        stand.charging = stand.payer = ""
        stand.conditions.discard("invulnerable")
    elif not locked and not called and move == stand.called and move != "struggle":
        # Called before, and now chosen by nobody ("Fight", a new foe): what called it pays. Unless it is its own, too.
        _pay(message, stand.selected, 1)
        message.side.unclear = True
        message.side.twice = move if stand.transform is None else ""
    elif not locked and not called:
        stand.selected = move
        _pay(message, move, 1)
    if called or move != stand.called:
        stand.called = move if called else ""
    stand.last_move = move
    _begins(message, move)


def _begins(message: _Message, move: str) -> None:
    """The move begins what lasts: Thrash, Petal Dance, Rage."""
    if move in _THRASHING:
        message.stand.conditions.add("thrash")
    if move == "rage" and _hits(message):
        message.stand.conditions.add("rage")


def _hits(message: _Message) -> bool:
    """The move of a ``|move|`` message hits: nothing before the next action says that it does not."""
    if any(value in ("[miss]", "[notarget]") for value in message.values):
        return False
    for line in message.later:
        kind = line.split("|")[1]
        if kind in ("-immune", "-notarget", "-fail") or (kind == "-end" and line.endswith("|Substitute")):
            return False  # the blow that breaks a Substitute begins no Rage either
        if kind in ("move", "cant", "", "switch", "upkeep", "turn"):
            break
    return True


def _pay(message: _Message, move: str, amount: int) -> None:
    """PP of a move that is named by being used, and which is therefore known."""
    stand, member = message.stand, message.member
    if move in ("", "struggle"):
        return
    if stand.transform is not None:
        found = [copied for copied in stand.transform if copied.id == move]
        message.side.unclear = message.side.unclear or len(found) > 1
        for copied in found[:1]:
            copied.pp = (copied.pp - amount) & 63
        return
    own = next((slot for slot, now in stand.mimic.items() if now == move), move)
    if own != move:
        message.side.unclear, message.side.twice = True, move
    if message.side.own and own not in member.spent:
        raise KnowledgeError(f"{message.side.id}: {member.name} uses {own}, which its request never named")
    if amount > 0:
        message.side.named = own if own not in member.shown else ""
    member.know(own, amount)
    member.shown.add(own)


def _take_back(message: _Message) -> None:
    """The caller of a two-turn move, known by the charge, which may be over within the step: see `Watcher._settle`."""
    member, move, message.side.named = message.member, message.side.named, ""
    if move and message.stand.transform is None:
        member.shown.discard(move)
        if not message.side.own:
            member.hidden[move] = member.spent.pop(move)


def _prepare(message: _Message) -> None:
    stand = message.stand
    stand.charging, stand.payer = to_id(message.what), stand.selected
    if stand.charging in _HIDING:
        stand.conditions.add("invulnerable")


def _cant(message: _Message) -> None:
    stand = message.stand
    if message.what == "slp":
        message.member.slept += not message.member.held
        message.member.held = False
    if message.what in ("slp", "frz"):
        stand.last_move = ""
    if message.what == "par":
        # Silent: whatever was under way is over. Who is under ground stays there.
        stand.charging = stand.payer = ""
        stand.conditions -= {"bide", "thrash"}
    if message.what == "Disable":
        stand.charging = stand.payer = ""
    if message.what == "recharge":
        stand.conditions.discard("must_recharge")
    if message.what == "flinch":
        stand.conditions.discard("must_recharge")
        message.side.flinched = True


def _hp(message: _Message) -> None:
    member, stand = message.member, message.stand
    member.set_condition(message.values[1])
    if message.source in ("psn", "brn", "leechseed") and "toxic" in stand.conditions:
        stand.toxic += 1


def _activate(message: _Message) -> None:
    if message.what != "confusion" or _goes_on(message):
        return
    # It hurt itself (a Substitute may have taken that silently): whatever was under way is over.
    stand = message.stand
    stand.charging = stand.payer = ""
    stand.conditions -= {"bide", "thrash", "invulnerable"}


def _goes_on(message: _Message) -> bool:
    """The confused Pokémon does something after all: the next action is its own."""
    for line in message.later:
        _, kind, *values = [*line.split("|"), ""]
        if kind in ("move", "cant", "-end") or (kind == "-activate" and values[1] in ("Bide", "confusion")):
            return values[0] == message.values[0] and not (kind == "-end" and values[1] == "Substitute")
        if kind in ("", "upkeep", "turn"):
            return False
    return False


def _status(message: _Message) -> None:
    member = message.member
    if message.what == "slp":
        frozen, last = member.status == "frz", message.stand.last_move
        recharging = "must_recharge" in message.stand.conditions and not last and not frozen
        held = frozen or (message.side.flinched and not last and not recharging)
        member.fall_asleep(message.source == "rest", counted=held)
        message.side.held_asleep = held
        member.held = held or recharging  # of the turn in which sleep ends a recharge, nothing is counted
        message.stand.conditions.discard("must_recharge")
    else:
        member.set_status(message.what)
    if message.what == "tox":
        message.stand.conditions.add("toxic")
        message.stand.toxic = 0


def _cure(message: _Message) -> None:
    member = message.side.member(message.values[0].partition(": ")[2])
    if member is not None:
        message.side.thawed = member.status == "frz" and "[silent]" not in message.values
        # Who wakes by itself has slept until now; Haze wakes silently.
        if member.status == "slp" and member is message.side.active and "[silent]" not in message.values:
            message.stand.last_move = ""
        member.set_status("")


def _faint(message: _Message) -> None:
    if message.foe.held_asleep and message.foe.active is not None:
        # Who faints has not let the other one's action pass, for all that the battle tells.
        message.foe.active.slept, message.foe.active.held = 0, False
    message.member.set_condition("0 fnt")
    message.side.stand = Stand(species=message.member.species)


def _boost(message: _Message, sign: int) -> None:
    boosts, stat = message.stand.boosts, message.what
    boosts[stat] = max(-6, min(6, boosts.get(stat, 0) + sign * int(message.values[2])))


def _start(message: _Message) -> None:
    stand, what = message.stand, message.what
    if what in _CONDITIONS:
        stand.conditions.add(_CONDITIONS[what])
        if what == "confusion" and "[silent]" in message.values:
            stand.conditions.discard("thrash")  # whose end it is
    elif what == "Disable":
        stand.disabled = to_id(message.values[2])
        copies = stand.mimic.values() if stand.transform is None else [one.id for one in stand.transform]
        stand.disabled_is_copied = stand.disabled in copies
    elif what == "Mimic":
        _mimic(message, to_id(message.values[2]))
    elif what == "typechange":
        stand.types = tuple(message.values[2].split("/"))
    else:
        raise KnowledgeError(f"{message.side.id}: the start of {what!r} is not known to the tracker")


def _mimic(message: _Message, move: str) -> None:
    """The move that Mimic was selected by (Metronome may have called it) is now another."""
    stand, target = message.stand, message.foe.stand
    if target.transform is None and move not in target.mimic.values():
        stand.conditions.add("just mimicked " + move)
    if stand.transform is not None:
        for copied in stand.transform:
            if copied.id == stand.selected:
                copied.id = move
                break
        return
    slots = [slot for slot, now in stand.mimic.items() if now == stand.selected] or [stand.selected]
    if len(slots) > 1 or not stand.selected:  # no move was selected: a thaw repeats another Pokémon's Mimic
        message.side.unclear = True
    else:
        stand.mimic[slots[0]] = move


def _end(message: _Message) -> None:
    stand, what = message.stand, message.what
    if what == "Disable":
        stand.disabled = ""
    elif what in _CONDITIONS:
        stand.conditions.discard(_CONDITIONS[what])
        if what == "Toxic counter":
            stand.toxic = 0


def _transform(message: _Message) -> None:
    stand, other = message.stand, message.foe.stand
    stand.species, stand.types, stand.boosts = other.species, other.types, dict(other.boosts)
    # The copy of a copy tells nothing of the foe's own moves.
    stand.conditions |= {"transformed"} if other.transform is not None else {"transformed", "just transformed"}
    stand.foreign = tuple(other.mimic.values())
    if not message.side.own:
        # It has all that the own Pokémon has now.
        stand.transform = [Copied(move, 5) for move in current_moves(message.foe)]
    else:
        stand.transform = []  # the request will list them


def current_moves(side: Side) -> list[str]:
    """Ids of the known moves of the active Pokémon as it is now."""
    stand = side.stand
    if stand.transform is not None:
        return [copied.id for copied in stand.transform]
    return [stand.mimic.get(move, move) for move in side.standing().spent]


def _recharge(message: _Message) -> None:
    message.stand.conditions.add("must_recharge")


_READERS: dict[str, Callable[[_Message], None]] = {
    "switch": _switch,
    "drag": _switch,
    "move": _move,
    "-prepare": _prepare,
    "cant": _cant,
    "-damage": _hp,
    "-heal": _hp,
    "-sethp": _hp,
    "-activate": _activate,
    "-status": _status,
    "-curestatus": _cure,
    "faint": _faint,
    "-boost": lambda message: _boost(message, 1),
    "-unboost": lambda message: _boost(message, -1),
    "-start": _start,
    "-end": _end,
    "-transform": _transform,
    "-mustrecharge": _recharge,
}
