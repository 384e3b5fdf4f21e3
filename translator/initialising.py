"""A new project from a verification plugin: one module for each of its owners of fields."""

from __future__ import annotations

import re
from pathlib import Path

from jaxenv.commands import files
from translator.errors import ProjectError
from translator.judging import Judge
from translator.project import FILE, Candidate, Head, Module, Project, Reference, parse

_HEAD = """# Translation of {plugin}; `python -m translator plan {folder}` checks this file.

[project]
name = "{name}"
target = "jax"

[reference]
plugin = "{plugin}"
sources = []        # files for the agent to read: "FILE" of this folder, or "PACKAGE:PATH" of an installed package
licence = ""

[candidate]
entry = "{name}_port.env:Environment"
episode = {episode}
"""
_MODULE = """
[[module]]
name = "{name}"
needs = {needs}
fields = {fields}
"""
_TAIL = """
[verify]
levels = ["L0", "L1", "L2", "L3", "L3d"]

[budget]
usd = 10.0
per_call_usd = 1.5
iterations = 40

[optimise]
rounds = 2

[sandbox]
kind = "bwrap"
"""


def create(plugin: str, out: Path | None) -> list[Path]:
    """Write a project for a plugin; returns the files. `ProjectError` for an unknown plugin, or a folder in use."""
    name = re.sub(r"\W", "_", re.split(r"[/:]", plugin)[-1]).lower().strip("_") or "translation"
    folder = out or Path(name)
    path = folder / FILE
    if path.exists():
        raise ProjectError(f"{path}: is there already; choose another folder with --out")
    everything = Project(Head(name, "jax"), Reference(plugin), Candidate("a:b"), (Module("all", ("*",)),))
    with Judge(everything, folder / "cases") as judge:
        table, paths = judge.plugin.table(), judge.paths()
        fields: dict[str, list[str]] = {}
        for one in paths:
            fields.setdefault(table.spec(one).module, []).append(one)
    episode = str(any(one.startswith("out.episode.") for one in paths)).lower()
    text = _HEAD.format(plugin=plugin, name=name, folder=folder, episode=episode)
    before: list[str] = []
    for module, own in fields.items():
        text += _MODULE.format(name=module, needs=_listed(before[-1:]), fields=_listed(own))
        before.append(module)
    text += _TAIL
    import tomllib

    parse(tomllib.loads(text), str(path))
    files.write(path, text, "choose another folder with --out")
    return [path]


def _listed(names: list[str]) -> str:
    return "[" + ", ".join(f'"{name}"' for name in names) + "]"
