"""Speed of training, and of the environments by themselves, on the same batch."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from typing import Any

import jax
import numpy as np

import jaxenv
from baselines.config import Config
from baselines.family import config_of
from baselines.host import HostLanes
from baselines.lanes import Lanes
from baselines.program import compile_program, make_setup, member_keys
from jaxenv import Environment
from jaxenv.rollouts import random_policy, rollout

_STEPS = 32
_LEAST_CALLS = 3


def env_sps(lanes: Lanes, seconds: float = 2.0) -> float:
    """Transitions a second of random play, on the same batch and backend: the median of about `seconds`, and of at
    least three calls. Observations and masks are computed and read; compiling is not counted. Of lanes of a reference:
    what ours does in their place."""
    if isinstance(lanes, HostLanes):
        return lanes.speed(seconds)
    backend = "auto" if lanes.engine == "reference" else lanes.engine
    play = rollout(lanes.env, lanes.count, _STEPS, random_policy(lanes.env), backend=backend)
    params = lanes.env.default_params
    return _rate(lambda carry: play(carry, params), jax.random.key(0), lanes.count * _STEPS, seconds)[0]


def _rate(call: Callable[[Any], tuple[Any, Any]], state: Any, steps: int, seconds: float) -> tuple[float, int]:
    """Steps a second of `state, result = call(state)`, which does `steps` of them: the median of calls of about
    `seconds` in all, at least three, and how many they were. The first call is not timed: it compiles."""
    state, _ = jax.block_until_ready(call(state))
    rates: list[float] = []
    end = time.monotonic() + seconds
    while len(rates) < _LEAST_CALLS or time.monotonic() < end:
        started = time.perf_counter()
        state, _ = jax.block_until_ready(call(state))
        rates.append(steps / (time.perf_counter() - started))
    return float(np.median(rates)), len(rates)


@dataclasses.dataclass(frozen=True)
class Speed:
    """One network's training. `train_sps` counts joint transitions of whole updates (rollout, opponents, gradients),
    `env_sps` those of the environment alone in random play; both medians, without compiling."""

    hidden: tuple[int, ...]
    parameters: int
    environments: int
    horizon: int
    epochs: int
    engine: str
    train_sps: float
    env_sps: float
    updates: int

    @property
    def env_share(self) -> float:
        """Share of the training's time that its transitions take in the environment by itself."""
        return self.train_sps / self.env_sps

    def to_json(self) -> dict[str, Any]:
        """With the share."""
        return {**dataclasses.asdict(self), "env_share": self.env_share}

    def line(self) -> str:
        """In words."""
        return (
            f"{self.parameters:,} parameters: training {self.train_sps:,.0f}/s, environment alone "
            f"{self.env_sps:,.0f}/s, its share {100 * self.env_share:.2f} %"
        )


def network_of(base: Config, hidden: tuple[int, ...], environments: int | None, horizon: int | None) -> Config:
    """`base` with those layers; batches of another size where one is given."""
    network = dataclasses.replace(base.network, hidden=hidden)
    changed = {"environments": environments, "horizon": horizon}
    learner = dataclasses.replace(base.learner, **{k: v for k, v in changed.items() if v is not None})
    return dataclasses.replace(base, network=network, updates_per_chunk=1, **{base.algorithm: learner})


def measure(env: Environment, config: Config, seconds: float, backend: str = "auto") -> Speed:
    """Updates of one member for about `seconds`, at least three; then the environment alone for as long."""
    setup = make_setup(env, config, backend)
    program = compile_program(setup, 1)
    state = program.init(member_keys(0, 1))
    parameters = sum(leaf.size for leaf in jax.tree.leaves(state.parameters))
    per_call = setup.steps_per_update * config.updates_per_chunk
    train_sps, updates = _rate(lambda state: program.chunk(state, 0.0, 0.0), state, per_call, seconds)
    learner = config.learner
    return Speed(
        hidden=config.network.hidden,
        parameters=parameters,
        environments=learner.environments,
        horizon=learner.horizon,
        epochs=learner.epochs,
        engine=setup.lanes.engine,
        train_sps=train_sps,
        env_sps=env_sps(setup.lanes, seconds),
        updates=updates,
    )


def of_size(
    env_id: str, environments: int, seconds: float, backend: str, *, network: dict[str, Any], ppo: dict[str, Any]
) -> dict[str, Any]:
    """`measure` of an environment's own configuration with other settings of the network and of PPO, as JSON has it."""
    base = config_of(env_id)
    config = dataclasses.replace(
        base,
        network=dataclasses.replace(base.network, **network),
        ppo=dataclasses.replace(base.ppo, environments=environments, **ppo),
        updates_per_chunk=1,
    )
    return measure(jaxenv.make(env_id), config, seconds, backend).to_json()
