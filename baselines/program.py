"""The compiled side of a run: its setup, first state, and the chunk of updates that the outer loop calls."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from baselines import config as configuration
from baselines import devices
from baselines.config import Config
from baselines.errors import ConfigError
from baselines.family import training_of
from baselines.host import lanes_of
from baselines.lanes import Lanes
from baselines.networks import build
from baselines.selfplay.seating import seat
from baselines.state import LearnerState, Schedule, Setup, create
from jaxenv import Environment


def make_setup(env: Environment, config: Config, backend: str = "auto", mesh: Mesh | None = None) -> Setup:
    """`ConfigError` for settings that do not fit each other or the environment."""
    configuration.check(config)
    learner = config.learner
    seating = seat(env, learner.environments, config.opponents)
    lanes = _lanes(env, config, backend, mesh)
    if config.algorithm == "pqn":
        from baselines.pqn.network import build_q

        network = build_q(env, config.network)
    else:
        network = build(env, config.network)
    units = seating.rows if config.network.memory else seating.rows * learner.horizon
    if units % learner.minibatches:
        what = "rows" if config.network.memory else "samples"
        raise ConfigError(f"{units} {what} of an update do not divide into {learner.minibatches} minibatches")
    shaped = config.algorithm == "ppo" and config.ppo.shaping
    return Setup(config, network, lanes, seating, training_of(env.id).potential if shaped else None)


def _lanes(env: Environment, config: Config, backend: str, mesh: Mesh | None) -> Lanes:
    count = config.learner.environments
    if not config.reference:
        return lanes_of(env, count, backend, config.reports, mesh)
    from baselines.transfer.reference_lanes import reference_lanes

    if mesh is not None:
        raise ConfigError("--reference: it runs on the host, so there is nothing to spread over devices")
    return reference_lanes(env, count)


def algorithm(config: Config) -> Any:
    """The module with `update` and `optimiser`."""
    if config.algorithm == "pqn":
        from baselines.pqn import update
    else:
        from baselines.ppo import update
    return update


def schedule(config: Config, progress: jax.Array) -> Schedule:
    """At `progress`, the share of the run that is over."""
    learner = config.learner
    rate: Any = learner.learning_rate
    if learner.schedule == "linear":
        rate = rate + progress * (learner.final_learning_rate - rate)
    exploration: Any = 0.0
    if config.algorithm == "pqn":
        pqn = config.pqn
        done = jnp.minimum(progress / max(pqn.exploration_share, 1e-6), 1.0)
        exploration = pqn.exploration_start + done * (pqn.exploration_end - pqn.exploration_start)
    return Schedule(jnp.float32(rate), jnp.float32(exploration))


@dataclasses.dataclass(frozen=True, eq=False)
class Program:
    """`init(keys [K])` makes the stacked state, `chunk(state, progress, per_update)` does `updates_per_chunk` updates.

    `chunk` gives up its argument's memory and returns `(state, figures)`, figures with leading axes `[U, K]`.
    """

    setup: Setup
    init: Callable[[jax.Array], LearnerState]
    chunk: Callable[[LearnerState, Any, Any], tuple[LearnerState, dict[str, Any]]]


def compile_program(setup: Setup, members: int, mesh: Mesh | None = None, rival: Any = None) -> Program:
    """Nothing is compiled before it is called. `rival`: see `state.create`."""
    module = algorithm(setup.config)
    optimiser = module.optimiser(setup.config.learner)
    env_params = jax.tree.map(jnp.asarray, setup.lanes.env.default_params)

    if members > 1 and setup.lanes.on_host:
        why = "--reference" if setup.config.reference else f"{setup.lanes.env.id} runs on the host"
        raise ConfigError(f"{why}: one member at a time, not {members}; train the others apart, with --seed")

    def init(keys: jax.Array, env_params: Any) -> LearnerState:
        if members > 1:
            return jax.vmap(lambda key: create(setup, optimiser, key, env_params, rival))(keys)
        return jax.tree.map(lambda leaf: leaf[None], create(setup, optimiser, keys[0], env_params, rival))

    def one(state: LearnerState, now: Schedule, env_params: Any) -> tuple[LearnerState, dict[str, Any]]:
        return module.update(setup, state, now, env_params)

    def each(state: LearnerState, now: Schedule, env_params: Any) -> tuple[LearnerState, dict[str, Any]]:
        if members > 1:
            return jax.vmap(one, in_axes=(0, None, None))(state, now, env_params)
        # One member needs no batch axis: matrix products and `lax.cond` stay what they are.
        result = one(jax.tree.map(lambda leaf: leaf[0], state), now, env_params)
        return jax.tree.map(lambda leaf: leaf[None], result)

    def chunk(state: LearnerState, progress: Any, per_update: Any, env_params: Any) -> Any:
        def body(state: LearnerState, index: jax.Array) -> tuple[LearnerState, dict[str, Any]]:
            now = schedule(setup.config, jnp.minimum(progress + index * per_update, 1.0))
            return each(state, now, env_params)

        return jax.lax.scan(body, state, jnp.arange(setup.config.updates_per_chunk))

    if mesh is None:
        init_compiled, chunk_compiled = jax.jit(init), jax.jit(chunk, donate_argnums=0)
    else:
        keys = jax.random.split(jax.random.key(0), members)
        where = devices.shardings(mesh, jax.eval_shape(init, keys, env_params))
        same = NamedSharding(mesh, PartitionSpec())
        init_compiled = jax.jit(init, out_shardings=where)
        chunk_compiled = jax.jit(chunk, donate_argnums=0, out_shardings=(where, same))
    return Program(
        setup,
        lambda keys: init_compiled(keys, env_params),
        lambda state, progress, per_update: chunk_compiled(
            state, jnp.float32(progress), jnp.float32(per_update), env_params
        ),
    )


def member_keys(seed: int, members: int) -> jax.Array:
    """One key for each member: member `k` of seed `s` is the first member of seed `s + k`."""
    return jax.vmap(jax.random.key)(jnp.arange(seed, seed + members))
