"""Simulation of the paper's ablation: repairs until green with the whole ladder of levels, and with level 3 alone.

Each seeded bug of a plugin is measured at each level against the real reference. The repairs are simulated on these
measurements by an agent that is a few probabilities. No model is called.
"""

from __future__ import annotations

import random
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from jaxenv.commands.structs import listed
from translator import plugins
from translator.errors import ProjectError
from translator.project import Project
from verification.levels.context import Context, Plan
from verification.mutants.recording import Progress, record
from verification.mutants.trial import Difference, all_differences, count_different
from verification.plugin import Plugin
from verification.provenance import verifier_hash

LADDERS = {"L1 to L3": ("L1", "L2", "L3"), "L3 only": ("L3",)}
NEVER = np.iinfo(np.int64).max
MOST = 500
"""Repairs after which a trial is given up."""
ASSUMPTIONS = (
    "a simulation: no model was called; the agent is the probabilities below",
    "measured, not assumed: in which cases of which level each seeded bug differs from the reference, first at which "
    "step, and in which fields",
    "bugs act independently: of several, a case shows the one that differs at the earliest step",
    "the candidate holds so many of the plugin's seeded bugs at once, drawn at random among those that a level finds",
    "a call is told the modules that own the first differing fields, as the feedback has them; in each of these (or in "
    "one, where repairs are not parallel) it tries one bug of that module, and mends it with the probability `skill`",
    "a call that mends nothing is lost; the next one first looks into a module at random",
    "`told` is 'fields' where failed episodes of level 3 name their differing fields, and 'episode' where they only "
    "say that they differ: the agent then looks into a module at random",
    "level 4 is left out: it trains policies for each verdict; what it alone would find counts as left here",
)


@dataclass(frozen=True)
class Setting:
    """One kind of agent. `told`: "fields" or "episode", what a failed episode of level 3 says."""

    skill: float = 0.8
    parallel: bool = True
    told: str = "fields"


BASE = Setting(told="episode")
SETTINGS = (
    BASE,
    Setting(),
    replace(BASE, parallel=False),
    Setting(parallel=False),
    replace(BASE, skill=0.5),
    Setting(skill=0.5),
    replace(BASE, skill=1.0),
    Setting(skill=1.0),
)
"""The base, and its neighbours: the sensitivity of the result to what is assumed."""


@dataclass(frozen=True)
class Measured:
    """One bug. `owners`: modules that it belongs to.

    `seen`: level → [cases] the first differing step and the module of its first field, as step · modules + module;
    `NEVER` where nothing differs.
    """

    id: str
    owners: tuple[str, ...]
    seen: Mapping[str, np.ndarray]

    def found_by(self, level: str) -> bool:
        """A level finds it."""
        return bool((self.seen[level] < NEVER).any())


@dataclass(frozen=True)
class Bugs:
    """All seeded bugs of a reference. `modules`: in the order of their fields. `cases`: their number at each level."""

    all: tuple[Measured, ...]
    modules: tuple[str, ...]
    cases: dict[str, int]
    _told: dict[Any, list[str]] = field(default_factory=dict, repr=False)

    def told(self, left: Sequence[Measured], level: str) -> list[str]:
        """Modules of the first differing fields over all cases of a level, the most frequent first."""
        name = (level, frozenset(bug.id for bug in left))
        if name not in self._told:
            first = np.min([bug.seen[level] for bug in left], axis=0)
            counts = np.bincount(first[first < NEVER] % len(self.modules), minlength=len(self.modules))
            order = np.argsort(-counts, kind="stable")
            self._told[name] = [self.modules[number] for number in order if counts[number]]
        return self._told[name]


@dataclass(frozen=True)
class Trial:
    """One simulated run. `left`: bugs in the candidate when its ladder was green, or given up."""

    iterations: int
    left: int
    green: bool


def measure(plugin: Plugin, plan: Plan, progress: Progress = lambda what, done, total: None) -> Bugs:
    """All seeded bugs of a plugin, tried at each level.

    `ProjectError` for a plugin without seeded bugs, or whose candidate differs from the reference without any.
    """
    mutants = plugin.mutants
    if mutants.seeded is None or mutants.mutated is None:
        raise ProjectError(f"{plugin.env} declares no seeded bugs: an ablation has nothing to repair; choose another")
    catalogue = list(mutants.seeded())
    context, candidate = Context(plugin, plan), mutants.mutated(catalogue)
    context.__dict__["candidate"] = candidate
    try:
        candidate.select_mutant(0)
        recorded = {level: record(context, level, progress) for level in ("L1", "L2", "L3")}
        wrong = {level: count for level, one in recorded.items() if (count := count_different(context, one))}
        if wrong:
            raise ProjectError(f"{plugin.env}: its own candidate differs without a seeded bug ({wrong}); mend it first")
        modules, counts = tuple(plugin.state.modules), {level: _count(one) for level, one in recorded.items()}
        found = []
        for number, mutant in enumerate(catalogue, 1):
            progress("seeded bugs", number - 1, len(catalogue))
            candidate.select_mutant(number)
            seen = {
                level: _first(context, all_differences(context, one), mutant.owner, modules, counts[level])
                for level, one in recorded.items()
            }
            found.append(Measured(mutant.id, mutant.owner or modules, seen))
    finally:
        context.close()
    return Bugs(tuple(found), modules, counts)


