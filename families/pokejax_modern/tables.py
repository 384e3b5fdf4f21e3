"""Write ``pokejax/data/gen4_dex.npz`` from the reference package.

Command: ``python -m families.pokejax_modern.tables --generation 4``, two minutes on one core, most of them to ask from
which level on each species can know each move.
"""

from __future__ import annotations

import argparse
import io
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from families.pokejax_modern.learning import LEARNING, export_learn_levels, learning_columns
from families.pokejax_modern.table_rows import MoveCodes, condition_row, item_row, move_row, species_row
from jaxenv.commands import files
from jaxenv.commands.arguments import path
from jaxenv.commands.interrupts import run_command
from pokejax.modern.tables import GENERATIONS, STATS
from references.showdown.scripts import run_script

DATA_FOLDER = Path(__file__).parents[2] / "pokejax" / "data"


def table_file(generation: int) -> Path:
    """The shipped file of a generation's tables."""
    return DATA_FOLDER / f"gen{generation}_dex.npz"


def export_tables(generation: int) -> dict[str, Any]:
    """The raw tables of the installed reference package, as ``export_tables.js`` prints them."""
    return json.loads(run_script("modern/export_tables.js", str(generation)))


def _column(values: list[Any]) -> np.ndarray:
    array = np.array([int(v) if isinstance(v, int) and not isinstance(v, bool) else v for v in values])
    if array.dtype.kind in "bU":
        return array
    if array.dtype.kind != "i" or np.any(np.abs(array) > 30_000):
        raise ValueError(f"not a column of small whole numbers: {array}")
    return array.astype(np.int16)


def _blank(value: Any) -> Any:
    if isinstance(value, list):
        return [_blank(part) for part in value]
    return "" if isinstance(value, str) else type(value)(0)


def _table(prefix: str, rows: list[dict[str, Any]], last: dict[str, Any] | None = None) -> dict[str, np.ndarray]:
    """Columns of rows, a row of zeros before them; ``last``: what a row of zeros after them holds instead."""
    none = {key: _blank(value) for key, value in rows[0].items()}
    full = [none, *rows, *([{**none, **last}] if last else [])]
    return {f"{prefix}/{key}": _column([row[key] for row in full]) for key in none}


def _flags(prefix: str, entries: list[dict[str, Any]]) -> dict[str, np.ndarray]:
    names = sorted({flag for entry in entries for flag in entry.get("flags", ())})
    rows = [[flag in entry.get("flags", ()) for flag in names] for entry in entries]
    return {f"{prefix}/flags": np.array([[False] * len(names), *rows]), f"{prefix}/flag_names": np.array(names)}


def _handlers(prefix: str, raw: dict[str, Any], rows: int) -> dict[str, np.ndarray]:
    names = ["", *(" ".join(entry) for entry in raw["handlers"][prefix])]
    return {f"{prefix}/handlers": np.array(names + [""] * (rows - len(names)))}


def _types(raw: dict[str, Any]) -> dict[str, np.ndarray]:
    rows, size = raw["types"]["rows"], len(raw["codes"]["types"])
    conditions = raw["types"]["conditions"]
    chart = np.zeros((size, size), np.int16)
    immune = np.zeros((size, size), bool)
    safe = np.zeros((size, len(conditions)), bool)
    ivs = np.full((size, len(STATS)), 31, np.int16)
    for code, row in enumerate(rows, 1):
        chart[code, 1:], immune[code, 1:], safe[code] = row["effectiveness"], row["immune"], row["safe"]
        for stat, value in (row["hiddenPowerIVs"] or {}).items():
            ivs[code, STATS.index(stat)] = value
    return {
        "types/name": np.array(raw["codes"]["types"]),
        "types/effectiveness": chart,
        "types/immune": immune,
        "types/condition_names": np.array(conditions),
        "types/safe": safe,
        "types/hidden_power_ivs": ivs,
    }


def _hooks(raw: dict[str, Any]) -> dict[str, np.ndarray]:
    names = ("kind", "number", "event", "order", "priority", "sub_order")
    columns = zip(*raw["hooks"], strict=True)
    return {f"hooks/{name}": _column(list(values)) for name, values in zip(names, columns, strict=True)}


