"""Seeded bugs: slips that porting CartPole invites. Killing them measures the verifier."""

from __future__ import annotations

from verification.mutants.mutant import Mutant

_ENV = "families.cartpole.env"
_STEP = "CartPole.step_env"

MUTANTS = (
    Mutant(
        "C1", _ENV, "integrate", "state.x + TIME_STEP * state.x_dot",
        "state.x + TIME_STEP * (state.x_dot + TIME_STEP * x_acceleration)",
        "the cart moves by the velocity after the step (semi-implicit Euler)", "L1", ("cart",),
        "the usual integrator elsewhere",
    ),
    Mutant(
        "C2", _ENV, "integrate", "4 / 3 - POLE_MASS * jnp.square(cos) / total_mass",
        "4 / 3 - POLE_MASS * cos / total_mass",
        "the cosine is not squared", "L1", ("cart", "pole"), "nearly 1 in all states played, so nearly the same",
    ),
    Mutant(
        "C3", _ENV, "integrate", "push - POLE_MASS * HALF_LENGTH * theta_acceleration * cos / total_mass", "push",
        "the pole does not push back on the cart", "L1", ("cart",),
    ),
    Mutant(
        "C4", _ENV, "integrate", "HALF_LENGTH * (4 / 3 - POLE_MASS * jnp.square(cos) / total_mass)",
        "2 * HALF_LENGTH * (4 / 3 - POLE_MASS * jnp.square(cos) / total_mass)",
        "the whole length where half of it belongs", "L1", ("cart", "pole"), "the reference calls it `length`",
    ),
    Mutant(
        "C5", _ENV, "integrate", "state.theta_dot + TIME_STEP * theta_acceleration",
        "state.theta_dot + 1.00001 * TIME_STEP * theta_acceleration",
        "the pole's acceleration is off by a hundred-thousandth", "L1", ("pole",),
        "a rounded constant: most single steps hide it under the tolerance, windows do not",
    ),
    Mutant(
        "C6", _ENV, "fallen", "jnp.abs(state.x) > X_LIMIT", "jnp.abs(state.x) >= X_LIMIT",
        "a cart exactly at the limit has fallen", "L1", ("outcome",), "seen only in a state on the edge",
    ),
    Mutant(
        "C7", _ENV, "fallen", "jnp.abs(state.theta) > THETA_LIMIT", "state.theta > THETA_LIMIT",
        "a pole that falls to the left goes on", "L1", ("outcome",),
    ),
    Mutant(
        "C8", _ENV, _STEP, "state.time >= params.max_steps_in_episode", "state.time > params.max_steps_in_episode",
        "truncated one step late", "L1", ("outcome",), "random play never lives that long",
    ),
    Mutant(
        "C9", _ENV, _STEP, "jnp.float32(1)", "1.0 - terminated",
        "the step that ends the episode gives no point", "L1", ("outcome",), "CartPole in other libraries does so",
    ),
    Mutant(
        "C10", _ENV, _STEP, "fallen(state)", "fallen(integrate(state, 0.0))",
        "the limits are checked one step ahead", "L1", ("outcome",),
    ),
    Mutant(
        "C11", _ENV, _STEP, "jnp.where(action == 1, FORCE, -FORCE)", "jnp.where(action == 1, FORCE, 0.0)",
        "the other action does not push", "L1", ("cart",),
    ),
    Mutant(
        "C12", _ENV, "integrate", "jnp.square(state.theta_dot)", "state.theta_dot",
        "the angular velocity is not squared", "L1", ("cart", "pole"),
    ),
)  # fmt: skip
