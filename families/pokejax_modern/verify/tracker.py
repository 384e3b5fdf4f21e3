"""A slow tracker, in plain Python, of what one player of a Generation 4 battle is told by Showdown.

It reads the protocol lines and requests of one player and shares no code with the engine. Pokémon are known by their
nicknames, which must differ within a team.
"""

from __future__ import annotations

import dataclasses
from typing import Any

STATUSES = ("", "brn", "par", "slp", "frz", "psn", "tox")
BOOSTS = ("atk", "def", "spa", "spd", "spe", "accuracy", "evasion")
WEATHERS = ("none", "raindance", "sunnyday", "sandstorm", "hail")
HOLDER_IS_OF = ("-damage", "-status", "-weather", "-item", "-start")
"""Messages whose ``[from] ability:`` is that of the Pokémon after ``[of]``."""


def to_id(name: str) -> str:
    """Showdown's toID."""
    return "".join(letter for letter in name.lower() if letter.isalnum() and letter.isascii())


@dataclasses.dataclass
class Mon:
    """One Pokémon as messages tell of it."""

    name: str
    species: str
    level: int
    gender: str
    order: int
    moves: dict[str, int] = dataclasses.field(default_factory=dict)
    """PP left, by move."""
    item: str | None = None
    """None: not known; "": known to have none."""
    ability: str = ""
    hp: int = 100
    status: str = ""
    slept: int = 0

    def condition(self, text: str) -> None:
        """Take in "57/100 slp" or "0 fnt"."""
        share, _, status = text.partition(" ")
        self.hp = int(share.split("/")[0])
        self.status = "" if status == "fnt" else status


class Side:
    """A side: its Pokémon by nickname, the active one, and what stands on its ground."""

    def __init__(self) -> None:
        self.mons: dict[str, Mon] = {}
        self.active: Mon | None = None
        self.size = 0
        self.screens: dict[str, int] = {}
        """The turn in which each stands."""
        self.hazards: dict[str, int] = {}
        self.leave()

    def leave(self) -> None:
        """The active one leaves or faints."""
        self.boosts: dict[str, int] = dict.fromkeys(BOOSTS, 0)
        self.volatiles: set[str] = set()
        self.types: list[str] = []
        self.last_move = self.charging = ""
        self.toxic = 0


