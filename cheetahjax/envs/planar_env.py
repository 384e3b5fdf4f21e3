"""The base class of the tasks. Reference: Gymnasium on MuJoCo, in the versions of `cheetahjax.reference`.

A task has the constructor options of Gymnasium's v5 class under their names, except those that choose another model
file or draw pictures. Options that are numbers become fields of the default params, traced and free to differ from lane
to lane; those that decide a shape or a loop stay with the class. What differs from Gymnasium, in every task:

* Precision: float32, Gymnasium's is float64. One step agrees to float32's rounding; a contact model amplifies that over
  steps, as it does every other rounding.
* Speed of the root: taken from the displacement that the engine sums up within the step, Gymnasium subtracts two
  positions. Equal numbers, but far from the origin ours keeps its digits.
* A control that is NaN: MuJoCo zeroes all controls of that step, and so do we (``engine_forward.c``,
  ``mj_fwdActuation``); the control cost is NaN in either. Other controls beyond the motors' range are clamped by the
  engine, infinite ones included, while the control cost is that of the action as it came.
* A state that is not finite, or beyond 1e10: MuJoCo puts it back to its initial pose with a warning and goes on
  (``mj_checkPos``, ``mj_checkVel``, ``mj_checkAcc``). Nothing is put back here: what is not a number stays visible. No
  episode gets there by itself.
* After a reset both solvers start cold: Gymnasium's ``set_state`` runs ``mj_forward``, which leaves ``qacc_warmstart``
  at the zeros of ``mj_resetData``.
"""

from __future__ import annotations

import dataclasses
import math
import numbers
from typing import Any, ClassVar, Generic, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from cheetahjax.model.planar_model import PlanarModel
from cheetahjax.newton import NewtonOptions
from cheetahjax.reference import VERSION
from cheetahjax.state import PhysicsState, SolverReport
from cheetahjax.step import EnvStep, compiler_options, env_step
from jaxenv import Environment, EnvSpec, Reference, struct
from jaxenv.drawing import Drawing
from jaxenv.environment import Step
from jaxenv.registry import tags_of
from jaxenv.spaces import Box
from jaxenv.typevars import ParamsT, StateT


@struct.dataclass
class PlanarState(struct.Node):
    """One episode. A task whose observation needs more than this has a state class of its own with the same fields."""

    physics: PhysicsState
    time: jax.Array
    """int32: steps of this episode."""


class Outcome(NamedTuple):
    """Results of a task's step, in the state's precision."""

    reward: jax.Array
    terminated: jax.Array
    metrics: dict[str, jax.Array]
    """Entries of ``info`` under Gymnasium's names."""


class Advance(NamedTuple):
    """A state one step on."""

    state: Any
    displacement: jax.Array
    """``[nv]``: how far every joint went."""
    report: SolverReport


