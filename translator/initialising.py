"""A new project from a verification plugin, or from a Gymnasium id: a module for each of its owners of fields."""

from __future__ import annotations

import ast
import json
import math
import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2

from jaxenv.commands import files
from translator.errors import ProjectError
from translator.gymnasium_probe import Probed, probe
from translator.judging import Judge
from translator.project import FILE, Candidate, Head, Module, Project, Reference, parse

_HEAD = """# Translation of {plugin}; `python -m translator plan {folder}` checks this file.

[project]
name = "{name}"
target = "jax"

[reference]
plugin = "{plugin}"
# Files for the agent to read: "FILE" of this folder, or "PACKAGE:PATH" of an installed package.
sources = {sources}
licence = "{licence}"

[candidate]
entry = "{entry}"
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
levels = {levels}
injected = 2048
interactions = 128
episodes = 20
held_out = 5
full = 2

[budget]
usd = 10.0
per_call_usd = 1.5
iterations = 40

[optimise]
rounds = 1

[sandbox]
kind = "bwrap"
"""


_REMEDY = "choose another folder with --out"
_LEVELS = ["L0", "L1", "L2", "L3", "L3d"]
_DTYPES = {"f": "np.float64", "i": "np.int64", "b": "np.bool_"}


def create(plugin: str, out: Path | None) -> list[Path]:
    """Write a project for a plugin; returns the files. `ProjectError` for an unknown plugin, or a folder in use."""
    name = _name(plugin)
    folder = _free(out or Path(name))
    everything = Project(Head(name, "jax"), Reference(plugin), Candidate("a:b"), (Module("all", ("*",)),))
    with Judge(everything, folder / "cases") as judge:
        fields, episode = _by_module(judge)
    text = _HEAD.format(
        plugin=plugin, name=name, folder=folder, episode=episode, sources="[]", licence="",
        entry=f"{name}_port.env:Environment",
    )  # fmt: skip
    return [_written(folder, text + _modules(fields) + _TAIL.format(levels=_listed(_LEVELS)))]


def create_from_gymnasium(name: str, out: Path | None, options: Mapping[str, Any], solution: Path | None) -> list[Path]:
    """Write a project, its plugin with it, for `gymnasium.make(name, **options)`; returns the files.

    `solution`: a file with a true translation, copied for the scripted agents. `ProjectError` for an environment that
    a project cannot be made of, a solution without an environment class, or a folder in use.
    """
    found = probe(name, options)
    short = _name(name)
    folder = _free(out or Path(short))
    entry, simulation = "Environment", ""
    if solution is not None:
        entry = _class_of(solution)
        simulation = f'\n[simulation.solution]\n"solution.py" = "candidate/{short}_port/env.py"\n'
    written = [folder / "plugin.py"]
    files.write(written[0], _plugin(found), _REMEDY)
    everything = Project(
        Head(short, "jax"), Reference(f"{written[0].resolve()}:plugin"), Candidate("a:b"), (Module("all", ("*",)),)
    )
    with Judge(everything, folder / "cases") as judge:
        fields, _ = _by_module(judge)
    text = _HEAD.format(
        plugin="plugin.py:plugin", name=short, folder=folder, episode="false", licence="MIT",
        sources=_listed([found.source] if found.source else []), entry=f"{short}_port.env:{entry}",
    )  # fmt: skip
    levels = ["L0", "L1", "L2", "L3", "L4"]
    written.append(_written(folder, text + _modules(fields) + _TAIL.format(levels=_listed(levels)) + simulation))
    if solution is not None:
        files.write(folder / "solution.py", solution.read_text("utf-8"), _REMEDY)
        written.append(folder / "solution.py")
    return written


def settings(given: Sequence[str]) -> dict[str, Any]:
    """NAME=VALUE each as arguments: JSON where the value is JSON, else text. `ProjectError` for another shape."""
    found: dict[str, Any] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not name.isidentifier():
            raise ProjectError(f"--set {text!r}: write NAME=VALUE, as is_slippery=false")
        try:
            found[name] = json.loads(value)
        except ValueError:
            found[name] = value
    return found


def _name(text: str) -> str:
    last = re.sub(r"-v\d+$", "", re.split(r"[/:]", text)[-1])
    return re.sub(r"\W", "_", last).lower().strip("_") or "translation"


def _free(folder: Path) -> Path:
    if (folder / FILE).exists():
        raise ProjectError(f"{folder / FILE}: is there already; {_REMEDY}")
    return folder


def _by_module(judge: Judge) -> tuple[dict[str, list[str]], str]:
    """Module → its paths, and "true" where the reference counts episodes."""
    table, paths = judge.plugin.table(), judge.paths()
    fields: dict[str, list[str]] = {}
    for one in paths:
        fields.setdefault(table.spec(one).module, []).append(one)
    return fields, str(any(one.startswith("out.episode.") for one in paths)).lower()


def _modules(fields: Mapping[str, list[str]]) -> str:
    text, before = "", []
    for module, own in fields.items():
        text += _MODULE.format(name=module, needs=_listed(before[-1:]), fields=_listed(own))
        before.append(module)
    return text


def _written(folder: Path, text: str) -> Path:
    path = folder / FILE
    parse(tomllib.loads(text), str(path))
    files.write(path, text, _REMEDY)
    return path


def _plugin(found: Probed) -> str:
    """Text of the plugin's file."""
    values = {}
    for one in found.attributes:
        if one.shape:
            array = f'np.array(state["{one.name}"], {_DTYPES[one.kind]})'
            values[one.name] = f"tuple({array})" if one.tuple else array
        else:
            values[one.name] = f'{ {"f": "float", "i": "int", "b": "bool"}[one.kind] }(state["{one.name}"])'
    pages = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "pages"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    options = "".join(f", {name}={value!r}" for name, value in found.options.items())
    return pages.get_template("plugin.py.jinja2").render(
        env=found, id=repr(found.id), options=options, dtypes=_DTYPES, values=values, atol=_tolerance
    )


def _tolerance(rounding: float) -> str:
    """Sixteen times the rounding, to one digit upwards."""
    most = max(16 * rounding, 1e-7)
    digit = 10.0 ** math.floor(math.log10(most))
    return f"{math.ceil(most / digit - 1e-9) * digit:.0e}"


def _class_of(solution: Path) -> str:
    """Name of the file's environment class."""
    try:
        tree = ast.parse(solution.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, SyntaxError) as error:
        raise ProjectError(f"--solution {solution}: cannot be read as Python: {error}; name another file") from error
    names = [
        node.name
        for node in tree.body
        if isinstance(node, ast.ClassDef)
        and any(isinstance(base, ast.Name) and base.id == "Environment" for base in node.bases)
    ]
    if not names:
        raise ProjectError(f"--solution {solution}: has no class of jaxenv.Environment; name a file that has one")
    return names[-1]


def _listed(names: list[str]) -> str:
    return "[" + ", ".join(f'"{name}"' for name in names) + "]"
