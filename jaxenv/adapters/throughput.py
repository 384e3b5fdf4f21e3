"""Steps a second of Gymnasium's `VectorEnv` in a Python loop, beside other libraries' batches.

    python -m jaxenv.adapters.throughput ID… --lanes 64 4096 --beside ID --envpool ID

Batches of one size are timed in turns, a run of at least a second each, so that a busy machine slows all of them alike.
Each figure is the median of `--samples` runs with the quartiles, after one not counted. Actions are drawn before
the loop, uniformly from the space: the loop times the environments and what hands their results to NumPy.
`--beside ID` adds Gymnasium's own `SyncVectorEnv` and `AsyncVectorEnv`, a process for each lane, of an id of its
registry, up to `--most` lanes; `--envpool ID` adds EnvPool's batch of an id of its own.
"""

from __future__ import annotations

import argparse
import datetime
import functools
import os
import platform
import time
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np

from jaxenv.adapters import common
from jaxenv.adapters.gymnasium import VectorEnv
from jaxenv.commands.arguments import positive, seconds
from jaxenv.rollouts import random_legal

gymnasium: Any = common.library("gymnasium", "gymnasium", "1.1")
Batch = tuple[Any, Any]
"""A vector environment, and the space of a batch of its actions."""
_PACKAGES = ("pokejax", "jax", "gymnasium", "envpool", "numpy")


def run(envs: Any, lanes: int, actions: Sequence[Any], seconds: float) -> float:
    """Environment steps a second in a run of at least that long."""
    start, count = time.perf_counter(), 0
    while (taken := time.perf_counter() - start) < seconds:
        envs.step(actions[count % len(actions)])
        count += 1
    return count * lanes / taken


def in_turns(batches: Mapping[str, Batch], lanes: int, samples: int, seconds: float = 1.0) -> dict[str, np.ndarray]:
    """float[samples] for each of the batches: environment steps a second."""
    actions = {}
    for name, (envs, space) in batches.items():
        space.seed(0)
        actions[name] = [space.sample() for _ in range(8)]
        envs.reset()
    turns = [
        [run(envs, lanes, actions[name], seconds) for name, (envs, _) in batches.items()] for _ in range(samples + 1)
    ]
    return dict(zip(batches, np.array(turns[1:]).T, strict=True))


def ours(id: str, lanes: int, backend: str) -> Batch:
    """The batch of one of our ids; the second player of a game for two plays at random."""
    env = common.environment(id, "throughput")
    envs = VectorEnv(env, lanes, opponent=random_legal if env.num_players > 1 else None, backend=backend)
    return envs, envs.action_space


def others(options: argparse.Namespace, lanes: int) -> dict[str, Batch]:
    """The batches of the other libraries."""
    found: dict[str, Batch] = {}
    for id in options.beside if lanes <= options.most else ():
        makers = [functools.partial(gymnasium.make, id)] * lanes
        for kind in (gymnasium.vector.AsyncVectorEnv, gymnasium.vector.SyncVectorEnv):
            envs = kind(makers)
            found[f"Gymnasium's `{kind.__name__}`, `{id}`"] = envs, envs.action_space
    for id in options.envpool:
        envs = common.library("envpool", "envpool", "1.0").make_gymnasium(id, num_envs=lanes, seed=0)
        space = gymnasium.vector.utils.batch_space(envs.action_space, lanes)  # EnvPool gives that of one lane
        found[f"EnvPool, `{id}`"] = envs, space
    return found


def installed() -> Iterator[str]:
    """Names and versions of what ran."""
    yield f"Python {platform.python_version()}"
    for name in _PACKAGES:
        try:
            yield f"{name} {version(name)}"
        except PackageNotFoundError:
            continue


def main(arguments: Sequence[str] | None = None) -> None:
    """Print a table. SystemExit, with the reason, for what cannot be made."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ids", nargs="+", metavar="ID", help="environments of jaxenv.list_envs()")
    parser.add_argument("--lanes", nargs="+", type=positive, default=[64, 4096], help="sizes of the batch")
    parser.add_argument("--samples", type=positive, default=10, help="runs for each figure")
    parser.add_argument("--seconds", type=seconds, default=1.0, help="least length of a run")
    parser.add_argument("--backend", default="auto", help="backend of the environments")
    parser.add_argument("--beside", nargs="*", default=[], metavar="ID", help="Gymnasium's own vector environments")
    parser.add_argument("--most", type=positive, default=64, help="most lanes of Gymnasium's own")
    parser.add_argument("--envpool", nargs="*", default=[], metavar="ID", help="EnvPool's, which must be installed")
    options = parser.parse_args(arguments)
    try:
        _table(options)
    except (LookupError, TypeError, ValueError, ImportError, gymnasium.error.Error) as error:
        parser.error(str(error.args[0] if isinstance(error, LookupError) and error.args else error))


def _table(options: argparse.Namespace) -> None:
    print(f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d}; {', '.join(installed())}")
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the start\n")
    print("| environment | lanes | steps a second | quartiles |\n|---|---|---|---|", flush=True)
    # AsyncVectorEnv forks, which a process whose JAX runs threads must not: all others are made before any of ours.
    beside = {lanes: others(options, lanes) for lanes in options.lanes}
    for lanes in options.lanes:
        batches = {f"`{id}`": ours(id, lanes, options.backend) for id in options.ids} | beside[lanes]
        for name, found in in_turns(batches, lanes, options.samples, options.seconds).items():
            low, median, high = np.quantile(found, (0.25, 0.5, 0.75))
            print(f"| {name} | {lanes:,} | {median:,.0f} | {low:,.0f} to {high:,.0f} |", flush=True)
        for envs, _ in batches.values():
            envs.close()
    print(f"\nload {os.getloadavg()[0]:.1f} at the end")


if __name__ == "__main__":
    main()
