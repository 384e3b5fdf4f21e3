"""One update: an ε-greedy rollout, Q(λ) targets, epochs of minibatches."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import optax

from baselines import normalise
from baselines.collect import collect
from baselines.ppo.loss import Minibatch
from baselines.ppo.update import explained_variance, optimiser, split
from baselines.state import LearnerState, Schedule, Setup, next_keys

__all__ = ["lambda_targets", "optimiser", "update"]


def update(
    setup: Setup, state: LearnerState, schedule: Schedule, env_params: Any
) -> tuple[LearnerState, dict[str, Any]]:
    """One update of one member, as `ppo.update.update`."""
    config = setup.config.pqn
    key, (for_collect, for_epochs) = next_keys(state, 2)
    state = state.replace(parameters={**state.parameters, "exploration": schedule.exploration})
    play, rollout = collect(setup, state, for_collect, env_params)
    t = rollout.transitions
    ends = (t.terminated, t.truncated, t.final_value, rollout.last_value)
    target = lambda_targets(t.reward, t.value, *ends, config.discount, config.q_lambda)
    batch = Minibatch(t, target, target, rollout.memory)
    transform = optimiser(config)

    def loss(network: Any, minibatch: Minibatch) -> tuple[jax.Array, jax.Array]:
        q = setup.network.q_values({"network": network}, minibatch.transitions.features)  # type: ignore[attr-defined]
        chosen = minibatch.transitions.action[..., None] == jnp.arange(q.shape[-1])
        error = jnp.sum(jnp.where(chosen, q, 0.0), axis=-1) - minibatch.target
        value = 0.5 * jnp.mean(error**2)
        return value, value

    def on_minibatch(carry: Any, minibatch: Minibatch) -> Any:
        network, optimiser_state = carry
        gradients, value = jax.grad(loss, has_aux=True)(network, minibatch)
        steps, optimiser_state = transform.update(
            {"network": gradients, "exploration": jnp.float32(0)}, optimiser_state
        )
        network = jax.tree.map(lambda p, s: p - schedule.learning_rate * s, network, steps["network"])  # type: ignore[index]
        figures = {"loss": value, "value_loss": value, "gradient_norm": optax.tree.norm(gradients)}
        return (network, optimiser_state), figures

    def epoch(carry: Any, key: jax.Array) -> Any:
        return jax.lax.scan(on_minibatch, carry, split(batch, key, config.minibatches))

    carry = (state.parameters["network"], state.optimiser)
    (network, optimiser_state), figures = jax.lax.scan(epoch, carry, jax.random.split(for_epochs, config.epochs))
    figures = {name: jnp.mean(values) for name, values in figures.items()}
    observations = state.observations
    if observations is not None and rollout.observed is not None:
        observations = normalise.merge(observations, rollout.observed)
    parameters = {"network": network, "exploration": schedule.exploration}
    state = LearnerState(parameters, optimiser_state, observations, None, key, state.update + 1, play)
    return state, {**figures, "explained_variance": explained_variance(batch), "episodes": rollout.episodes}


def lambda_targets(
    reward: jax.Array,
    value: jax.Array,
    terminated: jax.Array,
    truncated: jax.Array,
    final_value: jax.Array,
    last_value: jax.Array,
    discount: float,
    q_lambda: float,
) -> jax.Array:
    """Q(λ) targets `[T, N]` (Peng and Williams 1994), `value` being max Q: what follows a step is worth 0 where the
    episode terminated, `final_value` where it was truncated, else a mixture of the next value and the next target."""
    following = jnp.concatenate([value[1:], last_value[None]])
    following = jnp.where(truncated, final_value, following)
    ended = terminated | truncated

    def backwards(after: jax.Array, row: tuple[jax.Array, ...]) -> tuple[jax.Array, jax.Array]:
        reward, following, terminated, ended = row
        mixed = jnp.where(ended, following, q_lambda * after + (1 - q_lambda) * following)
        target = reward + discount * jnp.where(terminated, 0.0, mixed)
        return target, target

    rows = (reward, following, terminated, ended)
    return jax.lax.scan(backwards, last_value, rows, reverse=True)[1]
