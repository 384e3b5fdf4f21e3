"""Lines that a family needs in files of this repository: the table of built-in ids, and the lists of packages."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from families.new.errors import NewFamilyError
from families.new.layout import Layout
from families.new.names import class_name

TABLE, PROJECT = "jaxenv/builtin.py", "pyproject.toml"
_LISTS = (
    ("hatch", "build", "targets", "wheel", "only-include"),
    ("hatch", "build", "targets", "sdist", "include"),
    ("check-wheel-contents", "toplevel"),
)
"""Lists of packages under [tool] in pyproject.toml."""


def is_checkout(folder: Path) -> bool:
    """The folder holds this repository."""
    return all((folder / path).is_file() for path in (PROJECT, TABLE, "families/lookup.py", ".ci/run"))


def edits(folder: Path, name: str, layout: Layout) -> dict[str, str]:
    """Path → new text. Raises NewFamilyError for a file that does not look as expected."""
    del layout
    table, project = ((folder / path).read_text("utf-8") for path in (TABLE, PROJECT))
    return {TABLE: _table(table, name), PROJECT: _project(project, name)}


def _table(text: str, name: str) -> str:
    title = class_name(name)
    env_id, target = f"{name}/{title}-v0", f"{name}.env:{title}"
    text = _before(text, r"^\}$", f'    "{env_id}": Entry("{target}", {{}}, ("one-player",)),\n')
    promise = f'@overload\ndef make(id: Literal["{env_id}"], **config: Any) -> {title}: ...\n'
    text = _before(text, r"^@overload\ndef make\(id: str,", promise)
    lines = text.splitlines(keepends=True)
    block = [i for i, line in enumerate(lines) if line.startswith("    from ") and " import " in line]
    last = next((i for i, j in zip(block, [*block[1:], -1], strict=True) if j != i + 1), None)
    if last is None:
        raise _unexpected(TABLE, "the imports for type checkers")
    first = block[0]
    imports = sorted([*lines[first : last + 1], f"    from {name}.env import {title}\n"])
    return "".join([*lines[:first], *imports, *lines[last + 1 :]])


def _project(text: str, name: str) -> str:
    """Every list of packages with the new one behind "jaxlanes"."""
    changed = re.sub(r'"jaxlanes",(?=\s)', f'"jaxlanes", "{name}",', text)
    before, after = tomllib.loads(text)["tool"], tomllib.loads(changed)["tool"]
    for path in _LISTS:
        if name not in _at(after, path):
            raise _unexpected(PROJECT, f"tool.{'.'.join(path)}")
        _at(after, path).remove(name)
    if before != after:
        raise _unexpected(PROJECT, "another list that names jaxlanes")
    return changed


def _at(tool: dict[str, Any], path: tuple[str, ...]) -> list[str]:
    found: Any = tool
    for key in path:
        found = found.get(key, {})
    return found if isinstance(found, list) else []


def _before(text: str, pattern: str, line: str) -> str:
    found = re.search(pattern, text, re.MULTILINE)
    if found is None:
        raise _unexpected(TABLE, f"the place of {line.splitlines()[0].strip()!r}")
    return text[: found.start()] + line + text[found.start() :]


def _unexpected(path: str, what: str) -> NewFamilyError:
    return NewFamilyError(
        f"{path}: {what} is not as expected; mend families/new/checkout.py, or make a package of its own with "
        "--out FOLDER"
    )
