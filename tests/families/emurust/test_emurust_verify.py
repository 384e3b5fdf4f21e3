"""emurust's plugin: both sides mean the same by a state, its levels pass, and they see what is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from saved_cases import first_difference

from families.emurust.verify import behaviours, checks
from families.emurust.verify.cases import WAYS, inject, program
from references.protocol import Batched, ReferenceUnavailableError, Restorable, row, size, stack
from references.pyboy.env import AGENT, STEPS
from verification import cases as saved
from verification.levels.context import Context, Plan
from verification.plugin import Plugin
from verification.registry import load_plugin
from verification.results import CheckResult
from verification.runner import Run, execute

OPEN = Path(__file__).parent / "open_cases"


@pytest.fixture(scope="module")
def plugin(native: ModuleType) -> Iterator[Plugin]:
    """The plugin, mining few states: PyBoy takes long to save one."""
    from families.emurust.verify import mining

    usual = mining._BANK, mining._BANKS
    mining._BANK, mining._BANKS = 12, 1
    mining._bank.cache_clear()
    yield load_plugin("emurust/blocks")
    mining._BANK, mining._BANKS = usual
    mining._bank.cache_clear()


@pytest.fixture(scope="module")
def context(plugin: Plugin, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Context]:
    """Both sides, started once."""
    folder = tmp_path_factory.mktemp("divergences")
    plan = Plan(levels=("L1", "L3"), episodes=2, seed=3, injected=24, shrink=0, failures=folder)
    context = Context(plugin, plan)
    yield context
    context.close()


def cases_of(context: Context, count: int, seed: int = 1) -> Any:
    assert context.plugin.play.mine is not None
    rng = np.random.default_rng(seed)
    return inject(rng, context.plugin.play.mine(rng, count), count)


def test_both_sides_are_the_same_after_a_restore(context: Context) -> None:
    assert isinstance(context.reference, Restorable) and isinstance(context.candidate, Batched)
    made = cases_of(context, 12)
    theirs = []
    for case in range(size(made.snapshots)):
        context.reference.restore(row(made.snapshots, case))
        theirs.append(context.reference.snapshot())
    ours = context.candidate.restore_many(made.snapshots)
    found = context.table.compare(list(ours), stack(theirs), ours)
    assert not found, sorted(found)
    for path, values in made.snapshots.items():
        if not path.startswith("out.") and path not in ("cpu.f",):
            assert np.array_equal(values, ours[path]), path


def test_a_few_cases_of_the_levels_pass(context: Context) -> None:
    run = Run(context.plugin, context.plan)
    wanted = ("L1/injected", "L1/properties", "L3/episodes")
    plugin = replace(context.plugin, checks=replace(context.plugin.checks, extra=()))
    run.plugin = context.plugin = plugin
    execute(run, context=context)
    verdicts = {result.id: (result.verdict, result.reason) for result in run.results}
    assert all(verdicts[name] == ("pass", "") for name in wanted), verdicts
    assert run.verdict == "pass", verdicts


def test_every_frame_of_the_game_is_compared(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "EPISODE_FRAMES", 60)
    result = CheckResult(checks.FRAMES, "L3", "")
    checks.every_frame().run(context, result)
    assert (result.verdict, result.stats["frames"]) == ("pass", 120)


def test_a_reward_of_the_wrong_byte_order_is_found(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    from emurust.games import blocks

    def swapped(before: np.ndarray, after: np.ndarray) -> np.ndarray:
        score = lambda seen: 256 * seen[:, 0].astype(np.int64) + seen[:, 1].astype(np.int64)  # noqa: E731
        return ((score(after) - score(before)) % 65536).astype(np.float64)

    monkeypatch.setattr(blocks, "reward", swapped)
    plan = replace(context.plan, levels=("L3",))
    plugin = replace(context.plugin, checks=replace(context.plugin.checks, extra=()))
    other = Context(plugin, plan)
    other.__dict__["reference"] = context.reference
    run = execute(Run(plugin, plan), context=other)
    assert run.verdict == "fail"
    assert run.results[0].findings[0].differences[0].name == "out.reward"


def test_a_limit_that_is_one_step_late_is_found(context: Context) -> None:
    made = cases_of(context, 2)
    for steps, ends in ((3, False), (4, True)):
        case = dict(row(made.snapshots, 0)) | {"state.limit": np.int64(5), STEPS: np.int64(steps)}
        case["memory.wram"] = wram = np.array(case["memory.wram"])
        wram[3] = 0
        for side in (context.reference, context.candidate):
            assert isinstance(side, Restorable)
            side.restore(case)
            side.step({AGENT: np.int64(1)})
            told = side.snapshot()
            assert bool(told["out.truncated"]) == (ends and not told["out.terminated"])


def test_behaviours_are_those_that_are_declared(context: Context) -> None:
    made = cases_of(context, 6)
    assert isinstance(context.candidate, Batched)
    after = context.candidate.step_many(made.snapshots, made.actions)
    shown = behaviours.shown(made.snapshots, made.actions, after)
    assert set(shown) == set(behaviours.declared())
    assert all(values.shape == (6,) and values.dtype == bool for values in shown.values())


def test_programs_are_straight_and_have_every_kind_of_instruction() -> None:
    code = b"".join(program(np.random.default_rng(seed)) for seed in range(200))
    wanted = {0x27, 0x09, 0x80, 0x8E, 0xC6, 0xCB, 0x20, 0xC4, 0xF8, 0x76, 0xF3, 0xFB, 0xC1, 0x34}
    assert wanted <= set(code)
    assert all(program(np.random.default_rng(1))[-15:] == program(np.random.default_rng(seed))[-15:] for seed in (2, 3))


def test_each_way_changes_something(context: Context) -> None:
    assert context.plugin.play.mine is not None
    rng = np.random.default_rng(4)
    before = row(context.plugin.play.mine(rng, 1), 0)
    for name, change in WAYS.items():
        case = {path: np.array(value) for path, value in before.items()}
        change(rng, case)
        assert any(not np.array_equal(case[path], before[path]) for path in before), name


def test_without_emurust_the_remedy_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    from families.emurust.verify import plugin as module

    monkeypatch.setattr(module.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ReferenceUnavailableError, match=r"pip install \./emurust"):
        load_plugin("emurust/blocks").sides.candidate()


@pytest.mark.xfail(
    strict=True,
    raises=AssertionError,
    reason="open differences, told in docs/emurust.md: move a file to tests/regression/",
)
@pytest.mark.parametrize("path", sorted(OPEN.glob("*.json")), ids=lambda path: path.stem)
def test_open_differences(context: Context, path: Path) -> None:
    assert first_difference(context, saved.load(path)) is None
