"""Feedback: what it says, and that it never passes its size."""

from __future__ import annotations

import pytest

from translator import feedback, prompts
from translator.verifier import Failure, Row

FAILURE = Failure(
    "L1",
    "L1/injected",
    rows=(Row("state.theta_dot", 0.5, 0.25, "pole"), Row("out.reward", 1.0, 0.0, "outcome")),
    before={"state.theta": 0.1, "state.theta_dot": 0.0, "state.time": 3},
    actions=[{"agent": 1}],
    step=1,
    count=37,
    cases=4096,
    first_fields={"state.theta_dot": 30, "out.reward": 7},
    case="cases/a.json",
)
SOURCE = "def reset():\n    pass\n\n\ndef step(self):\n    theta_dot = theta_dot + tau * thetaacc\n    reward = 1.0\n"


def test_it_shows_the_minimal_counterexample() -> None:
    told = feedback.render(
        [FAILURE],
        attempts=[{"number": 4, "changed": ["candidate/env.py"]}, {"number": 5, "changed": []}],
        sources={"cartpole.py": SOURCE, "broken.py": "def ("},
        repro="python -m translator case runs/x {case}",
    )
    assert told.startswith("**L1/injected** failed: 37 of 4096 cases differ, this one at step 1\n")
    assert "before: state.theta_dot = 0.0, state.theta = 0.1, state.time = 3\nactions: 1\n" in told
    assert "| state.theta_dot | 0.5 | 0.25 | pole |" in told
    assert "suspects, the likeliest first: module pole, module outcome" in told
    assert "again: `python -m translator case runs/x cases/a.json`" in told
    assert "- call 4 changed candidate/env.py\n- call 5 changed nothing" in told
    assert "reference/cartpole.py, from line 5:\n```python\ndef step(self):\n    theta_dot" in told
    assert "def reset" not in told


@pytest.mark.parametrize("size", [1, 30, 300, 5000])
def test_it_keeps_to_its_size(size: int) -> None:
    rows = tuple(Row(f"state.{'x' * size}.{number}", "é" * size, list(range(size)), "m") for number in range(40))
    failure = Failure(
        "L3", "L3/x", message="é" * 9 * size, rows=rows, before={f"state.{'y' * 90}.{n}": n for n in range(size)},
        actions=[{"agent": list(range(size))}] * 5, draws="d" * size, count=1, cases=1,
        first_fields={"f" * size: 1}, case="cases/a.json",
    )  # fmt: skip
    broken = [f"rule {number} {'z' * size}" for number in range(40)]
    told = feedback.render([failure] * 6, broken=broken, sources={"a.py": SOURCE * size}, repro="r {case}")
    assert 0 < len(told.encode()) <= feedback.LIMIT


def test_the_signature_is_that_of_the_first_field_or_line() -> None:
    assert FAILURE.signature == "L1/injected state.theta_dot" and FAILURE.owners == ("pole", "outcome")
    assert Failure("L0", "L0/start", "boom\nmore").signature == "L0/start boom"


def test_prompts_are_hashed() -> None:
    assert prompts.digest("a") != prompts.digest("b") and len(prompts.digest("a")) == 16
