"""Mutants made by rule: what is changed, what is left alone, and that a seed picks the same ones again."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import jax.numpy as jnp
import pytest

from verification.mutants.mutant import MutantError, check_mutants
from verification.mutants.operators import generate
from verification.mutants.rewrite import find_points, load_mutated

SOURCE = '''
import functools

import jax.numpy as jnp

SIZE = 3


@functools.cache
def table():
    return [1 + 1]


def clipped(value, low):
    """Numbers in here + 1 are text."""
    if low > 5:
        value = value + 1
    for _ in range(SIZE - 1):
        value = jnp.add(value, 2)
    inside = (value >= low) & ~(value == 7)
    return jnp.where(inside, jnp.minimum(value, 9), low)
'''


@pytest.fixture
def byrule(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    (tmp_path / "byrule.py").write_text(SOURCE)
    monkeypatch.syspath_prepend(tmp_path)
    before = list(sys.meta_path)
    yield "byrule"
    sys.meta_path[:] = before
    sys.modules.pop("byrule", None)


EXPECTED = {
    "value + 1 → value - 1",
    "value + 1 → value + 2",
    "value + 1 → value + 0",
    "value = jnp.add(value, 2) → pass",
    "value >= low → value > low",
    "(value >= low) & ~(value == 7) → value >= low",
    "(value >= low) & ~(value == 7) → ~(value == 7)",
    "~(value == 7) → value == 7",
    "value == 7 → value != 7",
    "value == 7 → value == 8",
    "value == 7 → value == 6",
    "jnp.where(inside, jnp.minimum(value, 9), low) → jnp.where(inside, low, jnp.minimum(value, 9))",
    "jnp.minimum(value, 9) → jnp.maximum(value, 9)",
}


def test_every_rule_and_nothing_that_python_decides(byrule: str) -> None:
    mutants = generate([byrule], seed=1, count=len(EXPECTED))
    assert {mutant.changes for mutant in mutants} == EXPECTED
    check_mutants(mutants)
    with pytest.raises(MutantError, match=f"only {len(EXPECTED)} mutants by rule in byrule; 99 asked for"):
        generate([byrule], seed=1, count=99)
    with pytest.raises(MutantError, match="only 0 mutants"):
        generate([byrule], seed=1, count=1, skip=["byrule.clipped"])


def test_a_seed_picks_the_same_mutants_again(byrule: str) -> None:
    assert generate([byrule], 5, 6) == generate([byrule], 5, 6) != generate([byrule], 6, 6)


def test_they_can_all_be_traced_at_once(byrule: str) -> None:
    mutants = generate([byrule], seed=1, count=len(EXPECTED))
    copy = load_mutated(mutants, [byrule])
    clipped = copy.module(byrule).clipped
    compiled = copy.switch.jit(clipped, static_argnums=1)
    values = jnp.arange(-3, 12)
    original = importlib.import_module(byrule).clipped(values, 2)
    assert (compiled(values, 2) == original).all()
    changed = []
    for number, mutant in enumerate(mutants, 1):
        copy.switch.select(number)
        if (compiled(values, 2) != original).any():
            changed.append(mutant.changes)
    # Under `if low > 5`, or a bound where both branches give the same.
    assert EXPECTED - set(changed) == {change for change in EXPECTED if change.startswith(("value + 1", "value >= "))}
    assert compiled.compilations() == 1


def test_gen1_rules_can_be_mutated_by_rule() -> None:
    modules = [f"pokejax.gen1.{name}" for name in ("accuracy", "damage", "hit", "status", "turn", "volatiles")]
    mutants = generate(modules, seed=3, count=200)
    assert set(find_points(mutants)) == set(modules)
