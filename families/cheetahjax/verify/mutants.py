"""Seeded bugs: slips that somebody porting MuJoCo's planar tasks could make, one expression each.

Ids F1–F9 and X11–X14 are those of the project's catalogue of planar physics and porting bugs, as they apply here; the
other ids are words. F2 is one frame too few; F6 stands twice, the force and the implicit part; F10 is among `DRAWS`.

Of the catalogue's cross-cutting bugs these have no place here. X3, X7, X10: nothing is gathered, sorted or padded.
X4–X6: there are no remainders and no narrow integers. X8: auto-reset is the contract's, which level 0 looks at. X9: no
branch is selected that may be infinite. X13: see `gravity-9.8`. X15: the step acts on one body, and level 0 compares
batches.

Left out because they change no result: a solver that starts cold, `<=` for `<` at a residual or a distance of exactly
zero, and errors of the Hessian that only cost iterations. `DRAWS` act where both sides begin alike: they are counted at
level 3d alone.
"""

from __future__ import annotations

from verification.mutants.mutant import Mutant


def _slip(id: str, place: str, old: str, new: str, changes: str, owner: str = "acceleration", why: str = "") -> Mutant:
    """A `Mutant` of cheetahjax: `place` is "module:function", `owner` record modules separated by spaces."""
    module, _, function = place.partition(":")
    return Mutant(id, f"cheetahjax.{module}", function, old, new, changes, "L1", tuple(owner.split()), why)


_CONTACT = "contact:_contact"
_ASKED = "-constants.damping * up - constants.stiffness * impedance * beyond"
_SPRING = "mul(-joint.stiffness, sub(qpos[joint.dof], joint.spring_reference))"
_ARMATURE = "matrix_sum(matrix, absolute_diagonal(model, [joint.armature for joint in model.joints]))"
_POSITIONS = "tuple(d + h * v for d, v in zip(motion.displacement, {}, strict=True))"
_CURVE = "jnp.where(depth <= midpoint, depth * depth * (1 / midpoint), 1 - rest * rest * (1 / (1 - midpoint)))"
_TAKEN = "mul(factor[low, up], entries[low, higher])"
_RESULT = "self.observe(advance.state, params), advance.state, reward, {}, {}, info"

