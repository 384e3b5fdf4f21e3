"""Fixtures that all tests share."""

from __future__ import annotations

import gc
import subprocess
from collections.abc import Iterator
from pathlib import Path

import jax
import pytest

from jaxenv.commands.collector import collect_rarely
from references.showdown.workers import WorkerPool

_MAPS_LIMIT = Path("/proc/sys/vm/max_map_count")  # Linux only
_MAPS = Path("/proc/self/maps")
_LONG = (
    "families/pokejax_gen1/test_gen1_plugin.py",
    "leaderboard/test_sweep.py",
    "verification/test_mutants_drawn_command.py",
    "jaxenv/test_x64_environments.py",
    "jaxenv/test_every_environment.py",
    "families/pokejax_gen1/test_lockstep_with_showdown.py",
    "pokejax/test_wheel.py",
    "families/pokejax_gen1/test_backend_gen1.py",
    "verification/test_walkthrough.py",
    "jaxlanes/test_lanes_x64.py",
    "families/pokejax_gen1/test_gen1_inject.py",
    "pokejax/test_determinize.py",
    "families/pokejax_gen1/test_gen1_mutants.py",
    "families/test_new_family.py",
    "test_regression.py",
    "families/pokejax_gen1/test_gen1_given_out.py",
    "baselines/test_pipes.py",
    "families/pokejax_gen1/test_transfer_showdown.py",
    "jaxlanes/test_lanes_fuzz_isolate.py",
    "baselines/test_faults_baselines.py",
    "families/pokejax_gen1/test_gen1_sweep.py",
)
"""Files of 40 seconds and more, the longest first (`--durations` tells them): no core waits for one at the end."""
_STRICT = {"jax_numpy_dtype_promotion": "strict", "jax_numpy_rank_promotion": "raise"}
_STRICT_FOLDERS = ("jaxenv", "pongjax", "cheetahjax", "pokejax")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long files come first. pytest-xdist hands out whole files, in this order."""
    tests, place = Path(__file__).parent, {name: number for number, name in enumerate(_LONG)}
    missing = [name for name in _LONG if not (tests / name).is_file()]
    if missing:
        raise pytest.UsageError(f"tests/conftest.py: {missing[0]} of _LONG is no file; take it out, or mend its name")
    names = {path: str(path.relative_to(tests)) for path in {item.path for item in items} if path.is_relative_to(tests)}
    items.sort(key=lambda item: place.get(names.get(item.path, ""), len(place)))


def pytest_collection_finish() -> None:
    """Garbage of the collection goes, and Python looks at the rest rarely."""
    gc.collect()
    collect_rarely()


@pytest.fixture(scope="module", autouse=True)
def _forget_compiled_programs() -> Iterator[None]:
    """XLA keeps every compiled program in memory maps of its own, of which Linux allows a process some 65,000.

    The whole suite compiles more than that; LLVM then crashes on a mapping that failed. Compiled programs are shared by
    modules, and so they are forgotten only when a good part of the maps is used.
    """
    yield
    if _MAPS_LIMIT.exists() and len(_MAPS.read_bytes().splitlines()) > int(_MAPS_LIMIT.read_text()) // 3:
        jax.clear_caches()
        gc.collect()


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
