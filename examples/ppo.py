"""PPO in one file, after PureJaxRL: copy it and change it.

    python ppo.py pongjax/puffer_pong --steps 4000000

It trains every environment of the suite: discrete actions with masks, continuous ones, games of two by self-play. It
prints a line of JSON now and then; of a game of two, `return` is against random play.
"""

import argparse
import collections
import functools
import json
import time
from typing import Any, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax

import jaxenv
import jaxlanes


class Settings(NamedTuple):
    environments: int = 256
    horizon: int = 64
    epochs: int = 4
    minibatches: int = 8
    learning_rate: float = 1e-3
    discount: float = 0.99
    gae_lambda: float = 0.95
    clip: float = 0.2
    entropy: float = 0.01
    hidden: tuple[int, ...] = (64, 64)


Batch = collections.namedtuple("Batch", "obs mask action log_prob value reward ended")  # a row for each seat


class ActorCritic(nn.Module):
    actions: int
    hidden: tuple[int, ...]
    continuous: bool

    @nn.compact
    def __call__(self, x):
        heads = []
        for size, scale in ((self.actions, 0.01), (1, 1.0)):
            y = x
            for width in self.hidden:
                y = nn.tanh(nn.Dense(width, kernel_init=nn.initializers.orthogonal(np.sqrt(2)))(y))
            heads.append(nn.Dense(size, kernel_init=nn.initializers.orthogonal(scale))(y))
        log_std = self.param("log_std", nn.initializers.constant(-0.5), (self.actions,)) if self.continuous else None
        return heads[0], log_std, heads[1][..., 0]  # logits or means, a standard deviation, the value


def judge(head, log_std, mask, action):
    """`(log-probability of the action, entropy)` of each row."""
    if log_std is None:
        logits = jax.nn.log_softmax(jnp.where(mask, head, -1e9))
        log_prob = jnp.take_along_axis(logits, action[..., None], axis=-1)[..., 0]
        return log_prob, -jnp.sum(jnp.where(mask, jnp.exp(logits) * logits, 0.0), axis=-1)
    log_prob = -0.5 * jnp.square((action - head) / jnp.exp(log_std)) - log_std - 0.5 * np.log(2 * np.pi)
    return jnp.sum(log_prob, axis=-1), jnp.sum(log_std) + jnp.zeros(head.shape[:-1])


