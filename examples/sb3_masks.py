"""sb3-contrib's MaskablePPO on battles of Generation 1 against a scripted opponent; it never takes an illegal action.

`pip install pokejax stable-baselines3 sb3-contrib gymnasium`

    python sb3_masks.py --steps 200000 --opponent uniform_legal
"""

import argparse

import numpy as np
from sb3_contrib import MaskablePPO
from sb3_contrib.common.maskable.utils import get_action_masks

import jaxenv
from jaxenv.adapters.stable_baselines3 import VecEnv
from pokejax.gen1 import opponents


def won(model, envs, battles):
    """The share of the next battles to end that the model wins; a tie is half."""
    obs, returns = envs.reset(), []
    while len(returns) < battles:
        masks = get_action_masks(envs)
        actions, _ = model.predict(obs, action_masks=masks)
        assert masks[np.arange(envs.num_envs), actions].all(), "an illegal action"
        obs, _, dones, infos = envs.step(actions)
        returns += [info["episode"]["r"] for info, done in zip(infos, dones, strict=True) if done]
    return float((np.mean(returns) + 1) / 2)


def main(steps, opponent, environments=64, battles=128, seed=0):
    """The share of battles won before and after training."""
    env = jaxenv.make("pokejax/gen1randombattle")
    envs = VecEnv(env, environments, opponent=opponents.opponent(opponent))
    model = MaskablePPO(
        "MlpPolicy", envs, n_steps=64, batch_size=1024, n_epochs=4, learning_rate=1e-3, gamma=0.997,
        ent_coef=0.01, policy_kwargs={"net_arch": [128, 128]}, device="cpu", seed=seed,
    )  # fmt: skip
    before = won(model, envs, battles)
    model.learn(steps)
    return before, won(model, envs, battles)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=200_000, help="of all environments together")
    parser.add_argument("--opponent", choices=opponents.names(), default="uniform_legal")
    parser.add_argument("--seed", type=int, default=0)
    before, after = main(**vars(parser.parse_args()))
    print(f"won {before:.0%} before training and {after:.0%} after it")
