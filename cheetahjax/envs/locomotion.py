"""Shared parts of the walking and swimming tasks: a free root, a reward for its speed, a cost of control."""

from __future__ import annotations

import dataclasses
from typing import Any, ClassVar, Generic

import jax
import jax.numpy as jnp

from cheetahjax.envs.observation import cut
from cheetahjax.envs.planar_env import Advance, Outcome, PlanarEnv, PlanarState
from jaxenv import ObsField, ObsSpec
from jaxenv.environment import reads_state
from jaxenv.typevars import ParamsT


@dataclasses.dataclass(frozen=True, kw_only=True)
class Locomotion(PlanarEnv[PlanarState, ParamsT], Generic[ParamsT]):
    """reward = forward_reward_weight x forward speed [m/s] - ctrl_cost_weight x sum of squared actions (+ more).

    The observation is the positions, without those of the root's travel unless
    ``exclude_current_positions_from_observation=False``, and then the velocities.
    """

    position_fields: ClassVar[tuple[ObsField, ...]]
    """All of ``qpos``; the first one is the root's travel, which the observation excludes by default."""
    velocity_fields: ClassVar[tuple[ObsField, ...]]
    velocity_bound: ClassVar[float | None] = None
    """Observed velocities are clipped to this [m/s, rad/s]."""

    frame_skip: int
    forward_reward_weight: float = 1.0
    ctrl_cost_weight: float
    reset_noise_scale: float
    exclude_current_positions_from_observation: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        exclude = self.exclude_current_positions_from_observation
        if not isinstance(exclude, bool):
            raise ValueError(
                f"{self.task}: exclude_current_positions_from_observation must be True or False, got {exclude!r}"
            )

    @property
    def obs_spec(self) -> ObsSpec:
        hidden = 1 if self.exclude_current_positions_from_observation else 0
        return ObsSpec(self.position_fields[hidden:] + self.velocity_fields)

    @reads_state
    def observe(self, state: PlanarState, params: Any) -> dict[str, jax.Array]:
        del params
        positions = cut(self.position_fields, state.physics.qpos)
        qvel, bound = state.physics.qvel, self.velocity_bound
        velocities = cut(self.velocity_fields, qvel if bound is None else jnp.clip(qvel, -bound, bound))
        if self.exclude_current_positions_from_observation:
            del positions[self.position_fields[0].name]
        return positions | velocities

    def outcome(self, before: Any, advance: Advance, action: jax.Array, params: Any) -> Outcome:
        del before
        after = advance.state.physics
        x_velocity = advance.displacement[0] / self.dt
        forward = params.forward_reward_weight * x_velocity
        control = -params.ctrl_cost_weight * jnp.sum(jnp.square(action))
        metrics = {
            "x_position": after.qpos[0],
            "x_velocity": x_velocity,
            "reward_forward": forward,
            "reward_ctrl": control,
        }
        return Outcome(forward + control, jnp.zeros((), bool), metrics)

    def survival(self, moved: Outcome, after: Any, healthy: jax.Array, params: Any) -> Outcome:
        """The same for a walker that may fall: rewarded while `healthy`, ended once it is not, if the params say so."""
        survive = jnp.where(healthy, params.healthy_reward, 0.0)
        height = after.physics.qpos[1] - self.model.joints[1].reference
        metrics = moved.metrics | {"z_distance_from_origin": height, "reward_survive": survive}
        terminated = ~healthy & jnp.asarray(params.terminate_when_unhealthy, bool)
        return Outcome(moved.reward + survive, terminated, metrics)


def within(value: jax.Array, bounds: Any) -> jax.Array:
    """bool: strictly between two bounds, as Gymnasium's healthy ranges are; never for NaN."""
    return (bounds[0] < value) & (value < bounds[1])
