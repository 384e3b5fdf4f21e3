"""PPO in CleanRL's style with torch on `VectorEnv`: the example's loop, and arrays shared with torch."""

from __future__ import annotations

import jax
import numpy as np
import pytest
import torch
from example_files import load

from jaxenv.adapters.gymnasium import VectorEnv

PONG = "pongjax/puffer_pong"


def test_its_loop_learns_pong() -> None:
    torch.set_num_threads(1)
    means = load("cleanrl_torch").train(PONG, updates=30)
    assert np.mean(means[-4:]) > np.mean(means[:4]) + 0.02, [round(mean, 3) for mean in means]


def test_tensors_lie_on_the_memory_of_the_result() -> None:
    envs = VectorEnv(PONG, 8, arrays="torch")
    envs.reset(seed=0)
    kept: list[jax.Array] = []
    original = envs._batch.step
    envs._batch.step = lambda actions: [out := original(actions), kept.append(out.obs)][0]  # type: ignore[method-assign]
    obs, rewards, terminations, _, info = envs.step(torch.ones(8, dtype=torch.int64))
    assert obs.data_ptr() == kept[0].unsafe_buffer_pointer()
    assert obs.dtype == rewards.dtype == torch.float32 and terminations.dtype == torch.bool
    assert info["action_mask"].shape == (8, 3)
    before = obs.clone()
    for _ in range(20):
        envs.step(torch.ones(8, dtype=torch.int64))
    assert torch.equal(obs, before)  # a later step does not write into it


def test_torch_and_numpy_give_the_same() -> None:
    results = []
    for arrays in ("torch", "numpy"):
        envs = VectorEnv(PONG, 4, arrays=arrays)
        envs.reset(seed=3)
        results.append(np.asarray([envs.step(torch.tensor([0, 1, 2, 1]))[0] for _ in range(5)]))
    np.testing.assert_array_equal(*results)


def test_actions_of_torch_are_checked() -> None:
    envs = VectorEnv(PONG, 4, arrays="torch")
    envs.reset(seed=3)
    with pytest.raises(TypeError, match=r"actions must be int32\[4\], got float32"):
        envs.step(torch.zeros(4))
