"""The plugin of an environment: what the levels need to know of it, in named groups."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from references.protocol import Actions, Batch, Env, Snapshot
from verification.fields import FieldSpec, FieldTable, PluginError

if TYPE_CHECKING:
    from verification.check import Check
    from verification.meetings.traced import Traced
    from verification.mutants.mutant import Mutant
    from verification.statistics.laws import DrawLaw
    from verification.statistics.margin import Margin

#: How reference and candidate come to the same random numbers.
Noise = Literal["same_prng", "tape", "none"]

#: Chooses for every agent: (rng, snapshot, legal) -> actions.
Policy = Callable[[np.random.Generator, Snapshot, Mapping[str, Any]], Actions]


@dataclass(frozen=True)
class Injected:
    """A batch of single steps to play on both sides: `labels` [N] say how each was made, several ways joined by "+"."""

    snapshots: Batch
    actions: Batch
    labels: Sequence[str]


@dataclass(frozen=True)
class Property:
    """A law of one step that holds whatever the reference does: `holds(before, actions, after)` gives bool [N]."""

    name: str
    holds: Callable[[Batch, Batch, Batch], NDArray[np.bool_]]


@dataclass(frozen=True)
class Relation:
    """A metamorphic pair: stepping `change(before, actions)` must give `expect(after)`, where `applies` (bool [N]).

    `change` returns (snapshots, actions); `expect` maps the unchanged case's result to the changed one's.
    """

    name: str
    change: Callable[[Batch, Batch], tuple[Batch, Batch]]
    expect: Callable[[Batch], Batch]
    applies: Callable[[Batch, Batch], NDArray[np.bool_]] | None = None


@dataclass(frozen=True)
class Script:
    """A short trace that shows one interaction: options and seed of the reset, and the actions of each step."""

    name: str
    seed: int
    actions: Sequence[Actions]
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Episode:
    """One episode: its reset, its actions [T], and its states [T + 1], the start first.

    `label`: what names it in reports.
    """

    seed: int
    options: Mapping[str, Any]
    actions: Batch
    states: Batch
    label: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class SelfPlay:
    """Whole episodes that the candidate plays by itself, many at once, for a `Rollable` reference to roll out.

    * `play(seed, count, policy)`: batches of `count` episodes in all; the same arguments give the same ones.
    * `policies`: they share a run's episodes evenly, the first ones taking the remainder.
    * `title`: in words, for reports.
    """

    play: Callable[[int, int, str], Iterator[Sequence[Episode]]]
    policies: Sequence[str]
    title: str = "whole episodes in lockstep"


class Mutated(Env, Protocol):
    """A candidate that holds all mutants at once."""

    def select_mutant(self, index: int) -> None:
        """Be the mutant of that number, counted from 1; 0 is the original."""
        ...


@dataclass(frozen=True)
class DrawSample:
    """The candidate's own draws for level 3d: label → array [lanes, repeats], and the law of each label."""

    laws: Sequence[DrawLaw]
    values: Mapping[str, NDArray[Any]]


@dataclass(frozen=True, kw_only=True)
class Sides:
    """The two implementations.

    * `reference`, `candidate`: make a fresh `protocol.Env`; nothing is started before they are called.
    * `same_start`: a reset with one seed gives both the same state; otherwise the candidate is restored to the
      reference's first state (once an episode, never again).
    * `env_id`: the candidate's registered `jaxenv` environment, if it is one; `alone_tolerance`: of
      `jaxenv.testing.check_env`, for floats of a lane by itself against the same lane among others.
    """

    reference: Callable[[], Env]
    candidate: Callable[[], Env]
    same_start: bool = False
    env_id: str | None = None
    alone_tolerance: float = 1e-5


@dataclass(frozen=True, kw_only=True)
class State:
    """Fields that are compared, and their owners.

    * `modules`: owners of fields, in dependency order: the first wrong one names the bug. `fields`: all paths.
    * `sources`: module → places in the candidate's source that write its fields, the likeliest first.
    * `valid(snapshots)`: bool [N], states that the reference can be put into (for shrinking); None: all.
    * `plain(snapshot)`: an ordinary state with the same paths, to which shrinking sets fields back; None: a reset's.
    """

    modules: Sequence[str]
    fields: Sequence[FieldSpec]
    sources: Mapping[str, Sequence[str]] = field(default_factory=dict)
    valid: Callable[[Batch], NDArray[np.bool_]] | None = None
    plain: Callable[[Snapshot], Snapshot] | None = None


@dataclass(frozen=True, kw_only=True)
class Draws:
    """Random numbers.

    * `noise`: "same_prng" (both sides have the same generator), "tape" (`Taped`), or "none" (deterministic steps).
    * `sample(seed, lanes)`: the candidate's own draws, for level 3d.
    * `apart(reference, candidate)`: how many draws lie between two states, in words; "" for none.
    """

    noise: Noise
    sample: Callable[[int, int], DrawSample] | None = None
    apart: Callable[[Snapshot, Snapshot], str] | None = None


