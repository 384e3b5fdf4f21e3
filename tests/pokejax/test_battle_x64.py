"""Gen 1 under ``JAX_ENABLE_X64=1``: the same dtypes everywhere, and the same battle."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

import pokejax
from pokejax.gen1 import opponents

ROOT = Path(__file__).parents[2]


def described() -> dict[str, str]:
    """Dtype and shape of all that the environment and its opponents give, traced; and the numbers of one start."""
    env = pokejax.make("pokejax/gen1randombattle")
    params = env.default_params
    key = jax.random.key(0)
    actions = jax.ShapeDtypeStruct((2,), jnp.int32)
    obs, state = jax.eval_shape(env.reset, key, params)
    mask = jax.eval_shape(env.legal_actions, state, params)
    values = {
        "reset": (obs, state),
        "step": jax.eval_shape(env.step, key, state, actions, params),
        "legal_actions": mask,
        "to_act": jax.eval_shape(env.to_act, state),
        **{name: jax.eval_shape(opponents.policy(name), key, obs, mask) for name in opponents.names()},
    }
    start = pokejax.battle("Tauros\n- Body Slam", "Starmie\n- Surf\n- Recover", seed=7)
    told = {f"start{jax.tree_util.keystr(path)}": leaf for path, leaf in jax.tree_util.tree_leaves_with_path(start)}
    return {
        **{jax.tree_util.keystr(path): f"{leaf.dtype}{leaf.shape}" for path, leaf in _leaves(values)},
        **{name: f"{leaf.dtype}{np.asarray(leaf).tolist()}" for name, leaf in told.items()},
    }


def _leaves(tree):
    return jax.tree_util.tree_leaves_with_path(tree)


def test_wide_numbers_change_nothing() -> None:
    assert not jax.config.read("jax_enable_x64")
    paths = [str(ROOT), str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")]
    environment = {**os.environ, "JAX_ENABLE_X64": "1", "PYTHONPATH": os.pathsep.join(filter(None, paths))}
    told = "json.dumps([jax.numpy.arange(1).dtype.name, test_battle_x64.described()])"
    command = f"import json, jax, test_battle_x64; print({told})"
    child = subprocess.run(
        [sys.executable, "-c", command], capture_output=True, text=True, env=environment, timeout=600, check=False
    )
    assert child.returncode == 0, child.stderr
    integers, wide = json.loads(child.stdout)
    assert integers == "int64", "the child has 64-bit integers"
    assert wide == described()
    assert len(wide) > 500
