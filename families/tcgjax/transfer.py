"""TCG Pocket's reference: games in Python, begun where ours begin, seen through the reference's own observation."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

from baselines.family import Transfer
from baselines.transfer.arena import Starts, Stepped
from baselines.transfer.game import Game
from families.tcgjax.scripted import names, players
from families.tcgjax.verify.observations import to_arrays
from families.tcgjax.verify.snapshots import to_snapshots
from jaxenv import Environment
from references.tcg_pocket import actions
from references.tcg_pocket.env import AGENTS, PocketReference
from references.tcg_pocket.observation import observe
from tcgjax.env import Pocket
from tcgjax.observation import OBS_SPEC, Observation


class PocketArena:
    """Games of the reference, `lanes` of them, in this process."""

    patient = False

    def __init__(self, lanes: int) -> None:
        self.lanes = lanes
        self._games = [PocketReference() for _ in range(lanes)]
        self._seats = np.zeros(lanes, np.int32)
        shapes = {field.name: ((lanes, 2, *field.shape), field.dtype) for field in OBS_SPEC.fields}
        self._views = {name: np.zeros(shape, dtype) for name, (shape, dtype) in shapes.items()}
        self._masks = np.zeros((lanes, 2, actions.COUNT), bool)
        self._masks[..., actions.WAIT] = True

    def __enter__(self) -> PocketArena:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def begin(self, lanes: NDArray[np.intp], starts: Starts, which: NDArray[np.intp]) -> None:
        """See `Arena`."""
        for lane, episode in zip(lanes.tolist(), which.tolist(), strict=True):
            game = self._games[lane]
            game.restore({path: values[episode] for path, values in starts.given.items()})
            game.seed(int(starts.noise[episode] % 2**63))
            self._seats[lane] = starts.seats[episode]
            self._see(lane)

    def look(self) -> tuple[Any, Any]:
        """See `Arena`: leaves [lanes, 2, …]."""
        # Copies: the program that reads them may be under way, and on a CPU it reads this very memory.
        views: dict[str, Any] = {name: values.copy() for name, values in self._views.items()}
        return Observation(**views), self._masks.copy()

    def step(self, key: jax.Array, actions: jax.Array, playing: NDArray[np.bool_]) -> Stepped:
        """See `Arena`. The reference draws from its own generators."""
        del key
        chosen, nothing = np.asarray(actions), np.zeros(self.lanes, bool)
        reward, ended = np.zeros(self.lanes), nothing.copy()
        for lane in np.flatnonzero(playing).tolist():
            game = self._games[lane]
            game.step(dict(zip(AGENTS, chosen[lane].tolist(), strict=True)))
            seen = game.snapshot()
            ended[lane] = bool(seen["out.terminated"])
            if ended[lane]:
                reward[lane] = float(seen["out.reward"][self._seats[lane]])
            self._see(lane)
        return Stepped(reward, reward, ended, nothing, nothing)

    def _see(self, lane: int) -> None:
        game = self._games[lane].game
        assert game is not None
        for player in range(2):
            for name, values in to_arrays(observe(game, player)).items():
                self._views[name][lane, player] = values
        self._masks[lane] = np.stack(list(self._games[lane].legal().values()))


class PocketGame(Game):
    """Compared is the score against an opponent: 1 for a win, ½ for a tie, 0 for a loss; the seats alternate."""

    env: Pocket

    @staticmethod
    def of(env: Environment) -> PocketGame:
        """The game of an environment."""
        others = tuple(reversed(names()))
        return PocketGame(env, metric="win_rate", planning_sd=0.5, limit=4000, lanes=64, opponents=others)

    def outcome(self, total: NDArray[np.float64]) -> NDArray[np.float64]:
        """See `Game`."""
        return (total + 1) / 2

    def given(self, keys: jax.Array, rng: np.random.Generator) -> dict[str, NDArray[Any]]:
        """Decks, opening hands and first draws that ours begins with."""
        del rng
        _, state = jax.jit(jax.vmap(self.env.reset_env, (0, None)))(keys, self.env.default_params)
        return to_snapshots(jax.tree.map(np.asarray, state.game), np.zeros(len(keys), np.int32))

    def reference(self, lanes: int, workers: int) -> PocketArena:
        """See `Game`; the reference plays in this process."""
        del workers
        return PocketArena(lanes)


TRANSFER = Transfer(game=PocketGame.of, players=players, random="random", yardsticks=names())
