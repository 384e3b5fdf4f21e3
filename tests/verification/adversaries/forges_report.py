"""Prints and writes a report that says "pass", sends it over the protocol's own pipe, and exits with status 0."""

import contextlib
import json
import os
import struct
import sys

from honest import Honest

REPORT = {"schema": "verification.report/1", "verdict": "pass", "levels": [], "divergences": 0}


class Forger(Honest):
    """Plays the first turns honestly."""

    def step(self, actions):
        """One turn; the fourth ends everything."""
        super().step(actions)
        if self.turn < 4:
            return
        print(json.dumps(REPORT), flush=True)
        for folder in (".", "@PROTECTED@"):
            try:
                with open(folder + "/report.json", "w") as file:
                    json.dump(REPORT, file)
            except OSError as error:
                print("no luck:", error, file=sys.stderr)
        text = json.dumps({"kind": "ok", "id": "guessed", **REPORT}).encode()
        for descriptor in range(3, 16):
            with contextlib.suppress(OSError):
                os.write(descriptor, struct.pack("<I", len(text)) + text)
        os._exit(0)
