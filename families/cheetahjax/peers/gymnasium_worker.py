"""A process that plays a Gymnasium task at random: started by `gymnasium_processes`, one for each core.

Its request has the task's `name` and `options`, and a `seed`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from references import timed_processes
from references.mujoco.tasks import make

_ACTIONS, _STEPS = 4096, 16  # actions drawn beforehand; steps between two looks at the clock


def prepare(request: dict[str, Any]) -> Callable[[], int]:
    """Some steps of random play, with resets."""
    env = make(request["name"], request["options"])
    space = env.action_space
    shape = (_ACTIONS, *space.shape)
    rng = np.random.default_rng(request["seed"])
    actions = rng.uniform(space.low, space.high, shape).astype(space.dtype)
    env.reset(seed=request["seed"])
    taken = 0

    def play() -> int:
        nonlocal taken
        for _ in range(_STEPS):
            _, _, terminated, truncated, _ = env.step(actions[taken % _ACTIONS])
            taken += 1
            if terminated or truncated:
                env.reset()
        return _STEPS

    return play


if __name__ == "__main__":
    timed_processes.serve(prepare)
