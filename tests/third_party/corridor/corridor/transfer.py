"""The transfer's part: lanes of `Walk`."""

import jax
import numpy as np

from baselines.family import Transfer
from baselines.transfer.arena import Stepped
from baselines.transfer.game import Game
from corridor.reference import LIMIT, Walk


class WalkArena:
    """Lanes of `Walk`, begun on given places."""

    patient = False

    def __init__(self, lanes):
        self.lanes = lanes
        self._walks = [Walk() for _ in range(lanes)]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def begin(self, lanes, starts, which):
        for lane, episode in zip(lanes.tolist(), which.tolist(), strict=True):
            self._walks[lane].reset(0)
            self._walks[lane].place = int(starts.given["place"][episode])

    def look(self):
        places = np.array([walk.place for walk in self._walks], np.int32)
        return {"place": jax.numpy.asarray(places)}, jax.numpy.ones((self.lanes, 2), bool)

    def step(self, key, actions, playing):
        reward, ended, cut = np.zeros(self.lanes), np.zeros(self.lanes, bool), np.zeros(self.lanes, bool)
        for lane in np.flatnonzero(playing):
            reward[lane], terminated, cut[lane] = self._walks[lane].step(int(actions[lane]))
            ended[lane] = terminated or cut[lane]
        return Stepped(reward, reward, ended, cut, np.zeros(self.lanes, bool))


class WalkGame(Game):
    """Compared is the return."""

    def given(self, keys, rng):
        state = jax.vmap(lambda key: self.env.reset_env(key, self.env.default_params)[1])(keys)
        return {"place": np.asarray(state.place)}

    def reference(self, lanes, workers):
        return WalkArena(lanes)


TRANSFER = Transfer(game=lambda env: WalkGame(env, planning_sd=0.5, limit=LIMIT, lanes=16))
