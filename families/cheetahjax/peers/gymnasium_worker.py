"""A process that plays a Gymnasium task at random: started by `gymnasium_processes`, one for each core.

Reads one JSON line `{"name": …, "options": …, "seed": …}`, then a line with a number of seconds for every round;
answers each with a JSON line: `{"ready": true}`, then `{"steps": …, "seconds": …}`.
"""

from __future__ import annotations

import json
import sys
import time

import numpy as np

from references.mujoco.tasks import make

_ACTIONS, _STEPS = 4096, 16  # actions drawn beforehand; steps between two looks at the clock


def main() -> None:
    request = json.loads(sys.stdin.readline())
    env = make(request["name"], request["options"])
    space = env.action_space
    shape = (_ACTIONS, *space.shape)
    rng = np.random.default_rng(request["seed"])
    actions = rng.uniform(space.low, space.high, shape).astype(space.dtype)
    env.reset(seed=request["seed"])
    taken = 0
    _answer({"ready": True})
    for line in sys.stdin:
        limit, begun, steps = float(line), time.perf_counter(), 0
        while time.perf_counter() - begun < limit or not steps:
            for _ in range(_STEPS):
                _, _, terminated, truncated, _ = env.step(actions[taken % _ACTIONS])
                taken += 1
                if terminated or truncated:
                    env.reset()
            steps += _STEPS
        _answer({"steps": steps, "seconds": time.perf_counter() - begun})


def _answer(message: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
