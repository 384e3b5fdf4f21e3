"""A rollout of the learner: what every update starts from."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from baselines import normalise
from baselines.lanes import Outcome
from baselines.normalise import Moments
from baselines.selfplay import opponents, pool
from baselines.selfplay.seating import Seating
from baselines.state import LearnerState, Play, Setup
from jaxenv import struct


@struct.dataclass
class Transitions(struct.Node):
    """Observations, actions and rewards of the learner: leaves `[T, N, ...]`."""

    features: jax.Array  # normalised, float32[T, N, D]
    mask: jax.Array | None
    first: jax.Array
    action: jax.Array  # as drawn, before clipping to bounds
    log_prob: jax.Array
    value: jax.Array
    reward: jax.Array  # with shaping; scaled, if the run scales rewards
    terminated: jax.Array
    truncated: jax.Array
    final_value: jax.Array  # value of the final observation where truncated, else 0


@struct.dataclass
class Episodes:
    """Sums over the episodes that ended, by group of `Seating.groups`: float32[G]; `reports` float32[R]."""

    count: jax.Array
    returns: jax.Array
    lengths: jax.Array
    points: jax.Array  # wins and half of the ties
    reports: jax.Array


@struct.dataclass
class Rollout:
    """`memory` is that before the first step, `last_value [N]` the value of the observation after the last one."""

    transitions: Transitions
    memory: Any
    last_value: jax.Array
    episodes: Episodes
    observed: Moments | None
    returned: Moments | None


def collect(setup: Setup, state: LearnerState, key: jax.Array, env_params: Any) -> tuple[Play, Rollout]:
    """`horizon` steps of all environments under the present parameters."""
    learner = setup.config.learner
    keys = jax.random.split(key, learner.horizon)
    start = state.play

    def body(play: Play, key: jax.Array) -> tuple[Play, Any]:
        return _step(setup, state, play, key, env_params)

    play, (transitions, episodes, slot_results, observed, returned) = jax.lax.scan(body, start, keys)
    total = jax.tree.map(lambda leaf: jnp.sum(leaf, axis=0), (episodes, slot_results, observed, returned))
    episodes, slot_results, observed, returned = total
    if play.pool is not None:
        play = play.replace(pool=pool.count(play.pool, *slot_results))
    last = _value(setup, state, play.lanes.obs, play.lanes.mask, play.memory, setup.seating.spread(play.first))
    return play, Rollout(transitions, start.memory, last, episodes, observed, returned)


def _step(setup: Setup, state: LearnerState, play: Play, key: jax.Array, env_params: Any) -> tuple[Play, Any]:
    network, seating, learner = setup.network, setup.seating, setup.config.learner
    own_key, their_key = jax.random.split(key)
    obs, mask = seating.learner((play.lanes.obs, play.lanes.mask))
    first = seating.spread(play.first)
    raw = network.features(obs)
    features = raw if state.observations is None else normalise.normalise(state.observations, raw)
    output = network.step(state.parameters, features, mask, play.memory, first)
    action = output.distribution.sample(own_key)
    theirs, rivals = opponents.act(
        setup.lanes.env.id, seating, network, their_key, play.lanes.obs, play.lanes.mask, play.pool, play.first
    )
    joint = seating.joint(network.to_action(action), theirs)
    lanes, outcome = setup.lanes.step(play.lanes, joint, env_params)

    terminated, truncated = seating.spread((outcome.terminated, outcome.truncated))
    ended = terminated | truncated
    reward = seating.learner(outcome.reward)
    if setup.potential is not None:
        after = jnp.where(terminated, 0.0, setup.potential(seating.learner(outcome.final_obs)))
        gain = learner.discount * after - setup.potential(obs)
        reward = reward + setup.config.ppo.shaping * gain
    discounted = jnp.where(first, 0.0, play.discounted) * learner.discount + reward
    returned = None if state.returns is None else normalise.moments(state.returns, discounted)
    if state.returns is not None:
        reward = reward * jax.lax.rsqrt(state.returns.variance + 1e-8)

    # The value of where a truncated episode would have gone on. Nearly always nobody needs it.
    final_value = jax.lax.cond(
        jnp.any(truncated),
        lambda: jnp.where(
            truncated,
            _value(setup, state, outcome.final_obs, None, output.carry, jnp.zeros_like(truncated)),
            0.0,
        ),
        lambda: jnp.zeros(truncated.shape, jnp.float32),
    )
    transitions = Transitions(
        features=features,
        mask=mask,
        first=first,
        action=action,
        log_prob=output.distribution.log_prob(action),
        value=output.value,
        reward=reward,
        terminated=terminated,
        truncated=truncated,
        final_value=final_value,
    )
    observed = None if state.observations is None else normalise.moments(state.observations, raw)
    episodes, slot_results = _count(seating, outcome, ended)
    play = Play(lanes, outcome.terminated | outcome.truncated, output.carry, discounted, rivals)
    return play, (transitions, episodes, slot_results, observed, returned)


def _value(setup: Setup, state: LearnerState, obs: Any, mask: Any, memory: Any, first: jax.Array) -> jax.Array:
    """float32[N]; `obs` and `mask` of all environments."""
    obs, mask = setup.seating.learner((obs, mask))
    features = setup.network.features(obs)
    if state.observations is not None:
        features = normalise.normalise(state.observations, features)
    return setup.network.step(state.parameters, features, mask, memory, first).value


def _count(seating: Seating, outcome: Outcome, ended: jax.Array) -> tuple[Episodes, Any]:
    """Of the episodes that ended in this step; and `(games, points)` of the pool's slots, float32[S] each."""
    gained = seating.learner(outcome.episode_return)
    lengths = seating.spread(outcome.episode_length)
    # A win is a positive return: the two-player environments here pay 1, 0 or −1 at the end.
    points = jnp.where(ended, 0.5 + 0.5 * jnp.sign(gained), 0.0)

    def by_group(column: jax.Array) -> jax.Array:
        return jnp.stack([jnp.sum(column[group.rows], dtype=jnp.float32) for group in seating.groups])

    reports = (
        jnp.stack([jnp.sum(report) for report in outcome.reports]) if outcome.reports else jnp.zeros(0, jnp.float32)
    )
    episodes = Episodes(by_group(ended), by_group(gained), by_group(lengths), by_group(points), reports)
    slots: Any = ()
    if seating.pool_slots:
        size = seating.pool_slots * seating.pool_each
        tail = [c[-size:].astype(jnp.float32).reshape(seating.pool_slots, -1) for c in (ended, points)]
        slots = tuple(jnp.sum(c, axis=1) for c in tail)
    return episodes, slots
