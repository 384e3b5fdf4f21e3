"""The caller's place in their own source, for warnings and errors."""

from __future__ import annotations

import functools
import os
import sys
import warnings
from pathlib import Path
from types import FrameType

import jax
from jax.extend import source_info_util

_PACKAGE = str(Path(__file__).parents[1])
_OTHERS = tuple(
    f"{folder}{os.sep}" for folder in (_PACKAGE, os.path.dirname(jax.__file__), os.path.dirname(os.__file__))
)
_INSTALLED = f"{os.sep}site-packages{os.sep}"

# The lines that JAX notes for operations are never ours.
source_info_util.register_exclusion(_PACKAGE)


def caller_line() -> str:
    """`file:line (function)` of whoever called this package; "" if there is nobody."""
    frame = _caller()
    return "" if frame is None else f"{frame.f_code.co_filename}:{frame.f_lineno} ({frame.f_code.co_name})"


def warn(message: str, category: type[Warning]) -> None:
    """`warnings.warn` at the caller's line, however many frames of this package and of JAX lie between."""
    frame = _caller()
    if frame is None:
        warnings.warn(message, category, stacklevel=2)
        return
    registry = frame.f_globals.setdefault("__warningregistry__", {})
    module = frame.f_globals.get("__name__", "<unknown>")
    warnings.warn_explicit(message, category, frame.f_code.co_filename, frame.f_lineno, module, registry)


def _caller() -> FrameType | None:
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and _is_between(frame.f_code.co_filename):
        frame = frame.f_back
    return frame


@functools.lru_cache(maxsize=1024)
def _is_between(file: str) -> bool:
    """True for this package, JAX, and the standard library (but not what is installed in a folder of it)."""
    return file.startswith(_OTHERS) and not (_INSTALLED in file and not file.startswith(_OTHERS[:2]))
