"""Injected states: battles at any point and at every boundary, one joint step in PokeJAX and in Showdown, compared.

``python -m families.pokejax_gen1.verify.injection --steps 100000 --seed 1``
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from families.pokejax_gen1.verify import recipes  # noqa: F401 - its import fills the table of changes
from families.pokejax_gen1.verify.changes import CHANGES, FRZ, RECIPES, SLP, State
from families.pokejax_gen1.verify.noise import extreme_state
from families.pokejax_gen1.verify.steps import Gen1Steps
from pokejax.common.formats import TEAM_KINDS
from pokejax.gen1.party import parties_from_wire
from pokejax.gen1.team_sampling import sample_teams
from references.showdown import steps as reference
from references.showdown.client import POLICIES, play
from references.showdown.gen1.fields import column, field_names
from references.showdown.workers import STATUS_OK, STATUS_REFERENCE_ERROR, Done, WorkerPool

UNCHANGED = "unchanged"
_BATCH = 8192
_MOST_CHANGES = 4
_KEPT = 64
"""States kept of one battle, so that the long ones do not crowd out the others."""
_STEP_LIMIT = 400
_FOLLOWS = 0.8
"""How often the action that a change asks for is taken, where it is legal."""
_ACTIONS = 11
DEFAULT = 11
"""An action that no mask allows: the engine falls back to Showdown's default, which Showdown takes for this number."""
_WITHOUT_CHOICE = 0.05

Restore = Callable[[NDArray[np.uint16], NDArray[np.int32]], NDArray[np.int32]]


@dataclass(frozen=True)
class Snapshots:
    """States as played, each with a choice to make: `teams` uint16 [M, 2, 6, 16], `records` int32 [M, F]."""

    teams: NDArray[np.uint16]
    records: NDArray[np.int32]


@dataclass(frozen=True)
class Injected:
    """States to step from: `teams` [N, 2, 6, 16], `records` [N, F], `actions` uint8 [N, 2].

    `changes`: the names of what was changed in each snapshot (of `CHANGES`), none for one taken as it was.
    """

    teams: NDArray[np.uint16]
    records: NDArray[np.int32]
    actions: NDArray[np.uint8]
    changes: list[tuple[str, ...]]


@dataclass
class Outcome:
    """What came of steps in both: `steps` of them, `different` the rows that were not equal.

    `fields`: how often each field differed; `changes`, `wrong`: steps, and differing ones, by name of change.
    `reference_errors`: the simulator itself threw, nothing to compare with.
    """

    steps: int = 0
    different: list[dict[str, object]] = field(default_factory=list)
    fields: Counter[str] = field(default_factory=Counter)
    changes: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    reference_errors: Counter[str] = field(default_factory=Counter)


def reference_snapshots(pool: WorkerPool, format: str, rng: np.random.Generator, battles: int) -> Snapshots:
    """States of `battles` battles that the reference played, over all kinds of teams and policies in turn."""
    arms = [(kind, policy) for kind in TEAM_KINDS for policy in POLICIES]
    jobs = []
    for n in range(battles):
        kind, policy = arms[n % len(arms)]
        seed, choices = rng.integers(0, 1 << 32, 2), int(rng.integers(1 << 32))
        jobs.append((sample_teams(kind, rng, 1)[0], (int(seed[0]), int(seed[1])), policy, choices))

    def attempt(pool: WorkerPool, job: tuple) -> NDArray[np.int32]:
        teams, seed, policy, choices = job
        return play(pool, format, seed, teams, policy, choices, _STEP_LIMIT)[1]

    done = sorted((d for d in pool.run(jobs, attempt) if isinstance(d, Done)), key=lambda d: d.index)
    return _sample(rng, ((d.job[0], d.result) for d in done))


def _sample(rng: np.random.Generator, battles: Iterable[tuple[NDArray[np.uint16], NDArray[np.int32]]]) -> Snapshots:
    teams, records = [], []
    for pair, rows in battles:
        open_rows = rows[rows[:, column("ended")] == 0]
        chosen = open_rows[rng.permutation(len(open_rows))[:_KEPT]]
        teams.append(np.repeat(pair[None], len(chosen), axis=0))
        records.append(chosen)
    if not records:
        raise ValueError("no battles to take states from")
    return Snapshots(np.concatenate(teams), np.concatenate(records))


