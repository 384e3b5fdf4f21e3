"""The plugins of the planar MuJoCo tasks: `cheetahjax/<task>` beside Gymnasium's on the C engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from families.cheetahjax.verify import duties, free, mutants, one_step, setting, sides
from families.cheetahjax.verify.behaviours import SOURCES, behaviours, declared
from families.cheetahjax.verify.cases import inject
from families.cheetahjax.verify.draws import draws
from families.cheetahjax.verify.fields import WRITTEN_BY, fields, modules
from families.cheetahjax.verify.laws import laws_of, relations_of
from families.cheetahjax.verify.policies import AGENT, POLICIES
from families.cheetahjax.verify.still import stands_still
from families.cheetahjax.verify.tasks import TASKS, Task
from references.protocol import UNDEFINED, Batch
from verification.backends import BACKENDS, Vmap, left_to_xla, vmap_of
from verification.batches import row, size, stack
from verification.check import Check
from verification.fields import FieldTable
from verification.levels import free_run
from verification.levels.continuous import FREE_RUN, ONE_STEP, WINDOWS
from verification.levels.mining import UNIFORM, uniform
from verification.levels.study import Settings, Study
from verification.plugin import (
    Behaviours,
    Checks,
    Draws,
    Episode,
    Injection,
    Laws,
    Mutants,
    Play,
    Plugin,
    Running,
    Sides,
    State,
)
from verification.statistics.margin import Margin

ARITHMETIC = 16.0
"""Factor on what storing the state costs, by which a window may be off: the forces of a chain of links, summed from
contacts thousands of newtons per metre stiff, lose about a digit more than the state that they come from."""
BLIND_SPOTS = (
    "float64 is compared physics step by physics step and over free runs; the environment itself is used in float32",
    "Gymnasium's options other than the defaults are not compared here (frame_skip 1 apart)",
    "states that MuJoCo puts back to the initial pose (not finite, or beyond 1e10) are injected where the physics "
    "stands still, and nowhere else",
    "injected steps that a millionth of a metre or radian decides (a contact that just begins) are left out of "
    f"L1/injected and L2/pairs; {one_step.PHYSICS} and {one_step.ENV} take them, and count what is settled otherwise",
    "beyond about a hundred steps two runs are compared by their statistics only: even MuJoCo leaves itself",
    "compared on this machine's processor; others may round XLA's programs elsewhere",
)
_NOT_THE_KERNELS = (
    "what is computed in float64, resets of episodes, restored states and the environment contract's check"
)
_TRACED, _MINED_LANES, _MINED_STEPS, _MOST_ROUNDS = 100, 64, 200, 8


def make(name: str, alone: bool = False, backend: str = "xla") -> Plugin:
    """The plugin of the task of that Gymnasium id; `alone`: the reference beside itself, under the standard checks.

    `backend` compiles the candidate's steps in float32.
    """
    task, vmap = TASKS[name], vmap_of(backend)
    compared = fields(task)
    reference = partial(sides.reference, task, FieldTable(compared, modules(task)))
    seeded = None if alone else mutants.CATALOGUES.get(name)
    plugin = Plugin(
        env=("self-check/" + name) if alone else task.env_id,
        sides=Sides(
            reference=reference,
            candidate=partial(sides.episodes_reference, task) if alone else partial(sides.candidate, task, vmap),
            env_id=None if alone else task.env_id,
            alone_tolerance=task.alone_tolerance,
        ),
        state=State(modules=modules(task), fields=compared, sources=WRITTEN_BY, valid=partial(_valid, task)),
        draws=Draws(
            noise="none",
            sample=None if alone else partial(draws, task=task, make=partial(sides.candidate, task, vmap)),
        ),
        play=Play(
            horizon=task.horizon,
            policies=POLICIES,
            trace=partial(_trace, task, reference),
            mine=partial(_mine, task),
        ),
        injection=Injection(inject=partial(inject, task=task)),
        laws=Laws(properties=laws_of(task), relations=relations_of(task)),
        behaviours=Behaviours(shown=partial(behaviours, task=task), declared=declared(task), sources=SOURCES),
        mutants=Mutants(
            seeded=seeded,
            mutated=partial(sides.mutated, task) if seeded else None,
            self_check=partial(make, name, alone=True),
        ),
        checks=Checks(
            declared=Path(__file__).with_name("declared.json"),
            extra=() if alone else checks(task, vmap),
            replaces=() if alone else (ONE_STEP, WINDOWS, FREE_RUN),
            margins={"return": Margin(task.margin, reason=task.margin_reason, anchor="declared")},
            blind_spots=(*BLIND_SPOTS, *left_to_xla(backend, _NOT_THE_KERNELS)),
        ),
        running=Running(
            configure=None if alone else lambda choices: make(name, backend=choices["backend"]),
            backends=("xla",) if alone else BACKENDS,
            backend=backend,
        ),
    )
    return plugin if alone else _with_settings(task, plugin, vmap)


def _with_settings(task: Task, plugin: Plugin, vmap: Vmap) -> Plugin:
    def under(chosen: Mapping[str, Any]) -> Plugin:
        return setting.under(task, plugin, vmap, chosen)

    running = replace(plugin.running, settings=setting.settings(task), under=under)
    return replace(plugin, running=running)


half_cheetah = partial(make, "HalfCheetah-v5")
walker2d = partial(make, "Walker2d-v5")
hopper = partial(make, "Hopper-v5")
inverted_pendulum = partial(make, "InvertedPendulum-v5")
inverted_double_pendulum = partial(make, "InvertedDoublePendulum-v5")
reacher = partial(make, "Reacher-v5")
swimmer = partial(make, "Swimmer-v5")


def checks(task: Task, vmap: Vmap) -> Sequence[Check]:
    """E1 to E4, and the standard windows and free runs on the same recorded episodes."""
    study = Study(Settings(factor=ARITHMETIC))
    needs = ("Restorable",)
    return [
        Check(
            one_step.PHYSICS,
            "L1",
            "E1: physics steps, float32 and float64",
            partial(one_step.run_physics, task, study, vmap=vmap),
            needs,
        ),
        Check(one_step.ENV, "L1", "E1: environment steps", partial(one_step.run_env, task, study, vmap=vmap), needs),
        Check(free.CHECK, "L3", "E2 and E3: windows, and times to part", partial(free.run, task, vmap=vmap), needs),
        Check(
            WINDOWS, "L3", "errors over windows, against rounding alone", partial(free_run.run_windows, study), needs
        ),
        Check(duties.CHECK, "L3", "E4: returns, contact and limit duty", partial(duties.run, task, vmap=vmap), needs),
    ]


def _valid(task: Task, snapshots: Batch) -> NDArray[np.bool_]:
    """bool [N]: of a size that MuJoCo takes, where the physics does not stand still, and not long beyond the limit."""
    fine = (snapshots["state.time"] >= 0) & (snapshots["state.time"] <= task.horizon)
    for path, most in (("state.qpos", 1e5), ("state.qvel", 1e3), ("state.warmstart", 1e7)):
        fine &= (np.abs(snapshots[path]) < most).all(axis=1) | stands_still(snapshots)
    return fine


def _episodes(
    reference: Any, rng: np.random.Generator, lanes: int, steps: int
) -> tuple[list[int], list[Batch], list[Batch]]:
    """Seeds, states [steps + 1] and actions [steps] of episodes of the reference under all policies."""
    seeds = rng.integers(2**31, size=lanes).tolist()
    starts = []
    for seed in seeds:
        reference.reset(seed)
        starts.append(reference.snapshot())
    legal = reference.legal()
    chosen = list({UNIFORM: uniform, **POLICIES}.values())
    states: list[Batch] = [{**stack(starts), UNDEFINED: np.zeros(lanes, bool)}]
    actions: list[Batch] = []
    for _ in range(steps):
        here = states[-1]
        joint = [chosen[case % len(chosen)](rng, row(here, case), legal)[AGENT] for case in range(lanes)]
        actions.append({AGENT: np.stack(joint)})
        states.append({UNDEFINED: states[0][UNDEFINED], **reference.step_many(here, actions[-1])})
    reference.close()
    return seeds, states, actions


def _trace(task: Task, make_reference: Callable[[], Any], rng: np.random.Generator, count: int) -> Iterator[Episode]:
    """Episodes of the reference under all policies, cut where they take too long for every mutant."""
    for first in range(0, count, _MINED_LANES):
        lanes, length = min(_MINED_LANES, count - first), min(_TRACED, task.horizon)
        seeds, states, actions = _episodes(make_reference(), rng, lanes, length)
        for lane in range(lanes):
            own = stack([row(batch, lane) for batch in states])
            over = np.flatnonzero(np.asarray(own["out.terminated"][1:], bool))
            steps = int(over[0]) + 1 if len(over) else length
            played = stack([row(batch, lane) for batch in actions[:steps]])
            yield Episode(seeds[lane], {}, played, {path: values[: steps + 1] for path, values in own.items()})


def _mine(task: Task, rng: np.random.Generator, count: int) -> Batch:
    """`count` states of episodes under all policies, before their ends."""
    kept: list[Batch] = []
    found = 0
    for _ in range(_MOST_ROUNDS):
        _, states, _ = _episodes(sides.episodes_reference(task), rng, _MINED_LANES, min(_MINED_STEPS, task.horizon))
        going = np.ones(_MINED_LANES, bool)
        for batch in states[:-1]:
            going &= ~np.asarray(batch["out.terminated"], bool)
            kept.append({path: values[going] for path, values in batch.items() if path.startswith("state.")})
            found += int(going.sum())
        if found >= count:
            break
    everything = {path: np.concatenate([part[path] for part in kept]) for path in kept[0]}
    chosen = rng.integers(0, size(everything), count)
    return {path: values[chosen] for path, values in everything.items()}
