"""Independent PPO on JaxMARL's `LogWrapper`: one network learns all seats of a game. `python jaxmarl_ippo.py ID`"""

import argparse
from functools import partial

import flax.linen as nn
import jax
import jax.numpy as jnp
import optax
from jaxmarl.wrappers.baselines import LogWrapper

from jaxenv.adapters.jaxmarl import JaxMARL


class ActorCritic(nn.Module):
    actions: int

    @nn.compact
    def __call__(self, obs, legal):
        x = nn.tanh(nn.Dense(64)(nn.tanh(nn.Dense(64)(obs))))
        return jax.nn.log_softmax(jnp.where(legal, nn.Dense(self.actions)(x), -1e9)), nn.Dense(1)(x)[..., 0]


def train(env, updates, lanes=128, steps=32, gamma=0.99, lam=0.95, rate=1e-3, seed=0):
    """`(network, weights, figures)`: of each update player 0's mean reward, and the entropy of play."""
    game, tx = JaxMARL(env), optax.chain(optax.clip_by_global_norm(0.5), optax.adam(rate))
    logged, agents, network = LogWrapper(game), game.agents, ActorCritic(game.action_space(game.agents[0]).n)
    rows = lambda by_agent: jnp.stack([by_agent[agent] for agent in agents], axis=1)  # noqa: E731 ([lanes, agents, …])
    masks = jax.vmap(lambda state: game.get_avail_actions(state.env_state))

    def step(weights, carry, key):
        obs, state = carry
        seen, legal = rows(obs), rows(masks(state))
        logs, value = network.apply(weights, seen, legal)
        action = jax.random.categorical(key, logs)
        told = dict(zip(agents, action.T, strict=True))
        obs, state, reward, done, _ = jax.vmap(logged.step)(jax.random.split(key, lanes), state, told)
        old = jnp.take_along_axis(logs, action[..., None], -1)[..., 0]
        return (obs, state), (seen, legal, action, old, value, rows(reward), rows(done))

    def advantage(after, row):
        (following, last), (value, reward, done) = after, row
        last = reward - value + gamma * jnp.where(done, 0.0, following + lam * last)
        return (value, last), last

    def loss(weights, seen, legal, action, old, value, gain):
        logs, judged = network.apply(weights, seen, legal)
        target, gain = gain + value, (gain - gain.mean()) / (gain.std() + 1e-8)
        ratio = jnp.exp(jnp.take_along_axis(logs, action[..., None], -1)[..., 0] - old)
        entropy = -jnp.where(legal, jnp.exp(logs) * logs, 0.0).sum(-1).mean()
        gain = jnp.minimum(ratio * gain, jnp.clip(ratio, 0.8, 1.2) * gain).mean()
        return 0.5 * jnp.square(judged - target).mean() - gain - 0.01 * entropy, entropy

    @jax.jit
    def update(weights, optimiser, carry, key):
        carry, (*batch, reward, done) = jax.lax.scan(partial(step, weights), carry, jax.random.split(key, steps))
        last = network.apply(weights, rows(carry[0]), rows(masks(carry[1])))[1]
        gains = jax.lax.scan(advantage, (last, jnp.zeros(reward.shape[1:])), (batch[-1], reward, done), reverse=True)[1]
        for _ in range(4):
            change, entropy = jax.grad(loss, has_aux=True)(weights, *batch, gains)
            change, optimiser = tx.update(change, optimiser)
            weights = optax.apply_updates(weights, change)
        return weights, optimiser, carry, (reward[..., 0].mean(), entropy)

    carry = jax.vmap(logged.reset)(jax.random.split(jax.random.PRNGKey(seed), lanes))
    weights = network.init(jax.random.PRNGKey(seed), rows(carry[0]), rows(masks(carry[1])))
    optimiser, figures = tx.init(weights), []
    for key in jax.random.split(jax.random.PRNGKey(seed + 1), updates):
        weights, optimiser, carry, told = update(weights, optimiser, carry, key)
        figures.append(tuple(map(float, told)))
    return network, weights, figures


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Independent PPO on an environment with discrete actions.")
    parser.add_argument("env", help="its id")
    parser.add_argument("--updates", type=int, default=50)
    for reward, entropy in train(**vars(parser.parse_args()))[2]:
        print(f"mean reward of player 0 {reward:.4f}, entropy {entropy:.3f}")
