"""How fast the environments are by themselves, beside which the speed of training is reported."""

from __future__ import annotations

import time

import jax
import numpy as np

from baselines.lanes import Lanes
from jaxenv.rollout import random_policy, rollout

_STEPS = 32


def env_sps(lanes: Lanes, seconds: float = 2.0) -> float:
    """Transitions a second of random play, on the same batch and backend: the median of about `seconds`, and of at
    least three calls. Observations and masks are computed and read; compiling is not counted."""
    backend = lanes.engine
    play = rollout(lanes.env, lanes.count, _STEPS, random_policy(lanes.env), backend=backend)
    params = lanes.env.default_params
    carry, summary = jax.block_until_ready(play(jax.random.key(0), params))
    rates, end = [], time.monotonic() + seconds
    while len(rates) < 3 or time.monotonic() < end:
        started = time.perf_counter()
        carry, summary = jax.block_until_ready(play(carry, params))
        rates.append(lanes.count * _STEPS / (time.perf_counter() - started))
    del summary
    return float(np.median(rates))
