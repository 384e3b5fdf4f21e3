"""Shards of a bench or a sweep as the one file that a single process would have written."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jaxenv import shards
from jaxenv.shards import Shard, ShardError
from leaderboard.sweeping.run import hardware

_OTHER = "shards of one run have it in common: run that shard again as the others, or leave it out"


def load(path: Path) -> dict[str, Any]:
    """A file's JSON object. `ShardError` for one that is missing, cut short or of another kind."""
    data = shards.read(path, "there is no such file; give what `--shard` wrote", "run that shard again")
    if not isinstance(data, dict) or data.get("kind") not in ("sps", "sweep"):
        kind = data.get("kind") if isinstance(data, dict) else type(data).__name__
        raise ShardError(f"{path}: is of kind {kind!r}; give files of `bench --shard` or `sweep --shard`")
    return data


def merge(files: Sequence[tuple[str, dict[str, Any]]]) -> dict[str, Any]:
    """The whole of (name of the file, its data) of all shards, in any order. `ShardError` where they do not fit."""
    found = [(name, shards.from_json(data.get("shard"), name)) for name, data in files]
    names = [name for name, _ in files]
    kind = shards.same(names, [data["kind"] for _, data in files], "the kind", _OTHER)
    for key in ("schema", "device"):
        shards.same(names, [data.get(key) for _, data in files], f"the {key}", _OTHER)
    shards.same(names, [data["shard"].get("plan") for _, data in files], "its plan", _OTHER)
    order = shards.complete(found)
    ordered = [files[place] for place in order]
    return (_bench if kind == "sps" else _sweep)(ordered, [found[place][1] for place in order])


def _bench(files: Sequence[tuple[str, Mapping[str, Any]]], numbers: Sequence[Shard]) -> dict[str, Any]:
    """All rows in the order of one process; each keeps the reference that was timed in turns with it."""
    plan = files[0][1]["shard"]["plan"]
    rows: dict[int, dict[str, Any]] = {}
    for (name, data), number in zip(files, numbers, strict=True):
        asked = number.every(range(len(plan)))
        if len(data["rows"]) != len(asked):
            raise _unfinished(name, number, f"{len(data['rows'])} of {len(asked)} rows", "run that shard again")
        rows |= dict(zip(asked, data["rows"], strict=True))
    names = [files[(place % len(files))][0] for place in sorted(rows)]
    for key in ("env", "env_version", "config", "commit", "dirty", "protocol"):
        shards.same(names, [rows[place].get(key) for place in sorted(rows)], f"a row's {key}", _OTHER)
    whole = [rows[place] for place in sorted(rows)]
    shards.same(names, [len(row["samples"]) for row in whole], "a row's number of samples", _OTHER)
    fastest: dict[str, float] = {}
    for row in whole:
        fastest[_section(row)] = max(row["median_sps"], fastest.get(_section(row), 0.0))
    whole = [{**row, "best": row["median_sps"] == fastest[_section(row)]} for row in whole]
    return {**{key: value for key, value in files[0][1].items() if key != "shard"}, "rows": whole}


def _section(row: Mapping[str, Any]) -> str:
    return json.dumps([row["mode"], row["cores"]])


def _sweep(files: Sequence[tuple[str, Mapping[str, Any]]], numbers: Sequence[Shard]) -> dict[str, Any]:
    plan = files[0][1]["shard"]["plan"]
    begun = [(name, data["facts"]) for name, data in files if data["facts"] is not None]
    for what, pick in (
        ("commit", lambda facts: facts["commit"]),
        ("machine", hardware),
        ("versions", lambda facts: facts["versions"]),
    ):
        shards.same([name for name, _ in begun], [pick(facts) for _, facts in begun], f"its {what}", _OTHER)
    items: dict[str, Any] = {}
    for (name, data), number in zip(files, numbers, strict=True):
        lacking = [item for item in number.every(plan) if item not in data["items"]]
        if lacking:
            raise _unfinished(name, number, f"{lacking[0]!r} was not reached", "repeat its command with --resume")
        items |= data["items"]
    first = files[0][1]
    whole = {key: value for key, value in first.items() if key != "shard"}
    return {**whole, "facts": begun[0][1] if begun else None, "items": {name: items[name] for name in plan}}


def _unfinished(name: str, number: Shard, why: str, remedy: str) -> ShardError:
    return ShardError(f"{name}: shard {number} is not finished, {why}; {remedy}, then merge again")
