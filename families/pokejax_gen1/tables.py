"""Write ``pokejax/data/gen1_dex.npz`` from the reference package.

Command: ``python -m families.pokejax_gen1.tables``.
"""

from __future__ import annotations

import argparse
import io
import json
import math
import sys
from enum import IntEnum
from pathlib import Path
from typing import Any

import numpy as np

from jaxenv.commands import files
from jaxenv.commands.arguments import path
from jaxenv.commands.interrupts import run_command
from pokejax.gen1.dex import (
    BOOSTS,
    CANNOT_MOVE,
    FIGHT,
    LEVEL_DAMAGE,
    MAX_MOVE,
    MAX_SPECIES,
    MULTIHIT_2_TO_5,
    NO_MOVE,
    Category,
    Status,
    Type,
    Volatile,
)
from references.showdown.scripts import run_script

DEX_FILE = Path(__file__).parents[2] / "pokejax" / "data" / "gen1_dex.npz"


def export_dex() -> dict[str, Any]:
    """The raw dex of the installed reference package, as ``export_dex.js`` prints it."""
    return json.loads(run_script("export_dex.js"))


def _type(name: str) -> Type:
    return Type.UNTYPED if name == "???" else Type[name.upper()]


def _code(kind: type[IntEnum], name: str | None) -> int:
    return int(kind[name.upper()]) if name else 0


def _boosts(boosts: dict[str, int] | None) -> list[int]:
    unknown = set(boosts or ()) - set(BOOSTS)
    if unknown:
        raise ValueError(f"unknown boosts {sorted(unknown)}; known are {BOOSTS}")
    return [(boosts or {}).get(stat, 0) for stat in BOOSTS]


def _multihit(hits: int | list[int] | None) -> int:
    if isinstance(hits, list):
        if hits != [2, 5]:
            raise ValueError(f"multihit {hits}: only [2, 5] or a fixed count is known in Gen 1")
        return MULTIHIT_2_TO_5
    return hits or 0


def _move_row(move: dict[str, Any]) -> dict[str, Any]:
    secondary = move["secondary"] or {}
    return {
        "id": move["id"],
        "name": move["name"],
        "type": _type(move["type"]),
        "base_power": move["basePower"],
        # tryMoveHit in data/mods/gen1/scripts.js scales to 255 before anything else touches the accuracy.
        "accuracy": 0 if move["accuracy"] is True else math.floor(move["accuracy"] * 255 / 100),
        "pp": move["pp"],
        "max_pp": move["maxPP"],
        "priority": move["priority"],
        "category": Category[move["category"].upper()],
        "crit_ratio": move["critRatio"],
        "target_self": move["target"] == "self",
        "target_choosable": move["targetChoosable"],
        "multihit": _multihit(move["multihit"]),
        "recoil": move["recoil"] or [0, 0],
        "drain": move["drain"] or [0, 0],
        "secondary_chance_256": math.ceil(secondary.get("chance", 0) * 256 / 100),
        "secondary_status": _code(Status, secondary.get("status")),
        "secondary_boosts": _boosts(secondary.get("boosts")),
        "secondary_volatile": _code(Volatile, secondary.get("volatileStatus")),
        "status": _code(Status, move["status"]),
        "volatile_status": _code(Volatile, move["volatileStatus"]),
        "boosts": _boosts(move["boosts"]),
        "self_volatile": _code(Volatile, move["selfVolatile"]),
        "selfdestruct": bool(move["selfdestruct"]),
        "ohko": bool(move["ohko"]),
        "fixed_damage": LEVEL_DAMAGE if move["damage"] == "level" else move["damage"] or 0,
        "has_damage_callback": move["damageCallback"],
        "ignore_immunity": bool(move["ignoreImmunity"]),
        "crash": move["crash"],
    }


def _blank_like(row: dict[str, Any], **changed: Any) -> dict[str, Any]:
    """A row of zeros with the shape of ``row``."""
    blank: dict[str, Any] = {}
    for key, value in row.items():
        blank[key] = "" if isinstance(value, str) else [0] * len(value) if isinstance(value, list) else type(value)(0)
    return {**blank, **changed}


def _column(values: list[Any]) -> np.ndarray:
    array = np.array([int(v) if isinstance(v, int) and not isinstance(v, bool) else v for v in values])
    if array.dtype.kind in "bU":
        return array
    if array.dtype.kind != "i" or np.any(np.abs(array) > 1000):
        raise ValueError(f"not a column of small integers: {array}")
    return array.astype(np.int16)


