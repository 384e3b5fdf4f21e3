"""The game itself, in plain Python and numpy: it stands for the software that your environment is a port of."""

from __future__ import annotations

import numpy as np

VERSION = "1"
SIZE, BATTERY, ROOM, TIME_LIMIT = 8, 12, 3, 60
LEFT, RIGHT, DIG, REST = range(4)


class Game:
    """A rover in a row of cells. It digs ore, which its base, cell 0, takes; every action but resting uses battery."""

    def __init__(self) -> None:
        self.place = self.battery = self.cargo = self.time = 0
        self.ore = np.zeros(SIZE, np.int64)

    def reset(self, rng: np.random.Generator) -> None:
        """Begin an episode."""
        self.place = int(rng.integers(SIZE))
        self.battery, self.cargo, self.time = BATTERY, 0, 0
        self.ore = rng.integers(0, 3, SIZE)
        self.ore[0], self.ore[-1] = 0, rng.integers(1, 3)

    @property
    def finished(self) -> bool:
        """All ore has been delivered."""
        return not self.ore.any() and not self.cargo

    @property
    def over(self) -> bool:
        """The episode has ended by the rules."""
        return self.battery == 0 or self.finished

    def legal(self) -> list[bool]:
        """One flag for each action."""
        diggable = self.ore[self.place] > 0 and self.cargo < ROOM
        return [True, True, bool(diggable) or self.over, True]

    def step(self, action: int) -> float:
        """Play an action; the reward."""
        if action == REST:
            self.battery = min(self.battery + 3, BATTERY)
        elif action == DIG:
            self.battery -= 2
            if self.ore[self.place] > 0 and self.cargo < ROOM:
                self.ore[self.place] -= 1
                self.cargo += 1
        else:
            self.battery -= 2 if self.cargo == ROOM else 1
            self.place = min(self.place + 1, SIZE - 1) if action == RIGHT else max(self.place - 1, 0)
        self.battery = max(self.battery, 0)
        self.time += 1
        reward = 0.0
        if self.place == 0:
            reward += self.cargo + (self.cargo == ROOM)
            self.cargo = 0
        if self.finished:
            reward += 5
        elif self.battery == 0:
            reward -= 3
        return reward
