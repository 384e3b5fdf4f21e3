"""Meetings of conditions: those that a batch shows, those that cannot be, and a search that finds the others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import toy_boiler

from verification.fields import PluginError
from verification.levels.context import Plan
from verification.meetings.evaluate import FALSE, TRUE, Evaluator
from verification.meetings.formula import Prover
from verification.meetings.impossible import declared
from verification.meetings.meetings import DECIDES, PAIR, Meetings
from verification.meetings.program import collect
from verification.plugin import Plugin
from verification.reporting import markdown
from verification.results import CheckResult
from verification.runner import Run, execute, to_json

HERE = (__name__,)


def results(plugin: Plugin, tmp_path: Path, *levels: str, seed: int = 0) -> dict[str, CheckResult]:
    amounts: dict[str, Any] = {"injected": 512, "interactions": 256, "episodes": 10, "lanes": 512}
    run = execute(Run(plugin, Plan(levels=levels, seed=seed, failures=tmp_path / "failures", **amounts)))
    return {result.id: result for result in run.results}


def traced(step: Any, *example: Any) -> tuple[Any, Any]:
    closed = jax.make_jaxpr(step)(*example)
    return closed, collect(closed, range(len(jax.tree.leaves(example))), HERE)


def held(step: Any, *columns: Any) -> dict[str, tuple[list[bool], list[bool]]]:
    """Text of a condition → whether it was true, and false, in each lane (of any round)."""
    arrays = [np.asarray(column) for column in columns]
    closed, collected = traced(step, *(jax.ShapeDtypeStruct(a.shape[1:], a.dtype) for a in arrays))
    bits = np.asarray(Evaluator(closed, collected).bits(arrays).any(axis=3))
    return {tap.site.text: (bits[TRUE, tap.slot].tolist(), bits[FALSE, tap.slot].tolist()) for tap in collected.taps}


def test_only_the_meeting_of_three_shows_the_planted_bug(tmp_path: Path) -> None:
    before = results(toy_boiler.plugin(watched=False, quick=False), tmp_path, "L1", "L2", "L3")
    assert {result.verdict for result in before.values()} == {"pass"}
    found = results(toy_boiler.plugin(), tmp_path, "L2")["L2/meetings"]
    assert found.verdict == "fail" and set(found.first_fields) == {"out.reward"}
    assert found.findings[0].case["made by"] == "searched"
    assert found.stats["meetings"]["terms that decide"]["found by search"] > 0


def test_without_the_bug_it_passes_and_the_report_tells_the_figures(tmp_path: Path) -> None:
    plan = Plan(levels=("L2",), interactions=256, lanes=512, failures=tmp_path / "failures")
    run = execute(Run(toy_boiler.plugin(sticks=False), plan))
    (found,) = [result for result in run.results if result.id == "L2/meetings"]
    assert found.verdict == "pass" and found.cases > 0
    pairs = found.stats["meetings"]["pairs"]
    assert pairs["proved impossible"] > 0, "heat == 0 and heat > 50"
    assert pairs["all"] == sum(count for state, count in pairs.items() if state != "all")
    assert "Meetings of conditions" in markdown.render(to_json(run))


def test_a_run_finds_the_same_again(tmp_path: Path) -> None:
    first, second = (results(toy_boiler.plugin(), tmp_path, "L2", seed=5)["L2/meetings"] for _ in range(2))
    assert first.stats == second.stats and first.first_fields == second.first_fields


class TestConditions:
    def test_a_branch_counts_only_where_it_is_taken(self) -> None:
        def step_env(x: jax.Array) -> jax.Array:
            return jax.lax.cond(x > 5, lambda v: jnp.where(v > 7, 1, 2), lambda v: jnp.where(v < 3, 3, 4), x)

        found = held(step_env, np.array([1, 4, 6, 9], np.int32))
        assert found["v > 7"] == ([False, False, False, True], [False, False, True, False])
        assert found["v < 3"] == ([True, False, False, False], [False, True, False, False])

    def test_loops_are_gathered_over_their_rounds(self) -> None:
        def step_env(x: jax.Array) -> jax.Array:
            return jax.lax.while_loop(lambda v: v < 10, lambda v: jnp.where(v == 4, v + 2, v + 1), x)

        found = held(step_env, np.array([0, 5, 20], np.int32))
        assert found["v == 4"] == ([True, False, False], [True, True, False])

    def test_the_interpreter_gives_what_jax_gives(self) -> None:
        rng = np.random.default_rng(0)

        def step_env(x: jax.Array, table: jax.Array) -> Any:
            picked = table[x % 4]
            total = jax.lax.fori_loop(0, 3, lambda i, t: t * 3 + i, x)
            shifted = (total >> 3) ^ jnp.left_shift(x, 2)
            quotient = jax.lax.div(total - 50, jnp.maximum(x, 1)) + jax.lax.rem(total, jnp.int32(7))
            out = jnp.stack([picked, shifted, quotient, jnp.argmax(table).astype(jnp.int32), jnp.cumsum(table)[2]])
            flags = jnp.array([out.sum() % 2 == 0, (jnp.sort(out)[0] < 0) & (x > 3)])
            return jax.lax.switch(x % 3, [lambda o: o, lambda o: o[::-1], lambda o: o * 2], out), flags

        xs, tables = rng.integers(-3, 40, 64).astype(np.int32), rng.integers(-9, 9, (64, 4)).astype(np.int32)
        wanted = jax.vmap(step_env)(xs, tables)
        closed, collected = traced(step_env, xs[0], tables[0])
        evaluator = Evaluator(closed, collected)
        evaluator.bits([xs, tables])
        got = evaluator.results([xs, tables])
        for ours, theirs in zip(got, jax.tree.leaves(wanted), strict=True):
            np.testing.assert_array_equal(ours, np.asarray(theirs))

    def test_other_sources_do_not_count(self) -> None:
        def step_env(x: jax.Array) -> jax.Array:
            return jnp.where(x > 2, 1, 0)

        closed = jax.make_jaxpr(step_env)(jnp.int32(0))
        assert collect(closed, [0], ("toy_boiler",)).taps == []

    def test_a_package_that_there_is_not_is_named(self) -> None:
        closed = jax.make_jaxpr(lambda x: x)(jnp.int32(0))
        with pytest.raises(ValueError, match=r"no_such_package: there is no such package"):
            collect(closed, [0], ("no_such_package",))


class TestMeetings:
    @staticmethod
    def of(step: Any, *columns: Any) -> tuple[Meetings, list[str], list[str]]:
        """The meetings, the names of those shown, and of those that are proved impossible."""
        arrays = [np.asarray(column) for column in columns]
        closed, collected = traced(step, *(jax.ShapeDtypeStruct(a.shape[1:], a.dtype) for a in arrays))
        meetings = Meetings(collected)
        shown = meetings.shown(Evaluator(closed, collected).bits(arrays), [True] * len(meetings.every))
        prover = Prover(collected)
        impossible = [meeting.name for meeting in meetings.every if meetings.impossible(meeting, prover)]
        return meetings, [meetings.every[number].name for number in shown], impossible

    def test_a_term_decides_where_the_others_let_it(self) -> None:
        def step_env(x: jax.Array, y: jax.Array, z: jax.Array) -> jax.Array:
            return jnp.where((x > 0) & (y > 0) & ~(z > 0), 1, 0)

        meetings, shown, impossible = self.of(step_env, *np.array([[1, 1, 0], [0, 1, 0], [1, 0, 1], [1, 1, 1]]).T)
        decided = [name for name in shown if " by " in name]
        assert {name.split(" by ")[1] for name in decided} == {
            *(f"`{term}` of TestMeetings.test_a_term_decides_where_the_others_let_it.<locals>.step_env being true"
              for term in ("x > 0", "y > 0", "z > 0")),
            *(f"`{term}` of TestMeetings.test_a_term_decides_where_the_others_let_it.<locals>.step_env being false"
              for term in ("x > 0", "z > 0")),
        }  # fmt: skip
        assert {meeting.kind for meeting in meetings.every} == {PAIR, DECIDES} and not impossible

    def test_comparisons_of_one_number_exclude_each_other(self) -> None:
        def step_env(x: jax.Array, y: jax.Array) -> jax.Array:
            a = jnp.where((x == 3) & (y > 0), 1, 0)
            return a + jnp.where((x == 4) & (y > 0), 1, 0) + jnp.where((x > 2) & (x < 4) & (y < 9), 1, 0)

        _, _, impossible = self.of(step_env, np.array([3, 4], np.int32), np.array([1, 1], np.int32))
        pairs = {name.split(": ")[1] for name in impossible if " by " not in name}
        assert "`x == 3` and `x == 4`" in pairs and "`x == 4` and `x < 4`" in pairs
        assert "`x == 3` and `x > 2`" not in pairs and "`x == 3` and `x < 4`" not in pairs

    def test_floats_between_two_whole_numbers_are_possible(self) -> None:
        def step_env(x: jax.Array) -> jax.Array:
            return jnp.where((x > 2) & (x < 3), 1, 0)

        assert not self.of(step_env, np.array([2.0], np.float32))[2]
        assert self.of(step_env, np.array([2], np.int32))[2], "no whole number lies between"


class TestRecord:
    def test_what_is_declared_impossible_is_not_open(self, tmp_path: Path) -> None:
        opens = "`jnp.where((heat == 0) & (heat > 50), True, (heat >= 50) | (water > HIGH))`"
        sticks = "`(heat == STUCK_HEAT) & (charge > HIGH) & (water < LOW)`"
        name = f"toy_boiler.py Boiler.valve: {opens} and {sticks}"
        path = tmp_path / "meetings.toml"
        path.write_text(f'[[impossible]]\nmeeting = "{name}"\nreason = "heat is 37 and water low"\n')
        assert declared(path) == {name: "heat is 37 and water low"}
        found = results(toy_boiler.plugin(sticks=True, impossible=path), tmp_path, "L2")["L2/meetings"]
        assert found.stats["meetings"]["pairs"]["declared impossible"] == 1
        assert found.stats["open_meetings"] == []

    def test_a_declared_meeting_that_is_shown_fails(self, tmp_path: Path) -> None:
        name = "toy_boiler.py Boiler.valve: `heat == STUCK_HEAT` and `charge > HIGH`"
        path = tmp_path / "meetings.toml"
        path.write_text(f'[[impossible]]\nmeeting = "{name}"\nreason = "surely not"\n')
        found = results(toy_boiler.plugin(impossible=path), tmp_path, "L2")["L2/meetings"]
        assert found.first_fields.get("meeting") == 1

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ('[[impossible]]\nmeeting = "a"\n', "entry 1 needs both"),
            ('[[impossible]]\nmeeting = "a"\nreason = "b"\n' * 2, "declared twice"),
            ("[[impossible", "cannot be read as TOML"),
        ],
    )
    def test_a_wrong_record_is_named(self, text: str, words: str, tmp_path: Path) -> None:
        path = tmp_path / "meetings.toml"
        path.write_text(text)
        with pytest.raises(PluginError, match=words):
            declared(path)