@dataclass(frozen=True, kw_only=True)
class Play:
    """Whole episodes.

    * `options`: variants of the reset that episodes take turns with. `horizon`: most steps of an episode.
    * `policies`: beside "uniform" (random legal actions), which is always there.
    * `trace(rng, n)`: n episodes of the reference; None: they are played one by one under all policies.
    * `mine(rng, n)`: snapshots of episodes played (a batch); None: the reference is played under the policies.
    * `alone`: episodes that the candidate plays by itself, which level 3 then compares in place of its own.
    """

    options: Sequence[Mapping[str, Any]] = ({},)
    horizon: int = 1000
    policies: Mapping[str, Policy] = field(default_factory=dict)
    trace: Callable[[np.random.Generator, int], Iterator[Episode]] | None = None
    mine: Callable[[np.random.Generator, int], Batch] | None = None
    alone: SelfPlay | None = None


@dataclass(frozen=True, kw_only=True)
class Injection:
    """Single steps and short traces that play alone would hardly reach.

    * `inject(rng, snapshots, n)`: n cases near the edges, made from mined snapshots.
    * `interactions(rng, snapshots, n)`: n cases that cover pairs of behaviours, each then played a few steps.
    * `scripts`: traces that show one interaction each.
    """

    inject: Callable[[np.random.Generator, Batch, int], Injected] | None = None
    interactions: Callable[[np.random.Generator, Batch, int], Injected] | None = None
    scripts: Sequence[Script] = ()


@dataclass(frozen=True, kw_only=True)
class Laws:
    """Laws that hold whatever the reference does: `properties` of one step, and metamorphic `relations` of two."""

    properties: Sequence[Property] = ()
    relations: Sequence[Relation] = ()


@dataclass(frozen=True, kw_only=True)
class Behaviours:
    """Behaviours that steps exercise.

    * `shown(before, actions, after)`: name → bool [N], what each step exercised; `declared`: all that there are.
    * `sources`: glob of behaviour → places in the candidate's source that it runs.
    """

    shown: Callable[[Batch, Batch, Batch], Mapping[str, NDArray[np.bool_]]] | None = None
    declared: Sequence[str] = ()
    sources: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Conditions:
    """Conditions of the environment's own source, which level 2 makes meet (`verification.meetings`).

    * `traced()`: one step of the registered environment as a program; None: meetings are not looked at.
    * `within`: packages or modules, whose conditions count.
    * `impossible`: the record of meetings that cannot be, with reasons (`verification.meetings.impossible`).
    * `crossed`: a state that takes over some fields from another is one that the reference can be put into, or refuses;
      False: states are sought by the plugin's own injection alone.
    """

    traced: Callable[[], Traced] | None = None
    within: Sequence[str] = ()
    impossible: Path | None = None
    crossed: bool = True


@dataclass(frozen=True, kw_only=True)
class Mutants:
    """Seeded bugs, which measure the verifier.

    * `seeded()`: the catalogue. `mutated(mutants)`: the candidate that holds them all.
    * `self_check()`: this plugin with the reference as its own candidate; None: simply that.
    * `survivors`: id of a mutant, seeded or random, → the reason for which no level can kill it.
    * `packages`: where random mutants are planted; (): the package of the registered environment's class.
    """

    seeded: Callable[[], Sequence[Mutant]] | None = None
    mutated: Callable[[Sequence[Mutant]], Mutated] | None = None
    self_check: Callable[[], Plugin] | None = None
    survivors: Mapping[str, str] = field(default_factory=dict)
    packages: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class Checks:
    """Beside the standard checks.

    * `extra`: checks of the environment's own; `replaces`: ids of standard checks that they stand for.
    * `margins`: metric → margin of level 4, declared before any run.
    * `blind_spots`: what no level here can see.
    * `declared`: the file that has the environment's declarations on record (`verification.levels.declared`).
    """

    extra: Sequence[Check] = ()
    replaces: Sequence[str] = ()
    margins: Mapping[str, Margin] = field(default_factory=dict)
    blind_spots: Sequence[str] = ()
    declared: Path | None = None


@dataclass(frozen=True, kw_only=True)
class Option:
    """A choice that the command line gives: `--set NAME=VALUE`, or `--NAME VALUE`.

    `help`: a line for `--help`. `values`: the allowed ones, () where `configure` judges. `default`: as text.
    """

    name: str
    help: str
    default: str
    values: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class Running:
    """Options, backends and processes of a run.

    * `options`: the choices of this environment's own. `configure(choices)`: the plugin with them, all by name, and
      with "backend"; a `PluginError` for ones that it cannot follow.
    * `backends`: what can compile the candidate's steps (see `verification.backends`). `backend`: the one that does.
    * `close()`: ends what the plugin's own functions have started (workers).
    * `settings`: name → values of what a check of the plugin's own may put the sides in (a precision, say); the cases
      that it saves say so. `under(setting)`: the plugin whose sides and fields are in such a setting.
    """

    options: Sequence[Option] = ()
    configure: Callable[[Mapping[str, str]], Plugin] | None = None
    backends: Sequence[str] = ("xla",)
    backend: str = "xla"
    close: Callable[[], None] | None = None
    settings: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    under: Callable[[Mapping[str, Any]], Plugin] | None = None