class PPO:
    """The learner of one environment: `init(key)`, then `update(learner)` as often as wanted."""

    def __init__(self, env, settings, updates):
        self.env, self.s, self.params, self.continuous = env, settings, env.default_params, not env.num_actions
        self.space = env.action_space(self.params)
        self.rows = settings.environments * env.num_players
        self.told = (settings.environments, *[env.num_players][: env.num_players - 1], *self.space.shape)
        actions = int(np.prod(self.space.shape)) if self.continuous else env.num_actions
        self.network = ActorCritic(actions, settings.hidden, self.continuous)
        rate = optax.linear_schedule(settings.learning_rate, 0.0, updates * settings.epochs * settings.minibatches)
        self.tx = optax.chain(optax.clip_by_global_norm(0.5), optax.adam(rate, eps=1e-5))
        first = lambda key, params: self._look(*self.env.reset(key, params), params=params)  # noqa: E731
        self.reset, self.step = jaxlanes.vmap(first, (0, None)), jaxlanes.vmap(self._step, (0, 0, 0, None))

    def _look(self, obs, state, params):
        mask = jnp.ones((), bool) if self.continuous else self.env.legal_actions(state, params)
        return state, self.env.obs_spec.flatten(obs), mask

    def _step(self, key, state, action, params):
        obs, state, reward, terminated, truncated, info = self.env.step(key, state, action, params)
        final = self.env.obs_spec.flatten(info["final_observation"])
        figures = (info["returned_episode"], info["returned_episode_return"], info["returned_episode_length"])
        return *self._look(obs, state, params), reward, terminated, truncated, final, figures

    def _in_rows(self, x):  # [environments, seats, …] as [rows, …]
        return x.reshape(self.rows, *x.shape[2:]) if self.env.num_players > 1 else x

    def _think(self, weights, seen, obs) -> Any:
        x = (obs - seen[1]) / jnp.sqrt(seen[2] - seen[1] ** 2 + 1e-6)
        return self.network.apply(weights, jnp.clip(x, -10, 10))

    def init(self, key):
        for_reset, for_weights, key = jax.random.split(key, 3)
        state, obs, mask = self.reset(jax.random.split(for_reset, self.s.environments), self.params)
        obs, mask = self._in_rows(obs), self._in_rows(mask)
        weights = self.network.init(for_weights, obs[:1])
        seen = (jnp.float32(0), jnp.zeros(obs.shape[-1]), jnp.ones(obs.shape[-1]))  # updates, mean, mean of squares
        return key, weights, self.tx.init(weights), seen, state, obs, mask

    def _play(self, weights, seen, random_foe, carry, key):
        """One step of all environments."""
        state, obs, mask = carry
        for_action, for_step = jax.random.split(key)
        head, log_std, value = self._think(weights, seen, obs)
        if self.continuous:
            action = head + jnp.exp(log_std) * jax.random.normal(for_action, head.shape)
            told = jnp.clip(action, self.space.low, self.space.high)
        else:
            told = action = jax.random.categorical(for_action, jnp.where(mask, head, -1e9))
        told = told.reshape(self.told)
        if random_foe:  # seat 1 plays any legal action: how the curve of a game of two is measured
            any_legal = jax.random.categorical(jax.random.fold_in(key, 2), jnp.where(mask, 0.0, -1e9))
            told = told.at[:, 1].set(any_legal.reshape(told.shape)[:, 1])
        out = self.step(jax.random.split(for_step, self.s.environments), state, told, self.params)
        state, next_obs, next_mask, reward, terminated, truncated, final, figures = out
        # An episode that was cut off would have gone on: the value of where it was stands for the rest.
        beyond = self._think(weights, seen, self._in_rows(final))[2]
        cut, ended = (jnp.repeat(flag, self.env.num_players) for flag in (truncated, terminated | truncated))
        reward = self._in_rows(reward) + self.s.discount * jnp.where(cut, beyond, 0.0)
        row = Batch(obs, mask, action, judge(head, log_std, mask, action)[0], value, reward, ended)
        return (state, self._in_rows(next_obs), self._in_rows(next_mask)), (row, figures)

    def _advantage(self, carry, row):
        advantage, following = carry
        error = row.reward + self.s.discount * jnp.where(row.ended, 0.0, following) - row.value
        advantage = error + self.s.discount * self.s.gae_lambda * jnp.where(row.ended, 0.0, advantage)
        return (advantage, row.value), advantage

    def _loss(self, weights, seen, batch, advantage):
        head, log_std, value = self._think(weights, seen, batch.obs)
        target = advantage + batch.value
        log_prob, entropy = judge(head, log_std, batch.mask, batch.action)
        advantage = (advantage - advantage.mean()) / (advantage.std() + 1e-8)
        ratio = jnp.exp(log_prob - batch.log_prob)
        gain = jnp.minimum(ratio * advantage, jnp.clip(ratio, 1 - self.s.clip, 1 + self.s.clip) * advantage)
        return -gain.mean() + 0.5 * jnp.square(value - target).mean() - self.s.entropy * entropy.mean()

    @functools.partial(jax.jit, static_argnums=0)
    def update(self, learner):
        """Play `horizon` steps and learn from them: the learner, and the episodes that ended."""
        key, weights, optimiser, seen = learner[:4]
        key, for_play, for_learning = jax.random.split(key, 3)
        play = functools.partial(self._play, weights, seen, False)
        now, (batch, figures) = jax.lax.scan(play, learner[4:], jax.random.split(for_play, self.s.horizon))
        last = self._think(weights, seen, now[1])[2]
        _, advantage = jax.lax.scan(self._advantage, (jnp.zeros_like(last), last), batch, reverse=True)
        data = jax.tree.map(lambda x: x.reshape(-1, *x.shape[2:]), (batch, advantage))

        def learn(carry, part):
            change, optimiser = self.tx.update(jax.grad(self._loss)(carry[0], seen, *part), carry[1], carry[0])
            return (optax.apply_updates(carry[0], change), optimiser), None

        def epoch(carry, key):
            order = jax.random.permutation(key, self.rows * self.s.horizon).reshape(self.s.minibatches, -1)
            return jax.lax.scan(learn, carry, jax.tree.map(lambda x: x[order], data))

        learned, _ = jax.lax.scan(epoch, (weights, optimiser), jax.random.split(for_learning, self.s.epochs))
        moments, count = (batch.obs.mean((0, 1)), jnp.square(batch.obs).mean((0, 1))), seen[0] + 1
        seen = (count, *(old + (new - old) / count for old, new in zip(seen[1:], moments, strict=True)))
        return (key, *learned, seen, *now), figures

    @functools.partial(jax.jit, static_argnums=0)
    def measure(self, learner):
        """Episodes that end within 8 horizons from new starts, in a game of two against random play."""
        play = functools.partial(self._play, learner[1], learner[3], self.env.num_players > 1)
        keys = jax.random.split(learner[0], 8 * self.s.horizon)
        return jax.lax.scan(play, self.init(learner[0])[4:], keys)[1][1]


def main():
    parser = argparse.ArgumentParser(description="PPO on an environment of the suite.")
    parser.add_argument("env", help="id of an environment: " + ", ".join(jaxenv.list_envs()))
    parser.add_argument("--steps", type=int, default=4_000_000, help="of all environments together")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    size = Settings().environments * Settings().horizon
    updates = max(1, options.steps // size)
    ppo = PPO(jaxenv.make(options.env), Settings(), updates)
    learner, began = ppo.init(jax.random.key(options.seed)), time.time()
    for number in range(1, updates + 1):
        learner, figures = ppo.update(learner)
        if number % max(1, updates // 20) == 0 or number == updates:
            ended, returned, lengths = ppo.measure(learner) if ppo.env.num_players > 1 else figures
            if ended.any():
                mean = float(np.asarray(returned).reshape(*ended.shape, -1)[..., 0][ended].mean())  # of seat 0
                line = {"steps": number * size, "return": mean, "length": float(lengths[ended].mean())}
                print(json.dumps(line | {"seconds": round(time.time() - began, 1)}), flush=True)


if __name__ == "__main__":
    main()
