"""Writes the frozen models of this package, or checks them, from Gymnasium's files through the installed MuJoCo.

    python -m cheetahjax.model.freeze            # reports where a frozen model differs; exit status 1 if any does
    python -m cheetahjax.model.freeze --write    # writes every module anew

Needs `gymnasium[mujoco]`, which running an environment does not.
"""

from __future__ import annotations

import argparse
import dataclasses
import importlib
import math
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cheetahjax.model import from_mujoco, planar_model
from cheetahjax.model.planar_model import PlanarModel

GYMNASIUM_FILES = {
    "half_cheetah": "half_cheetah.xml",
    "walker2d": "walker2d_v5.xml",
    "hopper": "hopper.xml",
    "inverted_pendulum": "inverted_pendulum.xml",
    "inverted_double_pendulum": "inverted_double_pendulum.xml",
    "reacher": "reacher.xml",
    "swimmer": "swimmer.xml",
}
"""Module of this package -> the file among Gymnasium's assets that its v5 environment loads."""

RELATIVE_TOLERANCE = 1e-12
"""Largest relative difference of a float from MuJoCo's: the last digits of its compiler depend on the platform."""


def gymnasium_file(name: str) -> Path:
    """Path of the MJCF file behind a frozen model, e.g. ``gymnasium_file("half_cheetah")``."""
    import gymnasium.envs.mujoco

    folder = gymnasium.envs.mujoco.__file__
    assert folder is not None
    return Path(folder).parent / "assets" / GYMNASIUM_FILES[name]


def frozen(name: str) -> PlanarModel:
    """The model that this package holds under that name."""
    return getattr(importlib.import_module(f"cheetahjax.model.{name}"), name.upper())


def differences(left: Any, right: Any, path: str = "") -> Iterator[str]:
    """Differences of two values, one line each: floats by more than `RELATIVE_TOLERANCE`, anything else at all."""
    if type(left) is not type(right):
        yield f"{path}: {left!r} is not {right!r}"
    elif dataclasses.is_dataclass(left):
        for field in dataclasses.fields(left):
            yield from differences(getattr(left, field.name), getattr(right, field.name), f"{path}.{field.name}")
    elif isinstance(left, tuple):
        if len(left) != len(right):
            yield f"{path}: {len(left)} entries against {len(right)}"
        for index, pair in enumerate(zip(left, right, strict=False)):
            yield from differences(*pair, f"{path}[{index}]")
    elif isinstance(left, float):
        if not math.isclose(left, right, rel_tol=RELATIVE_TOLERANCE, abs_tol=1e-15):
            yield f"{path}: {left!r} is not {right!r}"
    elif left != right:
        yield f"{path}: {left!r} is not {right!r}"


def source(name: str, model: PlanarModel) -> str:
    """The text of the module that holds a model."""
    text = _literal(model, 0)
    classes = sorted({cls.__name__ for cls in _dataclasses() if f"{cls.__name__}(" in text})
    imports = "".join(f"    {cls},\n" for cls in classes)
    return (
        f'"""MuJoCo\'s compiled model of Gymnasium\'s ``{GYMNASIUM_FILES[name]}``.\n\n'
        'Written by ``python -m cheetahjax.model.freeze --write``.\n"""\n\n'
        f"from cheetahjax.model.planar_model import (\n{imports})\n\n"
        f"{name.upper()} = {text}\n"
    )


def _dataclasses() -> list[type]:
    return [
        value for value in vars(planar_model).values() if isinstance(value, type) and dataclasses.is_dataclass(value)
    ]


def _literal(value: Any, depth: int) -> str:
    """Python source of a value, one field to a line, as the formatter would leave it."""
    pad, inner = "    " * depth, "    " * (depth + 1)
    if dataclasses.is_dataclass(value):
        fields = dataclasses.fields(value)
        flat = f"{type(value).__name__}({', '.join(f'{f.name}={getattr(value, f.name)!r}' for f in fields)})"
        if len(flat) < 100 - len(inner) and not any(dataclasses.is_dataclass(getattr(value, f.name)) for f in fields):
            return flat.replace("'", '"')
        lines = [f"{inner}{f.name}={_literal(getattr(value, f.name), depth + 1)},\n" for f in fields]
        return f"{type(value).__name__}(\n{''.join(lines)}{pad})"
    if isinstance(value, tuple) and any(dataclasses.is_dataclass(part) for part in value):
        return "(\n" + "".join(f"{inner}{_literal(part, depth + 1)},\n" for part in value) + f"{pad})"
    return f'"{value}"' if isinstance(value, str) else repr(value)


def main() -> None:
    """The command line described above."""
    parser = argparse.ArgumentParser(prog="python -m cheetahjax.model.freeze", description=__doc__)
    parser.add_argument("models", nargs="*", choices=[*GYMNASIUM_FILES, []], help="which ones; default: all")
    parser.add_argument("--write", action="store_true", help="write the modules instead of checking them")
    options = parser.parse_args()
    differ = False
    for name in options.models or GYMNASIUM_FILES:
        model = from_mujoco.extract(from_mujoco.load(gymnasium_file(name)), name)
        if options.write:
            path = Path(__file__).parent / f"{name}.py"
            path.write_text(source(name, model))
            print(f"{name}: wrote {path}")
            continue
        found = list(differences(frozen(name), model))
        differ = differ or bool(found)
        print(f"{name}: {'equal to the installed MuJoCo' if not found else ''}", *found, sep="\n  " if found else "")
    sys.exit(differ)


if __name__ == "__main__":
    main()
