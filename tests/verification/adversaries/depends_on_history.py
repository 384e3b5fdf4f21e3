"""Right for the first three games, then it cheats: hidden state that outlives a reset."""

from honest import Honest


class Drifter(Honest):
    """Counts games."""

    games = 0

    def reset(self, seed, options=None):
        """A new game, of fewer and fewer honest ones."""
        self.games += 1
        super().reset(seed if self.games <= 3 else seed + 1, options)