@dataclass(frozen=True, kw_only=True)
class Plugin:
    """One environment beside its reference: its id, and what the levels need to know, by group."""

    env: str
    sides: Sides
    state: State
    draws: Draws
    play: Play = Play()
    injection: Injection = Injection()
    laws: Laws = Laws()
    behaviours: Behaviours = Behaviours()
    conditions: Conditions = Conditions()
    mutants: Mutants = Mutants()
    checks: Checks = Checks()
    running: Running = Running()

    def between(
        self, *, reference: Callable[[], Env] | None = None, candidate: Callable[[], Env] | None = None
    ) -> Plugin:
        """This plugin with another reference, another candidate, or both."""
        sides = self.sides
        changed = replace(sides, reference=reference or sides.reference, candidate=candidate or sides.candidate)
        return replace(self, sides=changed)

    def configured(self, choices: Mapping[str, str]) -> Plugin:
        """This plugin with the command line's choices, "backend" among them (default "xla").

        A `PluginError` names a choice that there is not, its known values, or a backend that it cannot follow.
        """
        running = self.running
        backend = choices.get("backend", "xla")
        if backend not in running.backends:
            raise PluginError(
                f"{self.env} has no backend {backend!r}; its candidate's steps run by: {', '.join(running.backends)}"
            )
        own = {option.name: option for option in running.options}
        for name, value in choices.items():
            if name == "backend":
                continue
            if name not in own:
                raise PluginError(f"{self.env} has no option {name!r}; it has: {', '.join(own) or 'none'}")
            if own[name].values and value not in own[name].values:
                raise PluginError(f"unknown {name} {value!r}; known: {', '.join(own[name].values)}")
        defaults = {name: option.default for name, option in own.items()}
        made = running.configure({**defaults, "backend": backend, **choices}) if running.configure else self
        if made.running.backend != backend:
            raise PluginError(
                f"plugin {self.env}: its `configure` gives backend {made.running.backend!r}, not {backend!r}"
            )
        return made

    def under(self, setting: Mapping[str, Any]) -> Plugin:
        """This plugin in the setting that a saved case was found in; itself for {}.

        A `PluginError` names a setting that it does not have, and the known ones.
        """
        if not setting:
            return self
        known = self.running.settings
        for name, value in setting.items():
            if name not in known:
                raise PluginError(f"{self.env} has no setting {name!r}; it has: {', '.join(known) or 'none'}")
            if value not in known[name]:
                values = ", ".join(map(str, known[name]))
                raise PluginError(f"{self.env}: setting {name!r} cannot be {value!r}; it is one of {values}")
        assert self.running.under is not None
        return self.running.under(setting)

    def table(self) -> FieldTable:
        """The resolved fields; a `PluginError` names what is wrong with them."""
        return _table(tuple(self.state.fields), tuple(self.state.modules))

    def check(self) -> None:
        """Refuse, before anything runs, a declaration that no run could make good. Raises `PluginError`."""
        self.table()
        strangers = sorted(set(self.state.sources) - set(self.state.modules))
        modules = list(self.state.modules)
        problems = [f"sources: module {name!r} is not one of {modules}" for name in strangers]
        if self.draws.noise not in ("same_prng", "tape", "none"):
            problems.append(f"noise {self.draws.noise!r}: known are 'same_prng', 'tape' and 'none'")
        if self.play.horizon < 1:
            problems.append(f"horizon {self.play.horizon}: an episode has at least one step")
        if not self.play.options:
            problems.append("options: give at least one variant, ({},) for the default")
        margins = self.checks.margins.items()
        problems += [f"margin {name!r}: a margin needs a reason" for name, m in margins if not m.reason.strip()]
        if self.running.settings and not self.running.under:
            problems.append("settings are declared but `under`, which makes the plugin in one, is not")
        if self.mutants.seeded and not self.mutants.mutated:
            problems.append("mutants are declared but `mutated`, the candidate that holds them, is not")
        if self.conditions.traced and not self.conditions.within:
            problems.append("conditions are traced but `within`, the packages whose conditions count, is empty")
        if problems:
            raise PluginError(f"plugin {self.env}: " + "; ".join(problems))


@functools.lru_cache(maxsize=32)
def _table(fields: tuple[FieldSpec, ...], modules: tuple[str, ...]) -> FieldTable:
    """One table for all plugins with these fields: finding the spec of each path takes a while."""
    return FieldTable(fields, modules)
