"""Python's garbage collector in a process that traces much."""

from __future__ import annotations

import gc


def collect_rarely() -> None:
    """Let it look at fewer objects, and more rarely.

    JAX makes millions while it traces, which live on: looking at them took a quarter of that time.
    """
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
