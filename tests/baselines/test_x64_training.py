"""Training with `JAX_ENABLE_X64=1`: every state keeps its types, and what is learned is the same up to rounding.

The flag has to be set before JAX is used, and so the updates are made by a process of their own.
"""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from pathlib import Path
from typing import Any

import children
import jax
import numpy as np
import pytest
import small_environments as small

import jaxenv
from baselines import named_arrays
from baselines.config import Config
from baselines.family import config_of
from baselines.program import Program, compile_program, make_setup, member_keys

FAMILIES = ("small/chain", "pongjax/puffer_pong", "cheetahjax/HalfCheetah-v5")
_MEMORY, _PQN = "small/recall with a memory", "small/chain with pqn"
_CHILD = """
import sys
import jax
assert jax.config.jax_enable_x64
import test_x64_training as test
for number, case in enumerate(sys.argv[2:]):
    test.save(case, f"{sys.argv[1]}/{number}.npz")
"""


def program(case: str) -> Program:
    """One update of a small batch in the environment, or variant of it, that `case` names."""
    env, _, variant = case.partition(" with ")
    config = small.TINY_CONFIG if env.startswith("small/") else config_of(env)
    sizes = {"environments": 16, "horizon": 4, "minibatches": 2, "epochs": 2}
    network = dataclasses.replace(config.network, memory=8 if variant == "a memory" else config.network.memory)
    config = dataclasses.replace(
        config,
        algorithm="pqn" if variant == "pqn" else "ppo",
        network=network,
        ppo=dataclasses.replace(config.ppo, **sizes),
        pqn=dataclasses.replace(Config().pqn, **sizes),
        updates_per_chunk=1,
    )
    return compile_program(make_setup(jaxenv.make(env), config, "xla"), 1)


def update(case: str) -> tuple[Any, Any, Any]:
    """The state before and after an update, and its figures."""
    compiled = program(case)
    before = compiled.init(member_keys(0, 1))
    held = named_arrays.flatten(before)  # before its memory is given up
    after, figures = compiled.chunk(before, 0.0, 0.0)
    return held, named_arrays.flatten(after), named_arrays.flatten(figures)


def save(case: str, path: str) -> None:
    """The results of `update`, as a file."""
    parts = zip(("before", "after", "figures"), update(case), strict=True)
    np.savez(path, **{f"{part}/{name}": array for part, arrays in parts for name, array in arrays.items()})


def with_x64(cases: tuple[str, ...], folder: Path) -> list[dict[str, np.ndarray]]:
    """The results of `update` for each case in a process with 64-bit types."""
    command = [sys.executable, "-c", _CHILD, str(folder), *cases]
    env = children.environ(JAX_ENABLE_X64="1")
    done = subprocess.run(command, env=env, cwd=children.ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [dict(np.load(folder / f"{number}.npz")) for number in range(len(cases))]


def check(case: str, found: dict[str, np.ndarray]) -> None:
    """The types of the whole state are those without the flag, before and after an update that changed it."""
    compiled = program(case)
    state = jax.eval_shape(compiled.init, member_keys(0, 1))
    expected = {name: dtype for name, (shape, dtype) in named_arrays.shapes(state).items() if 0 not in shape}
    for part in ("before", "after"):
        there = {name.partition("/")[2]: array.dtype for name, array in found.items() if name.startswith(part + "/")}
        assert there == expected, part
    changed = [name for name in expected if "kernel" in name and name.startswith("parameters")]
    assert changed and any((found[f"before/{name}"] != found[f"after/{name}"]).any() for name in changed)
    assert all(
        np.isfinite(array).all() for name, array in found.items() if name.startswith(("after/param", "figures/"))
    )


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, np.ndarray]]:
    cases = (*FAMILIES, _MEMORY, _PQN)
    return dict(zip(cases, with_x64(cases, tmp_path_factory.mktemp("x64")), strict=True))


@pytest.mark.parametrize("case", [*FAMILIES, _MEMORY, _PQN])
def test_types_do_not_change_with_the_flag(case: str, found: dict[str, dict[str, np.ndarray]]) -> None:
    check(case, found[case])


@pytest.mark.parametrize("case", ["small/chain", _MEMORY])
def test_the_same_is_learned(case: str, found: dict[str, dict[str, np.ndarray]]) -> None:
    """The same draws and so the same episodes, bit by bit; parameters up to the rounding of Adam's factors."""
    for part, arrays in zip(("before", "after", "figures"), update(case), strict=True):
        for name, array in arrays.items():
            other = found[case][f"{part}/{name}"]
            if part == "figures" or name.startswith(("parameters", "optimiser", "observations", "returns")):
                np.testing.assert_allclose(other, array, rtol=2e-5, atol=2e-6, err_msg=f"{part} {name}")
            elif np.issubdtype(array.dtype, np.floating):
                np.testing.assert_allclose(other, array, rtol=1e-6, atol=1e-7, err_msg=f"{part} {name}")
            else:
                np.testing.assert_array_equal(other, array, err_msg=f"{part} {name}")


@pytest.mark.sweep
def test_types_of_gen_1_do_not_change_with_the_flag(tmp_path: Path) -> None:
    """By hand: the program of Gen 1 is compiled for a minute."""
    case = "pokejax/gen1randombattle"
    (found,) = with_x64((case,), tmp_path)
    check(case, found)