class Tracker:
    """Everything that a player has been told."""

    def __init__(self, player: int, names: dict[str, Any]) -> None:
        self.player = player
        self.names = names
        self.sides = (Side(), Side())
        self.turn = 0
        self.weather, self.weather_turns, self.weather_lasts = "none", 0, False
        self.trick_room = 0
        self.poisoned: list[bool] = [False, False]
        self.request: dict[str, Any] | None = None
        self.order: list[str] = []
        """Nicknames in the order of the own team."""
        self.most: dict[str, int] = {}

    def read(self, lines: list[str], request: dict[str, Any] | None) -> None:
        """Take in what was sent up to a decision, and the request that ends it."""
        for line in lines:
            _, kind, *values = (line + "||||").split("|")
            self._line(kind, values)
        self.request = request
        if request is not None and not self.order:
            self.order = [entry["ident"].split(": ")[1] for entry in request["side"]["pokemon"]]

    def _who(self, ident: str) -> tuple[int, Mon]:
        side = int(ident[1]) - 1
        return side, self.sides[side].mons[ident.split(": ")[1]]

    def _line(self, kind: str, values: list[str]) -> None:
        if kind == "turn":
            self.turn = int(values[0])
        elif kind == "teamsize":
            self.sides[int(values[0][1]) - 1].size = int(values[1])
        elif kind == "":
            self.poisoned = [bool(s.active and s.active.status == "tox" and s.active.hp) for s in self.sides]
        elif kind == "upkeep":
            self._upkeep()
        elif kind == "-weather":
            self._weather(values)
        elif kind in ("-fieldstart", "-fieldend"):
            if to_id(values[0].removeprefix("move: ")) == "trickroom":
                self.trick_room = 5 if kind == "-fieldstart" else 0
        elif kind in ("-sidestart", "-sideend"):
            self._ground(kind, values)
        elif kind == "-clearallboost":
            for side in self.sides:
                side.boosts = dict.fromkeys(BOOSTS, 0)
                side.volatiles.discard("focusenergy")
        elif values[0][:1] == "p" and values[0][1:2] in "12" and ": " in values[0]:
            if kind in ("switch", "drag"):
                self._switch(values)
            else:
                side, mon = self._who(values[0])
                self._one(kind, side, mon, values)
        self._named(kind, values)

    def _upkeep(self) -> None:
        for n, side in enumerate(self.sides):
            side.screens = {name: turns + 1 for name, turns in side.screens.items()}
            if self.poisoned[n] and side.active and side.active.status == "tox":
                side.toxic = min(side.toxic + 1, 15)
        self.trick_room = max(self.trick_room - 1, 0)

    def _weather(self, values: list[str]) -> None:
        name = to_id(values[0])
        if name == "none":
            self.weather, self.weather_turns, self.weather_lasts = name, 0, False
        elif "[upkeep]" in values:
            self.weather_turns += 1
        else:
            by_ability = any(value.startswith("[from] ability") for value in values)
            self.weather, self.weather_turns, self.weather_lasts = name, 1, by_ability

    def _ground(self, kind: str, values: list[str]) -> None:
        side, name = self.sides[int(values[0][1]) - 1], to_id(values[1].removeprefix("move: "))
        if name in ("spikes", "toxicspikes", "stealthrock"):
            side.hazards[name] = side.hazards.get(name, 0) + 1 if kind == "-sidestart" else 0
        elif kind == "-sidestart":
            side.screens[name] = 1
        else:
            side.screens.pop(name, None)

    def _switch(self, values: list[str]) -> None:
        side, name = self.sides[int(values[0][1]) - 1], values[0].split(": ")[1]
        species, *details = values[1].split(", ")
        level = next((int(one[1:]) for one in details if one[0] == "L"), 100)
        gender = next((one for one in details if one in ("M", "F")), "")
        if name not in side.mons:
            side.mons[name] = Mon(name, to_id(species), level, gender, len(side.mons))
        side.leave()
        side.active = side.mons[name]
        side.active.condition(values[2])
        side.types = list(self.names["of_species"][side.active.species])

    def _one(self, kind: str, n: int, mon: Mon, values: list[str]) -> None:
        side, foe = self.sides[n], self.sides[1 - n]
        what = to_id(values[1].removeprefix("move: ").removeprefix("ability: "))
        if kind == "move":
            self._move(side, foe, mon, what, values)
        elif kind in ("-damage", "-heal", "-sethp"):
            mon.condition(values[1])
        elif kind == "-status":
            mon.status, mon.slept = values[1], 0
            side.toxic = 0
        elif kind == "-curestatus":
            self._cured(side, mon)
        elif kind == "-cureteam":
            for one in side.mons.values():
                self._cured(side, one)
        elif kind == "cant":
            mon.slept += what == "slp"
            if what == "recharge":
                side.volatiles.discard("mustrecharge")
        elif kind == "faint":
            mon.hp, mon.status = 0, ""
            side.leave()
            side.types = list(self.names["of_species"][mon.species])
        elif kind in ("-boost", "-unboost"):
            change = int(values[2]) * (1 if kind == "-boost" else -1)
            side.boosts[values[1]] = max(-6, min(6, side.boosts[values[1]] + change))
        elif kind == "-setboost":
            side.boosts[values[1]] = int(values[2])
        elif kind == "-copyboost":
            side.boosts = dict(foe.boosts)
            side.volatiles.discard("focusenergy")
            side.volatiles |= foe.volatiles & {"focusenergy"}
        elif kind == "-mustrecharge":
            side.volatiles.add("mustrecharge")
        elif kind == "-prepare":
            side.charging = what
        elif kind == "-activate" and "[of]" in " ".join(values) and what in _TRAPS:
            side.volatiles.add("partiallytrapped")
        elif kind == "-start" and what == "typechange":
            side.types = values[2].split("/")
        elif kind == "-start":
            side.volatiles.add(what)
        elif kind == "-end":
            side.volatiles.discard("partiallytrapped" if "[partiallytrapped]" in values else what)
        elif kind == "-item":
            mon.item = to_id(values[1])
        elif kind == "-enditem":
            mon.item = ""
        elif kind == "-ability":
            mon.ability = what

    def _cured(self, side: Side, mon: Mon) -> None:
        mon.status, mon.slept = "", 0
        if mon is side.active:
            side.toxic = 0
            side.volatiles.discard("nightmare")

    def _move(self, side: Side, foe: Side, mon: Mon, move: str, values: list[str]) -> None:
        side.last_move, side.charging = move, ""
        if any(value.startswith("[from]") for value in values) or move == "struggle":
            return
        facts = self.names["of_moves"][move]
        target = foe.active
        pressed = target is not None and target.hp > 0 and target.ability == "pressure"
        aimed = facts["target"] == "all" or facts["pressure"] or facts["target"] not in _AT_HOME
        left = mon.moves.get(move, int(facts["pp"]))
        mon.moves[move] = max(left - (2 if pressed and aimed else 1), 0)

    def _named(self, kind: str, values: list[str]) -> None:
        """Abilities and items that a message names as its cause."""
        cause = next((value for value in values if value.startswith("[from] ")), "").removeprefix("[from] ")
        of = next((value for value in values if value.startswith("[of] ")), "").removeprefix("[of] ")
        subject = of if of and kind in HOLDER_IS_OF else values[0]
        if cause.startswith("ability: ") and ": " in subject:
            n, holder = self._who(subject)
            holder.ability = to_id(cause.removeprefix("ability: "))
            shown = self.sides[1 - n].active
            if kind == "-item" and holder.ability == "frisk" and shown is not None:
                shown.item = to_id(values[1])
        elif cause.startswith("item: ") and ": " in values[0]:
            _, holder = self._who(values[0])
            item = to_id(cause.removeprefix("item: "))
            # A berry is named as the cause of what eating it does.
            if not (item.endswith("berry") and holder.item == ""):
                holder.item = item
        told = values[1] if len(values) > 1 else ""
        if kind in ("-activate", "cant", "-start", "-end") and told.startswith("ability: "):
            self._who(values[0])[1].ability = to_id(told.removeprefix("ability: "))


_TRAPS = ("bind", "wrap", "clamp", "firespin", "sandtomb", "whirlpool", "magmastorm")
_AT_HOME = ("self", "adjacentAllyOrSelf", "allies", "allySide", "allyTeam", "foeSide")
