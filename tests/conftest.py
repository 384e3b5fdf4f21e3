"""Fixtures that all tests share."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import jax
import pytest

from references.showdown.workers import WorkerPool

_MAPS_LIMIT = Path("/proc/sys/vm/max_map_count")  # Linux only
_MAPS = Path("/proc/self/maps")
_STRICT = {"jax_numpy_dtype_promotion": "strict", "jax_numpy_rank_promotion": "raise"}
_STRICT_FOLDERS = ("jaxenv", "pongjax", "cheetahjax", "pokejax")


@pytest.fixture(scope="module", autouse=True)
def _forget_compiled_programs() -> Iterator[None]:
    """XLA keeps every compiled program in memory maps of its own, of which Linux allows a process some 65,000.

    The whole suite compiles more than that; LLVM then crashes on a mapping that failed. Compiled programs are shared by
    modules, and so they are forgotten only when a good part of the maps is used.
    """
    yield
    if _MAPS_LIMIT.exists() and len(_MAPS.read_bytes().splitlines()) > int(_MAPS_LIMIT.read_text()) // 3:
        jax.clear_caches()


@pytest.fixture(scope="module", autouse=True)
def _types_and_ranks_are_written_out(request: pytest.FixtureRequest) -> Iterator[None]:
    """JAX refuses to promote types and ranks by itself in these folders: what it promotes to depends on its settings.

    Modules that run other people's code, or compare with what JAX promotes, are marked ``promotes``.
    """
    before = {name: getattr(jax.config, name) for name in _STRICT}
    folder = request.node.path.relative_to(Path(__file__).parent).parts[0]
    if folder in _STRICT_FOLDERS and request.node.get_closest_marker("promotes") is None:
        for name, value in _STRICT.items():
            jax.config.update(name, value)
    yield
    for name, value in before.items():
        jax.config.update(name, value)


@pytest.fixture(scope="session")
def pool() -> Iterator[WorkerPool]:
    """Reference workers for every test that only needs some: starting Node costs half a second each."""
    with WorkerPool(2) as workers:
        yield workers


@pytest.fixture(scope="session")
def commit_seed() -> int:
    """A seed that changes with every commit, so that each one's tests play battles nobody has seen before."""
    git = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=Path(__file__).parent, capture_output=True, text=True, check=False
    )
    if git.returncode:  # not a git checkout: an sdist has no commit
        return 0
    return int(git.stdout[:8], 16)
