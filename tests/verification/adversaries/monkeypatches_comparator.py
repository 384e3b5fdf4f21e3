"""Makes every comparison in its process come out equal, and gives wrong dice."""

import numpy
from honest import Honest

numpy.array_equal = lambda *arguments, **options: True
numpy.testing.assert_array_equal = lambda *arguments, **options: None
try:
    import verification.fields

    verification.fields.FieldTable.differs = lambda *arguments: numpy.zeros(1, bool)
except ImportError:
    import environment_server.protocol as protocol  # pyright: ignore[reportMissingImports]

    protocol.Tape.leftover = lambda self: []


class Patched(Honest):
    """Every face is a six."""

    def step(self, actions):
        """One turn with loaded dice."""
        super().step(actions)
        self.table["face"] = self.table["face"] * 0 + 6
