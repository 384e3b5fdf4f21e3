"""The observation that a player of Generation 4 must have, worked out of its `Tracker` and its requests alone."""

from __future__ import annotations

from typing import Any

import numpy as np

from families.pokejax_modern.verify.told_side import BOOSTS, Mon, Side, to_id
from families.pokejax_modern.verify.tracker import STATUSES, WEATHERS, Tracker

TEAM, SLOTS, ACTIONS = 6, 4, 11
SCREENS = ("reflect", "lightscreen", "mist", "safeguard", "luckychant", "tailwind")
HAZARDS = ("spikes", "toxicspikes", "stealthrock")
VOLATILES = (
    "confusion", "substitute", "leechseed", "taunt", "torment", "encore", "disable", "yawn", "attract", "curse",
    "nightmare", "focusenergy", "ingrain", "aquaring", "healblock", "embargo", "magnetrise", "perishsong",
    "partiallytrapped", "trapped", "charge", "foresight", "miracleeye", "destinybond", "grudge", "rage",
    "mustrecharge", "twoturnmove", "bide", "uproar", "flashfire", "gastroacid", "powertrick", "mudsport",
    "watersport", "imprison", "stockpile",
)  # fmt: skip
GENDERS = ("", "M", "F")
TRACKED = (
    "own_species", "own_level", "own_gender", "own_item", "own_ability", "own_hp", "own_max_hp", "own_stats",
    "own_status", "own_slept", "own_active", "own_moves", "own_pp", "own_happiness", "own_hidden_power_type",
    "own_hidden_power", "own_seen", "own_seen_moves", "own_seen_item", "own_seen_ability", "foe_species", "foe_level",
    "foe_gender", "foe_item", "foe_item_known", "foe_ability", "foe_hp_percent", "foe_status", "foe_slept",
    "foe_active", "foe_moves", "foe_pp", "foe_team_size", "species", "ability", "types", "moves", "pp", "boosts",
    "volatiles", "transformed", "toxic_counter", "last_move", "disabled_move", "charging_move", "perish_count",
    "stockpile", "screens", "hazards", "request", "weather", "weather_turns", "weather_lasts", "trick_room",
    "gravity", "turn", "forced_move", "trapped", "maybe_trapped", "legal_actions",
)  # fmt: skip
"""Fields that are compared."""


def kind_of(request: dict[str, Any]) -> int:
    """0 waits, 1 a move or a switch, 2 a switch."""
    if request.get("wait"):
        return 0
    return (2 if request["forceSwitch"][0] else 0) if "forceSwitch" in request else 1


