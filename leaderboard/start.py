"""Start of a new process, timed, once the kernels of its rollout are on disk.

`python -m leaderboard.start` is that process: it reads the environment and the sizes as JSON from its standard input,
and writes the seconds from the call of the rollout to its first result. Starting Python, importing, making the
environment and its params, and starting JAX come before.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from typing import Any

import jax

from jaxenv.environment import Environment
from jaxenv.rollouts import rollout
from jaxlanes.runtime.serialization import NotDescribableError, decode, encode


def cached_start_seconds(env: Environment, batch: int, steps: int, backend: str) -> float | None:
    """Of a rollout of random play in the second of two processes: the first makes what the cache of kernels lacks.

    None where another process cannot make this environment, or fails.
    """
    try:
        request = json.dumps({"env": encode(env), "batch": batch, "steps": steps, "backend": backend})
    except NotDescribableError:
        return None
    seconds = None
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-m", "leaderboard.start"],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            input=request,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            return None
        seconds = float(done.stdout)
    return seconds


def measure(env: Environment, batch: int, steps: int, backend: str) -> float:
    """Seconds, in this process, whose first rollout it should be."""
    params = env.default_params
    key = jax.block_until_ready(jax.random.key(0))
    play: Any = rollout(env, batch, steps, backend=backend)
    started = time.perf_counter()
    jax.block_until_ready(play(key, params))
    return time.perf_counter() - started


def main() -> None:
    """The process."""
    request = json.load(sys.stdin)
    jax.config.update("jax_enable_compilation_cache", False)
    print(measure(decode(request["env"]), request["batch"], request["steps"], request["backend"]))


if __name__ == "__main__":
    main()
