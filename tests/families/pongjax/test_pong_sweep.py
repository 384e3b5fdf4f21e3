"""The sweep: equal where it should be, every planted difference found and replayable, resumed where it stopped."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pong_runs import need_reference

from families.pongjax.verify import bulk, checks, sweep
from families.pongjax.verify.bulk import Configuration, Params, compare
from families.pongjax.verify.lockstep import ulps, unlike_bits
from families.pongjax.verify.plugin import make
from families.pongjax.verify.sides import ReferenceSide
from references.protocol import Batch
from verification import cases
from verification.cli import main as verify
from verification.levels.context import Context, Plan
from verification.results import CheckResult

LANES = 256


@pytest.fixture(scope="module", autouse=True)
def compiled_reference() -> None:
    need_reference()


class Wrong(ReferenceSide):
    """The reference, in whose game 7 something differs from step 100 on."""

    def __init__(self, path: str, change: Any, **options: Any) -> None:
        super().__init__(8, False, **options)
        self.path, self.change, self.steps = path, change, 0

    def roll(self, actions: Any) -> Batch:
        after = dict(super().roll(actions))
        begin = max(0, 99 - self.steps)
        self.steps += len(actions)
        values = np.array(after[self.path])
        values[begin:, 7] = self.change(values[begin:, 7])
        return {**after, self.path: values}


@pytest.mark.parametrize("continuous", [False, True])
@pytest.mark.parametrize("frame_skip", [1, 8])
def test_twenty_thousand_steps_are_equal(continuous: bool, frame_skip: int, commit_seed: int) -> None:
    found = compare(Configuration(continuous, frame_skip, "by lane"), commit_seed, 20_000, LANES)
    assert (found.complete, found.steps, found.games_differing, found.first) == (True, 32_768, 0, [])
    assert found.observations == {"bitwise equal": 8 * (32_768 + LANES), "within 1 ulp": 0, "further": 0}
    assert found.happened["points"] > 50 and found.happened["returns"] > 50


@pytest.mark.parametrize(
    ("path", "change"),
    [
        ("state.ball_y", lambda v: np.nextafter(v, np.float32(1e9))),
        ("state.serve", lambda v: v ^ np.uint32(1)),
        ("out.reward", lambda v: v + np.float32(1)),
        ("out.log", lambda v: v + np.float32(1)),
        ("out.terminated", lambda v: ~v),
        ("out.obs", lambda v: np.nextafter(v, np.float32(2))),
    ],
)
def test_a_planted_difference_is_found_at_its_step(path: str, change: Any) -> None:
    found = compare(Configuration(False, 8, "by lane"), 1, 40_000, LANES, Wrong(path, change))
    (first,) = found.first
    assert (first.lane, first.step, first.paths, len(first.actions)) == (7, 100, (path,), 100)
    assert found.games_differing == 1 and found.first_paths == {path: 1}
    assert found.steps == 3 * 64 * LANES - 64, "a game that differs is left out of the next stretch"


def test_an_ulp_of_an_observation_passes_only_with_params_compiled_in() -> None:
    def one_up(values: Any) -> Any:
        return np.nextafter(values, np.float32(2))

    plans: list[tuple[Params, Any, int]] = [
        ("compiled in", one_up, 0),
        ("compiled in", lambda v: one_up(one_up(v)), 1),
        ("by lane", one_up, 1),
    ]
    for params, change, differing in plans:
        found = compare(Configuration(False, 8, params), 1, 40_000, LANES, Wrong("state.observation", change))
        assert found.games_differing == differing, params
        assert found.observations["bitwise equal"] > 0
        assert found.observations["further" if params == "compiled in" and differing else "within 1 ulp"] > 0


def test_bits_and_ulps() -> None:
    theirs = np.array([[0.0, 1.0, np.nan]], np.float32)
    ours = np.array([[-0.0, 1.0, np.nan]], np.float32)
    assert unlike_bits(theirs, ours).tolist() == [[True, False, False]]
    low = np.array([-1e-38, 1.0, -0.0], np.float32)
    high = np.array([*np.nextafter(low[:2], np.float32(2)), 0.0], np.float32)
    assert ulps(low, high).tolist() == [1, 1, 0]
    with pytest.raises(ValueError, match="the reference gives float32"):
        unlike_bits(theirs, ours.astype(np.float64))


def test_a_difference_becomes_a_case_that_replays(tmp_path: Path) -> None:
    """A step that both sides play alike does not show it: the case is the whole game so far."""
    configuration = Configuration(False, 8, "by lane")
    wrong = Wrong("state.paddle_yl", lambda v: v + np.float32(1))
    (mismatch,) = compare(configuration, 1, 40_000, LANES, wrong).first
    context = Context(make(continuous=False), Plan(failures=tmp_path))
    case, finding = checks.as_finding(context, configuration, mismatch)
    assert len(case.actions) == 100 and finding.first_field == "state.paddle_yl"
    assert finding.case["step of the game"] == 100 and finding.suspects[0][0] == "pongjax.frame"
    assert verify(["replay", str(cases.save(tmp_path, case, finding))]) == 0


def test_a_bulk_check_saves_what_differs(tmp_path: Path) -> None:
    context = Context(make(continuous=False, alone=True), Plan(failures=tmp_path))
    result = CheckResult(checks.BULK, "L3", "test")
    made = [Configuration(False, 8, "by lane")]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bulk, "LANES", LANES)
        checks.run_bulk(context, result, made, 40_000, lambda skip: Wrong("state.tick", lambda v: v + 1))
    assert (result.verdict, result.divergences, result.first_fields) == ("fail", 1, {"state.tick": 1})
    assert Path(result.findings[0].file).exists()


def test_the_command_writes_its_report_and_goes_on_from_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two configurations of four, then an interruption, then the others."""
    out = tmp_path / "sweep.json"
    made = [(Configuration(False, skip, params), 2000) for params in ("by lane", "random by lane") for skip in (1, 8)]
    monkeypatch.setattr(sweep, "configurations", lambda steps: made)
    arguments = ["--steps", "2000", "--lanes", "64", "--json", str(out)]
    real, calls = sweep.compare, []

    def interrupted(configuration: Configuration, *rest: Any, **options: Any) -> Any:
        calls.append(configuration.name)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return real(configuration, *rest, **options)

    monkeypatch.setattr(sweep, "compare", interrupted)
    assert sweep.main(arguments) == 130
    report = json.loads(out.read_text())
    assert report["verdict"] == "not_run" and [one["steps"] for one in report["configurations"]] == [4096, 4096, 0]

    assert sweep.main([*arguments, "--resume"]) == 0
    report = json.loads(out.read_text())
    assert len(calls) == 5 and [one["steps"] for one in report["configurations"]] == [4096] * 4
    assert report["verdict"] == "pass" and report["provenance"]["jax"]


def test_a_report_of_something_else_is_not_resumed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "sweep.json"
    assert sweep.main(["--resume"]) == 3 and "--resume needs --json" in capsys.readouterr().err
    assert sweep.main(["--resume", "--json", str(out)]) == 3 and "cannot be read" in capsys.readouterr().err
    out.write_text(json.dumps({"schema": sweep.SCHEMA, "plan": {"steps": 1}, "configurations": []}))
    assert sweep.main(["--resume", "--json", str(out)]) == 3 and "plan is" in capsys.readouterr().err
