"""Gen 1's catalogue of seeded bugs: every one has its place, and they all share one compiled program."""

from __future__ import annotations

from collections import Counter
from typing import Any

import jax
import numpy as np
import pytest
from compiled_quickly import compiled_quickly  # noqa: F401 (a fixture)

from families.pokejax_gen1.verify.battles import PlayedBattles
from families.pokejax_gen1.verify.fields import MODULES
from families.pokejax_gen1.verify.mutants import MUTANTS, PACKAGES
from pokejax.gen1.team_sampling import sample_teams
from references.showdown import client
from references.showdown.gen1.fields import MODULE_ORDER, column, gen1_fields
from references.showdown.workers import WorkerPool
from verification.mutants.rewrite import find_points, load_mutated

ENV = "pokejax/gen1randombattle"
BATTLES = 64
STEPS = 40
# What no restored state can show: slips before the first decision, and a cache that is no part of a record.
ONLY_WHOLE_BATTLES = {"lead-ties", "padding-left", "pp-ups", "speed-cache"}

NUMBERED = {f"P{k}" for k in range(1, 21)} | {"X3", "X4", "X5", "X6", "X7", "X9", "X10", "X11", "X12", "X15"}


def test_the_catalogue_is_wide_and_every_point_is_found() -> None:
    trees = find_points(MUTANTS)
    per_module = Counter(mutant.module for mutant in MUTANTS)
    assert set(trees) == set(per_module) and len(per_module) >= 15 and len(MUTANTS) >= 36
    assert {mutant.id for mutant in MUTANTS} >= NUMBERED
    for mutant in MUTANTS:
        assert mutant.owner and set(mutant.owner) <= {*MODULE_ORDER, *MODULES}, mutant.id
        assert mutant.changes and not mutant.changes.endswith("."), mutant.id
    assert {mutant.id for mutant in MUTANTS if mutant.expected == "L3"} == ONLY_WHOLE_BATTLES


@pytest.fixture(scope="module")
def reference(pool: WorkerPool) -> PlayedBattles:
    """Battles of all moves as Showdown plays them, of at most `STEPS` joint steps."""
    rng = np.random.default_rng(11)
    teams = sample_teams("allmoves", rng, BATTLES)
    seeds = rng.integers(0, 1 << 32, (BATTLES, 2), dtype=np.uint32)
    lengths = np.zeros(BATTLES, int)
    actions = np.zeros((BATTLES, STEPS, 2), np.uint8)
    records = np.zeros((BATTLES, STEPS + 1, len(gen1_fields())), np.int32)
    for i, seed in enumerate(seeds.tolist()):
        acted, recorded = client.play(
            pool, "gen1randombattle", tuple(seed), teams[i], "uniform", choice_seed=i, limit=STEPS
        )
        lengths[i] = len(acted)
        actions[i, : lengths[i]] = acted
        records[i, : lengths[i] + 1] = recorded
    return PlayedBattles(seeds, teams, lengths, actions, records)


def first_differences(engine: Any, reference: PlayedBattles) -> list[tuple[int, set[str]]]:
    """Step and record modules of the first difference of every battle that differs."""
    names = [field.name for field in gen1_fields()]
    order = [engine.fields.index(name) for name in names]
    replayed = engine.replay(reference.seeds, reference.teams, reference.lengths, reference.actions)
    different = replayed.records[..., order] != reference.records
    different &= (np.arange(STEPS + 1) <= reference.lengths[:, None])[..., None]
    found = []
    for battle in different[different.any(axis=(1, 2))]:
        step = int(battle.any(axis=1).argmax())
        found.append((step, {gen1_fields()[k].module for k in np.flatnonzero(battle[step])}))
    return found


def test_one_compilation_serves_the_original_and_every_mutant(reference: PlayedBattles) -> None:
    copy = load_mutated(MUTANTS, PACKAGES)
    programs = []

    def jit(function: Any, **options: Any) -> Any:
        programs.append(copy.switch.jit(function, **options))
        return programs[-1]

    engine = copy.module("families.pokejax_gen1.verify.episodes").WatchedGen1(ENV, jit=jit)
    assert first_differences(engine, reference) == []  # number 0 is Showdown, field by field

    for name, share in (
        ("P3", 0.5),
        ("P20", 0.5),
        ("clause-draw", 0.3),
        ("position", 0.9),
        ("trap-hidden", 0.1),
        ("lcg-carry", 1 / BATTLES),  # one draw in 1,700 loses a carry
    ):
        copy.switch.select(name)
        found = first_differences(engine, reference)
        owner = set(MUTANTS[copy.switch.current - 1].owner)
        assert len(found) >= share * BATTLES, name
        assert np.mean([bool(owner & modules) for _, modules in found]) > 0.8, name

    copy.switch.select("pp-ups")
    assert {step for step, _ in first_differences(engine, reference)} == {0}  # seen before any choice
    copy.switch.select(0)
    assert first_differences(engine, reference) == []
    assert [program.compilations() for program in programs] == [1, 1]


def test_the_generator_is_copied_too() -> None:
    """Its increment is 2.5 million of 2^32: that many draws of all carry, and lose 1 with that mutant."""
    copy = load_mutated(MUTANTS, PACKAGES)
    rng = copy.module("pokejax.common.rng")
    hi, lo = np.random.default_rng(5).integers(0, 1 << 32, (2, 100_000), dtype=np.uint32)
    advance = copy.switch.jit(jax.vmap(rng.advance))
    right = advance(rng.Rng(hi=hi, lo=lo))
    copy.switch.select("lcg-carry")
    wrong = advance(rng.Rng(hi=hi, lo=lo))
    assert 30 < np.sum(right.hi != wrong.hi) < 90  # 59 expected
    assert set(np.unique(right.hi - wrong.hi)) == {0, 1}
    np.testing.assert_array_equal(right.lo, wrong.lo)


def test_records_tell_battles_apart(reference: PlayedBattles) -> None:
    """The comparison above is not one of empty records."""
    assert reference.lengths.min() > 0 and len(np.unique(reference.records[:, 1, column("prng_lo")])) == BATTLES
