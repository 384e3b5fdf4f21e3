"""The table of tasks: a line for each; everything else is shared code."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

from references.mujoco.gymnasium_env import MujocoReference


@dataclass(frozen=True)
class Limits:
    """Largest errors of one teacher-forced physics step (E1). Velocities in rad/s or m/s, positions in rad or m."""

    qpos: float = 1e-5
    qvel: float = 1e-3
    outcome: float = 1e-3
    """Of the observation and the reward."""
    double: float = 1e-9
    """Of everything, where both sides compute in float64; accelerations relative to 1 + their size."""


@dataclass(frozen=True)
class Noise:
    """The law of a reset: positions uniform around the initial pose, velocities as `kind` says."""

    positions: float = 0.1
    velocities: float = 0.1
    kind: Literal["uniform", "normal"] = "uniform"


@dataclass(frozen=True)
class Task:
    """One task of the family.

    * `name`: Gymnasium's id. `target`: the candidate's class, "module:Class". `horizon`: steps until truncation.
    * `reward`: entries of ``info`` whose sum is the reward; `told`: the other ones that are compared.
    * `noise`: law of the reset. `control_cost`: weight of the squared actions in "reward_ctrl".
    * `travel`: joints along which nothing changes; the observation leaves them out. `bound`: of observed velocities.
    * `free`: joints without limits that a wild state throws anywhere in this range around the initial pose.
    * `root_speed`, `joint_speed`: standard deviation of a wild state's velocities, of joints without and with limits.
    * `undecided`: share of steps that may be amplified or decided by less than float32 resolves. Where impedances begin
      at 0.9 a contact's force jumps by its whole size, and a body at rest rests at that edge.
    * `most_speed`: of any injected velocity. A swimmer's drag makes MuJoCo itself unstable at a few metres per second.
    * `endings`: joint → positions at which an episode ends. `margin`: of level 4, in points of return.
    * `still`: its outcomes are of the state alone, so that it can stand still (see `still`).
    * `alone_tolerance`: of a lane by itself against the same lane among others, four steps on: two programs' rounding,
      which contacts magnify (1.4e-4 was measured for the cheetah).
    """

    name: str
    target: str
    reward: tuple[str, ...]
    margin: float
    margin_reason: str
    told: tuple[str, ...] = ()
    horizon: int = 1000
    noise: Noise = field(default_factory=Noise)
    control_cost: float = 0.0
    travel: tuple[int, ...] = ()
    bound: float | None = None
    free: Mapping[str, tuple[float, float]] = field(default_factory=lambda: MappingProxyType({}))
    root_speed: float = 3.0
    joint_speed: float = 10.0
    most_speed: float = 60.0
    endings: Mapping[int, tuple[float, ...]] = field(default_factory=lambda: MappingProxyType({}))
    undecided: float = 1e-3
    still: bool = True
    alone_tolerance: float = 1e-5
    limits: Limits = field(default_factory=Limits)

    @property
    def env_id(self) -> str:
        """Its id here."""
        return f"cheetahjax/{self.name}"

    @property
    def metrics(self) -> tuple[str, ...]:
        """Entries of ``info`` that are compared."""
        return (*self.told, *self.reward)


_RUN = ("reward_forward", "reward_ctrl")
_WALK = (*_RUN, "reward_survive")
_PLACE = ("x_position", "x_velocity")
_SMALL = Noise(5e-3, 5e-3)
_ANYWHERE = (-3.2, 3.2)

TASKS = {
    task.name: task
    for task in (
        Task(
            "HalfCheetah-v5",
            "cheetahjax.envs.half_cheetah:HalfCheetah",
            reward=_RUN,
            told=_PLACE,
            margin=100.0,
            margin_reason="a hundredth of what trained policies reach (about 10,000), less than seeds differ by",
            noise=Noise(0.1, 0.1, "normal"),
            control_cost=0.1,
            travel=(0,),
            free={"rootx": (-1.0, 1.0), "rootz": (-0.45, 0.4), "rooty": _ANYWHERE},
            alone_tolerance=1e-3,
        ),
        Task(
            "Walker2d-v5",
            "cheetahjax.envs.walker2d:Walker2d",
            reward=_WALK,
            told=(*_PLACE, "z_distance_from_origin"),
            margin=50.0,
            margin_reason="a hundredth of what trained policies reach (about 5,000), less than seeds differ by",
            noise=_SMALL,
            control_cost=1e-3,
            travel=(0,),
            bound=10.0,
            free={"rootx": (-1.0, 1.0), "rootz": (-0.45, 0.4), "rooty": _ANYWHERE},
            endings={1: (0.8, 2.0), 2: (-1.0, 1.0)},
            undecided=0.03,
        ),
        Task(
            "Hopper-v5",
            "cheetahjax.envs.hopper:Hopper",
            reward=_WALK,
            told=(*_PLACE, "z_distance_from_origin"),
            margin=35.0,
            margin_reason="a hundredth of what trained policies reach (about 3,500), less than seeds differ by",
            noise=_SMALL,
            control_cost=1e-3,
            travel=(0,),
            bound=10.0,
            free={"rootx": (-1.0, 1.0), "rootz": (-0.45, 0.4), "rooty": _ANYWHERE},
            endings={1: (0.7,), 2: (-0.2, 0.2)},
        ),
        Task(
            "InvertedPendulum-v5",
            "cheetahjax.envs.inverted_pendulum:InvertedPendulum",
            reward=("reward_survive",),
            margin=10.0,
            margin_reason="a hundredth of the most that can be reached, 1,000",
            noise=Noise(0.01, 0.01),
            endings={1: (-0.2, 0.2)},
        ),
        Task(
            "InvertedDoublePendulum-v5",
            "cheetahjax.envs.inverted_double_pendulum:InvertedDoublePendulum",
            reward=("reward_survive", "distance_penalty", "velocity_penalty"),
            margin=93.0,
            margin_reason="a hundredth of what trained policies reach (about 9,300)",
            noise=Noise(0.1, 0.1, "normal"),
            free={"hinge": _ANYWHERE, "hinge2": _ANYWHERE},
            still=False,
            # With the poles in line the tip, 1.2 m up, is then at the 1 m where the episode ends.
            endings={1: (-0.5857, 0.5857)},
        ),
        Task(
            "Reacher-v5",
            "cheetahjax.envs.reacher:Reacher",
            reward=("reward_dist", "reward_ctrl"),
            margin=1.0,
            margin_reason="a fortieth of what training gains (from about -43 to -4)",
            horizon=50,
            noise=Noise(0.1, 0.005),
            control_cost=1.0,
            free={"joint0": _ANYWHERE},
            still=False,
        ),
        Task(
            "Swimmer-v5",
            "cheetahjax.envs.swimmer:Swimmer",
            reward=_RUN,
            told=(*_PLACE, "y_position", "y_velocity", "distance_from_origin"),
            margin=4.0,
            margin_reason="about a hundredth of what trained policies reach (some 360)",
            control_cost=1e-4,
            travel=(0, 1),
            root_speed=0.5,
            joint_speed=2.0,
            most_speed=4.0,
            free={"slider1": (-1.0, 1.0), "slider2": (-1.0, 1.0), "free_body_rot": _ANYWHERE},
        ),
    )
}


@functools.cache
def compiled(name: str) -> Any:
    """The task's ``mjModel``, compiled once; read only."""
    return MujocoReference(name).unwrapped.model


@functools.cache
def step_seconds(name: str) -> float:
    """Seconds of one environment step."""
    return float(MujocoReference(name).unwrapped.dt)