DYNAMICS = (
    _slip("gravity-sign", "bias:bias_forces", "moment(moments[index], model.gravity)",
          "-moment(moments[index], model.gravity)", "gravity turns the links the wrong way"),
    _slip("gravity-9.8", "bias:bias_forces", "composite(model).base_masses[base] * gravity",
          "composite(model).base_masses[base] * gravity / 9.81 * 9.8", "gravity is 9.8, a thousandth too weak",
          why="a rounded constant: in one step only a state that amplifies it shows it"),
    _slip("coriolis-sign", "bias:bias_forces", "sub(forces[own], mul(coupling, squares[above]))",
          "add(forces[own], mul(coupling, squares[above]))", "the pull of the parent's turning has the wrong sign"),
    _slip("coriolis-other", "bias:bias_forces", "mul(coupling, squares[index])", "mul(coupling, squares[above])",
          "the parent feels its own turning instead of the child's"),
    _slip("centrifugal-linear", "bias:bias_forces", "mul(component, squares[index])",
          "mul(component, pose.rates[index])", "rates are not squared in what the root feels"),
    _slip("centrifugal-missing", "bias:bias_forces", "add(forces[slide], mul(component, squares[index]))",
          "forces[slide]", "the root feels nothing of the links' turning"),
    _slip("armature-missing", "inertia:mass_matrix", _ARMATURE, "matrix_sum(matrix)", "no rotor inertia"),
    _slip("armature-absolute", "inertia:mass_matrix", _ARMATURE,
          "matrix_sum(matrix, {(k, k): joint.armature for k, joint in enumerate(order.joints)})",
          "rotor inertia resists the link's absolute angle instead of the joint's"),
    _slip("coupling-sign", "inertia:mass_matrix", "dot(offset, moments[index])", "-dot(offset, moments[index])",
          "links of one leg couple with the wrong sign"),
    _slip("coupling-turned", "inertia:mass_matrix", "turned(moments[index])", "moments[index]",
          "the root couples to a link along it instead of across it"),
    _slip("rotation-sign", "kinematics:_rotate", "add(mul(cosine, u), mul(sine, v))",
          "sub(mul(cosine, u), mul(sine, v))", "the rotation is no rotation"),
    _slip("velocity-not-carried", "kinematics:kinematics",
          "carried(velocities[link.parent], offset, rates[order.links[link.parent]])", "velocities[link.parent]",
          "a hinge has its parent's velocity", why="velocities of points matter in contact only"),
    _slip("motion-not-carried", "kinematics:hinge_motions", "carried(motions[link.parent], pose.offsets[index], rate)",
          "motions[link.parent]", "a hinge has its parent's acceleration", why="seen by contacts only"),
    _slip("angle-relative", "coordinates:absolute", "add(values[order.links[link.parent]], own)", "own",
          "relative angles are taken for absolute ones"),
    _slip("reaction-missing", "coordinates:absolute_force",
          "forces[above] = sub(forces[above], mul(link.sign, joint_forces[link.hinge.dof]))", "pass",
          "a motor does not push its parent link back"),
    _slip("acceleration-absolute", "coordinates:relative", "mul(link.sign, sub(values[coordinate], above))",
          "mul(link.sign, values[coordinate])", "absolute accelerations are given for the joints'"),
    _slip("back-substitution", "tree_matrix:solve", "sub(x[low], mul(factor[low, up], x[up]))",
          "add(x[low], mul(factor[low, up], x[up]))", "the last pass of the factorisation adds"),
    _slip("elimination", "tree_matrix:solve", _TAKEN, f"0.5 * {_TAKEN}", "elimination takes away half"),
)  # fmt: skip

