"""Seeded bugs: slips that porting CartPole invites. Killing them measures the verifier."""

from __future__ import annotations

from verification.mutants.mutant import Mutant

_ENV = "families.cartpole.env"
_STEP = "CartPole.step_env"

_AUTORESET = "jaxenv.autoreset"
_INFO = """{**info, "final_observation": obs, "final_legal_actions": env.legal_actions(env_state, params),
    "returned_episode": ended,
    "returned_episode_return": jnp.where(ended, episode_return, jnp.zeros_like(episode_return)),
    "returned_episode_length": jnp.where(ended, episode_length, 0)}"""
_OF_NEXT = (
    '"final_observation": jax.tree.map(lambda new, old: jnp.where(ended, new, old),'
    " reset_hook(env)(jax.random.split(key)[1], params)[0], obs)"
)

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
    Mutant(
        "C13", _ENV, _STEP, "(state.time >= params.max_steps_in_episode) & ~terminated",
        "state.time >= params.max_steps_in_episode",
        "a fall on the very last step sets both flags", "L1", ("outcome",), "a fall and the limit coincide",
    ),
    Mutant(
        "C14", _ENV, _STEP, "params.max_steps_in_episode", "self.default_params.max_steps_in_episode",
        "a lower limit of the params is not read", "L1", ("outcome",),
    ),
    Mutant(
        "C15", _ENV, _STEP, "(self.observe(state, params), state, jnp.float32(1), terminated, truncated, {})",
        "(self.observe(state, params), state, jnp.float32(1), terminated | truncated, truncated & False, {})",
        "truncation is reported as termination", "L1", ("outcome",),
    ),
    Mutant(
        "C16", _AUTORESET, "step", _INFO, _INFO.replace('"final_observation": obs', _OF_NEXT),
        "final_observation is of the next episode", "L1", ("outcome",),
    ),
    Mutant(
        "C17", _AUTORESET, "step", "state.episode_length + 1", "state.episode_length",
        "an episode's length lacks its last step", "L1", ("outcome",),
    ),
    Mutant(
        "C18", _ENV, "fallen", "jnp.abs(state.x) > X_LIMIT", "jnp.abs(state.x) > X_LIMIT * (1 + 1e-6)",
        "the limit of place is a millionth further out", "L1", ("outcome",), "seen only next to the edge",
    ),
)  # fmt: skip
