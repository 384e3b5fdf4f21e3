"""A verification plugin: everything that the levels need to know about one environment."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from references.protocol import Actions, Batch, Env, Snapshot
from verification.fields import FieldSpec, FieldTable, PluginError

if TYPE_CHECKING:
    from verification.levels.context import Check, Context
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
    """One episode of the reference: its reset, its actions [T], and its states [T + 1], the start first."""

    seed: int
    options: Mapping[str, Any]
    actions: Batch
    states: Batch


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
class Plugin:
    """One environment beside its reference.

    * `reference`, `candidate`: make a fresh `protocol.Env`; nothing is started before they are called.
    * `modules`: who owns fields, in dependency order: the first wrong one names the bug. `fields`: all paths.
    * `sources`: module → places in the candidate's source that write its fields, the likeliest first.
    * `noise`: "same_prng" (both have the same generator), "tape" (`Taped`), or "none" (deterministic steps).
    * `same_start`: a reset with one seed gives both the same state; otherwise the candidate is restored to the
      reference's first state (once an episode, never again).
    * `options`: variants of the reset that episodes take turns with. `horizon`: most steps of an episode.
    * `policies`: beside "uniform" (random legal actions), which is always there.
    * `trace(rng, n)`: n episodes of the reference; None: they are played one by one under all policies.
    * `mine(rng, n)`: snapshots of episodes played (a batch); None: the reference is played under the policies.
    * `inject(rng, snapshots, n)`: n cases near the edges, made from mined snapshots.
    * `interactions(rng, snapshots, n)`: n cases that cover pairs of behaviours, each then played a few steps.
    * `behaviours(before, actions, after)`: name → bool [N], what each step exercised; `declared`: all that there are;
      `behaviour_sources`: glob of behaviour → places in the source that it runs.
    * `valid(snapshots)`: bool [N], states that the reference can be put into (for shrinking); None: all.
    * `plain(snapshot)`: an ordinary state with the same paths, to which shrinking sets fields back; None: a reset's.
    * `draws(seed, lanes)`: the candidate's own draws. `margins`: metric → margin of level 4, declared before any run.
    * `mutants`: the seeded bugs that measure the verifier. `mutated(mutants)`: the candidate that holds them all, with
      `select_mutant(index)` (0 none, else 1 + place in the list). `self_check()`: this plugin with the reference as its
      own candidate; None: simply that. `survivors`: mutant id → why no level can kill it.
    * `extra(context)`: checks of the environment's own; `replaces`: ids of standard checks that they stand for.
    * `env_id`: the registered `jaxenv` environment, if it is one; `alone_tolerance`: of `jaxenv.testing.check_env`, for
      floats of a lane by itself against the same lane among others. `blind_spots`: what no level here can see.
    * `configure(options)`: the plugin with the command line's own choices (a `PluginError` for ones it cannot follow).
    * `backends`: what can compile the candidate's steps (see `verification.backends`), if there is a choice; then
      `configure` follows the option "backend". `backend`: the one that does.
    * `close()`: ends what the plugin's own functions have started (workers).
    """

    env: str
    reference: Callable[[], Env]
    candidate: Callable[[], Env]
    modules: Sequence[str]
    fields: Sequence[FieldSpec]
    noise: Noise
    same_start: bool = False
    horizon: int = 1000
    options: Sequence[Mapping[str, Any]] = ({},)
    sources: Mapping[str, Sequence[str]] = field(default_factory=dict)
    policies: Mapping[str, Policy] = field(default_factory=dict)
    trace: Callable[[np.random.Generator, int], Iterator[Episode]] | None = None
    mine: Callable[[np.random.Generator, int], Batch] | None = None
    inject: Callable[[np.random.Generator, Batch, int], Injected] | None = None
    interactions: Callable[[np.random.Generator, Batch, int], Injected] | None = None
    scripts: Sequence[Script] = ()
    properties: Sequence[Property] = ()
    relations: Sequence[Relation] = ()
    behaviours: Callable[[Batch, Batch, Batch], Mapping[str, NDArray[np.bool_]]] | None = None
    declared: Sequence[str] = ()
    behaviour_sources: Mapping[str, Sequence[str]] = field(default_factory=dict)
    valid: Callable[[Batch], NDArray[np.bool_]] | None = None
    plain: Callable[[Snapshot], Snapshot] | None = None
    draws: Callable[[int, int], DrawSample] | None = None
    margins: Mapping[str, Margin] = field(default_factory=dict)
    mutants: Callable[[], Sequence[Mutant]] | None = None
    mutated: Callable[[Sequence[Mutant]], Mutated] | None = None
    self_check: Callable[[], Plugin] | None = None
    survivors: Mapping[str, str] = field(default_factory=dict)
    extra: Callable[[Context], Sequence[Check]] | None = None
    replaces: Sequence[str] = ()
    env_id: str | None = None
    alone_tolerance: float = 1e-5
    blind_spots: Sequence[str] = ()
    configure: Callable[[Mapping[str, str]], Plugin] | None = None
    backends: Sequence[str] = ("xla",)
    backend: str = "xla"
    close: Callable[[], None] | None = None

    def configured(self, options: Mapping[str, str]) -> Plugin:
        """This plugin with the command line's choices; a `PluginError` says which it cannot follow."""
        backend = options.get("backend", "xla")
        if backend not in self.backends:
            raise PluginError(
                f"{self.env} has no backend {backend!r}; its candidate's steps run by: {', '.join(self.backends)}"
            )
        made = self.configure(options) if self.configure else self
        if made.backend != backend:
            raise PluginError(f"plugin {self.env}: its `configure` gives backend {made.backend!r}, not {backend!r}")
        return made

    def table(self) -> FieldTable:
        """The resolved fields; a `PluginError` names what is wrong with them."""
        return FieldTable(self.fields, self.modules)

    def check(self) -> None:
        """Refuse, before anything runs, a declaration that no run could make good. Raises `PluginError`."""
        table = self.table()
        del table
        strangers = sorted(set(self.sources) - set(self.modules))
        problems = [f"sources: module {name!r} is not one of {list(self.modules)}" for name in strangers]
        if self.noise not in ("same_prng", "tape", "none"):
            problems.append(f"noise {self.noise!r}: known are 'same_prng', 'tape' and 'none'")
        if self.horizon < 1:
            problems.append(f"horizon {self.horizon}: an episode has at least one step")
        if not self.options:
            problems.append("options: give at least one variant, ({},) for the default")
        problems += [
            f"margin {name!r}: a margin needs a reason" for name, m in self.margins.items() if not m.reason.strip()
        ]
        if self.mutants and not self.mutated:
            problems.append("mutants are declared but `mutated`, the candidate that holds them, is not")
        if problems:
            raise PluginError(f"plugin {self.env}: " + "; ".join(problems))
