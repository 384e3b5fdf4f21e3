"""Dies of a signal in the third turn, after a last word on stderr."""

import os
import sys

from honest import Honest


class Crasher(Honest):
    """Honest until then."""

    def step(self, actions):
        """One turn, or the end."""
        super().step(actions)
        if self.turn >= 3:
            print("LAST WORDS", file=sys.stderr, flush=True)
            os.abort()