class Seat:
    """A player with its own team: ``team`` is what `sample.js` tells of it, a row for each place."""

    def __init__(self, player: int, names: dict[str, Any], team: list[dict[str, Any]]) -> None:
        self.tracker = Tracker(player, names)
        self.names, self.team = names, team
        for place, told in enumerate(team):
            moves = [names["moves"][number] for number in told["moves"]]
            self.tracker.teams[f"mon{place}"] = moves
        self.codes = {
            kind: {name: number for number, name in reversed(list(enumerate(names[kind])))}
            for kind in ("moves", "species", "abilities", "items", "types")
        }

    def observation(self, foe_request: dict[str, Any]) -> dict[str, np.ndarray]:
        """Every field of `TRACKED` at the present decision."""
        tracker = self.tracker
        own, foe = tracker.sides[tracker.player], tracker.sides[1 - tracker.player]
        request = tracker.request
        assert request is not None
        fields = self._own(own, request) | self._foe(foe) | self._active(own, foe) | self._decision(request, own)
        both = (own, foe)
        fields |= {
            "screens": [[side.screens.get(name, 0) for name in SCREENS] for side in both],
            "hazards": [[side.hazards.get(name, 0) for name in HAZARDS] for side in both],
            "request": [kind_of(request), kind_of(foe_request)],
            "weather": WEATHERS.index(tracker.weather),
            "weather_turns": tracker.weather_turns,
            "weather_lasts": tracker.weather_lasts,
            "trick_room": tracker.trick_room,
            "gravity": tracker.gravity,
            "turn": tracker.turn,
        }
        return {name: np.asarray(fields[name]) for name in TRACKED}

    def _own(self, side: Side, request: dict[str, Any]) -> dict[str, Any]:
        tracker, codes = self.tracker, self.codes
        entries = {entry["ident"].split(": ")[1]: entry for entry in request["side"]["pokemon"]}
        fields: dict[str, list[Any]] = {name: [] for name in TRACKED if name.startswith("own_")}
        for place, name in enumerate(tracker.order):
            entry, told = entries[name], self.team[place]
            shown = side.mons.get(name)
            share, _, status = entry["condition"].partition(" ")
            hp, _, most = share.partition("/")
            if most:
                tracker.most[name] = int(most)
            moves = self._moves(place, shown)
            known = shown.moves if shown else {}
            left = [known.get(move, int(self.names["of_moves"][move]["pp"])) for move in moves]
            row = {
                "species": told["species"], "level": told["level"], "gender": told["gender"] % 3,
                "item": codes["items"][entry["item"]], "ability": codes["abilities"][entry["baseAbility"]],
                "hp": int(hp), "max_hp": tracker.most[name], "stats": [entry["stats"][stat] for stat in BOOSTS[:5]],
                "status": STATUSES.index("" if status == "fnt" else status),
                "slept": shown.slept if shown and status == "slp" else 0, "active": entry["active"],
                "moves": _padded([codes["moves"][move] for move in moves]), "pp": _padded(left),
                "happiness": told["happiness"], "hidden_power_type": told["hidden_power_type"],
                "hidden_power": told["hidden_power"], "seen": shown is not None,
                "seen_moves": _padded([m in known for m in moves]), "seen_item": bool(shown and shown.item is not None),
                "seen_ability": bool(shown and shown.ability),
            }  # fmt: skip
            for key, value in row.items():
                fields[f"own_{key}"].append(value)
        missing = TEAM - len(tracker.order)
        for values in fields.values():
            values += [np.zeros_like(values[0])] * missing
        return fields

    def _foe(self, side: Side) -> dict[str, Any]:
        codes = self.codes
        rows = []
        for mon in sorted(side.mons.values(), key=lambda one: one.order):
            moves, pp = self._sorted(mon.moves)
            rows.append(
                {
                    "species": codes["species"][mon.species], "level": mon.level, "gender": GENDERS.index(mon.gender),
                    "item": codes["items"][mon.item or ""], "item_known": mon.item is not None,
                    "ability": codes["abilities"][mon.ability], "hp_percent": mon.hp,
                    "status": STATUSES.index(mon.status), "slept": mon.slept if mon.status == "slp" else 0,
                    "active": mon is side.active, "moves": moves, "pp": pp,
                }
            )  # fmt: skip
        nobody = {key: np.zeros_like(value) for key, value in rows[0].items()}
        rows += [nobody] * (TEAM - len(rows))
        return {f"foe_{key}": [row[key] for row in rows] for key in nobody} | {"foe_team_size": side.size}

    def _active(self, own: Side, foe: Side) -> dict[str, Any]:
        codes, both = self.codes, (own, foe)
        assert own.active is not None and foe.active is not None
        place = self.tracker.order.index(own.active.name)
        known = dict(own.active.moves)
        names = self._moves(place, own.active)
        if own.mimicked:
            names = [next(iter(own.mimicked)) if name == "mimic" else name for name in names]
            known |= own.mimicked
        if own.copies is not None:
            names, known = list(own.copies), own.copies
        left = [known.get(move, int(self.names["of_moves"][move]["pp"])) for move in names]
        theirs = dict(foe.active.moves)
        if foe.mimicked:
            theirs.pop("mimic", None)
            theirs |= foe.mimicked
        moves, pp = self._sorted(theirs if foe.copies is None else foe.copies)
        own_ability = own.borrowed
        if own_ability is None:
            own_ability = self.names["abilities"][self.team[place]["ability"]]

        def types(side: Side) -> list[int]:
            numbers = [codes["types"][name] for name in side.types]
            return [*numbers, 0][:2]

        return {
            "species": [codes["species"][side.species] for side in both],
            "ability": [codes["abilities"][own_ability], codes["abilities"][foe.ability()]],
            "types": [types(side) for side in both],
            "moves": [_padded([codes["moves"][move] for move in names]), moves],
            "pp": [_padded(left), pp],
            "boosts": [[side.boosts[name] for name in BOOSTS] for side in both],
            "volatiles": [[name in side.volatiles for name in VOLATILES] for side in both],
            "toxic_counter": [side.toxic if side.active and side.active.status == "tox" else 0 for side in both],
            "transformed": [side.copies is not None for side in both],
            "disabled_move": [codes["moves"][side.disabled] if "disable" in side.volatiles else 0 for side in both],
            "perish_count": [side.perish if "perishsong" in side.volatiles else 0 for side in both],
            "stockpile": [side.stockpile if "stockpile" in side.volatiles else 0 for side in both],
            "last_move": [codes["moves"][side.last_move] for side in both],
            "charging_move": [codes["moves"][side.charging] for side in both],
        }

    def _decision(self, request: dict[str, Any], own: Side) -> dict[str, Any]:
        kind = kind_of(request)
        legal = np.zeros(ACTIONS, bool)
        forced, trapped, doubtful = 0, False, False
        bench = [
            self.tracker.order.index(entry["ident"].split(": ")[1])
            for entry in request["side"]["pokemon"]
            if not entry["active"] and not entry["condition"].endswith(" fnt")
        ]
        if kind == 0:
            legal[10] = True
        elif kind == 2:
            legal[bench] = True
        else:
            active = request["active"][0]
            trapped, doubtful = active.get("trapped", False), active.get("maybeTrapped", False)
            for place, move in enumerate(active["moves"]):
                legal[6 + place] = not move.get("disabled", False)
            if "pp" not in active["moves"][0]:
                forced = self.codes["moves"][to_id(active["moves"][0]["id"])]
            if not trapped:
                legal[bench] = True
        return {"legal_actions": legal, "forced_move": forced, "trapped": trapped, "maybe_trapped": doubtful}

    def _moves(self, place: int, mon: Mon | None) -> list[str]:
        """The moves of one of the own team: Sketch has taken the place of one."""
        names = [self.names["moves"][number] for number in self.team[place]["moves"]]
        return [mon.sketched if mon and mon.sketched and name == "sketch" else name for name in names]

    def _sorted(self, moves: dict[str, int]) -> tuple[list[int], list[int]]:
        """Moves known of a Pokémon in the order of their numbers, and their PP."""
        found = sorted((self.codes["moves"][move], left) for move, left in moves.items())
        return _padded([move for move, _ in found]), _padded([left for _, left in found])


def _padded(values: list[int]) -> list[int]:
    return (list(values) + [0] * SLOTS)[:SLOTS]
