"""Gymnax, as it is installed, in a kernel: the page's code runs, and plays as under XLA."""

import re
from pathlib import Path

import jax
import numpy as np
import pytest

import jaxlanes
from families.gymnax.bench import play

pytest.importorskip("gymnax", reason="Gymnax is not installed: uv sync")
PAGE = (Path(__file__).parents[3] / "docs" / "lanes.md").read_text("utf-8")


@pytest.mark.parametrize("name", ["CartPole-v1", "Pendulum-v1", "Breakout-MinAtar"])
def test_a_gymnax_environment_plays_the_same(name):
    run, params = play(name, 40)
    keys = jax.random.split(jax.random.key(3), 37)
    expected = np.asarray(jax.jit(jax.vmap(run, in_axes=(0, None)))(keys, params))
    found = np.asarray(jax.jit(jaxlanes.vmap(run, in_axes=(0, None), backend="simd"))(keys, params))
    assert len(np.unique(expected)) > 5
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


def test_the_page_runs_as_typed():
    blocks = re.findall(r"^```python\n(.*?)^```", PAGE, flags=re.M | re.S)
    assert len(blocks) == 2
    names: dict = {}
    for block in blocks:
        exec(compile(block.replace("4096", "64"), "docs/lanes.md", "exec"), names)
    expected = jax.jit(jax.vmap(names["play"], in_axes=(0, None)))(
        jax.random.split(jax.random.key(0), 64), names["params"]
    )
    np.testing.assert_array_equal(names["returns"], expected)
    assert names["rewards"].shape == names["terminated"].shape == (64,)