def injected_states(rng: np.random.Generator, n: int, snapshots: Snapshots, restore: Restore) -> Injected:
    """`n` states drawn from `snapshots`, most of them changed, each with a legal joint action.

    One choice in twenty is `DEFAULT`, what an illegal one comes to. Nine in ten states are given one to four of
    `CHANGES`; half get a generator's state with a draw at a boundary. `restore` (`Gen1Steps.restore_many`) gives back
    the records with their legal masks, from which the actions are drawn; they are what must be stepped from.
    """
    place = rng.integers(len(snapshots.records), size=n)
    teams, records = snapshots.teams[place].copy(), snapshots.records[place].copy()
    max_hp = np.array(parties_from_wire(teams).max_hp)
    states = [State(records[i], teams[i], max_hp[i], rng) for i in range(n)]
    changes = [_alter(state) for state in states]
    derive(records)
    masks = [column("p1.legal"), column("p2.legal")]
    records[:, masks] = restore(teams, records)[:, masks]
    allowed = (records[:, masks][..., None] >> np.arange(_ACTIONS)) & 1 == 1
    preference = rng.random(allowed.shape)
    for i, state in enumerate(states):
        for side, action in state.wanted.items():
            preference[i, side, action] += rng.random() < _FOLLOWS
    actions = np.where(allowed, preference, -1.0).argmax(axis=-1).astype(np.uint8)
    asked = records[:, [column("p1.request"), column("p2.request")]] != 0
    actions[asked & (rng.random(actions.shape) < _WITHOUT_CHOICE)] = DEFAULT
    return Injected(teams, records, actions, changes)


def _alter(state: State) -> tuple[str, ...]:
    rng = state.rng
    if rng.random() < 0.5:
        state["prng_hi"], state["prng_lo"] = extreme_state(rng)
    standing = [side for side in state.sides if side.stands]
    if rng.random() < 0.1 or not standing:
        return ()
    names, done = list(CHANGES), []
    drawn = [names[k] for k in rng.integers(len(names), size=rng.integers(1, _MOST_CHANGES + 1))]
    for name in sorted(drawn, key=RECIPES.__contains__):
        if CHANGES[name](state, standing[rng.integers(len(standing))]):
            done.append(name)
    return tuple(done)


def derive(records: NDArray[np.int32]) -> None:
    """Write, in place, what a decision point's other fields imply: disabled slots, who may not leave, what is hidden.

    Source: ``endTurn`` in sim/battle.js, ``getMoveRequestData`` in sim/pokemon.js.
    """
    for name in ("p1", "p2"):

        def get(field: str, side: str = name) -> NDArray[np.int32]:
            return records[:, column(f"{side}.{field}")]

        def flag(field: str, side: str = name) -> NDArray[np.bool_]:
            return records[:, column(f"{side}.active.volatile.{field}")] == 1

        asked = get("request") == 1
        locked = flag("mustrecharge") | flag("twoturnmove") | flag("lockedmove") | flag("rage")
        hidden = flag("partiallytrapped") & (get("active.partially_trapped_maybe_locked") == 1)
        status = records[np.arange(len(records)), _team_columns(name, "status")[get("active")]]
        hidden = (hidden | flag("fakepartiallytrapped")) & (status != SLP) & (status != FRZ) & ~flag("bide")
        hidden |= flag("partialtrappinglock") & (get("active.trapping_total") - get("active.trapping_duration") > 1)
        records[:, column(f"{name}.active.trapped")] = asked & locked
        records[:, column(f"{name}.active.maybe_locked")] = asked & hidden & ~locked
        for k in range(4):
            held = flag("disable") & (get("active.disable_slot") == k) & (get(f"active.move{k}.move") != 0)
            records[:, column(f"{name}.active.move{k}.disabled")] = asked & held


def _team_columns(side: str, field: str) -> NDArray[np.intp]:
    return np.array([column(f"{side}.team.{k}.{field}") for k in range(6)])


