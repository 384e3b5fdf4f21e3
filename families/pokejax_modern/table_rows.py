"""Rows of the tables from the raw export: names become codes, and what a row leaves out becomes zeros."""

from __future__ import annotations

import dataclasses
from enum import IntEnum
from typing import Any

from pokejax.modern.tables import (
    BOOSTS,
    LEVEL_DAMAGE,
    MOST_SECONDARIES,
    Category,
    Gender,
    SelfDestruct,
    SelfSwitch,
    Target,
)


@dataclasses.dataclass(frozen=True)
class MoveCodes:
    """Codes of the names that rows mention."""

    types: dict[str, int]
    statuses: dict[str, int]
    weathers: dict[str, int]
    conditions: dict[str, int]

    @classmethod
    def of(cls, raw: dict[str, Any]) -> MoveCodes:
        """The codes of an export."""
        numbered = {kind: {name: code for code, name in enumerate(names)} for kind, names in raw["codes"].items()}
        conditions = {"": 0} | {row["id"]: number for number, row in enumerate(raw["conditions"], 1)}
        return cls(numbered["types"], numbered["statuses"], numbered["weathers"], conditions)

    def condition(self, name: str | None) -> int:
        """Number of a condition by name or id; 0 for none."""
        return self.conditions[(name or "").lower()]


def _boosts(boosts: dict[str, int] | None) -> list[int]:
    unknown = set(boosts or ()) - set(BOOSTS)
    if unknown:
        raise ValueError(f"unknown stages {sorted(unknown)}; known are {BOOSTS}")
    return [(boosts or {}).get(stat, 0) for stat in BOOSTS]


def _code(kind: type[IntEnum], word: Any, absent: str) -> int:
    return int(kind[str(word).upper()]) if word else int(kind[absent])


def _hits(hits: int | list[int] | None) -> list[int]:
    return hits if isinstance(hits, list) else [hits or 1] * 2


def _secondaries(parts: list[dict[str, Any]], codes: MoveCodes) -> dict[str, Any]:
    if len(parts) > MOST_SECONDARIES:
        raise ValueError(f"{len(parts)} secondary effects; the tables hold {MOST_SECONDARIES}")
    padded = [*parts, *[{}] * (MOST_SECONDARIES - len(parts))]
    if any(set(part.get("self") or ()) - {"boosts"} for part in padded):
        raise ValueError(f"a secondary effect does more to the user than change its stages: {parts}")
    return {
        "secondaries": len(parts),
        "secondary_chance": [part.get("chance", 0) for part in padded],
        "secondary_status": [codes.statuses[part.get("status", "")] for part in padded],
        "secondary_volatile": [codes.condition(part.get("volatileStatus")) for part in padded],
        "secondary_boosts": [_boosts(part.get("boosts")) for part in padded],
        "secondary_self_boosts": [_boosts((part.get("self") or {}).get("boosts")) for part in padded],
    }


def move_row(move: dict[str, Any], codes: MoveCodes) -> dict[str, Any]:
    """One row of ``Moves``, flags and handlers apart."""
    own = move["self"] or {}
    switches = {None: SelfSwitch.NO, True: SelfSwitch.PLAIN, "copyvolatile": SelfSwitch.COPYVOLATILE}
    return {
        "id": move["id"],
        "name": move["name"],
        "num": move["num"],
        "type": codes.types[move["type"]],
        "base_power": move["basePower"],
        "accuracy": 0 if move["accuracy"] is True else move["accuracy"],
        "pp": move["pp"],
        "max_pp": move["maxPP"],
        "priority": move["priority"],
        "category": int(Category[move["category"].upper()]),
        "target": _code(Target, move["target"], "NONE"),
        "non_ghost_target": _code(Target, move["nonGhostTarget"], "NONE"),
        "crit_ratio": move["critRatio"],
        "multihit": _hits(move["multihit"]),
        "drain": move["drain"] or [0, 0],
        "recoil": move["recoil"] or [0, 0],
        "heal": move["heal"] or [0, 0],
        "fixed_damage": LEVEL_DAMAGE if move["damage"] == "level" else move["damage"] or 0,
        "boosts": _boosts(move["boosts"]),
        "status": codes.statuses[move["status"] or ""],
        "volatile": codes.condition(move["volatileStatus"]),
        "side_condition": codes.condition(move["sideCondition"]),
        "slot_condition": codes.condition(move["slotCondition"]),
        "pseudo_weather": codes.condition(move["pseudoWeather"]),
        "weather": codes.weathers[(move["weather"] or "").lower()],
        "has_self": move["self"] is not None,
        "self_boosts": _boosts(own.get("boosts")),
        "self_volatile": codes.condition(own.get("volatileStatus")),
        **_secondaries(move["secondaries"] or [], codes),
        "self_switch": int(switches[move["selfSwitch"]]),
        "self_destruct": _code(SelfDestruct, move["selfdestruct"], "NO"),
        "force_switch": move["forceSwitch"],
        "ohko": move["ohko"],
        "ignore_immunity": bool(move["ignoreImmunity"]),
        "breaks_protect": move["breaksProtect"],
        "stalling": move["stallingMove"],
        "sleep_usable": move["sleepUsable"],
        "crash": move["hasCrashDamage"],
        "calls_move": move["callsMove"],
        "multi_accuracy": move["multiaccuracy"],
        "struggle_recoil": move["struggleRecoil"],
        "no_pp_ups": move["noPPBoosts"],
    }