FORCES = (
    _slip("spring-sign", "passive:joint_forces", _SPRING, _SPRING.replace("-joint", "joint"), "springs push outwards"),
    _slip("F6", "passive:joint_forces", "mul(-joint.damping, qvel[joint.dof])", "0.0", "no joint damping",
          why="the implicit part alone looks like damping"),
    _slip("F5", "passive:joint_forces", "mul(motor.gear, clamped)",
          "mul(-motor.gear if motor.dof == 5 else motor.gear, clamped)", "one motor turns the wrong way"),
    _slip("unclamped", "passive:joint_forces", "jnp.minimum(jnp.maximum(control, motor.lower), motor.upper)", "control",
          "controls beyond the range push harder", why="policies that clip their own actions never show it"),
    _slip("lower-unclamped", "passive:joint_forces", "jnp.maximum(control, motor.lower)", "control",
          "only the upper end of the range holds"),
    _slip("contact-arm-surface", _CONTACT, "0.5 * distance", "0.0 * distance",
          "contact forces act on the capsule's surface, not midway between the two"),
    _slip("contact-arm-floor", _CONTACT, "0.5 * distance", "1.0 * distance", "contact forces act on the floor"),
    _slip("contact-radius", _CONTACT, "add(plus(pose.hinges[link], centre)[1], -point.radius)",
          "plus(pose.hinges[link], centre)[1]", "capsules have no thickness"),
    _slip("contact-impedance", _CONTACT, _ASKED, "-constants.damping * up - constants.stiffness * beyond",
          "the contact's spring is not scaled by the impedance"),
    _slip("contact-damping", _CONTACT, _ASKED, "-constants.stiffness * impedance * beyond", "contacts do not damp"),
    _slip("contact-slide-damping", _CONTACT, "mul(-constants.damping * point.friction, along)", "0.0 * along",
          "friction asks for no deceleration"),
    _slip("contact-early", _CONTACT, "select(beyond < 0, asked, NEVER)", "select(beyond < 0.001, asked, NEVER)",
          "contacts act a millimetre above the floor"),
    _slip("contact-weight", _CONTACT, "(1 + point.friction ** 2) * 2 * point.friction ** 2", "2 * point.friction ** 2",
          "the pyramid's weights lack 1 + mu squared"),
    _slip("normal-once", "contact:Contact.act", "add(pushes[0], pushes[1], 2 * pushes[2])",
          "add(pushes[0], pushes[1], pushes[2])", "the two edges across the plane count once",
          why="in the plane they are one and the same row"),
    _slip("F7", "contact:Contact.residuals", "mul(self.point.friction, along)", "mul(2 * self.point.friction, along)",
          "the friction cone is twice as wide in the rows"),
    _slip("friction-force", "contact:Contact.act", "mul(friction, sub(pushes[0], pushes[1]))",
          "mul(friction, sub(pushes[1], pushes[0]))", "friction pushes along"),
    _slip("frictionless", "contact:Contact.act", "mul(friction, sub(pushes[0], pushes[1]))", "0.0 * pushes[0]",
          "friction never pushes"),
    _slip("impedance-linear", "impedance:impedance_at", _CURVE, "depth", "impedance grows linearly with depth"),
    _slip("impedance-midpoint", "impedance:impedance_at", _CURVE,
          "jnp.where(depth <= midpoint, depth * depth * (1 / midpoint), depth)", "linear beyond the midpoint"),
    _slip("impedance-width", "impedance:impedance_at", "1 / width", "0.5 / width", "contacts are twice as wide"),
    _slip("row-weight", "impedance:row_weight", "(1 - impedance) * inverse_inertia", "inverse_inertia",
          "rows are weighted by the impedance alone"),
    _slip("spring-width", "impedance:spring", "1 / (width * time_constant * damping_ratio) ** 2",
          "1 / (time_constant * damping_ratio) ** 2", "the full impedance is left out of the stiffness"),
    _slip("spring-damping", "impedance:spring", "2 / (width * time_constant)", "1 / (width * time_constant)",
          "half the damping"),
    _slip("limit-side", "limit:_limit", "jnp.where(above < below, 1.0, -1.0)", "jnp.where(above < below, -1.0, 1.0)",
          "limits push outwards"),
    _slip("F9", "limit:_limit", "constants.stiffness * impedance * beyond",
          "0.5 * constants.stiffness * impedance * beyond", "limits are half as stiff"),
    _slip("limit-lower-only", "limit:_limit", "jnp.minimum(above, below)", "above", "only lower ends hold"),
    _slip("limit-damping-side", "limit:_limit", "-constants.damping * side * velocity", "-constants.damping * velocity",
          "at upper ends a limit drives instead of damping"),
    _slip("limit-force-side", "limit:JointLimit.push", "-held * self.side * residual", "-held * residual",
          "at upper ends the force points outwards"),
    _slip("limit-residual-absolute", "constraints:Constraints.residuals", "joints[limit.joint.dof]",
          "acceleration[limit.joint.dof]", "limits hold the link's absolute angle instead of the joint's"),
    _slip("force-not-carried", "force_tree:LinkForces.generalised", "moment(pose.offsets[index], forces[index])",
          "0.0 * moment(pose.offsets[index], forces[index])", "a contact's force on a foot does not turn the shin"),
    _slip("one-iteration", "newton:_iterate", "_changed(iterate.residuals, after)", "jnp.zeros((), jnp.bool_)",
          "the solver stops after one step", why="right whenever the active set does not change"),
)  # fmt: skip

