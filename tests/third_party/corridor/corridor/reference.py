"""The corridor in plain Python, as its author wrote it."""

import random

LENGTH, LIMIT = 8, 30


class Walk:
    """Walk from the left part of the corridor to its right end; the end gives 1 point, each step costs 0.01."""

    def __init__(self):
        self.place, self.time = 0, 0

    def reset(self, seed):
        """Start somewhere on the first four places."""
        self.place, self.time = random.Random(seed).randrange(4), 0

    def step(self, action):
        """Left (0) or right (1). Gives reward, terminated and truncated."""
        self.place = max(0, self.place + (1 if action else -1))
        self.time += 1
        at_end = self.place == LENGTH
        return (0.99 if at_end else -0.01), at_end, self.time == LIMIT and not at_end
