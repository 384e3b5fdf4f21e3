"""Policies that the wheel brings: small, good at their game, and played with neither flax nor a checkout."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from baselines.cli import main
from jaxenv import policy

NAMES = ("pokejax/gen1-small", "cheetahjax/half-cheetah-small", "pongjax/pong-small")


def test_all_together_are_small():
    packages = {name.partition("/")[0] for name in NAMES}
    root = Path(__file__).parents[2]
    files = [file for package in packages for file in (root / package / "policies").iterdir()]
    assert {f"{file.parent.parent.name}/{file.stem}" for file in files} == set(NAMES)
    assert sum(file.stat().st_size for file in files) < 2_000_000


@pytest.mark.parametrize("name", NAMES)
def test_the_command_that_trained_it_is_on_record(name):
    trained = policy.load(name).facts["trained"]
    assert trained["made_with"]["command"].startswith("python -m baselines train ")
    assert "--seed 7" in trained["made_with"]["command"] and not trained["made_with"]["dirty"]
    if name == "pokejax/gen1-small":
        assert trained["ratings"]["players"][0] == "gen1-small"


@pytest.mark.parametrize(
    ("name", "episodes", "more", "figure", "least"),
    [
        ("pongjax/pong-small", 16, [], "mean_return", 25),
        ("cheetahjax/half-cheetah-small", 4, [], "mean_return", 6000),
        ("pokejax/gen1-small", 64, ["--opponent", "uniform_legal"], "win_rate", 0.9),
    ],
)
def test_it_plays_well(name, episodes, more, figure, least, tmp_path):
    out = tmp_path / "result.json"
    assert main(["eval", name, "--episodes", str(episodes), *more, "--json", str(out)]) == 0
    (played,) = json.loads(out.read_text())["played"]
    assert played[figure] > least


def test_jax_alone_is_enough():
    program = """
import sys
for name in ("flax", "optax", "orbax", "rich", "msgspec", "baselines", "verification", "leaderboard"):
    sys.modules[name] = None
import jax, jaxenv
env = jaxenv.make("pongjax/puffer_pong")
policy = jaxenv.policy.load("pongjax/pong-small", greedy=True)
obs, state = jax.vmap(env.reset, in_axes=(0, None))(jax.random.split(jax.random.key(0), 3), env.default_params)
mask = jax.vmap(env.legal_actions, in_axes=(0, None))(state, env.default_params)
first = jax.numpy.ones(3, bool)
actions, carry = policy.act(jax.random.key(0), obs, mask, policy.initial_carry(3), first)
print(policy, actions.shape, actions.dtype)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "ExportedPolicy(pong-small: greedy, plays pongjax/puffer_pong version v1) (3,) int32" in done.stdout