STEPPING = (
    _slip("F1", "integrate:euler", _POSITIONS.format("qvel"), _POSITIONS.format("motion.qvel"),
          "positions move with the velocities before the step", "position acceleration velocity"),
    _slip("explicit-damping", "integrate:euler", "_damped(model, found)", "found.values",
          "joint damping is not taken implicitly", "acceleration velocity"),
    _slip("damping-mass", "integrate:_damped", "matrix_sum(found.mass, implicit)", "found.mass",
          "the implicit step is solved with the mass alone", "acceleration velocity"),
    _slip("damping-half", "integrate:_damped", "mul(model.timestep * b, a)", "mul(0.5 * model.timestep * b, a)",
          "half of the implicit damping", "acceleration velocity"),
    _slip("warm-start-damped", "integrate:euler", "tuple(jnp.asarray(a) for a in acceleration)",
          "tuple(jnp.asarray(a) for a in rates)", "the solver starts at the acceleration after damping",
          why="costs iterations only; the record of the warm start shows it"),
    _slip("warm-start-stale", "integrate:euler", "tuple(jnp.asarray(a) for a in acceleration)", "motion.warmstart",
          "the solver's start is never renewed", why="as before"),
    _slip("F2", "step:env_step", "jax.lax.fori_loop(0, frame_skip, body, carry)",
          "jax.lax.fori_loop(0, frame_skip - 1, body, carry)", "one physics step too few"),
    _slip("F3", "envs.locomotion:Locomotion.outcome", "advance.displacement[0] / self.dt",
          "advance.displacement[0] / self.model.timestep", "the speed is over one physics step's time", "reward"),
    _slip("speed-average", "envs.locomotion:Locomotion.outcome", "advance.displacement[0] / self.dt", "after.qvel[0]",
          "the reward is for the speed at the step's end", "reward"),
    _slip("F4", "envs.locomotion:Locomotion.outcome", "forward + control", "forward", "control costs nothing",
          "reward"),
    _slip("X14", "envs.locomotion:Locomotion.outcome", "jnp.square(action)", "jnp.square(jnp.clip(action, -1.0, 1.0))",
          "control is charged for as it was clamped", "reward", "policies that clip their own actions never show it"),
    _slip("control-mean", "envs.locomotion:Locomotion.outcome", "jnp.sum(jnp.square(action))",
          "jnp.mean(jnp.square(action))", "the mean of the squares is charged for", "reward"),
    _slip("place-before", "envs.locomotion:Locomotion.outcome", "after.qpos[0]",
          "after.qpos[0] - advance.displacement[0]", "x_position is that before the step", "reward"),
    _slip("F8", "envs.locomotion:Locomotion.observe",
          "qvel if bound is None else jnp.clip(qvel, -bound, bound)", "jnp.clip(qvel, -10.0, 10.0)",
          "observed velocities are clipped to 10", "observation", "as in other tasks of the family"),
    _slip("observation-order", "envs.observation:cut", "values[start:start + field.size].reshape(field.shape)",
          "values[start:start + field.size][::-1].reshape(field.shape)", "joints are observed backwards",
          "observation"),
    _slip("X12", "envs.planar_env:PlanarEnv.step_env", "self.observe(advance.state, params)",
          "self.observe(state, params)", "the observation is that before the step", "observation"),
    _slip("X11", "envs.planar_env:PlanarEnv.step_env", "advance.state.time >= params.max_steps_in_episode",
          "advance.state.time > params.max_steps_in_episode", "truncated one step late", "ending",
          "random play reaches it once in a thousand steps"),
    _slip("truncation-ends", "envs.planar_env:PlanarEnv.step_env", _RESULT.format("outcome.terminated", "truncated"),
          _RESULT.format("truncated", "outcome.terminated"), "truncation is reported as termination", "ending"),
    _slip("time-in-frames", "envs.planar_env:PlanarEnv.advance", "state.time + 1", "state.time + self.frame_skip",
          "time counts physics steps", "clock"),
)  # fmt: skip

