"""Stops answering in the third turn."""

import time

from honest import Honest


class Sleeper(Honest):
    """Honest while awake."""

    def step(self, actions):
        """One turn, or none."""
        super().step(actions)
        while self.turn >= 3:
            time.sleep(60)
