"""The examples, imported from their files."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

EXAMPLES = Path(__file__).parents[2] / "examples"


def load(name: str, longest: int = 80) -> ModuleType:
    """The module of an example. `AssertionError` for one of more lines than `longest`: an example is read whole."""
    file = EXAMPLES / f"{name}.py"
    assert len(file.read_text("utf-8").splitlines()) <= longest, f"{file.name} has more than {longest} lines"
    found = importlib.util.spec_from_file_location(f"example_{name}", file)
    assert found and found.loader
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module
