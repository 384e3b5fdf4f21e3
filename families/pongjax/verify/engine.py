"""PongJAX with the verifier's serves, compiled: all that the plugin runs of the candidate, and what mutants change.

Steps are the environment's public `step`, auto-reset included. It takes a key, and the key decides the serve; here a
serve is decided first, by the generator that both sides share, and the key is one of two that give it. These two are
such that the bits drawn lie next to one half, below and above: a chance that is off by a thousandth serves otherwise.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from numpy.typing import NDArray

from jaxenv.autoreset import AutoResetState
from jaxenv.checks.limits import with_limit
from pongjax.env import PufferPong
from pongjax.params import NEVER, PongParams
from pongjax.state import Court, PongState
from references.protocol import LENGTH, LIMIT, RETURN
from verification.adapters import public
from verification.backends import Vmap

COURT = ("paddle_yl", "paddle_yr", "ball_x", "ball_y", "ball_vx", "ball_vy")
COUNTS = ("score_l", "score_r", "tick", "n_bounces")
LOG = ("perf", "score", "episode_return", "episode_length", "n")
MULTIPLIER, INCREMENT = 1664525, 1013904223


HALF = 2**31
"""Of 2**32: bits drawn at or above it are a level serve, others one down."""
_SEARCHED = 2**18
_SCORED = "verification.scored"


class Game(NamedTuple):
    """A game with its figures, the generator of its serves, which stands for `rand()` on both sides, and its limit."""

    pong: AutoResetState
    serve: jax.Array  # uint32
    limit: jax.Array  # int32


class Keys(NamedTuple):
    """Raw keys by the serve that they give, down or level: uint32 [2, 2] each."""

    reset: NDArray[np.uint32]
    """Of `reset`."""
    step: NDArray[np.uint32]
    """Of `step`: for its point's serve, and for that of the game which an auto-reset begins."""


@functools.cache
def boundary_keys() -> Keys:
    """Of a quarter of a million keys those whose bits lie nearest to `HALF`."""

    def drawn(key: jax.Array) -> tuple[jax.Array, jax.Array]:
        first, second = jax.random.split(key)
        bits = [jax.random.bits(each, (), jnp.uint32) for each in (key, first, second)]
        return jax.random.key_data(key), jnp.stack(bits)

    with jax.ensure_compile_time_eval():
        keys = jax.vmap(jax.random.key)(jnp.arange(_SEARCHED, dtype=jnp.uint32))
        data, bits = (np.asarray(values) for values in jax.jit(jax.vmap(drawn))(keys))
    off = bits.astype(np.int64) - HALF
    far = np.int64(2**40)
    reset, step = [], []
    for level in (False, True):
        reset.append(data[np.where((off[:, 0] >= 0) == level, np.abs(off[:, 0]), far).argmin()])
        both = ((off[:, 1:] >= 0) == level).all(axis=1)
        step.append(data[np.where(both, np.abs(off[:, 1:]).max(axis=1), far).argmin()])
    return Keys(np.stack(reset), np.stack(step))


