"""Level 4 as feedback: a bug that no step of level 1 can show comes back to repair, with its place, and is mended."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from translator.cli import main
from translator.transfer import differing
from translator.transfer.policies import Features, Played, act
from verification.fields import FieldSpec, FieldTable

ROOT = Path(__file__).resolve().parents[2]
PROJECT = """
[project]
name = "cartpole"
target = "jax"

[reference]
plugin = "example/cartpole"

[candidate]
entry = "cartpole_port.env:CartPole"
episode = true

[[module]]
name = "step"
fields = ["state.t*", "state.l*", "state.return", "out.*"]

[[module]]
name = "cart"
fields = ["state.x", "state.x_dot"]

[verify]
levels = ["L1", "L4"]
injected = 256
interactions = 8
episodes = 1
held_out = 1
full = 1
mutants = 0.0
lanes = [256]

[transfer]
population = 8
generations = 2
steps = 40
episodes = 12
more = 1
margin = 0.2
search = 64

[sandbox]
kind = "auto"

[simulation]
bugs = ["R1"]

[simulation.solution]
"env.py" = "candidate/cartpole_port/env.py"

[[simulation.slip]]
id = "R1"
file = "env.py"
old = "jax.random.uniform(key, (4,), jnp.float32, -0.05, 0.05)"
new = "jax.random.uniform(key, (4,), jnp.float32, -0.05, 0.05) * jnp.array([3.0, 1.0, 1.0, 1.0])"
owners = ["cart"]
changes = "the cart starts in too wide a range"
"""


def test_a_bug_of_the_reset_comes_back_from_level_4_and_is_mended(tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (project / "translation.toml").write_text(PROJECT)
    solution = (ROOT / "families/cartpole/env.py").read_bytes()
    (project / "env.py").write_bytes(solution)
    out, kept = tmp_path / "run", tmp_path / "t.json"
    assert main(["run", str(project), "--agent", "scripted:buggy", "--out", str(out), "--json", str(kept)]) == 0
    result = json.loads(kept.read_text())
    assert (result["state"], result["iterations"], result["levels"]["L4"]) == ("DONE", 2, "pass")
    assert "L4,L4 → REPAIR" in (out / "transitions.csv").read_text() or ",L4,REPAIR," in (
        out / "transitions.csv"
    ).read_text()
    told = (out / "prompts/002.md").read_text()
    assert "**L4/first-states** failed: 1 of" in told and "suspects, the likeliest first: module cart" in told
    assert "first states, which a reset draws, have another law: state.x\n" in told
    assert "returns of the candidate less those of the reference: " in told and "95 % interval" in told
    assert "single steps from the policies' own states, or near them, differ" in told
    assert (out / "tree/candidate/cartpole_port/env.py").read_bytes() == solution
