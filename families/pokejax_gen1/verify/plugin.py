"""The plugin of Gen 1 battles: `pokejax/gen1randombattle` and `pokejax/gen1ou` beside Pokémon Showdown."""

from __future__ import annotations

import functools
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import jaxenv
from families.pokejax_gen1.verify import behaviours, laws
from families.pokejax_gen1.verify.cases import Snapshots, injected_states
from families.pokejax_gen1.verify.draws import draws_apart, sample
from families.pokejax_gen1.verify.episodes import WatchedGen1
from families.pokejax_gen1.verify.fields import BEHAVIOUR_SOURCES, MODULES, SOURCES, specs
from families.pokejax_gen1.verify.meetings import conditions
from families.pokejax_gen1.verify.mutants import MUTANTS, PACKAGES
from families.pokejax_gen1.verify.outcome import AGENTS, NO_LIMIT
from families.pokejax_gen1.verify.play import SelfCheck, episode, self_play
from families.pokejax_gen1.verify.sides import (
    PokejaxEnv,
    ShowdownEnv,
    records_of,
    reference_format,
    rolled_out,
    teams_of,
    to_batch,
)
from families.pokejax_gen1.verify.steps import Gen1Steps
from families.pokejax_gen1.verify.themes import KINDS, drawn
from families.pokejax_gen1.verify.watched import watched as watched_env
from pokejax.common import formats
from pokejax.common.formats import TEAM_KINDS
from pokejax.env import Gen1Battle
from references.protocol import Actions, Batch
from references.showdown import client
from references.showdown.client import POLICIES
from references.showdown.gen1.knowledge import Names
from references.showdown.gen1.record_check import check_records
from references.showdown.workers import Done, WorkerPool
from verification import cases
from verification.backends import BACKENDS, Vmap, left_to_xla, vmap_of
from verification.batches import concat, rows, size
from verification.fields import PluginError
from verification.mutants.mutant import Mutant
from verification.mutants.rewrite import load_mutated
from verification.plugin import (
    Behaviours,
    Checks,
    Conditions,
    Draws,
    Episode,
    Injected,
    Injection,
    Laws,
    Mutants,
    Option,
    Play,
    Plugin,
    Running,
    Script,
    Sides,
    State,
)
from verification.statistics.margin import Margin

_BLIND_SPOTS = (
    "Showdown's text (its protocol log) is not compared: it is made by Showdown itself from the choices",
    "draws are compared by number and by the generator's state, not by the place in the rules that made them",
    "injected states have no history: what players remember over many turns is compared in whole battles alone",
    "where messages leave open which slot paid PP, the reference's own record says it (docs/verification.md)",
    "teams are legal in form; that the built-in pools follow Showdown's own distribution of teams is tested elsewhere",
)
_NOT_THE_KERNELS = "policies and the environment contract's check"
_MARGIN = Margin(0.02, reason="two points of win rate: below what ladder play can tell apart", anchor="declared")
_STATES_A_BATTLE = 16
_REGRESSION = Path(__file__).parents[3] / "tests" / "regression"
_STEP_LIMIT = 2000
_SHORT, _SHORT_LIMIT = 8, 60
"""One battle in so many is cut off, after fewer steps than that."""


_OPTIONS = (
    Option(name="teams", values=KINDS, default="randbats", help="teams of whole battles (L3)"),
    Option(
        name="policy", values=(*POLICIES, "all"), default="all", help="policy of both players in whole battles (L3)"
    ),
    Option(name="workers", default=str(os.cpu_count() or 1), help="processes that run Showdown"),
    Option(name="timeout", default="60", help="seconds after which a worker of Showdown counts as hung"),
)


def _number(choices: Mapping[str, str], name: str, whole: bool = False) -> float:
    """A choice that is a positive number. A `PluginError` names one that is not."""
    kind = "whole number" if whole else "number"
    try:
        value = int(choices[name]) if whole else float(choices[name])
    except ValueError:
        value = 0
    if not 0 < value < math.inf:
        raise PluginError(f"option {name} cannot be {choices[name]!r}: it is a positive {kind}")
    return value


class _Pool:
    """Workers shared by everything that one plugin starts, made when first needed; or `shared` ones of the caller's."""

    def __init__(self, workers: int | None = None, timeout: float = 60.0, shared: WorkerPool | None = None) -> None:
        self._size, self._timeout = workers, timeout
        self._shared, self._pool = shared, shared

    def get(self) -> WorkerPool:
        """The workers."""
        if self._pool is None:
            self._pool = WorkerPool(self._size, self._timeout).__enter__()
        return self._pool

    def close(self) -> None:
        """End them, unless they are the caller's."""
        if self._pool is not None and self._pool is not self._shared:
            self._pool.close()
            self._pool = None


class _Reference(ShowdownEnv):
    """Showdown on the plugin's shared workers, which end with it."""

    def __init__(self, format: str, shared: _Pool, watched: bool) -> None:
        super().__init__(format, watched=watched)
        self._lazy = shared

    @property
    def pool(self) -> WorkerPool:
        return self._lazy.get()

    def close(self) -> None:
        self._lazy.close()


