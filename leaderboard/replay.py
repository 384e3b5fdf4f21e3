"""A row's play once more on this machine: its checksum, or single steps from states that were recorded elsewhere.

Needs jax and numpy alone. Integers and booleans are the same on every machine, so that the play of an environment
without floats has one checksum. Floats are rounded by each compiler in its own way: there each recorded state is
stepped on once (teacher forcing), and the results are compared within the family's tolerance.
"""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxenv.environment import Environment
from jaxenv.rollouts import Carry, rollout

LANES, STEPS = 4, 4
"""Of a probe."""
CHUNK = 4096
"""Lanes that a replay on the CPU runs together, at most."""


class ReplayError(ValueError):
    """A probe that does not fit the environment."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Tolerance:
    """Two floats of a state agree where they differ by at most `absolute + relative * |ours|`; `why` says so."""

    absolute: float
    relative: float
    why: str


@dataclasses.dataclass(frozen=True)
class Difference:
    """Largest difference of a probe: `excess` is in units of what is tolerated, so that more than 1 is too much."""

    excess: float
    place: str
    compared: int


def is_exact(env: Environment) -> bool:
    """True for an environment whose observations and states hold integers and booleans alone."""
    params = env.default_params
    leaves = jax.tree.leaves(jax.eval_shape(env.reset_env, jax.random.key(0), params))
    return not any(jnp.issubdtype(leaf.dtype, jnp.floating) for leaf in leaves)


def checksum(env: Environment, batch: int, scan: int, devices: int, *, seed: int = 0, backend: str = "xla") -> str:
    """Eight digits: that of a row of random play with so many lanes, steps and devices, played on one device."""
    params = env.default_params
    if devices < 1 or batch % devices:
        raise ReplayError(f"{batch} lanes cannot be split over {devices} devices")
    lanes = batch // devices
    chunk = next(size for size in range(min(CHUNK, lanes), 0, -1) if lanes % size == 0)
    program = rollout(env, lanes, scan, chunk=None if chunk == lanes else chunk, backend=backend)
    total = 0
    for key in jax.random.split(jax.random.key(seed), devices):
        _, summary = program.run(program.init(key, params), params)
        total += int(summary.checksum)
    return f"{total % 2**32:08x}"


def play_hash(env: Environment, lanes: int, steps: int, *, backend: str) -> str:
    """SHA-256, 32 digits, over the checksum of random play and every bit of the states that it ends in."""
    params = env.default_params
    program = rollout(env, lanes, steps, backend=backend)
    carry, summary = program.run(program.init(jax.random.key(0), params), params)
    found = hashlib.sha256(f"{int(summary.checksum):08x}".encode())
    for leaf in _leaves(carry):
        found.update(np.ascontiguousarray(leaf).tobytes())
    return found.hexdigest()[:32]


def record(
    env: Environment, backend: str, *, lanes: int = LANES, steps: int = STEPS, seed: int = 0, skip: int = 0
) -> dict[str, Any]:
    """A probe: all leaves of the states of random play after each step, from step `skip` on, as JSON has them."""
    params = env.default_params
    play = rollout(env, lanes, 1, backend=backend)
    carry = play.init(jax.random.key(seed), params)
    for _ in range(skip):
        carry, _summary = play.run(carry, params)
    states = [_leaves(carry)]
    for _ in range(steps):
        carry, _summary = play.run(carry, params)
        states.append(_leaves(carry))
    return {
        "seed": seed,
        "lanes": lanes,
        "shapes": [list(leaf.shape) for leaf in states[0]],
        "dtypes": [str(leaf.dtype) for leaf in states[0]],
        "states": [[leaf.ravel().tolist() for leaf in state] for state in states],
    }


def difference(
    env: Environment, probe: dict[str, Any], tolerance: Tolerance, *, backend: str = "xla", from_start: bool = True
) -> Difference:
    """Each recorded state stepped on once here, beside the one recorded after it. Raises `ReplayError`.

    `from_start`: the first one is that of a new batch, which is compared too.
    """
    params = env.default_params
    play = rollout(env, probe["lanes"], 1, backend=backend)
    first = play.init(jax.random.key(probe["seed"]), params)
    names = [jax.tree_util.keystr(path) for path, _ in jax.tree_util.tree_flatten_with_path(_plain(first))[0]]
    recorded = [_arrays(probe, state, _leaves(first)) for state in probe["states"]]
    if len(recorded) < 2:
        raise ReplayError("the probe holds no step")
    worst = (0.0, "")
    if from_start:
        worst = _compare(recorded[0], _leaves(first), names, "the start", tolerance)
    compared = 0
    for number, (before, after) in enumerate(itertools.pairwise(recorded)):
        carry, _summary = play.run(_carry(first, before), params)
        found = _compare(after, _leaves(carry), names, f"step {number + 1}", tolerance)
        worst = max(worst, found, key=lambda one: one[0])
        compared += probe["lanes"]
    return Difference(*worst, compared)


def _plain(carry: Carry) -> Carry:
    return dataclasses.replace(carry, lane_key=jax.random.key_data(carry.lane_key))


def _leaves(carry: Carry) -> list[np.ndarray]:
    return [np.asarray(leaf) for leaf in jax.tree.leaves(_plain(carry))]


def _carry(like: Carry, leaves: list[np.ndarray]) -> Carry:
    structure = jax.tree.structure(_plain(like))
    plain: Carry = jax.tree.unflatten(structure, [jnp.asarray(leaf) for leaf in leaves])
    return dataclasses.replace(plain, lane_key=jax.random.wrap_key_data(plain.lane_key))


def _arrays(probe: dict[str, Any], state: list[list[Any]], like: list[np.ndarray]) -> list[np.ndarray]:
    """The leaves of a recorded state. `ReplayError` unless they are those of this environment."""
    shapes, dtypes = [list(leaf.shape) for leaf in like], [str(leaf.dtype) for leaf in like]
    if probe["shapes"] != shapes or probe["dtypes"] != dtypes or len(state) != len(like):
        raise ReplayError("the probe's states have other shapes or types than the environment's")
    try:
        return [np.array(values, leaf.dtype).reshape(leaf.shape) for values, leaf in zip(state, like, strict=True)]
    except (ValueError, OverflowError) as error:
        raise ReplayError(f"the probe's states cannot be read: {error}") from error


def _compare(
    recorded: list[np.ndarray], ours: list[np.ndarray], names: list[str], when: str, tolerance: Tolerance
) -> tuple[float, str]:
    """The largest excess and its place."""
    worst = (0.0, "")
    for name, theirs, mine in zip(names, recorded, ours, strict=True):
        if not np.issubdtype(mine.dtype, np.floating):
            excess = np.where(theirs == mine, 0.0, np.inf)
        else:
            allowed = tolerance.absolute + tolerance.relative * np.abs(mine.astype(np.float64))
            apart = np.abs(theirs.astype(np.float64) - mine.astype(np.float64))
            excess = np.where(np.isfinite(apart), apart / allowed, np.inf)
            excess = np.where(np.isnan(theirs) & np.isnan(mine), 0.0, excess)
        if excess.size and float(excess.max()) > worst[0]:
            worst = (float(excess.max()), f"{name.lstrip('.')} after {when}")
    return worst
