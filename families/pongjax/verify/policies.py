"""Policies for the comparison: many games at once, on snapshots' arrays."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from families.pongjax.verify.candidate import AGENT
from references.protocol import Actions, Snapshot
from verification.plugin import Policy

Choose = Callable[[np.random.Generator, Mapping[str, NDArray[Any]]], NDArray[np.float64]]
"""(rng, snapshots [N]) → how to move the paddle, in [-1, 1]: 1 is up at full speed."""

_CLUMSY = 0.1
_PADDLE, _BALL, _SPEED, _CONTACT = 70.0, 32.0, 8.0, 468.0


def uniform(rng: np.random.Generator, state: Mapping[str, NDArray[Any]]) -> NDArray[np.float64]:
    """Any direction."""
    return rng.choice([-1.0, 0.0, 1.0], len(state["state.tick"])) * _strength(rng, state)


def tracker(rng: np.random.Generator, state: Mapping[str, NDArray[Any]]) -> NDArray[np.float64]:
    """Keeps the paddle's middle level with the ball's, and now and then aims beside it: long rallies."""
    return _clumsy(rng, state, _towards(state, np.where(_luck(state) < 0.2, _PADDLE, 0.0)))


def edge_hitter(rng: np.random.Generator, state: Mapping[str, NDArray[Any]]) -> NDArray[np.float64]:
    """Meets the ball with the paddle's rim, and moving, so that it spins: fast balls, many points."""
    luck = _luck(state)
    rim = np.where(luck < 0.5, 1.0, -1.0) * (0.5 + 1.2 * np.abs(luck - 0.5))
    aimed = _towards(state, rim * (_PADDLE + _BALL) / 2)
    soon = (state["state.ball_vx"] > 0) & (state["state.ball_x"] > _CONTACT - 60)
    return _clumsy(rng, state, np.where(soon & (rng.random(len(rim)) < 0.5), rng.choice([-1.0, 1.0], len(rim)), aimed))


def loser(rng: np.random.Generator, state: Mapping[str, NDArray[Any]]) -> NDArray[np.float64]:
    """Gets out of the ball's way: short games, all of them lost."""
    return _clumsy(rng, state, np.where(_ahead(state) > 0, -1.0, 1.0))


POLICIES: dict[str, Choose] = {"uniform": uniform, "tracker": tracker, "edge-hitter": edge_hitter, "loser": loser}


def encode(direction: NDArray[Any], continuous: bool) -> NDArray[Any]:
    """Directions as actions: float32, or int32 by their sign."""
    if continuous:
        return np.asarray(direction, np.float32)
    return np.where(direction > 0, 1, np.where(direction < 0, 2, 0)).astype(np.int32)


def one_by_one(continuous: bool) -> dict[str, Policy]:
    """The policies for single games; the uniform one is the verifier's own."""

    def single(choose: Choose) -> Policy:
        def act(rng: np.random.Generator, snapshot: Snapshot, legal: Any) -> Actions:
            del legal
            batch = {path: np.asarray(value)[None] for path, value in snapshot.items()}
            return {AGENT: encode(choose(rng, batch), continuous)[0]}

        return act

    return {name: single(choose) for name, choose in POLICIES.items() if name != "uniform"}


def _ahead(state: Mapping[str, NDArray[Any]]) -> NDArray[np.float64]:
    """Distance of the ball's middle above the paddle's."""
    return (state["state.ball_y"] + _BALL / 2) - (state["state.paddle_yr"] + _PADDLE / 2).astype(np.float64)


def _towards(state: Mapping[str, NDArray[Any]], below: NDArray[np.float64]) -> NDArray[np.float64]:
    """To where the paddle's middle is so far below the ball's; not for less than half of what a step moves."""
    distance = _ahead(state) - below
    reach = _SPEED * state.get("config.frame_skip", np.ones(1))
    return np.where(np.abs(distance) > reach / 2, np.clip(distance / reach, -1, 1), 0.0)


def _luck(state: Mapping[str, NDArray[Any]]) -> NDArray[np.float64]:
    """A number in 0 … 1 that stays the same from one bounce to the next."""
    mixed = (state["state.serve"].astype(np.uint64) + 0x9E3779B9 * state["state.n_bounces"].astype(np.uint64)) % 2**32
    return ((mixed * 0x85EBCA6B) % 2**32) / 2**32


def _clumsy(
    rng: np.random.Generator, state: Mapping[str, NDArray[Any]], direction: NDArray[np.float64]
) -> NDArray[np.float64]:
    return np.where(rng.random(len(direction)) < _CLUMSY, uniform(rng, state), direction)


def _strength(rng: np.random.Generator, state: Mapping[str, NDArray[Any]]) -> NDArray[np.float64]:
    """Speed of a move: full speed, half of the time, or less."""
    count = len(state["state.tick"])
    return np.where(rng.random(count) < 0.5, 1.0, rng.random(count))
