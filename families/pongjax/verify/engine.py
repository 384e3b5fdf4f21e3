"""PongJAX with the verifier's serves, compiled: all that the plugin runs of the candidate, and what mutants change."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from numpy.typing import NDArray

from pongjax.env import PufferPong
from pongjax.game import new_game
from pongjax.params import PongParams, in_reference_types
from pongjax.state import Court, PongState
from verification.backends import Vmap

COURT = ("paddle_yl", "paddle_yr", "ball_x", "ball_y", "ball_vx", "ball_vy")
COUNTS = ("score_l", "score_r", "tick", "n_bounces")
LOG = ("perf", "score", "episode_return", "episode_length", "n")
MULTIPLIER, INCREMENT = 1664525, 1013904223


class Game(NamedTuple):
    """A game, and the generator of its serves, which stands for `rand()` on both sides."""

    pong: PongState
    serve: jax.Array  # uint32


class Program:
    """Games of one frame skip, many at a time, in place: `begin` or `restore` makes them, `roll` plays them.

    `params`: None compiles the default ones into the program, as whoever leaves them out does; others, numbers or
    arrays [N], go in as data, a copy for each game. `jit` compiles, `vmap` makes the batched start and step, while
    restored states are XLA's. Snapshots lack "config.frame_skip", which is the program's own.
    """

    def __init__(
        self,
        frame_skip: int,
        continuous: bool,
        params: PongParams | None = None,
        jit: Callable[..., Any] = jax.jit,
        vmap: Vmap = jax.vmap,
    ) -> None:
        self.env = PufferPong(frame_skip=frame_skip, continuous=continuous)
        self._params = params
        self._by_lanes: dict[int, Any] = {}
        self._begin = jit(self._by_lane(self._begin_one, vmap))
        self._restore = jit(self._by_lane(self._restore_one, jax.vmap))
        self._step = self._by_lane(self._step_one, vmap)
        self._roll = jit(self._roll_all)

    def begin(self, serves: NDArray[np.uint32]) -> tuple[Any, dict[str, Any]]:
        """New games, the generators before their first draw: (games, their snapshots [N])."""
        return self._begin(self._given(len(serves)), serves)

    def restore(self, snapshots: Mapping[str, Any]) -> tuple[Any, dict[str, Any]]:
        """(games in these states [N], their snapshots)."""
        return self._restore(self._given(len(snapshots["state.tick"])), snapshots)

    def roll(self, games: Any, actions: NDArray[Any]) -> tuple[Any, dict[str, Any]]:
        """Play actions [T, N]: (games, the snapshots after every step [T, N])."""
        return self._roll(self._given(actions.shape[1]), games, actions)

    def _given(self, lanes: int) -> Any:
        """The params of so many games."""
        if self._params is not None and lanes not in self._by_lanes:
            self._by_lanes[lanes] = jax.tree.map(lambda value: np.full(lanes, value, _dtype(value)), self._params)
        return self._by_lanes.get(lanes)

    # ---- one game

    def _begin_one(self, params: Any, serve: jax.Array) -> tuple[Game, dict[str, Any]]:
        serve = draw(serve)
        return self._unplayed(Game(new_game(serve_bit(serve), in_reference_types(params), strict=True), serve))

    def _restore_one(self, params: Any, paths: Mapping[str, Any]) -> tuple[Game, dict[str, Any]]:
        del params
        court = Court(*[paths["state." + name] for name in COURT])
        score_l, score_r, tick, n_bounces = (paths["state." + name] for name in COUNTS)
        observation = self.env.obs_spec.unflatten(paths["state.observation"])
        # How long the game has gone on, which the C does not know, matters only where games are truncated.
        return self._unplayed(
            Game(PongState(court, score_l, score_r, tick, n_bounces, observation, jnp.int32(0)), paths["state.serve"])
        )

    def _step_one(self, params: Any, game: Game, action: jax.Array) -> tuple[Game, dict[str, Any]]:
        drawn = draw(game.serve)
        pong, out = self.env.play(game.pong, action, serve_bit(drawn), params)
        game = Game(pong, jnp.where(out.scored, drawn, game.serve))
        outcome = {
            "out.reward": out.reward,
            "out.terminated": out.terminated,
            "out.truncated": pong.time >= in_reference_types(params).max_steps_in_episode,
            "out.obs": self.env.obs_spec.flatten(self.env.observe(pong, params)),
            "out.log": jnp.stack([getattr(out.log, name) for name in LOG]),
        }
        return game, {**self._paths(game), **outcome}

    def _unplayed(self, game: Game) -> tuple[Game, dict[str, Any]]:
        no = jnp.bool_(False)
        blank = {"out.reward": jnp.float32(0), "out.terminated": no, "out.truncated": no}
        vectors = {"out.obs": jnp.zeros(8), "out.log": jnp.zeros(len(LOG))}
        return game, {**self._paths(game), **blank, **vectors}

    def _paths(self, game: Game) -> dict[str, Any]:
        pong = game.pong
        return {
            **{"state." + name: getattr(pong.court, name) for name in COURT},
            **{"state." + name: getattr(pong, name) for name in COUNTS},
            "state.observation": self.env.obs_spec.flatten(pong.observation),
            "state.serve": game.serve,
        }

    # ---- many

    def _by_lane(self, function: Callable[..., Any], vmap: Vmap) -> Callable[..., Any]:
        """`function(params, ...)` for many games."""

        if self._params is not None:
            return vmap(function)
        constant = vmap(lambda *each: function(self.env.default_params, *each))
        return lambda _, *args: constant(*args)

    def _roll_all(self, params: Any, games: Game, actions: jax.Array) -> tuple[Any, dict[str, Any]]:
        return lax.scan(lambda games, joint: self._step(params, games, joint), games, actions)


def _dtype(value: Any) -> Any:
    return np.int32 if np.asarray(value).dtype.kind == "i" else np.float32


@functools.cache
def shared_program(frame_skip: int, continuous: bool, compiled_in: bool = False, vmap: Vmap = jax.vmap) -> Program:
    """The program with the default params, as data or compiled in; one a process."""
    return Program(frame_skip, continuous, None if compiled_in else PongParams(), vmap=vmap)


def draw(serve: jax.Array) -> jax.Array:
    """The generator's next state."""
    return serve * jnp.uint32(MULTIPLIER) + jnp.uint32(INCREMENT)


def serve_bit(serve: jax.Array) -> jax.Array:
    """int32: what `rand()` gave."""
    return (serve >> 31).astype(jnp.int32)
