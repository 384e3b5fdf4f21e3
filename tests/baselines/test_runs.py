"""Runs from the outside: files, interruption, resumption, and what goes wrong."""

import dataclasses
import io
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import chex
import jax
import numpy as np
import pytest
import small_environments as small
from rich.console import Console

import jaxenv
from baselines import checkpoint as checkpoints
from baselines import devices
from baselines.config import OpponentsConfig
from baselines.errors import CheckpointError, ConfigError, DivergedError, StorageError
from baselines.policy import Policy, load, load_all
from baselines.program import compile_program, make_setup, member_keys
from baselines.run_folder import open_run, updates
from baselines.train import Budget, Request, train

ROOT = Path(__file__).parents[2]
STEPS = 128 * 4 * 6  # six chunks


def request(folder, env="small/chain", config=small.TINY_CONFIG, **changes):
    changes = {"budget": Budget(steps=STEPS), "checkpoint_seconds": 0.0, "backend": "xla", **changes}
    return Request(env=env, config=config, folder=folder, **changes)


def quiet():
    return Console(file=io.StringIO())


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A finished run of two members."""
    folder = tmp_path_factory.mktemp("runs") / "chain"
    return train(request(folder, members=2), quiet())


def test_rows_and_checkpoints(run):
    rows = [json.loads(line) for line in (run.folder / "metrics.jsonl").read_text().splitlines()]
    assert [row["update"] for row in rows] == [4, 8, 12, 16, 20, 24]
    assert rows[-1]["steps"] == run.steps == STEPS and len(rows[-1]["return_by_member"]) == 2
    assert {"entropy", "approx_kl", "clip_fraction", "explained_variance", "sps", "mean_return"} <= set(rows[0])
    kept = updates(run.folder)
    best = int((run.folder / "checkpoints" / "best").read_text())
    assert kept[-1] == 24 and best in kept and len(kept) <= 3
    facts = open_run(run.folder).facts
    assert facts.config == small.TINY_CONFIG and facts.members == 2 and facts.update == 24


def test_the_program_of_a_run_is_made_once(tmp_path, monkeypatch):
    """Not again for the second chunk: the state that a chunk gives has the types of the one that it was given."""
    from baselines.ppo import update

    chex.clear_trace_counter()
    monkeypatch.setattr(update, "update", chex.assert_max_traces(update.update, n=1))
    assert train(request(tmp_path / "run", members=2), quiet()).update == 24


def test_policies_of_a_run(run):
    policies = load_all(run.folder)
    assert len(policies) == 2 and all(isinstance(policy, Policy) for policy in policies)
    assert load(run.folder).name == "chain#0"
    policy = load(run.folder, member=1)
    assert policy.name == "chain#1" and policy.env_version == "v0"
    env = jaxenv.make("small/chain")
    obs, _ = jax.vmap(env.reset)(jax.random.split(jax.random.key(0), 6))
    act = jax.jit(policy.act)
    actions, carry = act(jax.random.key(1), obs, np.ones((6, 2), bool), policy.initial_carry(6), np.ones(6, bool))
    assert actions.shape == (6,) and actions.dtype == np.int32 and carry == ()
    with pytest.raises(IndexError, match="members are 0 to 1"):
        load(run.folder, member=2)


def test_a_resumed_run_continues_exactly(run, tmp_path):
    half = train(request(tmp_path / "half", members=2, budget=Budget(steps=STEPS // 2)), quiet())
    assert half.update == 12
    # The schedule belongs to the budget: the first half of a longer run, then its checkpoint as it is.
    whole = train(request(tmp_path / "half", members=2, resume=True), quiet())
    assert whole.update == 24
    rows = [json.loads(line) for line in (tmp_path / "half" / "metrics.jsonl").read_text().splitlines()]
    assert [row["update"] for row in rows] == [4, 8, 12, 16, 20, 24]


def test_an_interrupt_leaves_a_checkpoint_and_status_130(tmp_path):
    command = [sys.executable, "-m", "baselines", "train", "pongjax/puffer_pong", "--minutes", "5"]
    command += ["--out", str(tmp_path / "run"), "--json", str(tmp_path / "out.json"), "--backend", "xla"]
    command += ["--ppo.environments", "16", "--ppo.horizon", "8", "--ppo.minibatches", "2"]
    rows = tmp_path / "run" / "metrics.jsonl"
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            while not rows.exists() and process.poll() is None:
                time.sleep(0.05)
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=800)
        finally:
            process.kill()
    assert process.returncode == 130, said
    assert "interrupted: go on with --resume" in said
    summary = json.loads((tmp_path / "out.json").read_text())
    assert summary["status"] == "interrupted" and summary["checkpoint"] == str(tmp_path / "run")
    assert {"env", "seed", "minutes", "steps", "train_sps", "env_sps", "mean_return"} <= set(summary)
    assert len(load_all(tmp_path / "run")) == 1
    assert (tmp_path / "run" / "curve.png").stat().st_size > 1000
    page = (tmp_path / "run" / "curve.html").read_text()
    assert "Learning curves" in page and 'src="http' not in page and 'href="http' not in page


def test_a_checkpoint_of_another_version(run, monkeypatch):
    monkeypatch.setattr(small.Chain, "version_tag", "v1")
    jaxenv.register("small/chain", "small_environments:Chain", {"version_tag": "v1"})
    try:
        with pytest.raises(CheckpointError, match=r"version v0; the installed version is v1"):
            load(run.folder)
        with pytest.raises(CheckpointError, match="version v0"):
            train(request(run.folder, members=2, resume=True), quiet())
    finally:
        jaxenv.register("small/chain", "small_environments:Chain", {})


def test_a_checkpoint_of_another_network_or_run(run, tmp_path):
    wider = dataclasses.replace(small.TINY_CONFIG, network=dataclasses.replace(small.TINY_CONFIG.network, hidden=(24,)))
    with pytest.raises(CheckpointError, match=r"float32\[2, 16\], this network needs float32\[2, 24\]"):
        train(request(run.folder, config=wider, members=2, resume=True), quiet())
    with pytest.raises(CheckpointError, match="2 members, not 3"):
        train(request(run.folder, members=3, resume=True), quiet())
    with pytest.raises(CheckpointError, match="no checkpoint"):
        load(tmp_path)


def test_a_loss_that_is_not_finite_stops_the_run(tmp_path):
    config = dataclasses.replace(small.TINY_CONFIG, updates_per_chunk=1)
    jaxenv.register("small/poisoned", "poisoned:Poisoned")
    sys.modules["poisoned"] = type(sys)("poisoned")

    @dataclasses.dataclass(frozen=True, kw_only=True)
    class Poisoned(small.Chain):
        poison: int = 20

        @property
        def default_params(self):
            return small.Params(1000)

        def step_env(self, key, state, action, params):
            action = action * 0  # nobody arrives
            return super().step_env(key, state, action, params)

    sys.modules["poisoned"].Poisoned = Poisoned  # type: ignore[attr-defined]
    with pytest.raises(DivergedError, match=r"update 2, member 0: .* is nan.*last good checkpoint is .*/2") as caught:
        train(request(tmp_path / "run", env="small/poisoned", config=config), quiet())
    assert caught.value.update == 2
    arrays = open_run(tmp_path / "run").arrays
    assert all(np.isfinite(a).all() for name, a in arrays.items() if name.startswith("parameters"))


def test_an_exploiter_learns_to_beat_a_given_policy(tmp_path):
    """The policy to exploit was never trained; whoever trains against it alone wins most games."""
    config = dataclasses.replace(small.TINY_CONFIG, updates_per_chunk=2)
    program = compile_program(make_setup(jaxenv.make("small/pennies"), config, "xla"), 1)
    untrained = devices.to_host(program.init(member_keys(9, 1)))
    facts = checkpoints.Facts("small/pennies", "v0", config, 9, 1, 0, 0.0, {"steps": 1}, [None])
    checkpoints.write(tmp_path / "weak" / "checkpoints" / "0", untrained, facts)
    hunt = dataclasses.replace(config, opponents=OpponentsConfig(exploit=str(tmp_path / "weak")), updates_per_chunk=40)
    budget = Budget(steps=128 * 40)
    train(request(tmp_path / "hunter", env="small/pennies", config=hunt, budget=budget, members=1), quiet())
    rows = [json.loads(line) for line in (tmp_path / "hunter" / "metrics.jsonl").read_text().splitlines()]
    assert rows[-1]["win_rate"] > 0.6 and rows[-1]["win_rate"] == rows[-1]["win_rate/pool"]
    arrays = open_run(tmp_path / "hunter").arrays
    held = [name for name in arrays if name.startswith("play.pool.parameters")]
    frozen = open_run(tmp_path / "weak").arrays
    assert len(held) > 3
    for name in held:
        np.testing.assert_array_equal(arrays[name][:, 0], frozen[name.removeprefix("play.pool.")])
    other = dataclasses.replace(hunt, network=dataclasses.replace(hunt.network, hidden=(8,)))
    with pytest.raises(ConfigError, match="another network"):
        train(request(tmp_path / "other", env="small/pennies", config=other), quiet())


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="--out"):
        train(request(tmp_path / "file" / "run"), quiet())
