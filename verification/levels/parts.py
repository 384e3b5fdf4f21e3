"""Parts of a check that is divided: fixed by the plan, each with random numbers of its own, done in their order.

Whoever does them, one process, one that was stopped and goes on, or many shards, comes to the same result.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

from verification.levels.context import Context
from verification.levels.coverage import counts_so_far
from verification.results import CheckResult, Parts


def of_length(cases: int, each: int) -> int:
    """The number of parts of `each` cases; the last one may be shorter."""
    return -(-cases // each)


def here(result: CheckResult, count: int) -> range:
    """Numbers of the parts that fall to this process, done or not, of `count` in the whole run."""
    if result.parts is None:
        result.parts = Parts(0, count, 0, count)
    return range(result.parts.first, result.parts.last)


def to_do(context: Context, result: CheckResult) -> Iterator[int]:
    """Numbers of the parts that are still to be done here; each is done when the next one is asked for.

    Until then `result.parts.before` is the result as it was before that part: whoever goes on from a report that was
    written in its middle does the part again.
    """
    assert result.parts is not None
    for number in range(result.parts.done, result.parts.last):
        result.parts = replace(result.parts, before=None)
        result.parts = replace(result.parts, before=result.to_json())
        begin, seconds, counts = time.monotonic(), result.seconds, counts_so_far(context)
        yield number
        shown = counts_so_far(context) - counts
        result.behaviours = {
            name: result.behaviours.get(name, 0) + shown[name] for name in {**result.behaviours, **shown}
        }
        result.seconds = round(seconds + time.monotonic() - begin, 3)
        result.parts = replace(result.parts, done=number + 1, before=None)
        context.on_progress(result)