@dataclasses.dataclass(frozen=True, kw_only=True)
class PlanarEnv(Environment[StateT, ParamsT, dict[str, jax.Array]], Generic[StateT, ParamsT]):
    """A task. Actions are ``float32[nu]`` within the motors' control range.

    * ``frame_skip``: physics steps of one step of the environment.
    * ``newton``: how the constraint solver iterates. ``NewtonOptions(fixed_iterations=6)`` lets gradients through.

    ``info`` has Gymnasium's metrics under its names, ``illegal`` (the action lies outside the action space), and
    ``solver``, the constraint solver's report (`cheetahjax.state.SolverReport`) summed over the step.

    Subclasses give the class variables, `draw_start`, `outcome`, `obs_spec` and `observe`.
    """

    task: ClassVar[str]
    """Gymnasium's id."""
    model: ClassVar[PlanarModel]
    params_type: ClassVar[type]
    """The struct of the default params: a field for every option that may be traced, and `max_steps_in_episode`."""
    reward_range: ClassVar[tuple[float, float]] = (-math.inf, math.inf)

    frame_skip: int
    newton: NewtonOptions = NewtonOptions()  # noqa: RUF009 - frozen

    def __post_init__(self) -> None:
        super().__post_init__()
        if isinstance(self.frame_skip, bool) or not isinstance(self.frame_skip, int) or self.frame_skip < 1:
            raise ValueError(f"{self.task}: frame_skip must be a positive integer, got {self.frame_skip!r}")
        if not isinstance(self.newton, NewtonOptions):
            raise ValueError(f"{self.task}: newton must be a cheetahjax.newton.NewtonOptions, got {self.newton!r}")
        for name, default in self._options():
            # Plain values of one type, so that equal configurations are equal and hash the same.
            object.__setattr__(self, name, _checked(self.task, name, getattr(self, name), default))

    def _options(self) -> list[tuple[str, Any]]:
        """Names and default values of the options that are params."""
        defaults = {field.name: field.default for field in dataclasses.fields(self)}
        return [(f.name, defaults[f.name]) for f in dataclasses.fields(self.params_type) if f.name in defaults]

    # ---- what a task writes

    def draw_start(self, key: jax.Array, params: Any) -> tuple[jax.Array, jax.Array]:
        """``(qpos, qvel)`` of a new episode, ``float32[nv]`` each (Gymnasium: ``reset_model``)."""
        raise NotImplementedError

    def outcome(self, before: Any, advance: Advance, action: jax.Array, params: Any) -> Outcome:
        """Reward, ending and metrics of a step from the state `before` under the action as it came."""
        raise NotImplementedError

    def state_at(self, physics: PhysicsState, time: Any = 0) -> Any:
        """The state that Gymnasium's ``set_state`` leaves: whatever a task derives is that of the present pose."""
        return PlanarState(physics, jnp.asarray(time, jnp.int32))

    def state_after(self, step: EnvStep, time: jax.Array) -> Any:
        """The state after a step of the physics."""
        return PlanarState(step.state, time)

    def advance(self, state: Any, ctrl: jax.Array) -> Advance:
        """One step of the physics under controls; the time is counted."""
        step = env_step(self.model, state.physics, ctrl, self.frame_skip, self.newton)
        return Advance(self.state_after(step, state.time + 1), step.displacement, step.report)

    # ---- the environment

    def compiler_options(self, backend: str, lanes: int) -> dict[str, str]:
        """XLA's options that suit a program of so many lanes on each device: `cheetahjax.step.compiler_options`."""
        return compiler_options(backend, lanes)

    @property
    def dt(self) -> float:
        """Seconds of one step."""
        return self.model.timestep * self.frame_skip

    @property
    def spec(self) -> EnvSpec:
        return EnvSpec(
            id=f"cheetahjax/{self.task}",
            version="v1",
            players=1,
            dynamics="single",
            information="perfect",
            num_actions=0,
            reward_range=self.reward_range,
            horizon=self.default_params.max_steps_in_episode,
            reference=Reference(name=f"gymnasium {self.task}", version=VERSION, licence="MIT"),
            tags=tags_of(f"cheetahjax/{self.task}"),
            backends=("xla", "simd"),
        )

    @property
    def default_params(self) -> ParamsT:
        return self.params_type(**{name: getattr(self, name) for name, _ in self._options()})

    def action_space(self, params: Any = None) -> Box:
        """`Box` of the motors' control ranges, float32."""
        motors = self.model.motors
        low = np.array([motor.lower for motor in motors], np.float32)
        high = np.array([motor.upper for motor in motors], np.float32)
        return Box(low, high, (self.model.nu,))

    def reset_env(self, key: jax.Array, params: ParamsT) -> tuple[dict[str, jax.Array], StateT]:
        qpos, qvel = self.draw_start(key, params)
        state = self.state_at(PhysicsState(qpos, qvel, jnp.zeros_like(qvel)))
        return self.observe(state, params), state

    def transition(self, state: Any, action: jax.Array, params: Any) -> tuple[Advance, Outcome]:
        """One step, free of chance, in the precision of `state`, for any action of the action space's shape."""
        ctrl = jnp.where(jnp.any(jnp.isnan(action)), 0.0, action)
        advance = self.advance(state, ctrl)
        return advance, self.outcome(state, advance, action.astype(state.physics.qpos.dtype), params)

    def step_env(
        self, key: jax.Array, state: StateT, action: Any, params: ParamsT
    ) -> Step[dict[str, jax.Array], StateT]:
        del key
        action = jnp.asarray(action, jnp.float32)
        advance, outcome = self.transition(state, action, params)
        truncated = (advance.state.time >= params.max_steps_in_episode) & ~outcome.terminated
        metrics = {name: jnp.asarray(value, jnp.float32) for name, value in outcome.metrics.items()}
        info = {**metrics, "illegal": self.is_illegal(action), "solver": advance.report}
        reward = jnp.asarray(outcome.reward, jnp.float32)
        return self.observe(advance.state, params), advance.state, reward, outcome.terminated, truncated, info

    def is_illegal(self, action: jax.Array) -> jax.Array:
        """bool: outside the action space."""
        space = self.action_space()
        return ~jnp.all((action >= space.low) & (action <= space.high))

    def picture(self, state: Any, params: Any) -> Drawing:
        """The figure; the camera follows a root that may walk away."""
        from cheetahjax.render.picture import picture  # the rules need no pictures

        del params
        return picture(self.model, state)

    def initial_qpos(self) -> jax.Array:
        """``float32[nv]``: the pose that resets scatter about (Gymnasium: ``init_qpos``)."""
        return jnp.array([joint.reference for joint in self.model.joints], jnp.float32)


def uniform(key: jax.Array, size: int, scale: Any) -> jax.Array:
    """``float32[size]``, uniform within -scale and scale."""
    return scale * jax.random.uniform(key, (size,), jnp.float32, -1.0, 1.0)


def normal(key: jax.Array, size: int, scale: Any) -> jax.Array:
    """``float32[size]``, normal with standard deviation `scale`."""
    return scale * jax.random.normal(key, (size,), jnp.float32)


def _checked(task: str, name: str, value: Any, default: Any) -> Any:
    """An option's value as a plain bool, float or pair of floats, as its default is."""
    if isinstance(default, bool):
        if not isinstance(value, (bool, np.bool_)):
            raise ValueError(f"{task}: {name} must be True or False, got {value!r}")
        return bool(value)
    if isinstance(default, tuple):
        pair = tuple(value) if isinstance(value, (tuple, list, np.ndarray)) else ()
        if len(pair) != 2 or not all(_is_number(end) for end in pair) or not pair[0] <= pair[1]:
            raise ValueError(f"{task}: {name} must be two numbers, the lower first, got {value!r}")
        return float(pair[0]), float(pair[1])
    if not _is_number(value) or not math.isfinite(value):
        raise ValueError(f"{task}: {name} must be a finite number, got {value!r}")
    if name == "reset_noise_scale" and value < 0:
        raise ValueError(f"{task}: reset_noise_scale must not be negative, got {value!r}")
    return float(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, numbers.Real) and not isinstance(value, (bool, np.bool_)) and not math.isnan(value)