def _spellings(raw: dict[str, Any]) -> dict[str, np.ndarray]:
    tables = {}
    for kind, rows in raw["spellings"].items():
        names, numbers = zip(*rows, strict=True)
        tables |= {f"spellings/{kind}_id": _column(list(names)), f"spellings/{kind}": _column(list(numbers))}
    return tables


def _bans(raw: dict[str, Any]) -> dict[str, np.ndarray]:
    return {
        f"bans/{format_id}/{kind}": np.array(numbers, np.int16)
        for format_id, kinds in raw["bans"].items()
        for kind, numbers in kinds.items()
    }


def _item_users(raw: dict[str, Any], species: dict[str, int]) -> np.ndarray:
    pairs = [[number, species[user]] for number, item in enumerate(raw["items"], 1) for user in item["users"]]
    return np.array(pairs, np.int16)


def build_tables(raw: dict[str, Any]) -> dict[str, np.ndarray]:
    """Arrays of a table file (see ``pokejax.modern.tables.read_tables``) from the raw export, but those of learning."""
    codes = MoveCodes.of(raw)
    stat = {"": 0, **{name: index for index, name in enumerate(STATS)}}
    species = {row["id"]: number for number, row in enumerate(raw["species"], 1)}
    moves = [move_row(move, codes) for move in raw["moves"][:-1]]
    abilities = [
        {"id": a["id"], "name": a["name"], "num": a["num"], "suppress_weather": a.get("suppressWeather", False)}
        for a in raw["abilities"]
    ]
    tables = _table("moves", moves, last={"id": "recharge", "name": "Recharge"})
    tables |= _table("abilities", abilities)
    tables |= _table("items", [item_row(item, codes, species) for item in raw["items"]])
    tables |= _table("species", [species_row(one, raw, codes) for one in raw["species"]])
    tables |= _table("conditions", [condition_row(one) for one in raw["conditions"]])
    tables |= _table(
        "natures", [{**row, "plus": stat[row["plus"]], "minus": stat[row["minus"]]} for row in raw["natures"]]
    )
    for name in ("moves", "abilities", "items", "species", "conditions"):
        tables |= _handlers(name, raw, len(tables[f"{name}/id"]))
    tables |= _flags("moves", raw["moves"]) | _flags("abilities", raw["abilities"]) | _types(raw) | _hooks(raw)
    tables |= _spellings(raw) | _bans(raw)
    return tables | {
        "items/users": _item_users(raw, species),
        "statuses": np.array(raw["codes"]["statuses"]),
        "weathers": np.array(raw["codes"]["weathers"]),
        "metronome": np.array(raw["metronome"], np.int16),
        "hidden_power": np.array(raw["hiddenPower"]),
        "generation": np.array(raw["gen"]),
        "version": np.array(raw["version"]),
    }


def _learning(raw: dict[str, Any], keep: bool) -> dict[str, np.ndarray]:
    if not keep:
        return learning_columns(export_learn_levels(raw["gen"]), raw)
    with np.load(table_file(raw["gen"])) as shipped:
        return {name: shipped[name] for name in LEARNING}


def main(arguments: list[str] | None = None) -> int:
    """Command line: regenerate the table file; returns the exit status."""
    return run_command("tables", lambda: _run(arguments))


def _run(arguments: list[str] | None) -> int:
    parser = argparse.ArgumentParser(prog="python -m families.pokejax_modern.tables", description=__doc__)
    parser.add_argument("--generation", type=int, choices=GENERATIONS, default=4, help="default: %(default)s")
    parser.add_argument(
        "--keep-learning", action="store_true", help="take the levels of learning from the file that is there"
    )
    parser.add_argument("--out", type=path, help="file to write (default: the one in pokejax/data)")
    options = parser.parse_args(arguments)
    out, remedy = options.out or table_file(options.generation), "choose another file with --out"
    try:
        files.check_writable(out, remedy)
        raw = export_tables(options.generation)
        tables = build_tables(raw) | _learning(raw, options.keep_learning)
        buffer = io.BytesIO()
        np.savez_compressed(buffer, **tables)  # pyright: ignore[reportArgumentType]
        files.write(out, buffer.getvalue(), remedy)
    except files.StorageError as error:
        print(error, file=sys.stderr)
        return 1
    counts = ", ".join(f"{len(raw[kind])} {kind}" for kind in ("moves", "abilities", "items", "species", "conditions"))
    print(f"wrote {out} ({out.stat().st_size:,} bytes) from pokemon-showdown {raw['version']}: {counts}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