def shown_with_points(env: Any) -> Any:
    """`public.shown` of Pong, which also tells by `info` if the step had a point."""
    own, told = type(env), []

    def play(self: Any, *args: Any) -> Any:
        state, out = own.play(self, *args)
        told.append(out.scored)
        return state, out

    def step_env(self: Any, key: Any, state: Any, action: Any, params: Any) -> Any:
        *found, info = own.step_env(self, key, state, action, params)
        return *found, {**info, _SCORED: told.pop()}

    return public.shown(public.like(env, play=play, step_env=step_env))


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
        self._shown, self._keys = shown_with_points(self.env), boundary_keys()
        self._params = params
        self._by_lanes: dict[int, Any] = {}
        self._begin = jit(self._by_lane(self._begin_one, vmap))
        self._restore = jit(self._by_lane(self._restore_one, jax.vmap))
        self._step = self._by_lane(self._step_one, vmap)
        self._roll = jit(self._roll_all)

    def begin(self, serves: NDArray[np.uint32], limits: NDArray[np.int32] | None = None) -> tuple[Any, dict[str, Any]]:
        """New games, the generators before their first draw: (games, their snapshots [N]). `limits`: of their steps."""
        limits = np.full(len(serves), NEVER, np.int32) if limits is None else limits
        return self._begin(self._given(len(serves)), serves, limits)

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

    def _begin_one(self, params: Any, serve: jax.Array, limit: jax.Array) -> tuple[Game, dict[str, Any]]:
        serve = draw(serve)
        key = _of_bit(self._keys.reset, serve_bit(serve))
        return self._unplayed(Game(self.env.reset(key, with_limit(params, limit))[1], serve, limit))

    def _restore_one(self, params: Any, paths: Mapping[str, Any]) -> tuple[Game, dict[str, Any]]:
        del params
        court = Court(*[paths["state." + name] for name in COURT])
        counts = {name: paths["state." + name] for name in COUNTS}
        observation = self.env.obs_spec.unflatten(paths["state.observation"])
        pong = PongState(court=court, **counts, observation=observation, time=paths["state.time"])
        running = AutoResetState(pong, paths[RETURN], paths[LENGTH])
        return self._unplayed(Game(running, paths["state.serve"], paths[LIMIT]))

    def _step_one(self, params: Any, game: Game, action: jax.Array) -> tuple[Game, dict[str, Any]]:
        drawn = draw(game.serve)
        key = _of_bit(self._keys.step, serve_bit(drawn))
        params = with_limit(params, game.limit)
        done = public.step(self._shown, key, game.pong, action, params)
        # A point draws, and so does a game that is begun because of the limit.
        game = Game(done.next, jnp.where(done.info[_SCORED] | done.truncated, drawn, game.serve), game.limit)
        outcome = {
            "out.reward": done.reward,
            "out.terminated": done.terminated,
            "out.truncated": done.truncated,
            "out.obs": self.env.obs_spec.flatten(done.obs),
            "out.log": jnp.stack([getattr(done.info["log"], name) for name in LOG]),
            **{f"out.episode.{name}": value for name, value in public.figures(done.info).items()},
            "out.to_act": self.env.to_act(done.next),
            "out.contract": done.contract,
        }
        if self.env.num_actions:
            outcome["out.legal"] = done.info["final_legal_actions"]
        return game, {**self._paths(game), **outcome}

    def _unplayed(self, game: Game) -> tuple[Game, dict[str, Any]]:
        no, nought = jnp.bool_(False), jnp.int32(0)
        blank: dict[str, Any] = {"out.reward": jnp.float32(0), "out.terminated": no, "out.truncated": no}
        blank |= {"out.obs": jnp.zeros(8), "out.log": jnp.zeros(len(LOG))}
        blank |= {"out.episode.ended": no, "out.episode.return": jnp.float32(0), "out.episode.length": nought}
        blank |= {"out.to_act": no, "out.contract": no}
        if self.env.num_actions:
            blank["out.legal"] = jnp.zeros(self.env.num_actions, bool)
        return game, {**self._paths(game), **blank}

    def _paths(self, game: Game) -> dict[str, Any]:
        pong = game.pong.env_state
        return {
            **{"state." + name: getattr(pong.court, name) for name in COURT},
            **{"state." + name: getattr(pong, name) for name in COUNTS},
            "state.observation": self.env.obs_spec.flatten(pong.observation),
            "state.serve": game.serve,
            "state.time": pong.time,
            RETURN: game.pong.episode_return,
            LENGTH: game.pong.episode_length,
            LIMIT: game.limit,
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


def _of_bit(keys: NDArray[np.uint32], bit: jax.Array) -> jax.Array:
    return jnp.where(bit == 1, jnp.asarray(keys[1]), jnp.asarray(keys[0]))


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
