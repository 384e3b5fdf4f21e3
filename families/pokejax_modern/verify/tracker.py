"""A slow tracker, in plain Python, of what one player of a Generation 4 battle is told by Showdown.

It reads the protocol lines and requests of one player and shares no code with the engine. Pokémon are known by their
nicknames, which must differ within a team.
"""

from __future__ import annotations

from typing import Any

from families.pokejax_modern.verify.told_side import BOOSTS, Mon, Side, to_id

STATUSES = ("", "brn", "par", "slp", "frz", "psn", "tox")
WEATHERS = ("none", "raindance", "sunnyday", "sandstorm", "hail")
HOLDER_IS_OF = ("-damage", "-status", "-weather", "-item", "-start")
"""Messages whose cause, an ability or item, is that of the Pokémon after ``[of]``."""
SPENT = ("mentalherb", "whiteherb", "powerherb", "berryjuice")
"""Items, beside berries, that are gone by the time that a message names them as its cause."""
PASSED = {
    "aquaring", "confusion", "curse", "embargo", "focusenergy", "gastroacid", "healblock", "ingrain", "leechseed",
    "magnetrise", "perishsong", "powertrick", "substitute", "taunt", "trapped", "mudsport", "watersport",
}  # fmt: skip
"""Conditions that Baton Pass hands on."""
UNTIL_NEXT_MOVE = {"rage", "grudge", "destinybond"}
MOST_PP_OF_A_COPY = 5


