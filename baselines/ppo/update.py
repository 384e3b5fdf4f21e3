"""One update: a rollout, advantages, epochs of minibatches."""

from __future__ import annotations

import functools
from typing import Any

import jax
import jax.numpy as jnp
import optax

from baselines import normalise
from baselines.collect import Rollout, collect
from baselines.config import PPOConfig
from baselines.ppo.advantage import advantages
from baselines.ppo.loss import Minibatch, loss
from baselines.selfplay import pool
from baselines.state import LearnerState, Schedule, Setup, next_keys


def optimiser(config: Any) -> optax.GradientTransformation:
    """Adam behind a clip of the global norm. The learning rate is applied apart: it belongs to the schedule."""
    return optax.chain(optax.clip_by_global_norm(config.max_grad_norm), optax.scale_by_adam(eps=config.adam_epsilon))


def update(
    setup: Setup, state: LearnerState, schedule: Schedule, env_params: Any
) -> tuple[LearnerState, dict[str, Any]]:
    """One update of one member; figures are scalars, but `episodes` (`collect.Episodes`)."""
    config = setup.config.ppo
    key, (for_collect, for_epochs, for_pool) = next_keys(state, 3)
    play, rollout = collect(setup, state, for_collect, env_params)
    batch = prepare(config, rollout)
    parameters, optimiser_state, figures = learn(setup, config, state, batch, for_epochs, schedule)

    observations, returns = state.observations, state.returns
    if observations is not None and rollout.observed is not None:
        observations = normalise.merge(observations, rollout.observed)
    if returns is not None and rollout.returned is not None:
        returns = normalise.merge(returns, rollout.returned)
    number = state.update + 1
    if play.pool is not None and not setup.config.opponents.exploit:
        due = number % setup.config.opponents.snapshot_every == 0
        play = play.replace(pool=pool.freeze_if(due, play.pool, for_pool, parameters, state.observations))
    state = LearnerState(parameters, optimiser_state, observations, returns, key, number, play)
    figures["explained_variance"] = explained_variance(batch)
    return state, {**figures, "episodes": rollout.episodes}


def prepare(config: PPOConfig, rollout: Rollout) -> Minibatch:
    """The whole rollout with advantages and value targets."""
    t = rollout.transitions
    advantage = advantages(
        t.reward,
        t.value,
        t.terminated,
        t.truncated,
        t.final_value,
        rollout.last_value,
        config.discount,
        config.gae_lambda,
    )
    return Minibatch(t, advantage, advantage + t.value, rollout.memory)


def learn(
    setup: Setup, config: PPOConfig, state: LearnerState, batch: Minibatch, key: jax.Array, schedule: Schedule
) -> tuple[Any, Any, dict[str, jax.Array]]:
    """`(parameters, optimiser state, figures)` after all epochs; figures are means over the minibatches."""
    transform = optimiser(config)
    gradient = jax.grad(functools.partial(loss, setup.network, config), has_aux=True)

    def on_minibatch(carry: tuple[Any, Any], minibatch: Minibatch) -> tuple[tuple[Any, Any], dict[str, jax.Array]]:
        parameters, optimiser_state = carry
        gradients, figures = gradient(parameters, minibatch)
        figures["gradient_norm"] = optax.tree.norm(gradients)
        steps, optimiser_state = transform.update(gradients, optimiser_state)
        parameters = jax.tree.map(lambda p, s: p - schedule.learning_rate * s, parameters, steps)
        return (parameters, optimiser_state), figures

    def epoch(carry: tuple[Any, Any], key: jax.Array) -> tuple[tuple[Any, Any], dict[str, jax.Array]]:
        return jax.lax.scan(on_minibatch, carry, split(batch, key, config.minibatches))

    carry = (state.parameters, state.optimiser)
    carry, figures = jax.lax.scan(epoch, carry, jax.random.split(key, config.epochs))
    return *carry, {name: jnp.mean(values) for name, values in figures.items()}


def split(batch: Minibatch, key: jax.Array, parts: int) -> Minibatch:
    """Shuffled minibatches on a leading axis: of single steps (`T` = 1), or of whole rows where there is a memory."""
    if jax.tree.leaves(batch.memory):
        rows = jax.random.permutation(key, batch.advantage.shape[1])

        def columns(leaf: jax.Array) -> jax.Array:
            shuffled = leaf[:, rows].reshape(leaf.shape[0], parts, -1, *leaf.shape[2:])
            return jnp.moveaxis(shuffled, 1, 0)

        memory = jax.tree.map(lambda leaf: leaf[rows].reshape(parts, -1, *leaf.shape[1:]), batch.memory)
        timed = jax.tree.map(columns, (batch.transitions, batch.advantage, batch.target))
        return Minibatch(timed[0], timed[1], timed[2], memory)
    order = jax.random.permutation(key, batch.advantage.size)

    def samples(leaf: jax.Array) -> jax.Array:
        return leaf.reshape(-1, *leaf.shape[2:])[order].reshape(parts, 1, -1, *leaf.shape[2:])

    return jax.tree.map(samples, batch)


def explained_variance(batch: Minibatch) -> jax.Array:
    """1 − Var(target − value) / Var(target): 1 is perfect, 0 no better than a constant; 0 if targets do not vary."""
    total = jnp.var(batch.target)
    return jnp.where(total > 0, 1 - jnp.var(batch.target - batch.transitions.value) / jnp.maximum(total, 1e-12), 0.0)
