"""State of a run: the learner's arrays, a pytree that a checkpoint holds as it is."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from baselines import normalise
from baselines.config import Config
from baselines.lanes import Lanes, LaneState
from baselines.networks.network import Network
from baselines.networks.play import as_data, as_key
from baselines.normalise import Statistics
from baselines.selfplay import pool as pools
from baselines.selfplay.pool import Pool
from baselines.selfplay.seating import Seating
from jaxenv import struct


@struct.dataclass
class Play(struct.Node):
    """Episodes under way. `N` learner rows, `B` environments."""

    lanes: LaneState
    first: jax.Array  # bool[B]: an episode begins at the present observation
    memory: Any  # of the learner's rows [N, ...]
    discounted: jax.Array  # float32[N]: running discounted return, for the scale of rewards
    pool: Pool | None


@struct.dataclass
class LearnerState(struct.Node):
    """One member (seed). A run stacks its members on a leading axis."""

    parameters: Any
    optimiser: Any
    observations: Statistics | None  # of the network's features
    returns: Statistics | None  # of discounted returns
    key: jax.Array  # uint32[2]
    update: jax.Array  # int32: updates done
    play: Play


@struct.dataclass
class Schedule:
    """Settings that change in the course of a run, float32 scalars."""

    learning_rate: jax.Array
    exploration: jax.Array


@dataclasses.dataclass(frozen=True)
class Setup:
    """The static side of a run: what compiled programs depend on."""

    config: Config
    network: Network
    lanes: Lanes
    seating: Seating
    potential: Callable[[Any], jax.Array] | None = None
    """`potential(obs [N, ...]) -> float32[N]` for reward shaping; the same in every terminal state's place: 0."""

    @property
    def steps_per_update(self) -> int:
        """Environment transitions of one update of one member; a joint step counts once."""
        return self.config.learner.environments * self.config.learner.horizon


def create(setup: Setup, optimiser: Any, key: jax.Array, env_params: Any, rival: Any = None) -> LearnerState:
    """A member before its first update. `rival`: `(parameters, statistics)` that the pool holds instead of its own."""
    config, network, seating = setup.config, setup.network, setup.seating
    for_network, for_lanes, for_learner = jax.random.split(key, 3)
    parameters = network.init(for_network)
    lanes = setup.lanes.reset(for_lanes, env_params)
    size = network.features.size
    observations = normalise.initial((size,)) if config.learner.normalise_observations else None
    pool = None
    if seating.pool_slots:
        carry = network.initial_carry(seating.pool_slots * seating.pool_each)
        held, copies = (parameters, observations), config.opponents.pool_size
        if rival is not None:
            held, copies = rival, 1
        pool = pools.create(held[0], held[1], copies, seating.pool_slots, carry)
    return LearnerState(
        parameters=parameters,
        optimiser=optimiser.init(parameters),
        observations=observations,
        returns=normalise.initial(()) if config.algorithm == "ppo" and config.ppo.scale_rewards else None,
        key=as_data(for_learner),
        update=jnp.int32(0),
        play=Play(
            lanes=lanes,
            first=jnp.ones(seating.environments, bool),
            memory=network.initial_carry(seating.rows),
            discounted=jnp.zeros(seating.rows, jnp.float32),
            pool=pool,
        ),
    )


def next_keys(state: LearnerState, number: int) -> tuple[jax.Array, jax.Array]:
    """`(the state's next key as data, number keys)`."""
    keys = jax.random.split(as_key(state.key), number + 1)
    return as_data(keys[0]), keys[1:]
