"""`jax.grad` through the fixed-trip solver against finite differences."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cheetahjax.model import HALF_CHEETAH
from cheetahjax.newton import NewtonOptions
from cheetahjax.state import PhysicsState
from cheetahjax.step import physics_step

OPTIONS = NewtonOptions(fixed_iterations=6)
STEPS = 8


def travelled(qpos: jax.Array, qvel: jax.Array, actions: jax.Array) -> tuple[jax.Array, jax.Array]:
    """The cheetah's distance, and the number of solves that did not settle."""

    def step(state: PhysicsState, action: jax.Array) -> tuple[PhysicsState, jax.Array]:
        state, report = physics_step(HALF_CHEETAH, state, action, OPTIONS)
        return state, report.unconverged

    last, unconverged = jax.lax.scan(step, PhysicsState(qpos, qvel, jnp.zeros_like(qvel)), actions)
    return last.qpos[0], unconverged.sum()


value_and_grad = jax.jit(
    jax.value_and_grad(travelled, argnums=(0, 1, 2), has_aux=True),
    compiler_options={"xla_disable_hlo_passes": "fusion"},
)


@pytest.mark.parametrize("height", [0.3, -0.05], ids=["in the air", "on the floor"])
def test_gradient_is_the_slope(height: float) -> None:
    rng = np.random.default_rng(3)
    qpos, qvel = 0.05 * rng.standard_normal(9), 0.1 * rng.standard_normal(9)
    qpos[1] = height
    actions = rng.uniform(-0.5, 0.5, (STEPS, 6))
    with jax.enable_x64(True):
        point = (jnp.asarray(qpos), jnp.asarray(qvel), jnp.asarray(actions))
        (_, unconverged), gradient = value_and_grad(*point)
        assert int(unconverged) == 0
        assert all(np.isfinite(part).all() for part in gradient)
        assert max(np.abs(part).max() for part in gradient) > 0.01
        for _ in range(4):
            direction = [jnp.asarray(rng.standard_normal(part.shape)) for part in point]
            slope = sum(float((g * d).sum()) for g, d in zip(gradient, direction, strict=True))
            size = 1e-6
            ahead, behind = (
                float(value_and_grad(*[p + sign * size * d for p, d in zip(point, direction, strict=True)])[0][0])
                for sign in (1, -1)
            )
            np.testing.assert_allclose(slope, (ahead - behind) / (2 * size), rtol=1e-5, atol=1e-7)


def test_the_searching_solver_refuses_reverse_mode() -> None:
    """Its loops end when the state says so; JAX cannot reverse them, and says so instead of returning nonsense."""
    zero = jnp.zeros(9)

    def distance(action: jax.Array) -> jax.Array:
        return physics_step(HALF_CHEETAH, PhysicsState(zero, zero, zero), action)[0].qpos[0]

    with pytest.raises(ValueError, match=r"while_loop"):
        jax.eval_shape(jax.grad(distance), jnp.zeros(6))
