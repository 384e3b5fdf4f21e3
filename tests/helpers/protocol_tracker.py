"""A tracker of what one side has shown, from Showdown's protocol log alone: the oracle of test_observation.py.

For teams of different species (a log calls a Pokémon by its name).
"""

from __future__ import annotations

import dataclasses
import math

from pokejax.gen1.dex import MAX_MOVE, Status, move_number, species_number

STEP = "|t:|0\n"
"""Begins the messages of each commitment of choices; the log's first three parts are the head and the start."""
HEAD = 2

_STATUS = {
    "": Status.NONE, "fnt": Status.NONE, "brn": Status.BRN, "par": Status.PAR, "slp": Status.SLP, "frz": Status.FRZ,
    "psn": Status.PSN, "tox": Status.TOX,
}  # fmt: skip
_BOOSTS = {"atk": 0, "def": 1, "spa": 2, "spe": 3, "accuracy": 4, "evasion": 5}
CONDITIONS = {
    "Substitute": "substitute", "confusion": "confusion", "Leech Seed": "leech_seed", "Reflect": "reflect",
    "Light Screen": "light_screen", "Mist": "mist", "Focus Energy": "focus_energy", "Bide": "bide",
}  # fmt: skip
"""Names in ``|-start|`` and in `VOLATILES`."""


@dataclasses.dataclass
class Shown:
    """One Pokémon."""

    species: int
    level: int
    moves: set[int] = dataclasses.field(default_factory=set)
    passing: set[int] = dataclasses.field(default_factory=set)
    """Those of them named once, by a Disable or Mimic that was over within the step: an agent must remember them."""
    all_known: bool = False
    """The other player transformed into it, and was told its moves by its request, which no log holds."""
    slept: int = 0
    rests: bool = False
    percent: int = 0
    status: int = 0

    def condition(self, text: str) -> None:
        share, _, status = text.partition(" ")
        hp, _, full = share.partition("/")
        self.status = _STATUS[status]
        if hp == "0":
            self.percent, self.slept, self.rests = 0, 0, False
        else:
            percent = math.ceil(100 * int(hp) / int(full))
            self.percent = 99 if percent == 100 and hp != full else percent

    def cured(self) -> None:
        self.status, self.slept, self.rests = Status.NONE, 0, False


class Side:
    """A side's Pokémon in order of appearance, and its active one."""

    def __init__(self) -> None:
        self.team: list[Shown] = []
        self.active = Shown(0, 0)
        self.named: list[tuple[Shown, int]] = []
        """Moves that a condition of this side's active Pokémon named in this step, and whose they are."""
        self.leave()

    def leave(self) -> None:
        self.conditions: set[str] = set()
        self.boosts = [0] * 6
        self.disabled = self.charging = self.species = 0
        self.transformed = False
        self.mimicked: set[int] = set()

    def break_off(self) -> None:
        """Full paralysis and a self-inflicted hit end a charge and Bide without a word."""
        self.charging = 0
        self.conditions.discard("bide")


def read(sides: tuple[Side, Side], messages: str) -> None:
    """Take in the messages of one step."""
    for side in sides:
        side.named = []
    for line in messages.splitlines():
        _, kind, *values = (line + "||").split("|")
        if kind == "-clearallboost":
            for side in sides:
                side.boosts = [0] * 6
        elif values[0][:2] in ("p1", "p2") and values[0][2:3] == "a":
            index = int(values[0][1]) - 1
            _read_one(sides[index], sides[1 - index], kind, values)


def _read_one(side: Side, foe: Side, kind: str, values: list[str]) -> None:
    what = values[1].removeprefix("move: ")
    active = side.active
    if kind == "switch":
        _switch(side, values)
    elif kind == "move":
        side.charging = 0
        called = any(value.startswith("[from]") for value in values)
        move = move_number(what)
        if not (called or side.transformed or move == MAX_MOVE or move in side.mimicked):
            active.moves.add(move)
    elif kind == "-prepare":
        side.charging = move_number(what)
    elif kind in ("-damage", "-heal", "-sethp"):
        active.condition(values[1])
        if "[from] confusion" in values:
            side.break_off()
    elif kind == "-status":
        active.status, active.slept, active.rests = _STATUS[what], 0, "[from] move: Rest" in values
    elif kind == "-curestatus":
        active.cured()
    elif kind == "cant":
        active.slept += what == "slp"
        if what == "par":
            side.break_off()
        elif what == "Disable":
            side.charging = 0
    elif kind == "faint":
        active.condition("0 fnt")
        side.leave()
        _pass(side)
    elif kind in ("-boost", "-unboost") and what != "spd":
        change = int(values[2]) * (1 if kind == "-boost" else -1)
        side.boosts[_BOOSTS[what]] = max(-6, min(6, side.boosts[_BOOSTS[what]] + change))
    elif kind == "-start":
        _start(side, foe, what, values)
    elif kind == "-end":
        side.conditions.discard(CONDITIONS.get(what, ""))
        if what == "Disable":
            side.disabled = 0
            _pass(side)
    elif kind == "-transform":
        side.transformed, side.boosts, side.species = True, list(foe.boosts), foe.species
        foe.active.all_known |= not foe.transformed


def _pass(side: Side) -> None:
    for member, move in side.named:
        member.passing.add(move)


def _switch(side: Side, values: list[str]) -> None:
    name, *details = values[1].split(", ")
    level = next((int(detail[1:]) for detail in details if detail.startswith("L")), 100)
    species = species_number(name)
    side.leave()
    known = [member for member in side.team if member.species == species]
    side.active = known[0] if known else Shown(species, level)
    side.team += [] if known else [side.active]
    side.species = species
    side.active.condition(values[2])


def _start(side: Side, foe: Side, what: str, values: list[str]) -> None:
    if what in CONDITIONS:
        side.conditions.add(CONDITIONS[what])
    elif what == "Disable":
        side.disabled = move_number(values[2])
        if not side.transformed and side.disabled not in side.mimicked:
            _name(side, side.active, side.disabled)
    elif what == "Mimic":
        move = move_number(values[2])
        side.mimicked.add(move)
        if not foe.transformed and move not in foe.mimicked:
            _name(side, foe.active, move)


def _name(side: Side, member: Shown, move: int) -> None:
    if move not in member.moves:
        member.moves.add(move)
        side.named.append((member, move))