class Tracker:
    """Everything that a player has been told."""

    def __init__(self, player: int, names: dict[str, Any]) -> None:
        self.player = player
        self.names = names
        self.sides = (Side(), Side())
        self.turn = 0
        self.weather, self.weather_turns, self.weather_lasts = "none", 0, False
        self.trick_room = self.gravity = 0
        self.teams: dict[str, list[str]] = {}
        """The moves of each of the own team, by nickname, set by whoever knows the team."""
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
        own = self.sides[self.player]
        if (
            own.copies is not None
            and request is not None
            and "pp" in request.get("active", [{"moves": [{}]}])[0]["moves"][0]
        ):
            own.copies = {to_id(move["id"]): move["pp"] for move in request["active"][0]["moves"]}

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
            turns = 5 if kind == "-fieldstart" else 0
            if to_id(values[0].removeprefix("move: ")) == "trickroom":
                self.trick_room = turns
            elif to_id(values[0].removeprefix("move: ")) == "gravity":
                self.gravity = turns
        elif kind in ("-sidestart", "-sideend"):
            self._ground(kind, values)
        elif kind == "-clearallboost":
            for side in self.sides:
                side.boosts = dict.fromkeys(BOOSTS, 0)
                side.volatiles.discard("focusenergy")
        elif values[0][:1] == "p" and values[0][1:2] in "12" and ": " in values[0]:
            if kind in ("switch", "drag"):
                self._switch(values, "[from] Baton Pass" in values)
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
        self.gravity = max(self.gravity - 1, 0)

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

    def _switch(self, values: list[str], passes: bool) -> None:
        n, name = int(values[0][1]) - 1, values[0].split(": ")[1]
        side = self.sides[n]
        species, *details = values[1].split(", ")
        level = next((int(one[1:]) for one in details if one[0] == "L"), 100)
        gender = next((one for one in details if one in ("M", "F")), "")
        if name not in side.mons:
            side.mons[name] = Mon(name, to_id(species), level, gender, len(side.mons))
        handed = side.boosts, side.volatiles & PASSED, side.perish
        side.leave()
        self.sides[1 - n].volatiles.discard("trapped")
        if passes:
            side.boosts, side.volatiles, side.perish = handed
        side.active = side.mons[name]
        side.active.condition(values[2])
        side.species = side.active.species
        side.types = list(self.names["of_species"][side.species])

    def _one(self, kind: str, n: int, mon: Mon, values: list[str]) -> None:
        side, foe = self.sides[n], self.sides[1 - n]
        what = to_id(values[1].removeprefix("move: ").removeprefix("ability: "))
        if kind == "move":
            self._move(side, foe, mon, what, values)
        elif kind in ("-damage", "-heal", "-sethp"):
            mon.condition(values[1])
            if "[from] confusion" in values:
                self._stops(side, mon)
            if "[from] move: Lunar Dance" in values:
                mon.moves = {move: self._full(mon, move) for move in mon.moves}
        elif kind == "-status":
            mon.status, mon.slept = values[1], 0
            side.toxic = 0
            if mon.status == "slp":
                side.volatiles.discard("nightmare")
        elif kind == "-curestatus":
            self._cured(side, mon)
        elif kind == "-cureteam":
            for one in side.mons.values():
                self._cured(side, one)
        elif kind == "cant":
            mon.slept += what == "slp"
            if what == "recharge":
                side.volatiles.discard("mustrecharge")
            self._stops(side, mon)
        elif kind == "faint":
            mon.hp, mon.status = 0, ""
            side.leave()
            side.species = mon.species
            side.types = list(self.names["of_species"][mon.species])
            foe.volatiles.discard("trapped")
        elif kind in ("-boost", "-unboost"):
            change = int(values[2]) * (1 if kind == "-boost" else -1)
            side.boosts[values[1]] = max(-6, min(6, side.boosts[values[1]] + change))
        elif kind == "-setboost":
            side.boosts[values[1]] = min(int(values[2]), 6)
        elif kind == "-copyboost":
            side.boosts = dict(foe.boosts)
        elif kind == "-clearnegativeboost":
            side.boosts = {stat: max(stage, 0) for stat, stage in side.boosts.items()}
        elif kind == "-swapboost":
            for stat in BOOSTS if values[2].startswith("[") else values[2].split(", "):
                side.boosts[stat], foe.boosts[stat] = foe.boosts[stat], side.boosts[stat]
        elif kind == "-singlemove":
            side.volatiles.add(what)
        elif kind == "-transform":
            self._transform(n, foe)
        elif kind == "-formechange":
            side.species = to_id(values[1])
            side.types = list(self.names["of_species"][side.species])
        elif kind == "-endability":
            side.volatiles.add("gastroacid")
        elif kind == "-mustrecharge":
            side.volatiles.add("mustrecharge")
        elif kind == "-prepare":
            side.charging = what
            side.volatiles.add("twoturnmove")
        elif kind == "-anim":
            self._idle(side)
        elif kind == "-activate" and "[of]" in " ".join(values) and what in _TRAPS:
            side.volatiles.add("partiallytrapped")
        elif kind == "-start" and what == "typechange":
            side.types = values[2].split("/")
        elif kind == "-activate":
            self._activated(side, foe, mon, what, values)
        elif kind == "-start":
            self._started(side, what, values)
        elif kind == "-end":
            side.volatiles.discard("partiallytrapped" if "[partiallytrapped]" in values else what)
        elif kind == "-item":
            mon.item = to_id(values[1])
        elif kind == "-enditem":
            mon.item = ""
        elif kind == "-ability":
            self._ability(side, foe, mon, what, values)

    def _stops(self, side: Side, mon: Mon) -> None:
        """Something has kept the Pokémon from its move."""
        side.volatiles -= UNTIL_NEXT_MOVE
        if mon is side.active:
            self._idle(side)

    def _idle(self, side: Side) -> None:
        side.charging = ""
        side.volatiles.discard("twoturnmove")

    def _started(self, side: Side, what: str, values: list[str]) -> None:
        if what.startswith("perish"):
            side.perish = 4 if "[silent]" in values else int(what[-1])
            what = "perishsong"
        elif what.startswith("stockpile"):
            side.stockpile, what = int(what[-1]), "stockpile"
        elif what == "disable":
            side.disabled = to_id(values[2])
        side.volatiles.add(what)

    def _activated(self, side: Side, foe: Side, mon: Mon, what: str, values: list[str]) -> None:
        move = to_id(values[2]) if len(values) > 2 else ""
        if what == "trapped":
            side.volatiles.add("trapped")
        elif what == "confusion":
            side.volatiles -= {"rage", "grudge"}
        elif what == "skillswap":
            side.borrowed, foe.borrowed = foe.ability(), side.ability()
        elif what == "gravity":
            self._idle(side)
            side.volatiles.discard("magnetrise")
        elif what == "mimic" and side.last_move == "sketch":
            mon.moves.pop("sketch", None)
            mon.moves[move], mon.sketched = int(self.names["of_moves"][move]["plain"]), move
        elif what == "mimic":
            side.mimicked = {move: min(int(self.names["of_moves"][move]["plain"]), MOST_PP_OF_A_COPY)}
        elif what in ("spite", "grudge", "itemleppaberry"):
            pp = side.pp(move)
            assert pp is not None
            left = pp.get(move, self._full(mon, move))
            spent = int(values[3]) if what == "spite" else left if what == "grudge" else -10
            pp[move] = min(max(left - spent, 0), self._full(mon, move))

    def _full(self, mon: Mon, move: str) -> int:
        facts = self.names["of_moves"][move]
        return int(facts["plain"] if mon.sketched == move else facts["pp"])

    def _transform(self, n: int, foe: Side) -> None:
        side = self.sides[n]
        assert side.active is not None and foe.active is not None
        side.species, side.types, side.boosts = foe.species, list(foe.types), dict(foe.boosts)
        side.borrowed = foe.ability()
        side.copies = {}
        if n != self.player:
            moves = foe.copies or self.teams[foe.active.name]
            plain = {move: int(self.names["of_moves"][move]["plain"]) for move in moves}
            side.copies = {move: min(pp, MOST_PP_OF_A_COPY) for move, pp in plain.items()}

    def _ability(self, side: Side, foe: Side, mon: Mon, what: str, values: list[str]) -> None:
        cause = next((value for value in values if value.startswith("[from] ")), "").removeprefix("[from] ")
        if cause.startswith("move: ") or cause == "ability: Trace":
            side.shows(mon, to_id(values[2]))
            if cause != "move: Worry Seed" and foe.active is not None:
                foe.shows(foe.active, what)
            side.borrowed = what
        else:
            side.shows(mon, what)

    def _cured(self, side: Side, mon: Mon) -> None:
        mon.status, mon.slept = "", 0
        if mon is side.active:
            side.toxic = 0
            side.volatiles.discard("nightmare")

    def _move(self, side: Side, foe: Side, mon: Mon, move: str, values: list[str]) -> None:
        side.last_move = move
        self._idle(side)
        cause = next((value for value in values if value.startswith("[from]")), "").removeprefix("[from] ")
        cause = to_id(cause.removeprefix("move: "))
        if cause in ("", "lockedmove"):
            side.volatiles -= UNTIL_NEXT_MOVE - {move}
        if move == "naturalgift" and "[still]" not in values and "[notarget]" not in values:
            mon.item = ""
        facts = self.names["of_moves"][move]
        target = foe.active
        pressed = target is not None and target.hp > 0 and "gastroacid" not in foe.volatiles
        pressed = pressed and foe.ability() == "pressure"
        aimed = facts["target"] == "all" or facts["pressure"] or facts["target"] not in _AT_HOME
        aimed = aimed and not (move == "curse" and "Ghost" not in side.types)
        spent = 2 if pressed and aimed else 1
        if cause in _CALLERS:
            move, spent = cause, spent - 1
        elif cause not in ("", "pursuit"):
            return
        pp = side.pp(move)
        if move != "struggle" and pp is not None:
            pp[move] = max(pp.get(move, self._full(mon, move)) - spent, 0)

    def _named(self, kind: str, values: list[str]) -> None:
        """Abilities and items that a message names as its cause."""
        cause = next((value for value in values if value.startswith("[from] ")), "").removeprefix("[from] ")
        of = next((value for value in values if value.startswith("[of] ")), "").removeprefix("[of] ")
        subject = of if of and kind in HOLDER_IS_OF else values[0]
        if cause.startswith("ability: ") and ": " in subject:
            n, holder = self._who(subject)
            named = to_id(cause.removeprefix("ability: "))
            if kind != "-ability":
                self.sides[n].shows(holder, named)
            shown = self.sides[1 - n].active
            if kind == "-item" and named == "frisk" and shown is not None:
                shown.item = to_id(values[1])
        elif cause == "Oblivious":
            n, holder = self._who(values[0])
            self.sides[n].shows(holder, "oblivious")
        elif cause.startswith("item: ") and ": " in subject:
            _, holder = self._who(subject)
            item = to_id(cause.removeprefix("item: "))
            if not item.endswith("berry") and item not in SPENT:
                holder.item = item
        elif cause == "move: Covet" and of:
            self._who(of)[1].item = ""
        told = values[1] if len(values) > 1 else ""
        if kind in ("-activate", "cant", "-start", "-end") and told.startswith("ability: "):
            n, holder = self._who(values[0])
            self.sides[n].shows(holder, to_id(told.removeprefix("ability: ")))
        elif kind == "-activate" and told in ("item: Focus Band", "item: Quick Claw"):
            self._who(values[0])[1].item = to_id(told.removeprefix("item: "))


_TRAPS = ("bind", "wrap", "clamp", "firespin", "sandtomb", "whirlpool", "magmastorm")
_CALLERS = ("sleeptalk", "copycat", "mirrormove", "assist", "naturepower", "mefirst", "metronome")
_AT_HOME = ("self", "adjacentAllyOrSelf", "allies", "allySide", "allyTeam", "foeSide")
