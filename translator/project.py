"""A translation project: a folder with `translation.toml`, read into typed structs and checked before anything runs."""

from __future__ import annotations

import fnmatch
import re
import subprocess
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec

from jaxenv.commands.structs import listed, problems
from translator import plugins
from translator.errors import ProjectError

FILE = "translation.toml"
LEVELS = ("L0", "L1", "L2", "L3", "L3d", "L4")


class Head(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Name of the project, and what the candidate is written in."""

    name: str
    target: Literal["jax"]


class Reference(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The reference environment.

    `plugin`: id of the verification plugin, which drives it, or "FILE.py:function" of the project's own. `licence`: of
    the reference. `sources`: files for the agent to read, with `*` for several: relative to the project, "package:path"
    for those of an installed package, or "module:function()/path" for those of a folder that a function fetches.
    """

    plugin: str
    sources: tuple[str, ...] = ()
    licence: str = ""


class Candidate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The environment to be written.

    `entry`: "module:Class" of the environment contract, below `candidate/`. `episode`: episode figures are compared
    too. `writable`: globs of files that the agent may change. `imports`: top-level modules beside the usual ones.
    """

    entry: str
    episode: bool = False
    writable: tuple[str, ...] = ("candidate/**", "notes/**")
    imports: tuple[str, ...] = ()


class Contract(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Pages for the agent, relative to the project."""

    notes: tuple[str, ...] = ()


class Module(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One step of the translation: the fields (globs of snapshot paths) that it owns, and the modules it needs."""

    name: str
    fields: tuple[str, ...]
    needs: tuple[str, ...] = ()
    about: str = ""


class Verify(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Amounts of verification, and the rate of seeded bugs that the verifier must find before money is spent.

    `levels`: the ladder. `mutants`: least rate that level 1 must find; 0 leaves the measurement out.
    `full`: how many times more cases the last verification has.
    """

    levels: tuple[str, ...] = ("L0", "L1", "L2", "L3", "L3d")
    injected: int = 4096
    interactions: int = 256
    episodes: int = 50
    held_out: int = 20
    full: int = 4
    mutants: float = 0.9
    lanes: tuple[int, ...] = (8, 1024)


class Transfer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Level 4: linear policies, trained on the candidate by the cross-entropy method and played on both sides.

    `policies` of them, each of `generations` with a `population`; `steps`: of an episode, 0 for the plugin's horizon.
    `episodes` of each policy and side, and `more` times as many once where they decide nothing. `margin`: the largest
    gap that still counts as none, as a share of what training gains, where the plugin declares none. `search`: single
    steps from the policies' states, after a failure.
    """

    policies: int = 5
    population: int = 16
    generations: int = 4
    steps: int = 200
    episodes: int = 60
    more: int = 3
    margin: float = 0.05
    search: int = 1024


class Budget(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Caps. `usd` of all calls, `per_call_usd` of one; agent calls in all and per module; hours.

    `stuck_after`: so often may one failure come back unchanged. `strikes`: so many attempts may break a rule.
    `crashes`: so many calls one after another may fail.
    """

    usd: float = 10.0
    per_call_usd: float = 1.5
    iterations: int = 40
    per_module: int = 12
    hours: float = 6.0
    stuck_after: int = 4
    strikes: int = 3
    crashes: int = 3


class Agent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The default agent, as `--agent` names it. `timeout`: seconds of one call; `turns`: answers of an "api" agent."""

    kind: str = ""
    model: str = ""
    timeout: float = 1800.0
    turns: int = 60
    allow_unmetered: bool = False


class Metering(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The proxy between agents and models.

    `mode`: as of `translator.metering`, or "off" for programs with a login of their own. `file`: the script, or the
    recording to replay. `prices`: model → "INPUT,OUTPUT" in dollars per million tokens. `urls`: provider → another
    address than its own. `output_tokens`: limit of requests without one.
    """

    mode: Literal["live", "record", "replay", "script", "off"] = "live"
    file: str = ""
    prices: dict[str, str] = {}
    urls: dict[str, str] = {}
    allow_unknown_prices: bool = False
    output_tokens: int = 16_384


class Optimise(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Search for speed once the candidate is equal. `rounds`: proposals, 0 for none; `patience`: failures in a row."""

    rounds: int = 0
    patience: int = 2
    min_gain: float = 0.05
    lanes: int = 1024
    steps: int = 200
    repeats: int = 5


class SandboxSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Confinement of the candidate. "bwrap" refuses to run without bubblewrap; "auto" takes it where it works."""

    kind: Literal["bwrap", "auto", "process only"] = "bwrap"
    memory_gb: float = 8.0
    cpu_seconds: int = 3600
    timeout: float = 120.0


class SlipText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A bug of the project's own for "scripted:buggy": in `file` of the solution `old`, which stands once, is `new`.

    `owners`: modules of the fields in which it shows first. `changes`: what is wrong with it.
    """

    id: str
    file: str
    old: str
    new: str
    owners: tuple[str, ...] = ()
    changes: str = ""


class Simulation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Material of the scripted agents, which stand in for a model.

    `solution`: file of a true translation, relative to the project → its place in the run's tree. `bugs`: ids of seeded
    mutants that "scripted:buggy" begins with, or of `slip`.
    """

    solution: dict[str, str] = {}
    bugs: tuple[str, ...] = ()
    slip: tuple[SlipText, ...] = ()


class Project(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A whole `translation.toml`."""

    project: Head
    reference: Reference
    candidate: Candidate
    module: tuple[Module, ...]
    contract: Contract = Contract()
    verify: Verify = Verify()
    transfer: Transfer = Transfer()
    budget: Budget = Budget()
    agent: Agent = Agent()
    metering: Metering = Metering()
    optimise: Optimise = Optimise()
    sandbox: SandboxSettings = SandboxSettings()
    simulation: Simulation = Simulation()

    @property
    def package(self) -> str:
        """Top-level name of the candidate's module."""
        return self.candidate.entry.partition(":")[0].partition(".")[0]

    def to_json(self) -> str:
        """The project with all defaults written out."""
        return msgspec.json.format(msgspec.json.encode(self)).decode() + "\n"


def load(folder: Path) -> Project:
    """The project of a folder (or of a `translation.toml` itself). `ProjectError` names value, place and remedy."""
    path = folder if folder.suffix == ".toml" else folder / FILE
    if not path.is_file():
        raise ProjectError(
            f"{path}: there is no such file; `python -m translator init` makes a project, or name another folder"
        )
    try:
        data = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ProjectError(f"{path}: is no TOML ({error}); mend that line") from error
    project = parse(data, str(path))
    reference = msgspec.structs.replace(
        project.reference, plugin=plugins.in_folder(project.reference.plugin, path.parent)
    )
    return msgspec.structs.replace(project, reference=reference)


def parse(data: dict[str, Any], where: str) -> Project:
    """The project of parsed TOML. `ProjectError`, naming `where`, for anything that no run could make good."""
    found = problems(data, Project)
    if found:
        raise ProjectError(f"{where}: {listed(found)}")
    project = msgspec.convert(data, Project)
    wrong = list(_contradictions(project))
    if wrong:
        raise ProjectError(f"{where}: {listed(wrong)}")
    return project


def order(modules: Sequence[Module]) -> list[Module]:
    """The modules so that each comes after what it needs, otherwise as they stand. `ProjectError` for a cycle."""
    done: list[Module] = []
    waiting = list(modules)
    while waiting:
        ready = next((m for m in waiting if all(n in {d.name for d in done} for n in m.needs)), None)
        if ready is None:
            names = " → ".join(_cycle(waiting))
            raise ProjectError(f"modules need each other in a circle: {names}; take one of these needs away")
        waiting.remove(ready)
        done.append(ready)
    return done


def owners(project: Project, paths: Sequence[str]) -> dict[str, str]:
    """Path → the module that owns it. `ProjectError` for a path that two own, or none."""
    found, wrong = {}, []
    for path in paths:
        own = [m.name for m in project.module if any(fnmatch.fnmatchcase(path, glob) for glob in m.fields)]
        if len(own) == 1:
            found[path] = own[0]
        elif own:
            wrong.append(f"field {path!r} is owned by {' and '.join(own)}: leave it to one of them")
        else:
            wrong.append(f"field {path!r} is owned by no module: add it to the fields of one")
    if wrong:
        raise ProjectError(f"{FILE}: {listed(wrong)}")
    return found


def own_changes(folder: Path) -> list[str]:
    """Files below a folder that differ from the last commit of the repository that it lies in; [] outside one."""
    try:
        done = subprocess.run(
            ["git", "status", "--porcelain", "--", "."], cwd=folder, capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        return []
    return [line[3:] for line in done.stdout.splitlines()] if done.returncode == 0 else []


def _contradictions(project: Project) -> Any:
    names = [module.name for module in project.module]
    if not names:
        yield "there is no [[module]]: name at least one, with the fields that it owns"
    for name in dict.fromkeys(names):
        if names.count(name) > 1:
            yield f"two modules are called {name!r}: rename one"
    for module in project.module:
        if not module.fields:
            yield f"module {module.name!r} owns no fields: name them, or leave the module out"
        for need in module.needs:
            if need not in names:
                yield f"module {module.name!r} needs {need!r}, which there is not; there are {', '.join(names)}"
    seen: dict[str, str] = {}
    for module in project.module:
        for glob in module.fields:
            for other, owner in seen.items():
                if owner != module.name and (fnmatch.fnmatchcase(glob, other) or fnmatch.fnmatchcase(other, glob)):
                    yield f"field {glob!r} of module {module.name!r} is owned by {owner!r} too, as {other!r}"
            seen.setdefault(glob, module.name)
    if all(need in names for module in project.module for need in module.needs):
        try:
            order(project.module)
        except ProjectError as error:
            yield str(error)
    if not re.fullmatch(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*", project.candidate.entry):
        yield f"candidate.entry {project.candidate.entry!r}: write module:Class"
    yield from _amounts(project)


def _amounts(project: Project) -> Any:
    budget, verify = project.budget, project.verify
    for name in ("usd", "per_call_usd", "hours", "iterations", "per_module", "stuck_after", "strikes", "crashes"):
        value = getattr(budget, name)
        if not value > 0:
            yield f"budget.{name} is {value}: nothing could be done with it, give more than 0"
    if 0 < budget.usd < budget.per_call_usd:
        yield f"budget.per_call_usd {budget.per_call_usd} is more than budget.usd {budget.usd}: no call could be made"
    metering = project.metering
    if metering.mode in ("script", "replay") and not metering.file:
        yield f"metering.mode is {metering.mode!r} and metering.file is empty: name the file to answer from"
    if not metering.output_tokens > 0 or not project.agent.turns > 0:
        yield "metering.output_tokens and agent.turns: give at least 1"
    unknown = [level for level in verify.levels if level not in LEVELS]
    if unknown or not verify.levels:
        yield f"verify.levels {list(verify.levels)}: choose among {', '.join(LEVELS)}"
    for name in ("injected", "interactions", "episodes", "held_out", "full"):
        if getattr(verify, name) < 1:
            yield f"verify.{name} is {getattr(verify, name)}: give at least 1"
    transfer = project.transfer
    least = {"policies": 5, "population": 4, "generations": 1, "episodes": 2, "more": 1, "search": 1, "steps": 0}
    for name, most in least.items():
        if getattr(transfer, name) < most:
            yield f"transfer.{name} is {getattr(transfer, name)}: give at least {most}"
    if not 0 < transfer.margin <= 0.2:
        yield f"transfer.margin is {transfer.margin}: give a share of what training gains, above 0 and at most 0.2"
    if not 0 <= verify.mutants <= 1:
        yield f"verify.mutants is {verify.mutants}: a rate lies between 0 and 1"


def _cycle(waiting: Sequence[Module]) -> list[str]:
    by_name = {module.name: module for module in waiting}
    path = [waiting[0].name]
    while True:
        need = next(need for need in by_name[path[-1]].needs if need in by_name)
        if need in path:
            return [*path[path.index(need) :], need]
        path.append(need)
