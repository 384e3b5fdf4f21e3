"""Right numbers in wrong shapes, which would broadcast to equality."""

import numpy as np
from honest import Honest


class Shaped(Honest):
    """Every number becomes a row of copies."""

    def snapshot(self):
        """One row each."""
        return {path: np.array([value, value]) for path, value in super().snapshot().items()}
