"""The candidate: the environment's own `VectorEnv`, and a single `GameBoy` to look into its machines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import metadata
from typing import Any

import numpy as np
from numpy.typing import NDArray

from families.emurust.verify.machine import GameBoyMachine
from references.protocol import TERMINATED, TRUNCATED, Actions, Batch, EnvInfo, Snapshot, row, size, stack
from references.pyboy.env import AGENT, Bases, Episode, Game, shown, start_of, write

LANES = 64
"""Machines that are stepped in one call."""


class HostCandidate:
    """`jaxenv.make(env_id)`, `Restorable` and `Batched`, stepped by its own `step` and without auto-reset.

    Auto-reset itself is held to RFC 0002 by `check_env`.
    """

    def __init__(self, env_id: str, game: Game) -> None:
        self._id, self._game = env_id, game
        self._inside = GameBoyMachine(game.rom, game.boot_rom)
        self._bases = Bases(game, self._inside)
        self._envs: dict[tuple[int, int], Any] = {}
        self._episode = Episode(0, game.limit)
        self._last: dict[str, Any] = {}
        self.info = EnvInfo("emurust", metadata.version("emurust") if _installed() else "from source")

    def reset(self, seed: int, options: Mapping[str, Any] | None = None) -> None:
        """Let the environment go to its own start of that number."""
        start = start_of(self._game, seed)
        self._episode = Episode(start, int((options or {}).get("max_steps", self._game.limit)))
        observed, _ = self._env(1).reset(options={"snapshot": np.array([start])})
        self._last = _outcome(0.0, False, False, observed, 0)

    def restore(self, snapshot: Snapshot) -> None:
        """See `references.protocol.Restorable`."""
        self._episode = Episode.of(snapshot)
        env = self._env(1)
        self._put(env, 0, snapshot)
        self._last = _outcome(0.0, False, False, env._observation(), 0)

    def step(self, actions: Actions) -> None:
        """One step of the environment."""
        action = int(actions[AGENT])
        observed, rewards, terminated, truncated, _ = self._env(1).step(np.array([action]))
        self._episode.add(action)
        self._last = _outcome(rewards[0], terminated[0], truncated[0], observed, 0)

    def snapshot(self) -> Snapshot:
        """See `references.pyboy.env`."""
        self._inside.load(self._env(1).save_state(0))
        return self._episode.paths() | shown(self._inside) | self._last

    def legal(self) -> Mapping[str, NDArray[np.bool_]]:
        """Every action."""
        return {AGENT: np.ones(self._env(1).single_action_space.n, bool)}

    def restore_many(self, snapshots: Batch) -> Batch:
        """See `references.protocol.Batched`."""
        return self._many(snapshots, None)

    def step_many(self, snapshots: Batch, actions: Batch) -> Batch:
        """See `references.protocol.Batched`."""
        return self._many(snapshots, np.asarray(actions[AGENT]))

    def legal_many(self, snapshots: Batch) -> Mapping[str, NDArray[np.bool_]]:
        """See `references.protocol.Batched`."""
        return {AGENT: np.ones((size(snapshots), self._env(1).single_action_space.n), bool)}

    def close(self) -> None:
        """Let go of the environments."""
        self._envs.clear()

    def _many(self, snapshots: Batch, actions: NDArray[Any] | None) -> Batch:
        """Cases by limit, which is a setting of an environment, and `LANES` at a time."""
        episodes = [Episode.of(row(snapshots, case)) for case in range(size(snapshots))]
        found: list[Snapshot] = [{}] * len(episodes)
        for limit in {episode.limit for episode in episodes}:
            cases = [case for case, episode in enumerate(episodes) if episode.limit == limit]
            for first in range(0, len(cases), LANES):
                for case, after in self._chunk(snapshots, cases[first : first + LANES], episodes, limit, actions):
                    found[case] = after
        return stack(found)

    def _chunk(
        self, snapshots: Batch, cases: Sequence[int], episodes: Sequence[Episode], limit: int, actions: Any
    ) -> list[tuple[int, Snapshot]]:
        env = self._env(LANES, limit)
        for lane, case in enumerate(cases):
            self._put(env, lane, row(snapshots, case))
        nothing = np.zeros(LANES, bool)
        observed, rewards, terminated, truncated = env._observation(), np.zeros(LANES), nothing, nothing
        if actions is not None:
            played = np.zeros(LANES, np.int64)
            played[: len(cases)] = actions[cases]
            observed, rewards, terminated, truncated, _ = env.step(played)
            for lane, case in enumerate(cases):
                episodes[case].add(int(played[lane]))
        after = []
        for lane, case in enumerate(cases):
            self._inside.load(env.save_state(lane))
            told = _outcome(rewards[lane], terminated[lane], truncated[lane], observed, lane)
            after.append((case, episodes[case].paths() | shown(self._inside) | told))
        return after

    def _put(self, env: Any, lane: int, snapshot: Snapshot) -> None:
        episode = Episode.of(snapshot)
        self._bases.go(episode.start, episode.actions)
        write(self._inside, snapshot)
        env.load_state(lane, self._inside.save(), episode.steps)

    def _env(self, lanes: int, limit: int | None = None) -> Any:
        import jaxenv

        key = (lanes, self._episode.limit if limit is None else limit)
        if key not in self._envs:
            self._envs[key] = jaxenv.make(self._id, num_envs=lanes, max_steps=key[1], autoreset=False)
        return self._envs[key]


def _installed() -> bool:
    try:
        metadata.version("emurust")
    except metadata.PackageNotFoundError:
        return False
    return True


def _outcome(reward: float, terminated: bool, truncated: bool, observed: Mapping[str, Any], lane: int) -> dict:
    return {
        "out.reward": np.float64(reward),
        TERMINATED: np.bool_(terminated),
        TRUNCATED: np.bool_(truncated),
        "out.obs.screen": observed["screen"][lane],
        "out.obs.ram": observed["ram"][lane],
    }