def ablate(
    project: Project,
    *,
    bugs: int = 12,
    trials: int = 200,
    seed: int = 0,
    settings: Sequence[Setting] = SETTINGS,
    progress: Progress = lambda what, done, total: None,
) -> dict[str, Any]:
    """The ablation of a project's reference as plain data: one row for each ladder and setting."""
    plugin, amounts = plugins.load(project.reference.plugin), project.verify
    plan = Plan(
        levels=("L1", "L2", "L3"),
        seed=seed,
        injected=amounts.injected,
        interactions=amounts.interactions,
        episodes=amounts.episodes,
        lanes=max(amounts.lanes),
        shrink=0,
    )
    measured = measure(plugin, plan, progress)
    able = [bug for bug in measured.all if any(bug.found_by(level) for level in measured.cases)]
    if len(able) < 2:
        raise ProjectError(
            f"{plugin.env}: its seeded bugs that a level finds are {listed([b.id for b in able])}: too few"
        )
    held = min(bugs, len(able))
    rows = [row(measured, able, ladder, setting, held, trials, seed) for setting in settings for ladder in LADDERS]
    return {
        "project": project.project.name,
        "plugin": plugin.env,
        "simulation": True,
        "assumptions": list(ASSUMPTIONS),
        "cases": measured.cases,
        "bugs": held,
        "catalogue": len(measured.all),
        "found_by": {level: sum(bug.found_by(level) for bug in measured.all) for level in measured.cases},
        "found_by_none": sorted({bug.id for bug in measured.all} - {bug.id for bug in able}),
        "trials": trials,
        "seed": seed,
        "verifier": verifier_hash(),
        "rows": rows,
    }


def row(
    known: Bugs, bugs: Sequence[Measured], ladder: str, setting: Setting, held: int, trials: int, seed: int
) -> dict[str, Any]:
    """Trials of one ladder under one setting; both ladders of a trial begin with the same bugs."""
    done = []
    for number in range(trials):
        chosen = random.Random(f"bugs/{seed}/{number}").sample(list(bugs), held)
        rng = random.Random(f"repairs/{seed}/{number}/{ladder}/{setting}")
        done.append(trial(known, chosen, LADDERS[ladder], setting, rng))
    iterations = sorted(one.iterations for one in done)
    low, middle, high = statistics.quantiles(iterations, n=4) if trials > 1 else iterations * 3
    return {
        "ladder": ladder,
        "told": setting.told,
        "skill": setting.skill,
        "parallel": setting.parallel,
        "median": middle,
        "quartiles": [low, high],
        "most": iterations[-1],
        "bugs_left": round(statistics.fmean(one.left for one in done), 3),
        "green_with_bugs": sum(one.green and one.left > 0 for one in done),
        "given_up": sum(not one.green for one in done),
    }


def trial(known: Bugs, bugs: Sequence[Measured], levels: Sequence[str], setting: Setting, rng: random.Random) -> Trial:
    """Repairs until the levels find nothing more."""
    left, lost = list(bugs), False
    everywhere = sorted({owner for bug in bugs for owner in bug.owners})
    for iteration in range(MOST):
        level = next((name for name in levels if any(bug.found_by(name) for bug in left)), None)
        if level is None:
            return Trial(iteration, len(left), True)
        blind = level == "L3" and setting.told == "episode"
        named = [rng.choice(everywhere)] if blind or lost else []
        named += [] if blind else [module for module in known.told(left, level) if module not in named]
        before = len(left)
        for module in named if setting.parallel else named[:1]:
            here = [bug for bug in left if module in bug.owners]
            if here and rng.random() < setting.skill:
                left.remove(rng.choice(here))
        lost = len(left) == before
    return Trial(MOST, len(left), False)


def table(found: Mapping[str, Any]) -> Iterator[str]:
    """The ablation in lines of Markdown, with what it assumes."""
    yield f"{found['project']} ({found['plugin']}): {found['bugs']} of {found['catalogue']} seeded bugs, "
    cases = ", ".join(f"{level} {count}" for level, count in found["cases"].items())
    yield f"{found['trials']} simulated runs; cases: {cases}; found by: " + ", ".join(
        f"{level} {count}" for level, count in found["found_by"].items()
    )
    yield ""
    yield "| levels | an episode tells | skill | repairs | calls to green (quartiles) | bugs left | green with bugs |"
    yield "|---|---|---|---|---|---|---|"
    for one in found["rows"]:
        low, high = one["quartiles"]
        given_up = f", {one['given_up']} given up" if one["given_up"] else ""
        yield (
            f"| {one['ladder']} | {one['told']} | {one['skill']} | {'parallel' if one['parallel'] else 'one a call'} | "
            f"{one['median']:g} ({low:g} to {high:g}{given_up}) | {one['bugs_left']:.2f} | "
            f"{one['green_with_bugs']} of {found['trials']} |"
        )
    yield ""
    yield "A simulation. What is assumed:"
    yield from (f"* {text}" for text in found["assumptions"])


def _first(
    context: Context, differing: Sequence[Difference], owner: Sequence[str], modules: Sequence[str], count: int
) -> np.ndarray:
    """As `Measured.seen`; a crash is laid to the bug's own module."""
    found = np.full(count, NEVER, np.int64)
    crash = next((name for name in owner if name in modules), modules[0])
    for one in differing:
        module = context.table.spec(one.fields[0]).module if one.fields else crash
        found[one.case] = one.step * len(modules) + modules.index(module)
    return found


def _count(recorded: Any) -> int:
    return len(recorded.episodes) or sum(len({*part.episodes.tolist()}) for part in recorded.transitions)