@functools.cache
def _steps(vmap: Vmap) -> Gen1Steps:
    """The environment's single steps, compiled once a process: the rules of all formats are the same."""
    return Gen1Steps(vmap=vmap)


def gen1randombattle() -> Plugin:
    """`pokejax/gen1randombattle`."""
    return make("pokejax/gen1randombattle")


def gen1ou() -> Plugin:
    """`pokejax/gen1ou`."""
    return make("pokejax/gen1ou")


def self_check_randombattle() -> Plugin:
    """Showdown as its own candidate: any difference is a false alarm."""
    return make("self-check/gen1randombattle")


def self_check_ou() -> Plugin:
    """As `self_check_randombattle`, in gen1ou."""
    return make("self-check/gen1ou")


def make(
    env: str,
    teams: str = "randbats",
    policies: tuple[str, ...] = POLICIES,
    shared: _Pool | WorkerPool | None = None,
    backend: str = "xla",
    watched: bool = True,
) -> Plugin:
    """The plugin of an id; `teams` and `policies` are those of whole episodes. Level 1 uses all kinds of teams.

    `backend` compiles the candidate's steps. `watched`: what is given out is compared, not the battle alone.
    """
    vmap = vmap_of(backend)
    format = reference_format(env)
    alone = env.startswith("self-check/")
    workers = shared if isinstance(shared, _Pool) else _Pool(shared=shared)

    def reference() -> ShowdownEnv:
        return _Reference(format, workers, watched)

    def candidate() -> ShowdownEnv | PokejaxEnv:
        if alone:
            return reference()
        check_registered(env)
        return PokejaxEnv(format, _steps(vmap), vmap=vmap)

    def configure(choices: Mapping[str, str]) -> Plugin:
        chosen = POLICIES if choices["policy"] == "all" else (choices["policy"],)
        pool = _Pool(int(_number(choices, "workers", whole=True)), _number(choices, "timeout"))
        return make(env, choices["teams"], chosen, pool, choices["backend"])

    return Plugin(
        env=env,
        sides=Sides(reference=reference, candidate=candidate, same_start=True, env_id=None if alone else env),
        state=State(
            modules=MODULES,
            fields=specs(),
            sources=SOURCES,
            valid=_valid,
            plain=lambda snapshot: _plain(reference(), snapshot),
        ),
        draws=Draws(
            noise="same_prng", sample=None if alone else functools.partial(sample, env, vmap), apart=draws_apart
        ),
        play=Play(
            options=tuple({"teams": kind} for kind in TEAM_KINDS),
            horizon=_STEP_LIMIT,
            mine=lambda rng, count: _mine(workers.get(), format, rng, count),
            trace=lambda rng, count: _trace(workers.get(), format, rng, count),
            alone=self_play(lambda: _player(env, alone, workers, vmap), teams, policies),
        ),
        injection=Injection(inject=functools.partial(_inject, vmap), scripts=_once_wrong(env)),
        laws=Laws() if alone else Laws(properties=laws.PROPERTIES, relations=laws.RELATIONS),
        behaviours=Behaviours(shown=behaviours.behaviours, declared=behaviours.declared(), sources=BEHAVIOUR_SOURCES),
        conditions=Conditions() if alone else conditions(env),
        mutants=Mutants(
            seeded=None if alone else lambda: MUTANTS,
            mutated=None if alone else functools.partial(MutatedPokejax, format),
            self_check=lambda: make("self-check/" + format, teams, policies),
        ),
        checks=Checks(
            declared=Path(__file__).with_name("declared.json"),
            margins={"win_rate": _MARGIN},
            blind_spots=(*_BLIND_SPOTS, *left_to_xla(backend, _NOT_THE_KERNELS)),
        ),
        running=Running(
            options=_OPTIONS,
            configure=configure,
            backends=("xla",) if alone else BACKENDS,
            backend=backend,
            close=workers.close,
        ),
    )


def check_registered(env: str) -> None:
    """Raise a `PluginError` unless what is stepped here is what `jaxenv.make` gives for that id."""
    made, stepped = jaxenv.make(env), Gen1Battle(format=formats.of_environment(env).id)
    same = type(made) is Gen1Battle and made == stepped and made.engine is watched_env(stepped).engine
    if not same:
        raise PluginError(f"{env} is registered as {made!r}, the plugin steps {stepped!r}: mend the plugin")


def _player(env: str, alone: bool, shared: _Pool, vmap: Vmap) -> WatchedGen1 | SelfCheck:
    return SelfCheck(env, pool=shared.get()) if alone else WatchedGen1(env, vmap=vmap)


