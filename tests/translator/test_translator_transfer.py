"""Level 4 as feedback: a bug that no step of level 1 can show comes back to repair, with its place, and is mended."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from plain_judge import CARTPOLE, PlainJudge

from families.cartpole.verify import plugin as cartpole
from references.gymnasium_env import GymnasiumReference
from references.protocol import Bounds
from translator import machine, reporting, starting
from translator.project import load
from translator.run import Config, create
from translator.transfer import differing
from translator.transfer.policies import CannotTrainError, Features, Played, act, outputs
from verification.fields import FieldSpec, FieldTable
from verification.plugin import Draws, Play, Plugin, Sides, State

PROJECT = """
[project]
name = "cartpole"
target = "jax"

[reference]
plugin = "test_translator_transfer:plugin"

[candidate]
entry = "port.env:CartPole"

[[module]]
name = "cart"
fields = ["state.x", "state.x_dot"]

[[module]]
name = "step"
needs = ["cart"]
fields = ["state.t*", "out.*"]

[verify]
levels = ["L0", "L1", "L4"]
injected = 256
held_out = 1
full = 1
mutants = 0.0

[transfer]
population = 8
generations = 2
steps = 60
episodes = 16
margin = 0.2
search = 256

[sandbox]
kind = "auto"

[simulation]
bugs = ["BUG"]

[simulation.solution]
"env.py" = "candidate/port/env.py"

[[simulation.slip]]
id = "R1"
file = "env.py"
old = "return rng.uniform(-0.05, 0.05, 4)"
new = "return rng.uniform(-0.05, 0.05, 4) * [3.0, 1.0, 1.0, 1.0]"
owners = ["cart"]
changes = "the cart starts in too wide a range"
"""


def plugin() -> Plugin:
    """CartPole's, without what its JAX port brings along."""
    whole = cartpole.plugin()
    fields = [one for one in whole.state.fields if one.path not in ("state.l*", "state.return", "out.episode.return")]

    def reference() -> GymnasiumReference:
        return GymnasiumReference("CartPole-v1", cartpole.get_state, cartpole.set_state)

    return Plugin(
        env="test/cartpole",
        sides=Sides(reference=reference, candidate=reference),
        state=State(modules=whole.state.modules, fields=fields),
        draws=Draws(noise="none"),
        play=Play(horizon=60),
    )


def project(folder: Path, bug: str, steps: int = 60) -> Path:
    folder.mkdir()
    (folder / "translation.toml").write_text(PROJECT.replace("BUG", bug).replace("steps = 60", f"steps = {steps}"))
    (folder / "env.py").write_text(CARTPOLE)
    return folder


def test_a_bug_of_the_reset_comes_back_from_level_4_and_is_mended(tmp_path: Path) -> None:
    origin = project(tmp_path / "project", "R1")
    create(tmp_path / "run", Config(load(origin), str(origin), "scripted:buggy", 0))
    run = starting.open_run(tmp_path / "run", verifier=PlainJudge)
    try:
        position = machine.go(run)
        result = reporting.write(run, position)
        ways = [f"{one['state']} {one['next']}" for one in run.store.transitions()]
    finally:
        run.close()
    assert (result["state"], result["iterations"], result["levels"]["L4"]) == ("DONE", 2, "pass"), position.reason
    assert (
        ways.count("L4 REPAIR") == 1 and "L1 REPAIR" not in ways and ways.index("L4 REPAIR") < ways.index("L4 REVERIFY")
    )
    told = (tmp_path / "run/prompts/002.md").read_text()
    assert "**L4/first-states** failed: 1 of" in told and "suspects, the likeliest first: module cart" in told
    assert "first states, which a reset draws, have another law: state.x\n" in told
    assert "returns of the candidate less those of the reference: " in told and "95 % interval" in told
    assert "returns part the most in steps " in told
    assert "single steps from the policies' own states, or near them, differ" in told
    assert (tmp_path / "run/tree/candidate/port/env.py").read_text() == CARTPOLE


def test_numbers_that_the_policies_see_are_told_where_their_laws_differ() -> None:
    def side(shift: float) -> Played:
        rng = np.random.default_rng(3)
        seen = rng.normal([shift, 0, 5], [1, 1, 0], (64, 3))
        lengths, acted = np.full(64, 20), rng.normal(size=64)
        return Played(np.ones((64, 20)), lengths, first={}, before={}, actions={}, seen=seen, acted=acted)

    names = ("observation 0", "observation 1", "observation 2")
    assert not differing.seen(side(0), side(0), names)
    (one,) = differing.seen(side(0), side(2), names)
    assert one.name == "observation 0" and one.candidate - one.reference == pytest.approx(2)
    assert str(one).startswith("observation 0: ") and one.p < 1e-9


def table() -> FieldTable:
    return FieldTable([FieldSpec("*", "all")], ["all"])


def test_policies_see_the_observation_and_whole_numbers_as_codes() -> None:
    features = Features.of(
        table(), {"state.room": np.int64(3), "state.x": 0.5, "state.time": np.int64(2), "out.obs": np.zeros(2)}
    )
    batch = {"state.room": np.array([3, 35, 4]), "out.obs": np.array([[1.0, 2.0]] * 3)}
    seen = features(batch)
    assert features.coded == ("state.room",) and seen.shape == (3, 2 + 32 + 1)
    assert (seen[0] == seen[1]).all() and (seen[0] != seen[2]).any()
    with pytest.raises(CannotTrainError, match="no observation and no whole number"):
        Features.of(table(), {"state.x": 0.5, "out.reward": 0.0})


def test_policies_keep_to_the_mask_and_the_bounds() -> None:
    weights = np.array([[[5.0], [1.0], [9.0]]])
    mask = {"agent": np.array([[True, True, False]])}
    assert act(weights, np.ones((1, 1)), mask)["agent"].tolist() == [0]
    bounds = {"agent": Bounds(np.array([[-1.0, 0.0]], np.float32), np.array([[1.0, 4.0]], np.float32))}
    chosen = act(np.array([[[99.0], [0.0]]]), np.ones((1, 1)), bounds)["agent"]
    assert np.allclose(chosen, [[1.0, 2.0]]) and outputs(bounds) == 2
    with pytest.raises(CannotTrainError, match="it has 2 agents"):
        outputs({"a": np.ones((1, 2), bool), "b": np.ones((1, 2), bool)})


def episodes(rewards: Any) -> Played:
    rewards = np.asarray(rewards, float)
    lanes = len(rewards)
    return Played(rewards, np.full(lanes, rewards.shape[1]), {}, {}, {}, np.zeros((lanes, 1)), np.zeros(lanes))


def test_the_part_of_the_episode_in_which_returns_part_is_named() -> None:
    rng = np.random.default_rng(0)
    theirs = rng.normal(1, 0.1, (50, 100))
    ours = theirs.copy()
    ours[:, 40:50] -= 0.5
    assert "part the most in steps 40–49" in differing.window(episodes(theirs), episodes(ours))
    assert differing.window(episodes(theirs), episodes(theirs)) == ""


def test_first_states_of_one_law_are_not_called_different() -> None:
    rng = np.random.default_rng(1)
    same = [{"state.x": rng.uniform(-1, 1, 200), "state.on": np.zeros(200)} for _ in range(2)]
    assert differing.first_states(*same, ["state.x", "state.on"]) == []
    wide = {"state.x": rng.uniform(-3, 3, 200), "state.on": np.zeros(200)}
    ((path, apart),) = differing.first_states(same[0], wide, ["state.x", "state.on"])
    assert path == "state.x" and apart.p < 1e-6
