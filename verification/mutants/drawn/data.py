"""Changes of one value in a data file: numpy's arrays and JSON."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from verification.mutants.drawn.edits import Edit

READABLE = (".npz", ".npy", ".json")
"""Suffixes of data files whose values can be changed."""


def draw_change(rng: random.Random, root: Path, file: str) -> Edit:
    """A change of one value of a data file, of any array or list in it alike. `ValueError` if it holds no number."""
    path = root / file
    if path.suffix == ".json":
        places = list(_numbers(json.loads(path.read_text("utf-8"))))
        if not places:
            raise ValueError(f"{file} holds no number to change")
        keys, value = rng.choice(places)
        new = _other(rng, value)
        where = "".join(f"[{key!r}]" for key in keys)
        return Edit(file, file, "value of a table", where, new=f"{value} → {new}", value=[list(keys), new])
    arrays = _arrays(path)
    names = sorted(name for name, array in arrays.items() if array.size and array.dtype.kind in "biuf")
    if not names:
        raise ValueError(f"{file} holds no array of numbers to change")
    # By its rows: a long table has more of them to be wrong in than a short one.
    name = rng.choices(names, [len(np.atleast_1d(arrays[name])) for name in names])[0]
    array = arrays[name]
    flat = rng.randrange(array.size)
    value = array.flat[flat].item()
    new = _within(array.dtype, value, _other(rng, value))
    index = [int(k) for k in np.unravel_index(flat, array.shape)]
    return Edit(file, file, "value of a table", f"{name}{index}", new=f"{value} → {new}", value=[name, flat, new])


def apply(path: Path, edit: Edit) -> None:
    """Write the changed value into a data file, in place."""
    if path.suffix == ".json":
        keys, new = edit.value
        everything = json.loads(path.read_text("utf-8"))
        inside = everything
        for key in keys[:-1]:
            inside = inside[key]
        inside[keys[-1]] = new
        path.write_text(json.dumps(everything), "utf-8")
        return
    name, flat, new = edit.value
    arrays = {key: np.array(array) for key, array in _arrays(path).items()}
    arrays[name].flat[flat] = new
    with path.open("wb") as out:
        np.save(out, arrays[name]) if path.suffix == ".npy" else np.savez(out, **{key: arrays[key] for key in arrays})  # type: ignore[arg-type]


def _arrays(path: Path) -> dict[str, Any]:
    found = np.load(path, allow_pickle=False)
    if isinstance(found, np.ndarray):
        return {"array": found}
    with found:
        return {name: found[name] for name in found.files}


def _numbers(value: Any, keys: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _numbers(inner, (*keys, key))
    elif isinstance(value, list):
        for key, inner in enumerate(value):
            yield from _numbers(inner, (*keys, key))
    elif isinstance(value, bool | int | float) and keys:
        yield keys, value


def _other(rng: random.Random, value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + rng.choice((1, -1))
    return value * rng.choice((0.9, 1.1)) if value and np.isfinite(value) else 1.0


def _within(dtype: np.dtype, value: Any, new: Any) -> Any:
    """A number that the array can hold: at the ends of its range the other neighbour."""
    if dtype.kind in "iu":
        limits = np.iinfo(dtype)
        if not limits.min <= new <= limits.max:
            return value + 1 if value == limits.min else value - 1
    return new