def _trace(pool: WorkerPool, format: str, rng: np.random.Generator, count: int) -> Iterator[Episode]:
    """Battles that Showdown plays, all kinds of teams under all policies in turn."""
    arms = [(kind, policy) for kind in KINDS for policy in POLICIES]
    jobs = []
    for number in range(count):
        kind, policy = arms[number % len(arms)]
        words = tuple(int(word) for word in rng.integers(0, 1 << 32, 2))
        limit = int(rng.integers(1, _SHORT_LIMIT)) if number % _SHORT == 0 else NO_LIMIT
        jobs.append((drawn(kind, rng, 1)[0], words, policy, int(rng.integers(1 << 32)), limit))
    names = Names.of(client.names(pool))

    def attempt(pool: WorkerPool, job: tuple) -> Episode:
        teams, words, policy, choices, limit = job
        actions, told = client.play_watched(pool, format, words, teams, policy, choices, min(limit, _STEP_LIMIT))
        rolled = rolled_out(client.BattleJob(format, words, teams, actions, limit), told, names)
        return episode(teams, words, actions, rolled.states, limit)

    done = [event for event in pool.run(jobs, attempt) if isinstance(event, Done)]
    for event in sorted(done, key=lambda event: event.index):
        yield event.result


@functools.cache
def _once_wrong(env: str) -> tuple[Script, ...]:
    """The battles of an environment that once differed, as scripts; none outside a checkout."""
    found = [(path.stem, cases.load(path)) for path in sorted(_REGRESSION.glob("*.json"))]
    return tuple(
        Script(name, case.seed, case.actions, case.options)
        for name, case in found
        if case.env == env and case.snapshot is None
    )


def _mine(pool: WorkerPool, format: str, rng: np.random.Generator, count: int) -> Batch:
    """`count` states with a choice to make, at most sixteen of each battle."""
    found: list[Batch] = []
    while sum(size(batch) for batch in found) < count:
        for played in _trace(pool, format, rng, min(512, max(32, count // 16))):
            steps = size(played.actions)
            found.append(rows(played.states, rng.permutation(steps)[:_STATES_A_BATTLE]))
    everything = concat(found)
    return rows(everything, rng.permutation(size(everything))[:count])


def mined(pool: WorkerPool, format: str, rng: np.random.Generator, count: int) -> Snapshots:
    """`count` states with a choice to make, of battles that the reference plays."""
    states = _mine(pool, format, rng, count)
    return Snapshots(teams_of(states), records_of(states))


def _inject(vmap: Vmap, rng: np.random.Generator, snapshots: Batch, count: int) -> Injected:
    played = Snapshots(teams_of(snapshots), records_of(snapshots))
    made = injected_states(rng, count, played, _steps(vmap).restore_many)
    joint = {agent: made.actions[:, side] for side, agent in enumerate(AGENTS)}
    labels = ["+".join(sorted(set(names))) or "unchanged" for names in made.changes]
    return Injected(to_batch(made.teams, made.records, _clock(rng, count)), joint, labels)


def _clock(rng: np.random.Generator, count: int) -> NDArray[np.int32]:
    """[N, 2]: steps taken and the limit, in half of the cases one that the next step just reaches, or just does not."""
    steps = rng.integers(0, NO_LIMIT - 2, count)
    near = rng.integers(0, 4, count) + steps
    return np.stack([steps, np.where(rng.random(count) < 0.5, near, NO_LIMIT)], axis=1).astype(np.int32)


def _plain(reference: ShowdownEnv, snapshot: Mapping[str, object]) -> Mapping[str, object]:
    """The start of a battle between the same teams, with the same seed."""
    words = np.array([snapshot["prng_hi"], snapshot["prng_lo"]]).astype(np.int64) & 0xFFFFFFFF
    reference.reset(0, {"teams": snapshot["teams"], "words": words})
    start = reference.snapshot()
    return {path: start[path] for path in snapshot if path in start}


def _valid(snapshots: Batch) -> np.ndarray:
    """bool [N]: states that a record can describe; a condition without its counter, for one, is none."""
    teams, records = teams_of(snapshots), records_of(snapshots)
    fine = np.ones(len(records), bool)
    for case in range(len(records)):
        try:
            check_records(teams[case : case + 1], records[case : case + 1])
        except ValueError:
            fine[case] = False
    return fine


class MutatedPokejax(PokejaxEnv):
    """PokeJAX with every mutant in it, compiled once: which one is active is an argument of each program."""

    def __init__(self, format: str, mutants: Sequence[Mutant]) -> None:
        copies = load_mutated(mutants, PACKAGES)
        self._switch = copies.switch
        gen1 = "families.pokejax_gen1.verify."
        steps = copies.module(gen1 + "steps").Gen1Steps(copies.switch.jit)
        battles = copies.module(gen1 + "episodes").WatchedGen1(f"pokejax/{format}", copies.switch.jit)
        super().__init__(format, steps, battles)

    def step(self, actions: Actions) -> None:
        """One battle as a batch of one: the program is there already."""
        one = {agent: np.asarray(action)[None] for agent, action in actions.items()}
        self._now = dict(self.step_many(self._now, one))

    def select_mutant(self, index: int) -> None:
        """See `verification.plugin.Mutated`."""
        self._switch.select(index)
