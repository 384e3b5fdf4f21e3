"""The compiled C from Python: arrays of cases to step from, and vectors of live games."""

from __future__ import annotations

import ctypes
import math
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from references.cache import VARIABLE
from references.protocol import ReferenceUnavailableError
from references.puffer_pong.compiler import Build, compiled

_FLOATS = ("paddle_yl", "paddle_yr", "ball_x", "ball_y", "ball_vx", "ball_vy")
_INTEGERS = ("score_l", "score_r", "tick", "n_bounces")

DEFAULTS: Mapping[str, float] = {
    "width": 500,
    "height": 640,
    "paddle_width": 20,
    "paddle_height": 70,
    "ball_width": 32,
    "ball_height": 32,
    "paddle_speed": 8,
    "ball_initial_speed_x": 10,
    "ball_initial_speed_y": 1,
    "ball_max_speed_y": 13,
    "ball_speed_y_increment": 3,
    "max_score": 21,
}
"""PufferLib's parameters and their defaults (`pong.py`, class `Pong`): pixels, and pixels per frame."""

CASE = np.dtype(
    [
        *((name, np.float32) for name in _FLOATS),
        *((name, np.int32) for name in _INTEGERS),
        ("observation", np.float32, 8),
        ("serve", np.uint32),
        *((name, np.int32 if name == "max_score" else np.float32) for name in DEFAULTS),
        ("frameskip", np.int32),
        ("continuous", np.int32),
        ("action", np.float32),
        ("reward", np.float32),
        ("terminal", np.int32),
        ("log", np.float32, 5),
    ]
)
"""One step: `driver.c`'s struct Case. `log` is what the step added to PufferLib's: perf, score, episode_return,
episode_length, n."""

STATE = (*_FLOATS, *_INTEGERS, "observation", "serve")
"""Inputs of a step beside parameters and action: the C struct's names, the observation, the serve generator."""

TRAINING_FRAME_SKIP = 8
"""PufferLib's for training (`pong.ini`)."""

_POINTER, _COUNT = ctypes.c_void_p, ctypes.c_int64
_SIGNATURES = {
    "reset_cases": (_POINTER, _COUNT),
    "step_cases": (_POINTER, _COUNT),
    "load_games": (_POINTER, _COUNT, *[_POINTER] * 5),
    "store_games": (_POINTER, _COUNT, _POINTER),
    "reset_games": (_POINTER, _COUNT),
    "step_games": (_POINTER, _COUNT),
    "play_randomly": (_POINTER, _COUNT, _COUNT, ctypes.c_int32, _POINTER),
}


class Library:
    """One build of `driver.c`; `functions` are the C's own. All calls release the GIL."""

    def __init__(self, build: Build) -> None:
        path = compiled(build)
        try:
            self.functions = ctypes.CDLL(str(path))
        except OSError as error:  # a file that is cut short, or a mount without leave to execute
            raise ReferenceUnavailableError(
                f"PufferLib's Pong cannot be loaded: {error}. Remedy: delete {path}, and it is compiled anew; or set "
                f"{VARIABLE} to a folder from which libraries may be loaded."
            ) from error
        for name, arguments in _SIGNATURES.items():
            function = getattr(self.functions, name)
            function.argtypes, function.restype = arguments, None
        self.game_size = self._check_layout(str(path))

    def _check_layout(self, path: str) -> int:
        """Size of a live game; refuses a library whose struct Case is not `CASE`."""
        layout = (ctypes.c_int64 * 64)()
        self.functions.layout.restype = ctypes.c_int64
        self.functions.field_names.restype = ctypes.c_char_p
        names = self.functions.field_names().decode().split()
        *offsets, size, game_size = layout[: self.functions.layout(layout)]
        theirs = dict(zip(names, offsets, strict=True)), size
        ours = {name: offset for name, (_, offset, *_) in (CASE.fields or {}).items()}, CASE.itemsize
        if theirs != ours:
            raise RuntimeError(
                f"{path}: struct Case has offsets and size {theirs}, library.CASE {ours}; make driver.c and "
                "library.py agree"
            )
        return game_size

    def reset(self, cases: NDArray[Any]) -> None:
        """A new game in every case of `cases` (`CASE` [N]), in place: one draw of `serve`; outcomes become 0."""
        self.functions.reset_cases(_address(cases), len(cases))

    def step(self, cases: NDArray[Any]) -> None:
        """One step of every case of `cases` (`CASE` [N]) with its action, in place."""
        self.functions.step_cases(_address(cases), len(cases))


@lru_cache
def library(build: Build = "exact") -> Library:
    """The functions of a build, compiled on first use. Raises `ReferenceUnavailableError`."""
    return Library(build)


