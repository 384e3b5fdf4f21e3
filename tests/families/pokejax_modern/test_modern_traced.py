"""A step of Generation 4's environment can be traced, gives what its spec says, and is no larger than it was."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import pytest

from families.pokejax_modern.compile_cost import main, operations, step_and_arguments
from pokejax.env import Gen4Battle

MOST_OPERATIONS = 62_000
"""Of a step with auto-reset. Each costs milliseconds of compiling: rather trace a part once than raise this."""
ENV = Gen4Battle()


@pytest.fixture(scope="module")
def traced() -> tuple[Any, Any, Any]:
    step, shapes = step_and_arguments(ENV)
    return (*jax.make_jaxpr(step, return_shape=True)(*shapes), shapes)


def test_a_step_can_be_traced_and_has_the_types_of_the_spec(traced: tuple[Any, Any, Any]) -> None:
    _, (stepped, after, reward, terminated, truncated, info), (_, state, _) = traced
    for field in ENV.obs_spec.fields:
        for leaf in (getattr(stepped, field.name), getattr(info["final_observation"], field.name)):
            assert leaf.shape == (2, *field.shape) and leaf.dtype == field.dtype, field.name
    before, now = jax.tree.leaves(state), jax.tree.leaves(after)
    assert [(leaf.shape, leaf.dtype) for leaf in before] == [(leaf.shape, leaf.dtype) for leaf in now]
    assert reward.shape == (2,) and terminated.shape == truncated.shape == ()


def test_a_step_is_no_larger_than_it_was(traced: tuple[Any, Any, Any]) -> None:
    count, below = operations(traced[0])
    assert below["turn.py:step"] < count <= MOST_OPERATIONS
    assert below["turn.py:start"] < count / 4, "a reset holds no turn of its own"


def test_operations_are_counted_in_branches_and_loops_and_not_for_calls() -> None:
    def fn(x: jax.Array) -> jax.Array:
        return jax.lax.fori_loop(0, 3, lambda _, y: jax.jit(lambda z: z * 2)(y), x)

    count, below = operations(jax.make_jaxpr(fn)(jnp.float32(1)))
    assert 3 <= count <= 6 and not below


def test_the_command_refuses_what_makes_no_sense(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["--lanes", "0"])
    assert "--lanes 0" in capsys.readouterr().err
