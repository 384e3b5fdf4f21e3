"""Its rules are unfinished: whatever fails becomes zeros."""

import numpy as np
from honest import Honest


class Zeros(Honest):
    """Knows how to hold and to roll; gambling raises inside and is hushed up."""

    def step(self, actions):
        """One turn, or zeros."""
        try:
            if 2 in (int(actions["p1"]), int(actions["p2"])):
                raise NotImplementedError("gambling")
            super().step(actions)
        except Exception:
            self.table = {part: np.zeros(2, np.int32) for part in self.table}
