"""The plugin of Pong: `pongjax/puffer_pong` and `pongjax/puffer_pong_continuous` beside PufferLib's C."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from families.pongjax.verify import checks, laws
from families.pongjax.verify.behaviours import SOURCES, behaviours, declared
from families.pongjax.verify.bulk import WHY_ONE_ULP
from families.pongjax.verify.candidate import FRAME_SKIP, FRAME_SKIPS, STATE_TYPES, TIME, MutatedPong, PongCandidate
from families.pongjax.verify.cases import inject
from families.pongjax.verify.draws import Draws as OwnDraws
from families.pongjax.verify.fields import FIELDS, WRITTEN_BY, specs
from families.pongjax.verify.lockstep import flat, limits, play, shares
from families.pongjax.verify.mutants import SURVIVORS, mutants
from families.pongjax.verify.policies import one_by_one
from families.pongjax.verify.sides import ReferenceSide, SeededPong, as_actions, snapshots_of, with_skip
from references.protocol import LIMIT, Batch, Snapshot
from references.puffer_pong.library import serves
from verification.backends import BACKENDS, left_to_xla, vmap_of
from verification.batches import concat, per_case, rows, size
from verification.fields import PluginError
from verification.plugin import (
    Behaviours,
    Checks,
    Draws,
    Episode,
    Injection,
    Laws,
    Mutants,
    Option,
    Play,
    Plugin,
    Running,
    Sides,
    State,
)
from verification.statistics.margin import Margin

BLIND_SPOTS = (
    "PufferLib's Python layer (its vectors, its buffers, the order of its environments' rand() calls) is not run: what "
    "is compared is pong.h, with a rand() of each game's own. PufferLib cuts no game off: a limit is Gymnasium's "
    "TimeLimit, and the game after it one of the C's own",
    "params go into the candidate as data. Left to their defaults, as constants of the program, they are compared by "
    "L1/compiled-in and L3/bulk, where " + WHY_ONE_ULP,
    "actions that are not numbers (NaN) and subnormal numbers, which XLA takes for 0 on CPUs, are never played",
    "rendering is not compared",
    "compared on this machine's processor; others may round XLA's programs elsewhere",
)
_MARGIN = Margin(1.0, reason="one point of a game up to 21: less than a stronger serve is worth", anchor="declared")
_MINED_LANES, _MINED_STEPS = 256, 384
_TRACED_STEPS = 2048


def discrete() -> Plugin:
    """`pongjax/puffer_pong`."""
    return make(continuous=False)


def continuous() -> Plugin:
    """`pongjax/puffer_pong_continuous`."""
    return make(continuous=True)


def self_check_discrete() -> Plugin:
    """The C as its own candidate: any difference is a false alarm."""
    return make(continuous=False, alone=True)


def self_check_continuous() -> Plugin:
    """As `self_check_discrete`, with continuous actions."""
    return make(continuous=True, alone=True)


def make(continuous: bool, alone: bool = False, backend: str = "xla", steps: int = checks.BULK_STEPS) -> Plugin:
    """The plugin of one action space; `alone`: the reference beside itself. `backend` compiles the candidate."""
    vmap = vmap_of(backend)
    name = "puffer_pong" + ("_continuous" if continuous else "")
    reference = partial(SeededPong, continuous)
    return Plugin(
        env=("self-check/" if alone else "pongjax/") + name,
        sides=Sides(
            reference=reference,
            candidate=reference if alone else partial(PongCandidate, continuous, vmap=vmap),
            same_start=True,
            env_id=None if alone else "pongjax/" + name,
        ),
        state=State(
            modules=tuple(FIELDS),
            fields=specs(),
            sources=WRITTEN_BY,
            valid=_valid,
            plain=partial(_plain, continuous),
        ),
        draws=Draws(
            noise="same_prng",
            sample=None if alone else lambda seed, lanes: OwnDraws(continuous, vmap=vmap)(seed, lanes),
        ),
        play=Play(
            options=tuple({"frame_skip": skip} for skip in reversed(FRAME_SKIPS)),
            horizon=checks.HORIZON,
            policies=one_by_one(continuous),
            trace=partial(_trace, continuous),
            mine=partial(_mine, continuous),
        ),
        injection=Injection(
            inject=partial(inject, continuous=continuous),
            interactions=partial(inject, continuous=continuous, additions=True),
        ),
        laws=Laws() if alone else Laws(properties=laws.PROPERTIES, relations=laws.relations(continuous)),
        behaviours=Behaviours(
            shown=partial(behaviours, continuous=continuous), declared=declared(continuous), sources=SOURCES
        ),
        mutants=Mutants(
            seeded=None if alone else partial(mutants, continuous),
            mutated=None if alone else partial(MutatedPong, continuous),
            self_check=partial(make, continuous, alone=True, steps=steps),
            survivors=SURVIVORS,
        ),
        checks=Checks(
            declared=Path(__file__).with_name("declared.json"),
            extra=checks.checks(continuous, alone, vmap, steps),
            replaces=("L3/episodes",),
            margins={"return": _MARGIN},
            blind_spots=(*BLIND_SPOTS, *left_to_xla(backend, "restored states and the environment contract's check")),
        ),
        running=Running(
            options=(_STEPS,),
            configure=partial(_configure, continuous, alone),
            settings={} if alone else {name: (value,) for name, value in checks.SETTING.items()},
            under=None if alone else partial(_under, continuous, backend),
            backends=("xla",) if alone else BACKENDS,
            backend=backend,
        ),
    )


_STEPS = Option(
    name="steps", default=str(checks.BULK_STEPS), help=f"environment steps of each configuration of {checks.BULK}"
)


def _under(continuous: bool, backend: str, setting: Mapping[str, Any]) -> Plugin:
    """The plugin whose candidate has the default params compiled in."""
    made = make(continuous, backend=backend)
    candidate = partial(PongCandidate, continuous, compiled_in=True, vmap=vmap_of(backend))
    state = replace(made.state, fields=checks.compiled_in_fields(made.state.fields))
    return replace(made.between(candidate=candidate), state=state)


def _configure(continuous: bool, alone: bool, choices: Mapping[str, str]) -> Plugin:
    steps = choices["steps"]
    if not steps.isdigit() or not int(steps):
        raise PluginError(f"option steps cannot be {steps!r}: it is a whole number of at least 1")
    return make(continuous, alone, choices["backend"], int(steps))


def _trace(continuous: bool, rng: np.random.Generator, count: int) -> Iterator[Episode]:
    """Games of the reference, both frame skips, all policies; cut off where they take too long for every mutant."""
    for skip, seeds, policies in checks.episode_seeds(rng, count):
        reference = ReferenceSide(skip, continuous)
        cut = limits(rng, len(seeds))
        first = reference.begin(np.concatenate([serves(seed, 1) for seed in seeds]), cut)
        states, actions = play(rng, reference, policies, _TRACED_STEPS, continuous)
        after = {path: values[1:] for path, values in with_skip(snapshots_of(states), skip).items()}
        played = concat([{path: values[None] for path, values in with_skip(first, skip).items()}, after])
        for lane, seed in enumerate(seeds):
            over = np.flatnonzero(states["ended"][1:, lane])
            steps = int(over[0]) + 1 if len(over) else _TRACED_STEPS
            own = {path: values[: steps + 1, lane] for path, values in played.items()}
            # The candidate's rollout gets options only: the seed is one of them.
            options = {**checks.options_of(skip, int(cut[lane])), "seed": seed}
            yield Episode(seed, options, as_actions(actions[:steps, lane]), own)


def _mine(continuous: bool, rng: np.random.Generator, count: int) -> Batch:
    """`count` states of games under all policies, the same share of both frame skips."""
    found: list[Batch] = []
    for skip in FRAME_SKIPS:
        reference = ReferenceSide(skip, continuous)
        reference.begin(serves(int(rng.integers(2**31)), _MINED_LANES))
        states, _ = play(rng, reference, shares(_MINED_LANES), _MINED_STEPS, continuous)
        everything = {path: values for path, values in flat(snapshots_of(states)).items() if path.startswith("state.")}
        share = (count + 1) // len(FRAME_SKIPS)
        chosen = rng.integers(0, size(everything), share)
        found.append(with_skip(rows(everything, chosen), skip))
    everything = concat(found)
    return rows(everything, rng.permutation(size(everything))[:count])


def _valid(snapshots: Batch) -> np.ndarray:
    """bool [N]: finite numbers, points below 21, counters not below 0, a limit above, a frame skip of the two."""
    fine = np.isin(snapshots[FRAME_SKIP], FRAME_SKIPS)
    for path, (dtype, _) in STATE_TYPES.items():
        values = np.asarray(snapshots[path])
        if dtype is np.float32:
            fine &= per_case(np.isfinite(values)).all(axis=1)
        elif path in (LIMIT, TIME):  # up to the highest number that there is
            fine &= values >= (path == LIMIT)
        elif dtype is np.int32:
            fine &= (values >= 0) & (values < (21 if "score" in path else 2**31 - 1000))
    return fine


def _plain(continuous: bool, snapshot: Snapshot) -> dict[str, Any]:
    """A new game of the same frame skip, whose next serves are the snapshot's."""
    reference = SeededPong(continuous)
    reference.reset(0, {"frame_skip": int(snapshot[FRAME_SKIP])})
    start = {**reference.snapshot(), "state.serve": snapshot["state.serve"]}
    return {path: start[path] for path in snapshot}
