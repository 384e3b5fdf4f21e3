"""Pong as an environment of `jaxenv`. Reference: PufferLib, `pufferlib/ocean/pong` (`pong.h`, `pong.py`).

The agent has the right paddle, a script the left one; an episode is a game up to 21 points. Actions: 0 stays, 1 goes
up, 2 goes down (any other stays as well, and sets ``info["illegal"]``); with ``continuous=True`` a number in [-1, 1],
the share of the full speed upwards, clipped as PufferLib's Python layer does.

``strict=True`` is PufferLib, including what looks like oversights; ``strict=False`` repairs these and says so in the
spec's tags and version:

=====================  ==========================================  ==========================================
what                   strict                                      repaired
=====================  ==========================================  ==========================================
serve                  down or level                               down or up
score observations     always 0 (an integer division)              the share of the winning score
after a point          the observation of before the point         the observation of the new round
end of the game        observation and state are the next game's   they are the final ones
return, then a point   the point's reward overwrites the return's  both count
``episode_length``     steps of the game's last round              steps of the game
=====================  ==========================================  ==========================================
"""

from __future__ import annotations

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp

from jaxenv import Environment, EnvSpec, ObsSpec, Reference
from jaxenv.drawing import Drawing
from jaxenv.environment import Step, reads_state
from jaxenv.registry import tags_of
from jaxenv.spaces import Box, Discrete, Space
from pongjax.game import new_game, play_step
from pongjax.observation import OBS_SPEC
from pongjax.params import PongParams, in_reference_types
from pongjax.picture import picture
from pongjax.reference import PUFFERLIB
from pongjax.state import Observation, PongState

STILL, UP, DOWN = 0, 1, 2
TRAINING_FRAME_SKIP = 8


@dataclasses.dataclass(frozen=True, kw_only=True)
class PufferPong(Environment[PongState, PongParams, Observation]):
    """One agent against the script. ``info["log"]`` holds what PufferLib logs of a game that ends (`game.PongLog`).

    * ``frame_skip``: frames of one agent step; a point ends it early. 8 is what PufferLib trains with
      (``config/ocean/pong.ini``), 1 what its class has by default.
    * ``continuous``: the action is a number instead of one of three.
    * ``strict``: see the module.
    """

    frame_skip: int = TRAINING_FRAME_SKIP
    continuous: bool = False
    strict: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        if isinstance(self.frame_skip, bool) or not isinstance(self.frame_skip, int) or self.frame_skip < 1:
            raise ValueError(f"PufferPong: frame_skip must be a positive integer, got {self.frame_skip!r}")

    @property
    def spec(self) -> EnvSpec:
        id = "pongjax/puffer_pong" + ("_continuous" if self.continuous else "")
        return EnvSpec(
            id=id,
            version="v1" if self.strict else "v1-repaired",
            players=1,
            dynamics="single",
            information="perfect",
            num_actions=0 if self.continuous else 3,
            reward_range=(-1.0, 1.0) if self.strict else (-1.0, 1.1),
            horizon=None,
            reference=Reference(name="pufferlib puffer_pong", version=PUFFERLIB, licence="MIT"),
            tags=(*tags_of(id), *(() if self.strict else ("repaired",))),
            backends=("xla", "simd"),
        )

    @property
    def obs_spec(self) -> ObsSpec:
        return OBS_SPEC

    @property
    def default_params(self) -> PongParams:
        return PongParams()

    def action_space(self, params: Any = None) -> Space:
        """`Discrete(3)`, or `Box(-1, 1)` of shape ()."""
        return Box(-1.0, 1.0) if self.continuous else Discrete(3)

    def reset_env(self, key: jax.Array, params: PongParams) -> tuple[Observation, PongState]:
        state = new_game(draw_serve_bit(key), in_reference_types(params), self.strict)
        return state.observation, state

    def step_env(
        self, key: jax.Array, state: PongState, action: Any, params: PongParams
    ) -> Step[Observation, PongState]:
        state, out = self.play(state, action, draw_serve_bit(key), params)
        truncated = (state.time >= params.max_steps_in_episode) & ~out.terminated
        info = {"illegal": self.is_illegal(action), "log": out.log}
        return state.observation, state, out.reward, out.terminated, truncated, info

    @reads_state
    def observe(self, state: PongState, params: PongParams) -> Observation:
        """Observation that the last step returned: after a point, if strict, it is not that of the state."""
        del params
        return state.observation

    def picture(self, state: PongState, params: PongParams) -> Drawing:
        """The court, half the game's size."""
        return picture(state, params)

    def play(self, state: PongState, action: Any, serve_bit: Any, params: PongParams) -> tuple[PongState, Any]:
        """One step without any randomness of its own: the next state and a `game.Step`. `serve_bit` is 0 or 1."""
        return play_step(
            state,
            self.direction(action),
            jnp.asarray(serve_bit),
            in_reference_types(params),
            frame_skip=self.frame_skip,
            strict=self.strict,
        )

    def direction(self, action: Any) -> jax.Array:
        """float32: where an action moves the agent's paddle, 1 is up at full speed."""
        if self.continuous:
            return jnp.clip(jnp.asarray(action, jnp.float32), -1.0, 1.0)
        action = jnp.asarray(action)
        return (action == UP).astype(jnp.float32) - (action == DOWN).astype(jnp.float32)

    def is_illegal(self, action: Any) -> jax.Array:
        """bool: outside the action space."""
        action = jnp.asarray(action)
        return ~(jnp.abs(action) <= 1) if self.continuous else (action < STILL) | (action > DOWN)


def draw_serve_bit(key: jax.Array) -> jax.Array:
    """uint32: 0 or 1, each half of the time."""
    return jax.random.bits(key, (), jnp.uint32) >> 31
