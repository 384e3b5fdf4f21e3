"""Places in an environment's own source: the function, its line and the text of a condition, and who called it."""

from __future__ import annotations

import functools
import importlib.util
import linecache
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from jax._src import source_info_util  # what `jaxlanes` names lines by too; JAX's public interface has no such thing

_INNER = re.compile(r"(\.<locals>)?\.?<(lambda|listcomp|genexpr|dictcomp|setcomp)>$")
_LONGEST = 110
STEP = "step_env"
"""The hook whose conditions are looked at, with those of all that it calls: not those of restoring, or of resets."""


@dataclass(frozen=True, order=True)
class Place:
    """The place of a value: `file` below the folder of its top package, `function`, first `line`, and columns."""

    file: str
    function: str
    line: int
    column: int
    end_line: int
    end_column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line} {self.function}"


@dataclass(frozen=True)
class Site:
    """A place, its source text, and the places of the calls that led there, the outermost first."""

    place: Place
    text: str
    calls: tuple[Place, ...]

    @property
    def function(self) -> tuple[str, str]:
        """(file, function)."""
        return self.place.file, self.place.function


class Source:
    """The files of some packages or modules, by their dotted names. `ValueError` names one that there is not."""

    def __init__(self, packages: Sequence[str]) -> None:
        self.packages = tuple(packages)
        self._roots = [_root(package) for package in packages]
        self._sites: dict[int, tuple[Site | None, bool]] = {}
        self._kept: list[Any] = []

    def site(self, equation: Any, outer: Site | None, inside: bool) -> tuple[Site | None, bool]:
        """The innermost place of an equation in these packages, and True if it is part of a step.

        `outer`, `inside`: the same of the equation that calls the function which this one is in. What has no place of
        its own has that one. JAX does not keep the callers of all that it traces: then its calls are put before.
        """
        traceback = equation.source_info.traceback
        if traceback is None:
            return (outer, True) if inside else (None, False)
        key = id(traceback)
        if key not in self._sites:
            self._kept.append(traceback)  # so that no other object gets its id
            self._sites[key] = self._find(equation.source_info)
        site, in_step = self._sites[key]
        if not (in_step or inside):
            return None, False
        if site is None:
            return outer, True
        if not in_step and outer is not None:
            site = Site(site.place, site.text, (*outer.calls, outer.place, *site.calls))
        return site, True

    def _find(self, source_info: Any) -> tuple[Site | None, bool]:
        places, in_step = [], False
        for frame in _frames(source_info):
            in_step |= frame.function_name.rpartition(".")[2] == STEP
            name = self._inside(frame.file_name)
            if name:
                function = _INNER.sub("", frame.function_name)
                while _INNER.search(function):
                    function = _INNER.sub("", function)
                places.append((Place(
                    name, function or "<module>", frame.start_line, frame.start_column, frame.end_line, frame.end_column
                ), frame.file_name))  # fmt: skip
        if not places:
            return None, in_step
        (place, path), outer = places[0], [found for found, _ in places[1:]]
        # A comprehension is part of its function: the frame around it is no call.
        while outer and outer[0].function == place.function and outer[0].file == place.file:
            outer = outer[1:]
        return Site(place, _text(path, place), tuple(reversed(outer))), in_step

    @functools.lru_cache(maxsize=4096)  # noqa: B019 - a `Source` lives as long as the program that it reads
    def _inside(self, path: str) -> str:
        for root, folder in self._roots:
            if path == root or path.startswith(root + os.sep):
                return os.path.relpath(path, folder).replace(os.sep, "/")
        return ""


def _frames(source_info: Any) -> list[Any]:
    try:
        return list(source_info_util.user_frames(source_info.traceback))
    except (AttributeError, TypeError):  # older JAX takes the whole
        return list(source_info_util.user_frames(source_info))


def _root(package: str) -> tuple[str, str]:
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise ValueError(f"{package}: there is no such package; name importable packages or modules")
    places = spec.submodule_search_locations
    root = os.path.abspath(next(iter(places)) if places else spec.origin)
    above = os.path.dirname(root)
    for _ in range(package.count(".")):
        above = os.path.dirname(above)
    return root, above


def _text(path: str, place: Place) -> str:
    lines = [linecache.getline(path, number) for number in range(place.line, place.end_line + 1)]
    if not lines or not lines[0]:
        return ""
    encoded = [line.rstrip("\n").encode() for line in lines]  # columns count bytes
    encoded[-1] = encoded[-1][: place.end_column]
    encoded[0] = encoded[0][place.column :]
    text = " ".join(b" ".join(encoded).decode(errors="replace").split())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
