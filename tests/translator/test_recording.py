"""The recording of CartPole: patches from an empty candidate, module by module, to the repository's own port."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest

from translator.agents import Task
from translator.agents.replaying import Replay
from translator.cli import main

ROOT = Path(__file__).resolve().parents[2]
RECORDING = ROOT / "families/cartpole/recording"


def test_the_patches_lead_from_nothing_to_the_port(tmp_path: Path) -> None:
    (tmp_path / "tree/candidate/cartpole_port").mkdir(parents=True)
    (tmp_path / "tree/candidate/cartpole_port/__init__.py").touch()
    replay = Replay(RECORDING)
    replay.check()
    for number, module in enumerate(("cart", "pole", "clock", "outcome"), 1):
        answer = replay.run(Task(number, "generate", (module,), "", tmp_path / "tree", Decimal(1), 10.0))
        assert (answer.status, answer.cost_usd) == ("done", Decimal(0)), answer.text
    made = (tmp_path / "tree/candidate/cartpole_port/env.py").read_bytes()
    assert made == (ROOT / "families/cartpole/env.py").read_bytes()


@pytest.mark.sweep
@pytest.mark.timeout(1800)
def test_a_run_from_an_empty_candidate_replays_to_done(tmp_path: Path) -> None:
    """`uv run pytest -m sweep tests/translator/test_recording.py`."""
    out, kept = tmp_path / "run", tmp_path / "t.json"
    words = ["replay", str(ROOT / "families/cartpole"), str(RECORDING), "--out", str(out), "--json", str(kept)]
    assert main(words) == 0
    result = json.loads(kept.read_text())
    assert (result["state"], result["iterations"], result["recorded"]) == ("DONE", 5, True), (
        "the last call proposes nothing"
    )
    assert "**Recorded.**" in (out / "REPORT.md").read_text()
    for module in ("cart", "pole", "clock", "outcome"):
        assert f"- L1 of {module}: after " in (out / "REPORT.md").read_text()
