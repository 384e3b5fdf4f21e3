"""Pong's reference: PufferLib's C."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

from baselines.family import Transfer
from baselines.transfer.arena import Starts, Stepped
from baselines.transfer.game import Game
from baselines.transfer.reference_env import ReferenceStep, checked_seeds
from families.pongjax.scripted import players
from jaxenv import Environment
from pongjax.env import PufferPong
from references.puffer_pong.library import Vector, library, new_cases


class PongArena:
    """Games of the C, begun with a given first serve; later serves come from each game's own generator."""

    patient = False

    def __init__(self, env: PufferPong, lanes: int) -> None:
        self.env, self.lanes = env, lanes
        self._cases = new_cases(lanes, env.frame_skip, env.continuous)
        self._unflatten = jax.jit(env.obs_spec.unflatten)
        self._masks = None if env.continuous else np.ones((lanes, env.num_actions), bool)

    def __enter__(self) -> PongArena:
        library()
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def begin(self, lanes: NDArray[np.intp], starts: Starts, which: NDArray[np.intp]) -> None:
        """See `Arena`."""
        fresh = new_cases(len(lanes), self.env.frame_skip, self.env.continuous)
        fresh["serve"] = starts.given["serve"][which]
        library().reset(fresh)
        self._cases[lanes] = fresh

    def look(self) -> tuple[Any, Any]:
        """See `Arena`."""
        return self._unflatten(self._cases["observation"].copy()), self._masks

    def step(self, key: jax.Array, actions: jax.Array, playing: NDArray[np.bool_]) -> Stepped:
        """See `Arena`. A game that ends begins anew in the C; what is left of that is overwritten by `begin`."""
        del key, playing
        chosen = np.asarray(actions, np.float32)
        self._cases["action"] = np.clip(chosen, -1, 1) if self.env.continuous else chosen
        library().step(self._cases)
        nothing = np.zeros(self.lanes, bool)
        return Stepped(
            points=self._cases["log"][:, 2].astype(np.float64),
            reward=self._cases["reward"].astype(np.float64),
            ended=self._cases["terminal"] != 0,
            cut=nothing,
            void=nothing,
        )


class PongGame(Game):
    """Compared is what PufferLib calls ``episode_return``: the agent's points minus the opponent's, -21 to 21."""

    env: PufferPong

    @staticmethod
    def of(env: Environment) -> PongGame:
        """The game of an environment."""
        return PongGame(env, planning_sd=6.0, limit=50_000, lanes=256)

    def points(self, reward: jax.Array, info: dict[str, Any]) -> jax.Array:
        """See `Game`."""
        del reward
        return info["log"].episode_return

    def given(self, keys: jax.Array, rng: np.random.Generator) -> dict[str, NDArray[Any]]:
        """Seeds of serve generators whose first draw is the serve that ours begins with."""
        _, state = jax.jit(jax.vmap(self.env.reset_env, (0, None)))(keys, self.env.default_params)
        wanted = (np.asarray(state.court.ball_vy) == 0) if self.env.strict else np.asarray(state.court.ball_vy) > 0
        seeds = rng.integers(0, 2**32, len(wanted), dtype=np.uint32)
        return {"serve": np.where(_first_serve(seeds) == wanted, seeds, seeds ^ np.uint32(1 << 31))}

    def reference(self, lanes: int, workers: int) -> PongArena:
        """See `Game`; the C needs no workers."""
        del workers
        return PongArena(self.env, lanes)


def _first_serve(seeds: NDArray[np.uint32]) -> NDArray[np.bool_]:
    """True where the generator's first draw (`driver.c`, `draw_serve`) is 1: the ball comes level."""
    return (seeds.astype(np.uint64) * 1664525 + 1013904223) % 2**32 >> 31 == 1


class PongReferenceEnv:
    """PufferLib's C, whose games begin anew by themselves."""

    def __init__(self, env: PufferPong, lanes: int) -> None:
        self.env, self.lanes = env, lanes
        self._games = Vector(lanes, env.frame_skip, env.continuous)

    def __enter__(self) -> PongReferenceEnv:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def reset(self, seeds: Iterable[int]) -> NDArray[np.float32]:
        """See `ReferenceEnv`."""
        cases = new_cases(self.lanes, self.env.frame_skip, self.env.continuous)
        # Neighbouring seeds would have the same first serves.
        cases["serve"] = [
            np.random.SeedSequence(seed).generate_state(1)[0] for seed in checked_seeds(seeds, self.lanes)
        ]
        library().reset(cases)
        self._games.load(cases)
        return cases["observation"].copy()

    def step(self, actions: NDArray[Any]) -> ReferenceStep:
        """See `ReferenceEnv`."""
        chosen = np.asarray(actions, np.float32)
        self._games.actions[:] = np.clip(chosen, -1, 1) if self.env.continuous else chosen
        self._games.step()
        obs = self._games.observations.copy()
        ended = self._games.terminals != 0
        return ReferenceStep(obs, obs, self._games.rewards.copy(), ended, np.zeros(self.lanes, bool))


def _reference_env(env: Any, lanes: int, threads: int) -> PongReferenceEnv:
    del threads  # the C needs none
    return PongReferenceEnv(env, lanes)


TRANSFER = Transfer(
    game=PongGame.of,
    players=players,
    reference_env=_reference_env,
)
