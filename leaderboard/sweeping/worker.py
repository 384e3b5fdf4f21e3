"""The process that measures the items of a sweep, so that a crash or a hang costs one of them.

Reads an order as JSON from each line: {"start": device}, or {"item": …, "command": …}. Answers each with one line.
"""

from __future__ import annotations

import json
import signal
import sys
import traceback
from typing import Any

import families
from leaderboard.child import answering
from leaderboard.sweeping.plan import Item
from leaderboard.sweeping.work import NotRunError, measure, start


def main() -> int:
    """Exit status 0 when the input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the sweep ends it
    answer = answering()
    families.adopt()
    for line in sys.stdin:
        answer(_answer(json.loads(line)))
    return 0


def _answer(order: dict[str, Any]) -> dict[str, Any]:
    try:
        if "start" in order:
            return {"facts": start(order["start"])}
        return {"row": measure(Item(**order["item"]), order["command"])}
    except NotRunError as error:
        return {"not_run": str(error)}
    except Exception as error:  # whatever it is, it is the item's result
        traceback.print_exc()
        lines = str(error).strip().splitlines() or [""]
        return {"failed": f"{type(error).__name__}: {lines[0][:300]}"}


if __name__ == "__main__":
    sys.exit(main())
