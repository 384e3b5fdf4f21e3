"""64-bit mode of JAX changes nothing: children with JAX_ENABLE_X64=1."""

import json
import os
import subprocess
import sys

import pytest

import jaxenv

FAMILIES = [
    "pokejax/gen1ou",
    pytest.param("cheetahjax/HalfCheetah-v5", marks=pytest.mark.sweep),
    "cheetahjax/Hopper-v5",
    "pongjax/puffer_pong_continuous",
]
"""An environment of each family: both of MuJoCo's integrators (by hand), and both kinds of actions."""

PLAYED = [
    pytest.param("pokejax/gen1ou", marks=pytest.mark.sweep),
    pytest.param("cheetahjax/HalfCheetah-v5", marks=pytest.mark.sweep),
    pytest.param("cheetahjax/Hopper-v5", marks=pytest.mark.sweep),
    "pongjax/puffer_pong_continuous",
]
"""The same for whole rollouts. jaxlanes/test_lanes_x64.py plays all environments but gen1ou in kernels."""


_CHECK = """
import dataclasses, sys, warnings
import jax, jaxenv
from jaxenv.testing import check_env
assert jax.config.jax_enable_x64
env = jaxenv.make(sys.argv[1])
params = env.default_params
if env.id.startswith("cheetahjax/"):  # episodes of 1,000 steps: some of these end at no other time
    params = dataclasses.replace(params, max_steps_in_episode=20)
check_env(env, params, steps=int(sys.argv[2]), batch=4, tolerance=1e-3, backends=("xla",))
"""

_PLAY = """
import json, sys
import jax, jaxenv
import numpy as np
env = jaxenv.make(sys.argv[1])
carry, summary = jaxenv.rollout(env, 16, 12, backend=sys.argv[2])(jax.random.key(3))
types = {jax.tree_util.keystr(path): str(leaf.dtype) for path, leaf in jax.tree_util.tree_flatten_with_path(carry)[0]}
facts = {name: np.asarray(getattr(summary, name)).tolist() for name in ("steps", "episodes", "illegal", "checksum")}
print(json.dumps([types, facts]))
"""

_ONE_STEP = """
import json
import jax, jaxenv
import jax.numpy as jnp
import numpy as np
found = {}
for id in jaxenv.list_envs("mujoco"):
    env = jaxenv.make(id)
    _, state = env.reset(jax.random.key(1))
    action = env.action_space().sample(jax.random.key(2))
    out = env.step(jax.random.key(3), state, action)
    leaves = jax.tree_util.tree_flatten_with_path(out)[0]
    found[id] = {jax.tree_util.keystr(p): [str(x.dtype), np.asarray(x, np.float64).tolist()] for p, x in leaves}
print(json.dumps(found))
"""


def child(program, *arguments, x64=True):
    """Output of a process with or without 64-bit types."""
    setting = {"JAX_ENABLE_X64": "1" if x64 else "0", "JAX_DISABLE_MOST_OPTIMIZATIONS": "1"}  # the latter saves minutes
    program = "from jaxenv.commands.collector import collect_rarely\ncollect_rarely()\n" + program
    command = [sys.executable, "-W", "error", "-c", program, *map(str, arguments)]
    done = subprocess.run(command, env=os.environ | setting, capture_output=True, text=True, timeout=800, check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    return done.stdout


@pytest.mark.parametrize("env_id", FAMILIES)
def test_the_contract(env_id):
    child(_CHECK, env_id, 60 if env_id.startswith("cheetahjax") else 300)


def test_a_step_of_every_mujoco_task():
    wide, narrow = (json.loads(child(_ONE_STEP, x64=x64)) for x64 in (True, False))
    assert sorted(wide) == jaxenv.list_envs("mujoco")
    for env_id, leaves in wide.items():
        for path, (dtype, value) in leaves.items():
            assert dtype == narrow[env_id][path][0], f"{env_id}{path}"
            assert value == pytest.approx(narrow[env_id][path][1], rel=1e-4, abs=1e-4), f"{env_id}{path}"


@pytest.mark.parametrize("env_id", PLAYED)
def test_rollout_by_xla(env_id):
    wide, narrow = (json.loads(child(_PLAY, env_id, "xla", x64=x64)) for x64 in (True, False))
    assert wide[0] == narrow[0], "the types of the carry"
    assert wide[1]["steps"] == 16 * 12
    if env_id.startswith("pokejax/"):  # integers alone
        assert wide[1] == narrow[1]


@pytest.mark.parametrize("env_id", PLAYED)
def test_rollout_by_a_kernel(env_id):
    """Equal types; in Gen 1, which computes with integers alone, equal play to the last bit."""
    wide, narrow = (json.loads(child(_PLAY, env_id, "simd", x64=x64)) for x64 in (True, False))
    assert wide[0] == narrow[0], "the types of the carry"
    if env_id.startswith("pokejax/"):
        assert wide[1] == narrow[1]