def _move_columns(raw: dict[str, Any]) -> dict[str, np.ndarray]:
    real = [_move_row(move) for move in raw["moves"]]
    if [move["num"] for move in raw["moves"]] != list(range(1, MAX_MOVE + 1)):
        raise ValueError(f"expected moves 1 to {MAX_MOVE}, the reference gave {len(real)}")
    no_move = {**_move_row(raw["noMove"]), "id": "nomove", "name": ""}
    none = _blank_like(real[0])
    rows = [none, *real, {**none, "id": "cannotmove"}, no_move, {**none, "id": "fight", "name": "Fight"}]
    assert [rows[i]["id"] for i in (CANNOT_MOVE, NO_MOVE, FIGHT)] == ["cannotmove", "nomove", "fight"]
    columns = {key: _column([row[key] for row in rows]) for key in none}
    columns["two_turn"] = np.isin(columns["id"], raw["twoTurnMoves"])
    columns["keeps_last_damage"] = np.isin(columns["id"], raw["skipLastDamage"])
    columns["metronome_callable"] = np.isin(np.arange(len(rows)), raw["metronome"])
    return columns


def _species_columns(raw: dict[str, Any]) -> dict[str, np.ndarray]:
    rows = raw["species"]
    if [row["num"] for row in rows] != list(range(1, MAX_SPECIES + 1)):
        raise ValueError(f"expected species 1 to {MAX_SPECIES}, the reference gave {len(rows)}")
    for row in rows:
        if row["baseStats"]["spa"] != row["baseStats"]["spd"]:
            raise ValueError(f"{row['id']}: Special is split in two: {row['baseStats']}")
    learnset = np.zeros((MAX_SPECIES + 1, MAX_MOVE + 1), bool)
    learn_level = np.zeros((MAX_SPECIES + 1, MAX_MOVE + 1), np.int16)
    for row in rows:
        learnset[row["num"], row["learnset"]] = True
        for move, level in row["learnLevels"]:
            learn_level[row["num"], move] = level
    stats = [[row["baseStats"][stat] for stat in ("hp", "atk", "def", "spa", "spe")] for row in rows]
    types = [[*map(_type, row["types"]), Type.NONE][:2] for row in rows]
    return {
        "id": _column(["", *(row["id"] for row in rows)]),
        "name": _column(["", *(row["name"] for row in rows)]),
        "tier": _column(["", *(row["tier"] for row in rows)]),
        "base_stats": _column([[0] * 5, *stats]),
        "types": _column([[0, 0], *types]),
        "learnset": learnset,
        "learn_level": learn_level,
        "lowest_level": _column([0, *(row["lowestLevel"] for row in rows)]),
    }


def _spelling_columns(raw: dict[str, Any]) -> dict[str, np.ndarray]:
    spellings = raw["spellings"]

    def columns(kind: str, rows: list[tuple[str, int]]) -> dict[str, np.ndarray]:
        names, numbers = zip(*rows, strict=True)
        return {f"{kind}_id": _column(list(names)), kind: _column(list(numbers))}

    return {
        **columns("species", spellings["species"]),
        **columns("move", spellings["moves"]),
        **columns("name", spellings["names"]),
        "item_id": _column(spellings["items"]),
    }


def build_tables(raw: dict[str, Any]) -> dict[str, np.ndarray]:
    """Arrays of ``gen1_dex.npz`` (see ``pokejax.gen1.dex.read_dex``) from the raw export."""
    effectiveness = np.zeros((len(Type), len(Type)), np.int16)
    immune = np.zeros((len(Type), len(Type)), bool)
    for row in raw["types"]:
        attack = _type(row["name"])
        for defend, value in row["effectiveness"].items():
            effectiveness[attack, _type(defend)] = value
        for defend in row["immune"]:
            immune[attack, _type(defend)] = True
    tables = {f"moves/{key}": column for key, column in _move_columns(raw).items()}
    tables |= {f"species/{key}": column for key, column in _species_columns(raw).items()}
    tables |= {f"spellings/{key}": column for key, column in _spelling_columns(raw).items()}
    return tables | {
        "effectiveness": effectiveness,
        "immune": immune,
        "metronome_list": np.array(raw["metronome"], np.int16),
        "ou_banned_moves": np.array(raw["ouBans"]["moves"], np.int16),
        "exclusive_moves": np.array(raw["exclusiveMoves"], np.int16),
        "ou_banned_species": np.array(raw["ouBans"]["species"], np.int16),
        "version": np.array(raw["version"]),
    }


def main(arguments: list[str] | None = None) -> int:
    """Command line: regenerate the table file; returns the exit status."""
    return run_command("tables", lambda: _run(arguments))


def _run(arguments: list[str] | None) -> int:
    parser = argparse.ArgumentParser(prog="python -m families.pokejax_gen1.tables", description=__doc__)
    parser.add_argument("--out", type=path, default=DEX_FILE, help="file to write (default: %(default)s)")
    out, remedy = parser.parse_args(arguments).out, "choose another file with --out"
    try:
        files.check_writable(out, remedy)
        raw = export_dex()
        buffer = io.BytesIO()
        np.savez_compressed(buffer, **build_tables(raw))  # pyright: ignore[reportArgumentType]
        files.write(out, buffer.getvalue(), remedy)
    except files.StorageError as error:
        print(error, file=sys.stderr)
        return 1
    print(
        f"wrote {out} from pokemon-showdown {raw['version']}: {len(raw['moves'])} moves, {len(raw['species'])} species"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
