"""Errors on the way from a JAX function to a kernel."""

from __future__ import annotations


class LanesError(Exception):
    """Base of every error of this package."""


class UnsupportedError(LanesError):
    """The function uses something that no kernel can be made of; the message names it and where it was written."""

    def __init__(self, what: str, where: str = "", remedy: str = 'use backend="xla" for this function') -> None:
        self.what, self.where, self.remedy = what, where, remedy
        super().__init__(f"{what}{f' at {where}' if where else ''}; {remedy}")


class CompilerNotFoundError(LanesError):
    """No C++ compiler was found, or the one that was found cannot be run or compiles nothing."""


class CompilationError(LanesError):
    """The C++ compiler refused a kernel: a defect of this package."""


class CacheError(LanesError):
    """The folder of compiled kernels cannot be used or trusted."""


def first_line(error: Exception) -> str:
    """An error's type and the first line of its message."""
    return f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}"
