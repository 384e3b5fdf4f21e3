"""Steps a second of Gymnasium's `VectorEnv` in a Python loop.

    python -m jaxenv.adapters.throughput ID… --lanes 64 4096

Each figure is the median of `--samples` runs of at least a second, with the quartiles, after a run that is not counted.
The actions are drawn before the loop, uniformly from the space, so that the loop times the environments and what hands
their results to NumPy. `--beside ID` times Gymnasium's own `SyncVectorEnv` of an id of its registry by the same loop.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Sequence
from typing import Any

import gymnasium
import numpy as np

from jaxenv.adapters import common
from jaxenv.adapters.gymnasium import VectorEnv
from jaxenv.rollouts import random_legal


def steps_per_second(envs: Any, samples: int, seconds: float = 1.0) -> np.ndarray:
    """float[samples]: environment steps a second."""
    envs.action_space.seed(0)
    envs.reset(seed=0)
    actions = [envs.action_space.sample() for _ in range(8)]
    found = []
    for _ in range(samples + 1):
        start, count = time.perf_counter(), 0
        while (taken := time.perf_counter() - start) < seconds:
            for action in actions:
                envs.step(action)
            count += len(actions) * envs.num_envs
        found.append(count / taken)
    return np.array(found[1:])


def row(name: str, envs: Any, samples: int) -> str:
    """One row of the table."""
    low, median, high = np.quantile(steps_per_second(envs, samples), (0.25, 0.5, 0.75))
    return f"| `{name}` | {envs.num_envs:,} | {median:,.0f} | {low:,.0f} to {high:,.0f} |"


def main(arguments: Sequence[str] | None = None) -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ids", nargs="+", metavar="ID", help="environments of jaxenv.list_envs()")
    parser.add_argument("--lanes", nargs="+", type=int, default=[64, 4096], help="sizes of the batch")
    parser.add_argument("--samples", type=int, default=10, help="runs of a second for each figure")
    parser.add_argument("--backend", default="auto", help="backend of the environments")
    parser.add_argument("--beside", nargs="*", default=[], metavar="ID", help="Gymnasium's own, by SyncVectorEnv")
    options = parser.parse_args(arguments)
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the start")
    print("| environment | lanes | steps a second | quartiles |\n|---|---|---|---|")
    for lanes in options.lanes:
        for id in options.ids:
            env = common.environment(id, "throughput")
            opponent = random_legal if env.num_players > 1 else None
            envs = VectorEnv(env, lanes, opponent=opponent, backend=options.backend)
            print(row(id, envs, options.samples), flush=True)
        for id in options.beside:
            own = gymnasium.vector.SyncVectorEnv([lambda id=id: gymnasium.make(id)] * lanes)
            print(row(f"Gymnasium's SyncVectorEnv, {id}", own, options.samples), flush=True)
    print(f"load {os.getloadavg()[0]:.1f} at the end")


if __name__ == "__main__":
    main()
