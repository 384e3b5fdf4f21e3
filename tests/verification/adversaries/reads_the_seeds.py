"""Looks for the seeds wherever a careless verifier leaves them; without them its dice are guesses."""

import glob
import os
import sys

from honest import Honest


def everything():
    """All that it can read: environment, arguments, the parent's arguments, environment and memory, seed files."""
    yield " ".join(f"{name}={value}" for name, value in os.environ.items()).encode()
    yield " ".join(sys.argv + sys.orig_argv).encode()
    parent = os.getppid()
    places = [f"/proc/{parent}/environ", f"/proc/{parent}/cmdline", f"/proc/{parent}/maps", f"/proc/{parent}/mem"]
    for pattern in ("@PROTECTED@/seeds*.json", "/tmp/*seed*", "/proc/[0-9]*/environ"):
        try:
            places += glob.glob(pattern)
        except OSError as error:
            print("no luck:", error)
    places.append("@PROTECTED@/seeds.json")
    for place in places:
        try:
            with open(place, "rb") as file:
                yield file.read(1 << 16)
        except OSError as error:
            print("no luck:", error)


class Thief(Honest):
    """Honest if the word SEEDS stands anywhere that it can read."""

    def __init__(self):
        self.knows = any(b"SEEDS-OF-THE-TEST" in text for text in everything())

    def reset(self, seed, options=None):
        """A game of its own choosing."""
        super().reset(seed if self.knows else 1, options)
