"""An environment's declarations beside those on record: its spec, observation layout, actions and default params.

A family keeps one file of them, `verify/declared.json`, which `python -m verification declare ENV` writes. No
reference knows these facts, so that a slip in one of them differs from nothing else: a bound that is too wide, a
version that was bumped by mistake, a default that only a picture shows.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import time
from pathlib import Path
from typing import Any

import numpy as np

import jaxenv
from jaxenv.commands.files import StorageError, write
from verification.levels.context import Context
from verification.levels.pairs import timed
from verification.results import CheckResult, FieldDifference, Finding

_WRITTEN_OUT = 16
"""Arrays of more numbers than these stand in the record by a hash."""


def facts(env_id: str) -> dict[str, Any]:
    """All facts by name, as JSON has them. Texts for readers (what a field means) are left out."""
    import jax

    env = jaxenv.make(env_id)
    params = env.default_params
    found: dict[str, Any] = {"registered as": env_id}
    spec = dataclasses.asdict(env.spec)
    if spec["reference"]:
        del spec["reference"]["version"]  # read from what is installed; the reference checks it when it starts
    for name, value in spec.items():
        found["spec." + name] = _plain(value)
    for field in env.obs_spec.fields:
        low_high = [_plain(bound) for bound in (field.low, field.high)]
        found["observation." + field.name] = [np.dtype(field.dtype).name, list(field.shape), *low_high]
    space = env.action_space(params)
    for name, value in dataclasses.asdict(space).items():
        found["actions." + name] = np.dtype(value).name if name == "dtype" else _plain(value)
    for path, leaf in jax.tree_util.tree_flatten_with_path(params)[0]:
        found["params" + jax.tree_util.keystr(path)] = _plain(leaf)
    return json.loads(json.dumps(found))


def recorded(file: Path, env_id: str) -> dict[str, Any] | None:
    """The facts on record, None if there are none of this environment. `StorageError` for a file that is no record."""
    return _read(file, env_id).get(env_id)


def _changed(before: dict[str, Any], now: dict[str, Any]) -> list[str]:
    return [name for name in sorted({*before, *now}) if before.get(name, ...) != now.get(name, ...)]


def _read(file: Path, env_id: str) -> dict[str, Any]:
    try:
        return dict(json.loads(file.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError) as error:
        raise StorageError(f"{file} is no record of declarations ({error}); `verification declare {env_id}`") from error


def record(file: Path, env_id: str) -> list[str]:
    """Put the facts of today on record; returns the names of those that are other than before."""
    held = _read(file, env_id)
    before, now = held.get(env_id, {}), facts(env_id)
    held[env_id] = now
    write(file, json.dumps(dict(sorted(held.items())), indent=1) + "\n", "let the user who runs this own the checkout")
    return _changed(before, now)


def run(context: Context, result: CheckResult) -> None:
    """The check: every fact on record is what is declared, and the other way round."""
    begin = time.monotonic()
    sides, file = context.plugin.sides, context.plugin.checks.declared
    assert sides.env_id is not None and file is not None
    held, now = recorded(file, sides.env_id), facts(sides.env_id)
    result.unit = "facts"
    if held is None:
        missing = f"none; `python -m verification declare {sides.env_id}` writes them"
        result.add(Finding(0, (FieldDifference("declared", "contract", len(now), missing),), case={}))
        held = {}
    else:
        for name in _changed(held, now):
            difference = FieldDifference(name, "contract", now.get(name, "gone"), held.get(name, "not on record"))
            result.add(Finding(0, (difference,), case={}))
    result.cases = result.planned = len({*held, *now})
    timed(result, begin)
    result.conclude()


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    array = np.asarray(value)
    if array.dtype.kind in "OU":
        return [_plain(one) for one in value]
    if array.size > _WRITTEN_OUT:
        digest = hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()[:16]
        return f"{array.dtype.name}{list(array.shape)} {digest}"
    return [_number(one) for one in array.ravel().tolist()] if array.ndim else _number(array.item())


def _number(value: Any) -> Any:
    return value if isinstance(value, bool | int) or np.isfinite(value) else str(value)
