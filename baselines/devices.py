"""Environments spread over devices and processes. JAX's runtime does the rest: the program is the same on one device.

Everything is computed as if on one device (`jax.jit` over sharded arrays), so results differ by rounding only.
"""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from baselines.errors import ConfigError
from baselines.lanes import AXIS
from baselines.state import LearnerState


def connect(coordinator: str, processes: int, process: int) -> None:
    """Join `processes` processes; to be called before anything else of JAX. On the CPU they talk through gloo."""
    if not 0 <= process < processes:
        raise ConfigError(f"process must be 0 to {processes - 1}, got {process}")
    jax.config.update("jax_cpu_collectives_implementation", "gloo")
    jax.distributed.initialize(coordinator, num_processes=processes, process_id=process)


def mesh(environments: int) -> Mesh:
    """All devices of all processes on one axis. `ConfigError` if the environments do not divide among them."""
    devices = np.asarray(jax.devices())
    if environments % len(devices):
        raise ConfigError(f"{environments} environments do not divide among {len(devices)} devices")
    return Mesh(devices, (AXIS,))


def shardings(mesh: Mesh, state: LearnerState) -> Any:
    """Of a stacked state `[K, ...]`: episodes by environment, everything else on every device."""
    same = NamedSharding(mesh, PartitionSpec())
    spread = NamedSharding(mesh, PartitionSpec(None, AXIS))

    def of(leaf: Any) -> NamedSharding:
        return spread if leaf.ndim > 1 and leaf.shape[1] % mesh.size == 0 else same

    everywhere = jax.tree.map(lambda leaf: same, state)
    play = everywhere.play.replace(
        lanes=jax.tree.map(of, state.play.lanes),
        first=of(state.play.first),
        memory=jax.tree.map(of, state.play.memory),
        discounted=of(state.play.discounted),
    )
    return everywhere.replace(play=play)


def to_host(tree: Any) -> Any:
    """The whole arrays as numpy, in every process."""
    if jax.process_count() == 1:
        return jax.tree.map(np.asarray, tree)
    from jax.experimental import multihost_utils

    def gather(leaf: Any) -> np.ndarray:
        if leaf.is_fully_replicated:
            return np.asarray(leaf.addressable_data(0))
        return np.asarray(multihost_utils.process_allgather(leaf, tiled=True))

    return jax.tree.map(gather, tree)


def agreed(stop: bool) -> bool:
    """The decision of process 0, in every process."""
    if jax.process_count() == 1:
        return stop
    from jax.experimental import multihost_utils

    return bool(multihost_utils.broadcast_one_to_all(np.asarray(stop)))


def is_main() -> bool:
    """True in the process that writes files and prints."""
    return jax.process_index() == 0
