"""A game: an environment with its reference, the metric that is compared, and the starts of episodes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

import families
import jaxenv
from baselines.errors import BaselinesError
from baselines.family import transfer_of
from baselines.transfer.arena import Arena, Starts
from baselines.transfer.candidate import CandidateArena
from families.lookup import hint
from jaxenv import Environment
from verification.registry import load_plugin
from verification.statistics.margin import Margin


class UnknownGameError(BaselinesError):
    """No reference of that environment can be played here; the message names those that can."""


@dataclass(frozen=True)
class Game:
    """One environment with its reference; each subclass is one kind of it.

    * `metric`: what is compared, a key of the verification plugin's margins.
    * `planning_sd`: of one episode's outcome under one policy, declared before any run, from which the number of
      episodes is planned. `limit`: most steps of an episode, the same on both sides.
    * `lanes`: episodes side by side.
    """

    env: Environment
    metric: str = "return"
    planning_sd: float = 1.0
    limit: int = 10_000
    lanes: int = 256
    opponents: tuple[str, ...] = ()
    """In a game of two: who can sit on the other seat, the usual one first."""

    @property
    def margin(self) -> Margin:
        """Of level 4, as the verification declares it."""
        return load_plugin(self.env.id).checks.margins[self.metric]

    @property
    def reference_name(self) -> str:
        """Name and version of the reference."""
        reference = self.env.spec.reference
        return f"{reference.name} {reference.version}" if reference else "none"

    @property
    def players(self) -> int:
        """1 or 2."""
        return self.env.num_players

    def points(self, reward: jax.Array, info: dict[str, Any]) -> jax.Array:
        """Points of one step of ours, which add up to the outcome: [] or [2] (by seat). Traced."""
        del info
        return reward

    def outcome(self, total: NDArray[np.float64]) -> NDArray[np.float64]:
        """From an episode's sums of points [N] to the metric."""
        return total

    def given(self, keys: jax.Array, rng: np.random.Generator) -> dict[str, NDArray[Any]]:
        """Start that makes the reference begin as ``env.reset_env`` does with these keys."""
        raise NotImplementedError

    def reference(self, lanes: int, workers: int) -> Arena:
        """Lanes of the reference."""
        raise NotImplementedError

    def candidate(self, lanes: int, params: Any = None) -> CandidateArena:
        """Lanes of ours."""
        return CandidateArena(self.env, lanes, self.points, params)

    def starts(self, count: int, seed: int, mirrored: bool = False) -> Starts:
        """`count` initial conditions of a seed. Seats alternate; `mirrored`: each two neighbours share their teams."""
        rng = np.random.default_rng([seed, 0x57A7])
        keys = jax.random.split(jax.random.key(seed), count)
        if mirrored:
            keys = keys[np.arange(count) // 2 * 2]
        seats = np.arange(count, dtype=np.int32) % 2 if self.players == 2 else np.zeros(count, np.int32)
        noise = rng.integers(0, 2**64, count, dtype=np.uint64)
        return Starts(keys, self.given(keys, rng), seats, noise)


def games() -> tuple[str, ...]:
    """Ids of the environments that have a reference to transfer to."""
    known = jaxenv.list_envs()
    parts = [(family, family.part("transfer")) for family in families.families()]
    return tuple(id for family, part in parts if part and part.game for id in family.environments if id in known)


def game(env_id: str) -> Game:
    """The game of an environment id; `UnknownGameError`, with close ids, for one without a reference."""
    make = transfer_of(env_id).game
    if make is None:
        raise UnknownGameError(f"{env_id}: no reference to transfer to; {hint(env_id, list(games()))}")
    return make(jaxenv.make(env_id))
