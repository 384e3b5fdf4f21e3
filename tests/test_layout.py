"""The arrows between packages, the tools that name no environment, and the first words of docstrings."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ENVIRONMENTS = ("pokejax", "cheetahjax", "pongjax", "tcgjax")
BELOW = ("jaxenv", "jaxlanes", "families.lookup", "references.protocol")
ALLOWED = {
    "jaxlanes": (),
    "jaxenv": ("jaxlanes",),
    **dict.fromkeys(ENVIRONMENTS, ("jaxenv", "jaxlanes")),
    "references": (),
    "leaderboard": BELOW,
    "verification": (*BELOW, "leaderboard.machine", "leaderboard.invocation"),
    "baselines": (
        *(*BELOW, "leaderboard.machine", "leaderboard.invocation"),
        *("verification.statistics", "verification.registry"),
    ),
    "translator": (*BELOW, "verification", "leaderboard", "baselines"),
}
"""Packages and modules that each package may import; `families` stands on top and may import all of them."""
EXCEPTIONS = {"jaxenv/builtin.py": "the table of built-in ids, and their types"}
PACKAGES = (*ALLOWED, "families")
TOOLS = ("jaxlanes", "jaxenv", "verification", "leaderboard", "baselines", "translator")
NAMES = re.compile(
    r"pokejax/|cheetahjax|pongjax|tcgjax|emurust|gen1|pok[eé]mon|showdown|mujoco|puffer|pong|cheetah", re.I
)


def modules(package: str) -> Iterator[tuple[str, ast.Module]]:
    for path in sorted((ROOT / package).rglob("*.py")):
        yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text("utf-8"))


def imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from (f"{node.module}.{name.name}" for name in node.names)
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)


@pytest.mark.parametrize("package", ALLOWED)
def test_imports_run_one_way(package: str) -> None:
    allowed = (package, *ALLOWED[package])
    wrong = [
        f"{path}: {name}"
        for path, tree in modules(package)
        if path not in EXCEPTIONS
        for name in imported(tree)
        if name.partition(".")[0] in PACKAGES
        and name != "families"
        and not any(f"{name}.".startswith(f"{start}.") for start in allowed)
    ]
    assert not wrong


@pytest.mark.parametrize("package", TOOLS)
def test_tools_name_no_environment(package: str) -> None:
    found = []
    for path, tree in modules(package):
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and path not in EXCEPTIONS:
                found += [f"{path}:{node.lineno}: {hit.group()!r}" for hit in NAMES.finditer(node.value)]
    assert not found


@pytest.mark.parametrize("package", (*PACKAGES, "examples", "emurust", "tests"))
def test_docstrings_name_the_thing(package: str) -> None:
    opened = [
        f"{path}:{node.value.lineno}: {node.value.value.splitlines()[0]}"
        for path, tree in modules(package)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        if re.match(r"(What|Whether|How|Which|Who|Whose|Where|Why|When)\b", node.value.value)
    ]
    assert not opened


def test_readme_is_short() -> None:
    lines = (ROOT / "README.md").read_text("utf-8").splitlines()
    assert len(lines) <= 120 and max(map(len, lines)) <= 120
