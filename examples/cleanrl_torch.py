"""PPO in CleanRL's style, with torch on `VectorEnv`. `pip install pokejax gymnasium torch`

python cleanrl_torch.py pongjax/puffer_pong --updates 60
"""

import argparse

import torch
from torch import nn
from torch.distributions import Categorical

from jaxenv.adapters.gymnasium import VectorEnv


class Agent(nn.Module):
    def __init__(self, size, actions):
        super().__init__()
        self.critic = nn.Sequential(nn.Linear(size, 32), nn.Tanh(), nn.Linear(32, 1))
        self.actor = nn.Sequential(nn.Linear(size, 32), nn.Tanh(), nn.Linear(32, actions))

    def forward(self, obs, mask, action=None):
        law = Categorical(logits=self.actor(obs).masked_fill(~mask, -1e9))
        action = law.sample() if action is None else action
        return action, law.log_prob(action), law.entropy(), self.critic(obs).squeeze(-1)


def train(env, updates, environments=128, steps=64, gamma=0.99, lam=0.95, seed=0):
    """Mean reward of a step, for each update."""
    torch.manual_seed(seed)
    envs = VectorEnv(env, environments, arrays="torch")
    agent = Agent(envs.environment.obs_spec.size, envs.environment.num_actions)
    optimizer = torch.optim.Adam(agent.parameters(), lr=3e-3, eps=1e-5)
    obs, info = envs.reset(seed=seed)
    done, means = torch.zeros(environments), []
    for _ in range(updates):
        kept = []
        for _ in range(steps):
            mask = info["action_mask"]
            with torch.no_grad():
                action, logprob, _, value = agent(obs, mask)
            following, reward, terminated, truncated, info = envs.step(action)
            kept.append((obs, mask, action, logprob, reward, done, value))
            obs, done = following, (terminated | truncated).float()
        all_obs, masks, actions, logprobs, rewards, dones, values = (torch.stack(x) for x in zip(*kept, strict=True))
        means.append(float(rewards.mean()))
        with torch.no_grad():
            last, advantages = torch.zeros(environments), torch.zeros_like(rewards)
            following_value = agent(obs, info["action_mask"])[3]
            for t in reversed(range(steps)):
                alive = 1 - (done if t == steps - 1 else dones[t + 1])
                after = following_value if t == steps - 1 else values[t + 1]
                delta = rewards[t] + gamma * after * alive - values[t]
                advantages[t] = last = delta + gamma * lam * alive * last
        flat = [x.flatten(0, 1) for x in (all_obs, masks, actions, logprobs, advantages, advantages + values)]
        for _ in range(4):
            for rows in torch.randperm(flat[0].shape[0]).split(2048):
                o, m, a, old, advantage, target = (x[rows] for x in flat)
                advantage = (advantage - advantage.mean()) / (advantage.std() + 1e-8)
                _, logprob, entropy, value = agent(o, m, a)
                ratio = (logprob - old).exp()
                loss = torch.max(-advantage * ratio, -advantage * ratio.clamp(0.8, 1.2)).mean()
                loss = loss - 0.01 * entropy.mean() + 0.5 * (value - target).pow(2).mean()
                optimizer.zero_grad()
                loss.backward()
                nn.utils.clip_grad_norm_(agent.parameters(), 0.5)
                optimizer.step()
    return means


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("env", help="id of an environment with discrete actions, for one player")
    parser.add_argument("--updates", type=int, default=60, help="of 128 environments, 64 steps each")
    given = parser.parse_args()
    for number, mean in enumerate(train(given.env, given.updates)):
        print(f"update {number}: mean reward of a step {mean:.3f}")
