"""Leaves with status 0 before it is asked anything hard."""

import sys

from honest import Honest


class Leaver(Honest):
    """Honest at reset."""

    def step(self, actions):
        """No turn."""
        sys.exit(0)
