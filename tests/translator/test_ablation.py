"""The simulated ablation: what the ladders do with bugs whose effects are known, and CartPole's measured ones."""

from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np
import pytest
import toy_translation as toy

from translator import ablation
from translator.ablation import LADDERS, NEVER, Bugs, Measured, Setting
from translator.cli import main

ROOT = Path(__file__).resolve().parents[2]
MODULES = ("ball", "score")


def seen(*cases: tuple[int, int] | None) -> np.ndarray:
    """(first differing step, module) of each case."""
    return np.array([NEVER if one is None else one[0] * len(MODULES) + one[1] for one in cases], np.int64)


def bug(name: str, owner: str, l1: np.ndarray, l3: np.ndarray) -> Measured:
    return Measured(name, (owner,), {"L1": l1, "L2": seen(None), "L3": l3})


BALL = bug("B", "ball", seen((0, 0), None, None), seen((5, 0), (9, 0)))
SCORE = bug("S", "score", seen(None, (0, 1), (0, 1)), seen((3, 0), None))  # in episodes it shows in the ball first
RARE = bug("R", "score", seen(None, None, (0, 1)), seen(None, None))
KNOWN = Bugs((BALL, SCORE, RARE), MODULES, {"L1": 3, "L2": 1, "L3": 2})


def test_a_case_shows_the_bug_that_differs_first() -> None:
    assert KNOWN.told([BALL, SCORE], "L1") == ["score", "ball"]
    assert KNOWN.told([BALL, SCORE], "L3") == ["ball"]
    assert KNOWN.told([BALL], "L3") == ["ball"]


@pytest.mark.parametrize(
    ("ladder", "setting", "iterations", "left"),
    [
        ("L1 to L3", Setting(skill=1.0), 2, 0),  # both modules in one call, then the rare one
        ("L1 to L3", Setting(skill=1.0, parallel=False), 3, 0),
        ("L3 only", Setting(skill=1.0), None, 1),  # nothing ever shows the rare one
    ],
)
def test_repairs_follow_what_is_told(ladder: str, setting: Setting, iterations: int | None, left: int) -> None:
    for number in range(20):
        done = ablation.trial(KNOWN, KNOWN.all, LADDERS[ladder], setting, random.Random(number))
        assert done.green
        if iterations is not None:
            assert (done.iterations, done.left) == (iterations, left)
        else:
            assert done.left <= left  # while it looks at random it may mend the rare one by chance


def test_an_agent_that_mends_nothing_is_given_up() -> None:
    done = ablation.trial(KNOWN, KNOWN.all, LADDERS["L3 only"], Setting(skill=0.0), random.Random(0))
    assert (done.iterations, done.green, done.left) == (ablation.MOST, False, 3)


def test_both_ladders_begin_with_the_same_bugs_and_the_seed_decides() -> None:
    rows = [ablation.row(KNOWN, KNOWN.all, ladder, Setting(), 2, 30, 1) for ladder in (*LADDERS, "L1 to L3")]
    assert rows[0] == rows[2] and rows[0]["bugs_left"] == 0.0
    assert rows[1]["green_with_bugs"] > 0


def test_cartpole_is_measured_and_told_as_a_simulation(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    text = (ROOT / "families/cartpole/translation.toml").read_text("utf-8")
    for old, new in (
        ("= 4096", "= 256"),
        ("interactions = 256", "interactions = 32"),
        ("episodes = 10", "episodes = 2"),
    ):
        assert old in text
        text = text.replace(old, new)
    (tmp_path / "translation.toml").write_text(text, "utf-8")
    out = tmp_path / "ablation.json"
    assert main(["ablate", str(tmp_path), "--trials", "20", "--bugs", "6", "--json", str(out)]) == 0
    said = capfd.readouterr().out
    assert "A simulation. What is assumed:" in said and "| L3 only | episode | 0.8 | parallel |" in said
    (found,) = json.loads(out.read_text())
    assert found["simulation"] and found["bugs"] == 6 and found["catalogue"] == 18
    assert found["found_by"]["L1"] > found["found_by"]["L3"] > 0
    assert len(found["rows"]) == 2 * len(ablation.SETTINGS) and all(row["given_up"] == 0 for row in found["rows"])
    whole = [row for row in found["rows"] if row["ladder"] == "L1 to L3"]
    assert all(row["bugs_left"] == 0 for row in whole)


def test_a_reference_without_seeded_bugs_is_refused(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    text = toy.TOML.replace('plugin = "toy_translation:plugin"', 'plugin = "cheetahjax/InvertedPendulum-v5"')
    project = toy.make_project(tmp_path, text)
    assert main(["ablate", str(project)]) == 3
    assert "declares no seeded bugs" in capfd.readouterr().err
