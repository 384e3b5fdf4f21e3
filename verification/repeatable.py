"""Hypothesis without the constants of loaded modules, so that a seed gives the same examples in every process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def no_constants_of_modules() -> Iterator[None]:
    """Let Hypothesis draw no constants that it finds in the sources of the modules loaded so far.

    A run that goes on after an interruption has loaded other modules than one that was not interrupted, and Hypothesis
    has no public switch. Versions that look for no constants (before 6.131) need nothing.
    """
    from hypothesis.internal.conjecture import providers  # here, since Hypothesis takes half a second to import

    inside: Any = providers
    found = getattr(inside, "_get_local_constants", None)
    if found is None:
        yield
        return
    none = type(found())()
    inside._get_local_constants = lambda: none
    inside.CONSTANTS_CACHE.cache.clear()
    try:
        yield
    finally:
        inside._get_local_constants = found
        inside.CONSTANTS_CACHE.cache.clear()