def _address(cases: NDArray[Any]) -> int:
    if cases.dtype != CASE or not cases.flags.c_contiguous or not cases.flags.writeable:
        raise ValueError(f"cases must be a contiguous writable array of library.CASE, got {cases.dtype}")
    return cases.ctypes.data


def new_cases(
    count: int, frame_skip: int = 1, continuous: bool = False, params: Mapping[str, float] | None = None
) -> NDArray[Any]:
    """`CASE` [count] with parameters only, the rest 0. `ValueError` for a parameter that Pong has not or cannot be."""
    cases = np.zeros(count, CASE)
    for name, value in {**DEFAULTS, **(params or {})}.items():
        if name not in DEFAULTS:
            raise ValueError(f"Pong has no parameter {name!r}; it has {', '.join(DEFAULTS)}")
        whole = name != "max_score" or value == int(value)
        if not math.isfinite(value) or value < (name == "max_score") or not whole:
            kind = "a whole number ≥ 1" if name == "max_score" else "a finite number ≥ 0"
            raise ValueError(f"parameter {name} cannot be {value!r}: it is {kind}")
        cases[name] = value
    if frame_skip < 1:
        raise ValueError(f"frame_skip cannot be {frame_skip}: it is at least 1")
    cases["frameskip"], cases["continuous"] = frame_skip, continuous
    return cases


def serves(seed: int, count: int) -> NDArray[np.uint32]:
    """Serve generators of `count` games before their first draw. `ValueError` for a negative seed.

    Mixed, because the generator's first draws are alike for seeds that are near each other.
    """
    if seed < 0:
        raise ValueError(f"seed {seed} is negative; seeds are at least 0")
    return np.random.SeedSequence(seed).generate_state(count).astype(np.uint32)


class Vector:
    """`games` live games on contiguous buffers, as PufferLib holds them.

    `observations` float32 [games, 8], `actions` float32 [games] (written by the caller), `rewards` float32 [games] and
    `terminals` uint8 [games] are the buffers themselves: `step` reads and overwrites them. A game that ends starts anew
    in the same step. One thread at a time.
    """

    def __init__(
        self,
        games: int,
        frame_skip: int = 1,
        continuous: bool = False,
        params: Mapping[str, float] | None = None,
        build: Build = "exact",
    ) -> None:
        if games < 1:
            raise ValueError(f"a vector of {games} games; it has at least 1")
        loaded = library(build)
        self._c = loaded.functions
        self._template = new_cases(games, frame_skip, continuous, params)
        self._continuous = continuous
        self._games = np.zeros((games, loaded.game_size), np.uint8)
        self._random = np.zeros(1, np.uint64)
        self.observations = np.zeros((games, 8), np.float32)
        self.actions = np.zeros(games, np.float32)
        self.rewards = np.zeros(games, np.float32)
        self.terminals = np.zeros(games, np.uint8)
        self.reset()

    def __len__(self) -> int:
        return len(self.actions)

    def reset(self, seed: int = 0) -> None:
        """New games, whose serves and random play are decided by `seed` ≥ 0. Logs become 0."""
        cases = self._template.copy()
        cases["serve"] = serves(seed, len(self))
        self._random[:] = np.random.SeedSequence([seed, 1]).generate_state(1, np.uint64) | np.uint64(1)
        self.load(cases)
        self._c.reset_games(self._games.ctypes.data, len(self))

    def load(self, cases: NDArray[Any]) -> None:
        """Become the states of `cases` (`CASE` [games]), with their parameters. Logs become 0."""
        if cases.shape != (len(self),):
            raise ValueError(f"cases have shape {cases.shape}, this vector {(len(self),)}")
        buffers = (self.observations, self.actions, self.rewards, self.terminals)
        self._c.load_games(
            self._games.ctypes.data, len(self), _address(cases), *(buffer.ctypes.data for buffer in buffers)
        )

    def step(self) -> None:
        """One step of every game with `actions`."""
        self._c.step_games(self._games.ctypes.data, len(self))

    def run_random(self, steps_per_env: int) -> None:
        """So many steps of every game with uniformly random legal actions, drawn in C."""
        self._c.play_randomly(
            self._games.ctypes.data, len(self), steps_per_env, self._continuous, self._random.ctypes.data
        )

    def state(self) -> NDArray[Any]:
        """`CASE` [games]: states, last action and outcomes; `log` sums since the reset."""
        cases = self._template.copy()
        cases["action"] = self.actions
        self._c.store_games(self._games.ctypes.data, len(self), cases.ctypes.data)
        return cases