_STEP_ENV, _OUTCOME = "envs.planar_env:PlanarEnv.step_env", "envs.hopper:Hopper.outcome"
_REWARD = "jnp.asarray(outcome.reward, jnp.float32)"
_BOUNDED = "jnp.concatenate((qpos[2:], qvel))"
_HEIGHT, _ANGLE = "within(qpos[1], params.healthy_z_range)", "within(qpos[2], params.healthy_angle_range)"
_INFO = """{**info, "final_observation": obs, "final_legal_actions": env.legal_actions(env_state, params),
    "returned_episode": ended,
    "returned_episode_return": jnp.where(ended, episode_return, jnp.zeros_like(episode_return)),
    "returned_episode_length": jnp.where(ended, episode_length, 0)}"""
_OF_NEXT = (
    '"final_observation": jax.tree.map(lambda new, old: jnp.where(ended, new, old),'
    " reset_hook(env)(jax.random.split(key)[1], params)[0], obs)"
)


def _base(id: str, old: str, new: str, changes: str) -> Mutant:
    """A slip of the base class's auto-reset."""
    return Mutant(id, "jaxenv.autoreset", "step", old, new, changes, "L1", ("observation", "episode", "contract"))


ENDS = (
    _slip("limit-of-the-default", _STEP_ENV, "params.max_steps_in_episode", "self.default_params.max_steps_in_episode",
          "a lower limit of the params is not read", "ending"),
    _slip("last-reward-lost", _STEP_ENV, _REWARD, f"jnp.where(truncated, 0.0, {_REWARD})",
          "the step that is truncated is not paid for", "reward", "one step in a thousand"),
    _slip("nan-in-all", "envs.planar_env:PlanarEnv.transition", "jnp.any(jnp.isnan(action))",
          "jnp.all(jnp.isnan(action))", "controls are zeroed only where none is a number",
          "acceleration velocity position"),
    _slip("nan-alone", "envs.planar_env:PlanarEnv.transition", "jnp.where(jnp.any(jnp.isnan(action)), 0.0, action)",
          "jnp.where(jnp.isnan(action), 0.0, action)", "only the control that is no number is zeroed"),
    _base("final-observation-next", _INFO, _INFO.replace('"final_observation": obs', _OF_NEXT),
          "final_observation is of the next episode"),
    _base("return-without-the-last", "state.episode_return + reward",
          "state.episode_return + jnp.where(terminated | truncated, 0.0, reward)",
          "an episode's return lacks its last reward"),
    _base("length-without-the-last", "state.episode_length + 1", "state.episode_length",
          "an episode's length lacks its last step"),
    _base("no-reset-when-truncated", "maybe(ended, begin, env_state)", "maybe(terminated, begin, env_state)",
          "an episode that is truncated goes on"),
)  # fmt: skip

