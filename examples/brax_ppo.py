"""Brax's PPO on an environment with continuous actions. `pip install pokejax brax`

python brax_ppo.py cheetahjax/InvertedPendulum-v5 --steps 500000
"""

import argparse
import functools

import jax
import jax.numpy as jnp
from brax.training.agents.ppo import networks, train

from jaxenv.adapters.brax import Brax

if not hasattr(jax, "device_put_replicated"):  # Brax 0.14 calls it, and jax 0.10 has removed it
    jax.device_put_replicated = lambda tree, devices: jax.tree.map(
        lambda leaf: jnp.stack([jnp.asarray(leaf)] * len(devices)), tree
    )


def main(env, steps, longest=1000, environments=256, seed=0):
    """Brax's figures of each evaluation, and the policy: `policy(obs, key) -> (action, extra)`."""
    told = []
    make_policy, params, _ = train.train(
        environment=Brax(env),
        num_timesteps=steps,
        episode_length=longest,
        num_envs=environments,
        num_eval_envs=64,
        num_evals=5,
        unroll_length=16,
        batch_size=environments,
        num_minibatches=8,
        num_updates_per_batch=4,
        learning_rate=1e-3,
        discounting=0.99,
        entropy_cost=1e-3,
        normalize_observations=True,
        network_factory=functools.partial(
            networks.make_ppo_networks, policy_hidden_layer_sizes=(64, 64), value_hidden_layer_sizes=(64, 64)
        ),
        progress_fn=lambda step, metrics: told.append((step, float(metrics["eval/episode_reward"]))),
        seed=seed,
    )
    return told, make_policy(params)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("env", help="id of an environment with continuous actions, for one player")
    parser.add_argument("--steps", type=int, default=500_000, help="of all environments together")
    parser.add_argument("--longest", type=int, default=1000, help="steps after which an episode is cut off")
    parser.add_argument("--seed", type=int, default=0)
    for step, reward in main(**vars(parser.parse_args()))[0]:
        print(f"{step:9} steps: return {reward:.1f}")
