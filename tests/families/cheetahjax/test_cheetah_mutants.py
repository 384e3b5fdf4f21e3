"""The seeded bugs of HalfCheetah: they stand where they are said to, and a sample of them is found."""

from collections import Counter

import numpy as np
import pytest

from families.cheetahjax.verify import sides
from families.cheetahjax.verify.draws import draws
from families.cheetahjax.verify.mutants import DRAWS, half_cheetah, hopper
from families.cheetahjax.verify.plugin import make
from families.cheetahjax.verify.tasks import TASKS
from references.protocol import UNDEFINED
from verification.batches import size
from verification.mutants.mutant import check_mutants
from verification.mutants.rewrite import find_points
from verification.statistics.laws import check_draws

CHEETAH = TASKS["HalfCheetah-v5"]
SAMPLE = ("F1", "F2", "F4", "F8", "F9", "X11", "contact-arm-floor", "warm-start-damped", "coriolis-sign")


def test_every_mutant_stands_where_it_is_said_to():
    find_points(hopper())
    catalogue = [*half_cheetah(), *DRAWS]
    check_mutants(catalogue)
    find_points(catalogue)
    places = Counter(mutant.module.removeprefix("cheetahjax.") for mutant in catalogue)
    assert len(half_cheetah()) >= 30 and len(places) >= 15
    engine = {"bias", "inertia", "kinematics", "coordinates", "passive", "contact", "impedance", "limit", "constraints"}
    assert engine | {"force_tree", "tree_matrix", "newton", "integrate", "step", "envs.locomotion"} <= set(places)


@pytest.mark.parametrize("name", ["HalfCheetah-v5", "Hopper-v5"])
def test_a_sample_is_found_by_injected_steps(name):
    """Of the cheetah's physics a few, of the thresholds of health, the endings and the base class all."""
    task = TASKS[name]
    chosen = [mutant for mutant in half_cheetah() if mutant.id in SAMPLE] if task is CHEETAH else list(hopper())
    assert len(chosen) == (len(SAMPLE) if task is CHEETAH else 21)
    plugin = make(name)
    rng = np.random.default_rng(5)
    count = 128 if task is CHEETAH else 1536
    cases = plugin.injection.inject(rng, plugin.play.mine(rng, 64), count)
    reference = plugin.sides.reference()
    expected = reference.step_many(cases.snapshots, cases.actions)
    answered = ~expected[UNDEFINED]
    assert answered.mean() > 0.95
    candidate, table = sides.mutated(task, chosen), plugin.table()
    paths = [path for path in expected if path != UNDEFINED]

    def differing(index):
        candidate.select_mutant(index)
        found = table.compare(paths, expected, candidate.step_many(cases.snapshots, cases.actions))
        return {path for path, wrong in found.items() if (wrong & answered).any()}

    assert not differing(0)
    for index, mutant in enumerate(chosen, 1):
        modules = {table.spec(path).module for path in differing(index)}
        assert modules & set(mutant.owner), (mutant.id, modules)
    assert size(cases.snapshots) == count


@pytest.fixture(scope="module")
def seeded_draws():
    return sides.mutated(CHEETAH, DRAWS)


@pytest.mark.parametrize("index", range(len(DRAWS) + 1))
def test_wrong_resets_are_found(seeded_draws, index):
    seeded_draws.select_mutant(index)
    sample = draws(7, 1024, CHEETAH, lambda: seeded_draws)
    report = check_draws(sample.laws, sample.values)
    assert bool(report.alarms) == (index > 0), DRAWS[index - 1].id if index else report.alarms
