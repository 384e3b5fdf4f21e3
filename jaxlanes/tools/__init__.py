"""Tools around the compiler: reports, the fuzzer, the GPU bench and the census. The last three need a checkout."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class NotInstalledError(RuntimeError):
    """A tool that the installed package leaves out."""


@contextmanager
def checkout_only(tool: str) -> Iterator[None]:
    """The import of a tool that only a checkout has. Raises NotInstalledError where it is missing."""
    try:
        yield
    except ModuleNotFoundError as error:
        if not (error.name or "").startswith(__name__):
            raise
        raise NotInstalledError(
            f"{tool} is not part of the installed package; run the command in a checkout of the repository"
        ) from error