def check_steps(injected: Injected, candidate: Gen1Steps, pool: WorkerPool, format: str, outcome: Outcome) -> None:
    """Restore and step every state in both, and add to `outcome` what differs."""
    teams, records, actions = injected.teams, injected.records, injected.actions
    restored = reference.restore_many(pool, format, teams, records)
    stepped = reference.step_many(pool, format, teams, records, actions)
    mine = (candidate.restore_many(teams, records), candidate.step_many(teams, records, actions))
    outcome.steps += len(records)
    outcome.changes.update(name for names in injected.changes for name in set(names) or {UNCHANGED})
    threw = stepped.status == STATUS_REFERENCE_ERROR
    # The reason without the place: "Error: moveSlot is null …".
    outcome.reference_errors.update(stepped.messages[i].splitlines()[0] for i in np.flatnonzero(threw).tolist())
    stages = (("restore", mine[0], restored), ("step", mine[1], stepped))
    wrong = np.zeros(len(records), np.bool_)
    for stage, ours, theirs in stages:
        compared = theirs.status != STATUS_REFERENCE_ERROR
        differs = ours != theirs.records
        if stage == "restore":
            differs |= theirs.records != records
        found = compared & ~wrong & ((theirs.status != STATUS_OK) | differs.any(axis=1))
        wrong |= found
        for i in np.flatnonzero(found).tolist():
            fields = [field_names()[k] for k in np.flatnonzero(differs[i])] if i not in theirs.messages else []
            outcome.fields.update({f"{stage}: {name}" for name in fields or [theirs.messages[i][:60]]})
            outcome.wrong.update(set(injected.changes[i]) or {UNCHANGED})
            values = {name: (int(ours[i, column(name)]), int(theirs.records[i, column(name)])) for name in fields}
            outcome.different.append(
                {
                    "stage": stage,
                    "teams": teams[i],
                    "record": records[i],
                    "actions": actions[i],
                    "changes": injected.changes[i],
                    "message": theirs.messages.get(i, ""),
                    "fields": values,
                }
            )


def run(
    pool: WorkerPool,
    steps: int,
    seed: int,
    format: str = "gen1ou",
    battles: int = 512,
    candidate: Gen1Steps | None = None,
) -> Iterator[Outcome]:
    """At least `steps` injected steps; yields the outcome so far after every batch. The same seed, the same states."""
    rng = np.random.default_rng(seed)
    candidate = candidate or Gen1Steps()
    snapshots = reference_snapshots(pool, format, rng, battles)
    outcome = Outcome()
    while outcome.steps < steps:
        count = min(_BATCH, steps - outcome.steps)
        check_steps(injected_states(rng, count, snapshots, candidate.restore_many), candidate, pool, format, outcome)
        yield outcome


def main(arguments: list[str] | None = None) -> int:
    """Command line; returns 0 when all steps were equal, else 1."""
    parser = argparse.ArgumentParser(prog="python -m families.pokejax_gen1.verify.injection", description=__doc__)
    parser.add_argument("--steps", type=int, default=100_000, help="injected steps (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of battles, changes and choices (default: %(default)s)")
    parser.add_argument("--battles", type=int, default=512, help="battles to take states from (default: %(default)s)")
    parser.add_argument("--format", default="gen1ou", help="the reference's format (default: %(default)s)")
    options = parser.parse_args(arguments)
    began = time.monotonic()
    outcome = Outcome()
    with WorkerPool() as pool:
        for outcome in run(pool, options.steps, options.seed, options.format, options.battles):
            seconds = time.monotonic() - began
            print(f"{outcome.steps} steps, {len(outcome.different)} different, {seconds:.0f} s", flush=True)
    for name, count in sorted(outcome.changes.items()):
        print(f"  {name:24} {count:8} steps {outcome.wrong[name]:6} different")
    for name, count in outcome.fields.most_common():
        print(f"  {count:6} x {name}")
    for reason, count in outcome.reference_errors.items():
        print(f"  the reference threw {count} times: {reason}")
    for found in outcome.different[:5]:
        print(f"  {found['stage']} {found['changes']} actions {found['actions']} {found['message']} {found['fields']}")
    seconds = time.monotonic() - began
    errors = sum(outcome.reference_errors.values())
    print(
        f"{outcome.steps} injected steps, {len(outcome.different)} different, {errors} reference errors, "
        f"{seconds:.1f} s, {outcome.steps / seconds:.0f} steps/s"
    )
    return int(bool(outcome.different))


if __name__ == "__main__":
    sys.exit(main())
