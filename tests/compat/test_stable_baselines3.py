"""Stable-Baselines3's trainers on our environments, and sb3-contrib's with our masks."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
import stable_baselines3
import torch
from example_files import load
from sb3_contrib import MaskablePPO
from sb3_contrib.common.maskable.utils import get_action_masks, is_masking_supported
from stable_baselines3.common.evaluation import evaluate_policy
from stable_baselines3.common.vec_env import VecNormalize

import jaxenv
from jaxenv.adapters.stable_baselines3 import VecEnv

PONG, CHEETAH, GEN1 = "pongjax/puffer_pong", "cheetahjax/HalfCheetah-v5", "pokejax/gen1randombattle"
torch.set_num_threads(1)
TINY: dict[str, Any] = {"policy_kwargs": {"net_arch": [32]}, "device": "cpu", "seed": 0}


def test_ppo_learns_pong() -> None:
    envs = VecEnv(PONG, 128)
    model = stable_baselines3.PPO(
        "MlpPolicy", envs, n_steps=64, batch_size=2048, n_epochs=4, learning_rate=3e-3, **TINY
    )
    before = rallies(model)
    model.learn(160_000)
    assert len(model.ep_info_buffer) > 50 and model.num_timesteps >= 160_000
    assert rallies(model) > before + 0.03  # a random player loses a point about every ten steps: -0.1


def rallies(model: Any) -> float:
    """Mean reward of a step of 256 environments over 200 steps."""
    envs = VecEnv(PONG, 256)
    envs.seed(99)
    obs, total = envs.reset(), 0.0
    for _ in range(200):
        obs, rewards, _, _ = envs.step(model.predict(obs)[0])
        total += rewards.sum()
    return total / (200 * 256)


def test_maskable_ppo_trains_on_battles_without_an_illegal_action() -> None:
    envs = VecEnv(GEN1, 32, opponent=jaxenv.random_legal)
    assert is_masking_supported(envs)
    model = MaskablePPO("MlpPolicy", envs, n_steps=64, batch_size=1024, n_epochs=2, **TINY)
    model.learn(2 * 32 * 64)
    obs, illegal = envs.reset(), 0
    for _ in range(60):
        masks = get_action_masks(envs)
        assert masks.shape == (32, 11) and masks.any(axis=1).all()
        actions, _ = model.predict(obs, action_masks=masks)
        assert masks[np.arange(32), actions].all()
        out = envs._batch.step(actions)
        envs._masks = np.asarray(out.legal_actions)
        obs, illegal = np.array(out.obs), illegal + int(np.asarray(out.illegal).sum())
    assert illegal == 0


def test_the_example_trains_and_plays_legally() -> None:
    """Too few steps to grow strong; its `won` asserts that each action is legal."""
    before, after = load("sb3_masks").main(3 * 64 * 64, "uniform_legal", battles=64)
    assert min(before, after) > 0.3, (before, after)  # random against random wins a half


def test_ppo_trains_on_half_cheetah_through_its_own_normalisation() -> None:
    envs = VecNormalize(VecEnv(CHEETAH, 16))
    assert not is_masking_supported(envs)
    model = stable_baselines3.PPO("MlpPolicy", envs, n_steps=64, batch_size=256, n_epochs=2, **TINY)
    model.learn(2 * 16 * 64)
    assert np.isfinite(envs.obs_rms.mean).all() and envs.obs_rms.count > 2000


def test_ends_are_reported_as_the_library_reads_them() -> None:
    env = jaxenv.make(PONG)
    envs = VecEnv(env, 2, params=dataclasses.replace(env.default_params, max_steps_in_episode=3))
    envs.seed(4)
    first = envs.reset()
    for _ in range(2):
        _, _, dones, infos = envs.step(np.array([0, 1]))
        assert not dones.any() and infos == [{}, {}]
    obs, _, dones, infos = envs.step(np.array([0, 1]))
    assert dones.all() and infos[0]["TimeLimit.truncated"] and infos[0]["episode"]["l"] == 3
    assert not np.array_equal(infos[1]["terminal_observation"], obs[1])
    envs.seed(4)
    np.testing.assert_array_equal(envs.reset(), first)


def test_the_library_evaluates_a_policy() -> None:
    env = jaxenv.make(PONG)
    envs = VecEnv(env, 4, params=dataclasses.replace(env.default_params, max_steps_in_episode=20))
    model = stable_baselines3.PPO("MlpPolicy", envs, n_steps=16, batch_size=64, **TINY)
    returns, lengths = evaluate_policy(model, envs, n_eval_episodes=8, return_episode_rewards=True)
    assert len(returns) == 8 and set(lengths) == {20}


def test_bad_input_is_named() -> None:
    with pytest.raises(ValueError, match=r"gen1randombattle has 2 players.*give opponent"):
        VecEnv(GEN1, 2)
    with pytest.raises(TypeError, match=r"opponent must be a function .*, got 'random'"):
        VecEnv(GEN1, 2, opponent="random")
    envs = VecEnv(PONG, 2)
    with pytest.raises(AttributeError, match=r"no method 'render' of single environments"):
        envs.env_method("render")
    with pytest.raises(AttributeError, match=r"'gravity' cannot be set: configure the environment by jaxenv.make"):
        envs.set_attr("gravity", 1)
    envs.reset()
    with pytest.raises(ValueError, match=r"actions must be int32\[2\], got shape \[3\]"):
        envs.step(np.zeros(3, int))