def chained(factor: float | list[int]) -> int:
    """A multiplier in 4096ths, as ``chainModify`` in sim/battle.js takes it: a number, or numerator and denominator."""
    above, below = factor if isinstance(factor, list) else (factor, 1)
    return int(above * 4096 / below)


def item_row(item: dict[str, Any], codes: MoveCodes, species: dict[str, int]) -> dict[str, Any]:
    """One row of ``Items``, users and handlers apart."""
    fling, gift, boost = item["fling"] or {}, item["naturalGift"] or {}, item["boost"] or {}
    return {
        "id": item["id"],
        "name": item["name"],
        "num": item["num"],
        "fling_power": fling.get("basePower", 0),
        "fling_status": codes.statuses[fling.get("status", "")],
        "fling_volatile": codes.condition(fling.get("volatileStatus")),
        "gift_power": gift.get("basePower", 0),
        "gift_type": codes.types[gift.get("type", "")],
        "plate_type": codes.types[item["plate"]],
        "boost_type": codes.types[boost.get("type", "")],
        "boost": chained(boost["factor"]) if boost else 0,
        "resist_type": codes.types[item["resist"]],
        "berry": item["isBerry"],
        "choice": item["isChoice"],
        "ignores_klutz": item["ignoreKlutz"],
        "pokeball": item["isPokeball"],
        "unobtainable": item["unobtainable"],
        "forced_forme": species[item["forme"]] if item["forme"] else 0,
    }


def species_row(one: dict[str, Any], raw: dict[str, Any], codes: MoveCodes) -> dict[str, Any]:
    """One row of ``Species``, handlers apart."""
    abilities = {"": 0} | {row["id"]: number for number, row in enumerate(raw["abilities"], 1)}
    eighths = 8 * one["male"]
    if eighths != int(eighths):
        raise ValueError(f"{one['id']}: {one['male']} of them are male, which is no number of eighths")
    known = set(one["learnset"])
    return {
        "id": one["id"],
        "name": one["name"],
        "num": one["num"],
        "base_stats": one["baseStats"],
        "max_hp": one["maxHP"],
        "types": [*(codes.types[name] for name in one["types"]), 0][:2],
        "abilities": [abilities[name] for name in one["abilities"]],
        "weight": one["weighthg"],
        "gender": int(Gender[one["gender"] or "UNSET"]),
        "male_eighths": int(eighths),
        "base": one["base"],
        "battle_only": bool(one["battleOnly"]),
        "changes_from": one["changesFrom"],
        "required_item": (one["requiredItems"] or [0])[0],
        "cosmetic": one["cosmetic"],
        "tier": one["tier"],
        "not_fully_evolved": one["nfe"],
        "learnset": [number in known for number in range(len(raw["moves"]) + 1)],
    }


def condition_row(one: dict[str, Any]) -> dict[str, Any]:
    """One row of ``Conditions``, handlers apart."""
    return {
        "id": one["id"],
        "kind": one["kind"],
        "duration": one["duration"],
        "no_copy": one["noCopy"],
        "counter_max": one["counterMax"],
    }
