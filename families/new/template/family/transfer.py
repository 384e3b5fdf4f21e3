"""The reference as the other side of a transfer, and as a batch to train in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from baselines.family import Transfer
from baselines.policy import Policy
from baselines.transfer.arena import Starts, Stepped
from baselines.transfer.game import Game
from baselines.transfer.reference_env import ReferenceStep, checked_seeds
from baselines.transfer.scripted import Scripted, uniform
from families.new.template.package.rules import BATTERY, DIG, LEFT, REST, RIGHT, ROOM
from families.new.template.reference.driver import observation
from families.new.template.reference.game import TIME_LIMIT
from families.new.template.reference.game import Game as ReferenceGame
from jaxenv import Environment


class RoverArena:
    """Games of the reference, begun where ours begin."""

    patient = False

    def __init__(self, env: Environment, lanes: int) -> None:
        self.lanes = lanes
        self._games = [ReferenceGame() for _ in range(lanes)]
        self._unflatten = jax.jit(env.obs_spec.unflatten)

    def __enter__(self) -> RoverArena:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def begin(self, lanes: NDArray[np.intp], starts: Starts, which: NDArray[np.intp]) -> None:
        """See `Arena`."""
        for lane, episode in zip(lanes.tolist(), which.tolist(), strict=True):
            game = self._games[lane]
            game.place, game.ore = int(starts.given["place"][episode]), np.array(starts.given["ore"][episode], np.int64)
            game.battery, game.cargo, game.time = BATTERY, 0, 0

    def look(self) -> tuple[Any, Any]:
        """See `Arena`."""
        seen = np.stack([observation(game) for game in self._games])
        return self._unflatten(seen), np.array([game.legal() for game in self._games])

    def step(self, key: jax.Array, actions: jax.Array, playing: NDArray[np.bool_]) -> Stepped:
        """See `Arena`; the dynamics draw nothing."""
        del key
        chosen, reward = np.asarray(actions), np.zeros(self.lanes)
        for lane in np.flatnonzero(playing).tolist():
            reward[lane] = self._games[lane].step(int(chosen[lane]))
        over = np.array([game.over for game in self._games])
        cut = np.array([game.time >= TIME_LIMIT for game in self._games]) & ~over
        return Stepped(reward, reward, over | cut, cut, np.zeros(self.lanes, bool))


class RoverGame(Game):
    """Compared is the return."""

    @staticmethod
    def of(env: Environment) -> RoverGame:
        """The game of an environment."""
        return RoverGame(env, planning_sd=5.0, limit=1000, lanes=64)

    def given(self, keys: jax.Array, rng: np.random.Generator) -> dict[str, NDArray[Any]]:
        """Cell and ore that ours begins with."""
        del rng
        _, state = jax.jit(jax.vmap(self.env.reset_env, (0, None)))(keys, self.env.default_params)
        return {"place": np.asarray(state.place), "ore": np.asarray(state.ore)}

    def reference(self, lanes: int, workers: int) -> RoverArena:
        """See `Game`; Python needs no workers here."""
        del workers
        return RoverArena(self.env, lanes)


class RoverReferenceEnv:
    """The reference as a batch to train in."""

    def __init__(self, lanes: int) -> None:
        self.lanes = lanes
        self._games = [ReferenceGame() for _ in range(lanes)]
        self._rngs: list[np.random.Generator] = []

    def __enter__(self) -> RoverReferenceEnv:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def reset(self, seeds: Iterable[int]) -> NDArray[np.float32]:
        """See `ReferenceEnv`."""
        self._rngs = [np.random.default_rng(seed) for seed in checked_seeds(seeds, self.lanes)]
        for game, rng in zip(self._games, self._rngs, strict=True):
            game.reset(rng)
        return self._observe()

    def step(self, actions: NDArray[Any]) -> ReferenceStep:
        """See `ReferenceEnv`."""
        reward = np.array([game.step(int(a)) for game, a in zip(self._games, actions, strict=True)], np.float32)
        final = self._observe()
        terminated = np.array([game.over for game in self._games])
        truncated = np.array([game.time >= TIME_LIMIT for game in self._games]) & ~terminated
        for lane in np.flatnonzero(terminated | truncated):
            self._games[lane].reset(self._rngs[lane])
        return ReferenceStep(self._observe(), final, reward, terminated, truncated)

    def _observe(self) -> NDArray[np.float32]:
        return np.stack([observation(game) for game in self._games])


def _choose(key: jax.Array, obs: Any, mask: Any) -> jax.Array:
    """Digs where it can, goes home with a full load, rests below half of the battery, else goes right, or home."""
    del key
    somewhere = jnp.sum(obs["ore"]) > 0
    homewards = (obs["cargo"] == ROOM) | ~somewhere | (jnp.sum(obs["ore"] * (jnp.arange(8) > obs["place"])) == 0)
    return jnp.select([obs["battery"] < BATTERY / 2, mask[DIG], homewards], [REST, DIG, LEFT], RIGHT).astype(jnp.int32)


def _miner(env: Environment) -> Policy:
    return Scripted(env.id, env.version, "miner", _choose)


def players(env_id: str) -> Mapping[str, Callable[[Environment], Policy]]:
    """Scripted policies by name."""
    del env_id
    return {"uniform": uniform, "miner": _miner}


def _reference_env(env: Environment, lanes: int, threads: int) -> RoverReferenceEnv:
    del env, threads
    return RoverReferenceEnv(lanes)


TRANSFER = Transfer(game=RoverGame.of, players=players, reference_env=_reference_env)