HEALTH = (
    _slip("health-states", _OUTCOME, "jnp.all(within(bounded, params.healthy_state_range))", "jnp.bool_(True)",
          "no single component ends an episode", "ending reward"),
    _slip("health-velocities", _OUTCOME, _BOUNDED, "jnp.concatenate((qpos[2:], 0 * qvel))",
          "velocities end no episode", "ending reward"),
    _slip("health-last-velocity", _OUTCOME, _BOUNDED, "jnp.concatenate((qpos[2:], qvel.at[5].set(0)))",
          "the last velocity ends no episode", "ending reward", "one component of ten"),
    _slip("health-last-angle", _OUTCOME, _BOUNDED, "jnp.concatenate((qpos[2:].at[3].set(0), qvel))",
          "the last joint's angle ends no episode", "ending reward",
          "the physics never gets there: only a state that stands still shows it"),
    _slip("health-clipped", _OUTCOME, _BOUNDED, "jnp.concatenate((qpos[2:], jnp.clip(qvel, -10.0, 10.0)))",
          "velocities are judged as they are observed", "ending reward"),
    _slip("height-included", _OUTCOME, _HEIGHT, "params.healthy_z_range[0] <= qpos[1]",
          "exactly at its least height a body is healthy", "ending reward", "one representable number"),
    _slip("height-higher", _OUTCOME, _HEIGHT, "within(qpos[1] - 1e-5, params.healthy_z_range)",
          "the least height is a hundredth of a millimetre higher", "ending reward"),
    _slip("height-dropped", _OUTCOME, _HEIGHT, "jnp.bool_(True)", "no height ends an episode", "ending reward"),
    _slip("angle-one-sided", _OUTCOME, _ANGLE, "qpos[2] < params.healthy_angle_range[1]",
          "a fall backwards ends no episode", "ending reward"),
    _slip("angle-included", _OUTCOME, _ANGLE, "jnp.abs(qpos[2]) <= params.healthy_angle_range[1]",
          "exactly at its largest angle a body is healthy", "ending reward", "one representable number"),
    _slip("survival-paid-at-the-end", "envs.locomotion:Locomotion.survival",
          "jnp.where(healthy, params.healthy_reward, 0.0)", "jnp.where(healthy, params.healthy_reward, 1.0)",
          "the step of the fall is paid for as survived", "reward"),
    _slip("fall-truncated-too", _STEP_ENV, "(advance.state.time >= params.max_steps_in_episode) & ~outcome.terminated",
          "advance.state.time >= params.max_steps_in_episode", "a fall on the very last step sets both flags",
          "ending", "a fall and the limit coincide"),
    _slip("clip-one-sided", "envs.locomotion:Locomotion.observe",
          "qvel if bound is None else jnp.clip(qvel, -bound, bound)", "jnp.minimum(qvel, 10.0)",
          "observed velocities are clipped from above only", "observation"),
)  # fmt: skip

_START = "envs.half_cheetah:HalfCheetah.draw_start"
_UNIFORM = "jax.random.uniform(key, (size,), jnp.float32, -1.0, 1.0)"


def _draw(id: str, place: str, old: str, new: str, changes: str) -> Mutant:
    module, _, function = place.partition(":")
    return Mutant(id, f"cheetahjax.{module}", function, old, new, changes, "L3d")


DRAWS = (
    _draw("F10", _START, "normal(velocity_key, self.model.nv, params.reset_noise_scale)",
          "uniform(velocity_key, self.model.nv, params.reset_noise_scale)", "velocities are uniform, not normal"),
    _draw("X1", _START, "normal(velocity_key, self.model.nv, params.reset_noise_scale)",
          "normal(position_key, self.model.nv, params.reset_noise_scale)", "one key for positions and velocities"),
    _draw("X2", _START, "jax.random.split(key)", "jax.random.split(jax.random.key(0))", "every lane starts alike"),
    _draw("one-sided", "envs.planar_env:uniform", _UNIFORM, _UNIFORM.replace("-1.0", "0.0"), "noise is never negative"),
    _draw("one-number", "envs.planar_env:uniform", _UNIFORM,
          "jnp.full((size,), jax.random.uniform(key, (), jnp.float32, -1.0, 1.0))", "all joints get the same noise"),
    _draw("squared-scale", "envs.planar_env:normal", "scale * jax.random.normal(key, (size,), jnp.float32)",
          "scale * scale * jax.random.normal(key, (size,), jnp.float32)", "the standard deviation is squared"),
    _draw("root-at-rest", _START, "normal(velocity_key, self.model.nv, params.reset_noise_scale)",
          "normal(velocity_key, self.model.nv, params.reset_noise_scale).at[0].set(0.0)", "the root starts at rest"),
)  # fmt: skip


def half_cheetah() -> tuple[Mutant, ...]:
    """The catalogue of levels 1 to 3."""
    return (*DYNAMICS, *FORCES, *STEPPING, *ENDS)


def hopper() -> tuple[Mutant, ...]:
    """Bugs of what the cheetah has not: thresholds of health, and endings by the rules."""
    return (*HEALTH, *ENDS)


CATALOGUES = {"HalfCheetah-v5": half_cheetah, "Hopper-v5": hopper}
