"""PPO in CleanRL's style with torch on `VectorEnv`: its loop, its bookkeeping of ends, its network, at a small size."""

from __future__ import annotations

import jax
import numpy as np
import pytest
import torch
from torch import nn
from torch.distributions import Categorical

from jaxenv.adapters.gymnasium import VectorEnv

PONG = "pongjax/puffer_pong"


class Agent(nn.Module):
    def __init__(self, size: int, actions: int) -> None:
        super().__init__()
        self.critic = nn.Sequential(nn.Linear(size, 32), nn.Tanh(), nn.Linear(32, 1))
        self.actor = nn.Sequential(nn.Linear(size, 32), nn.Tanh(), nn.Linear(32, actions))

    def forward(self, obs: torch.Tensor, action: torch.Tensor | None = None) -> tuple[torch.Tensor, ...]:
        law = Categorical(logits=self.actor(obs))
        action = law.sample() if action is None else action
        return action, law.log_prob(action), law.entropy(), self.critic(obs).squeeze(-1)


def train(envs: VectorEnv, updates: int, steps: int = 64, gamma: float = 0.99, lam: float = 0.95) -> list[float]:
    """Mean reward of a step, for each update."""
    torch.manual_seed(0)
    torch.set_num_threads(1)
    agent = Agent(envs.single_observation_space.shape[0], int(envs.single_action_space.n))
    optimizer = torch.optim.Adam(agent.parameters(), lr=3e-3, eps=1e-5)
    obs, _ = envs.reset(seed=1)
    done, means = torch.zeros(envs.num_envs), []
    for _ in range(updates):
        kept = []
        for _ in range(steps):
            with torch.no_grad():
                action, logprob, _, value = agent(obs)
            following, reward, terminated, truncated, _ = envs.step(action)
            kept.append((obs, action, logprob, reward, done, value))
            obs, done = following, (terminated | truncated).float()
        all_obs, actions, logprobs, rewards, dones, values = (torch.stack(x) for x in zip(*kept, strict=True))
        means.append(float(rewards.mean()))
        with torch.no_grad():
            following_value, last, advantages = agent(obs)[3], torch.zeros(envs.num_envs), torch.zeros_like(rewards)
            for t in reversed(range(steps)):
                alive = 1 - (done if t == steps - 1 else dones[t + 1])
                after = following_value if t == steps - 1 else values[t + 1]
                delta = rewards[t] + gamma * after * alive - values[t]
                advantages[t] = last = delta + gamma * lam * alive * last
        flat = [x.flatten(0, 1) for x in (all_obs, actions, logprobs, advantages, advantages + values)]
        for _ in range(4):
            for rows in torch.randperm(flat[0].shape[0]).split(2048):
                o, a, old, advantage, target = (x[rows] for x in flat)
                advantage = (advantage - advantage.mean()) / (advantage.std() + 1e-8)
                _, logprob, entropy, value = agent(o, a)
                ratio = (logprob - old).exp()
                loss = torch.max(-advantage * ratio, -advantage * ratio.clamp(0.8, 1.2)).mean()
                loss = loss - 0.01 * entropy.mean() + 0.5 * (value - target).pow(2).mean()
                optimizer.zero_grad()
                loss.backward()
                nn.utils.clip_grad_norm_(agent.parameters(), 0.5)
                optimizer.step()
    return means


def test_its_loop_learns_pong() -> None:
    means = train(VectorEnv(PONG, 128, arrays="torch"), updates=30)
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
