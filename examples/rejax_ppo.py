"""Rejax's PPO on an environment of the suite; in a game of two against random play. `pip install pokejax rejax`

python rejax_ppo.py pongjax/puffer_pong --steps 262144
"""

import argparse
import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
from rejax import PPO

import jaxenv
from jaxenv.adapters.gymnax import Legacy


def train(env, steps, seed=0, longest=64, environments=128):
    """The trained state, and the mean return of 128 evaluation episodes: before, half-way, and at the end."""
    env = jaxenv.make(env) if isinstance(env, str) else env
    adapted = Legacy(env, opponent=jaxenv.random_legal if env.num_players == 2 else None)
    # Rejax waits for the longest episode of an evaluation, so that a limit of steps is worth its price.
    params = dataclasses.replace(adapted.default_params, max_steps_in_episode=jnp.int32(longest))
    ppo = PPO.create(
        env=adapted,
        env_params=params,
        total_timesteps=steps,
        eval_freq=steps // 2,
        num_envs=environments,
        num_steps=32,
        num_epochs=2,
        num_minibatches=4,
        learning_rate=3e-3,
        agent_kwargs={"hidden_layer_sizes": (32,), "activation": "tanh"},
    )
    state, (_, returns) = ppo.train(jax.random.PRNGKey(seed))  # `jax.vmap(ppo.train)(keys)` trains many seeds
    return state, np.asarray(returns).mean(axis=1)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("env", help="id of an environment: " + ", ".join(jaxenv.list_envs()))
    parser.add_argument("--steps", type=int, default=262144, help="of all environments together")
    parser.add_argument("--longest", type=int, default=64, help="steps after which an episode is cut off")
    parser.add_argument("--seed", type=int, default=0)
    _, means = train(**vars(parser.parse_args()))
    print("mean return of an evaluation:", " ".join(f"{mean:.2f}" for mean in means))
