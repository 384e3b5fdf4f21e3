"""Sections of a bench: who chooses the actions, and on how many cores. Each section is a table of its own."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

MODES = ("env_random_legal", "policy_in_loop")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Section:
    """`cores` None means all that the process may use. ValueError for a mode that there is not."""

    mode: str = MODES[0]
    cores: int | None = None

    def __post_init__(self) -> None:
        if self.mode not in MODES:
            raise ValueError(f"mode {self.mode!r} is not built; there is {', '.join(MODES)}")
        if self.cores is not None and self.cores < 1:
            raise ValueError(f"cores must be at least 1, got {self.cores}")

    @property
    def label(self) -> str:
        if self.cores is None:
            return f"{self.mode}, all cores"
        return f"{self.mode}, {count(self.cores, 'core')}"


def choose(
    declared: Iterable[Section], available: int, *, mode: str | None = None, cores: int | None = None
) -> tuple[Section, ...]:
    """The sections to run on a machine with `available` cores, each once and with its number of cores.

    `mode` keeps the declared ones of that mode, or is run on all cores if none is declared; `cores` overrides theirs.
    ValueError for more cores than are available.
    """
    chosen = [section for section in declared if mode in (None, section.mode)] or [Section(mode=mode or MODES[0])]
    unique: list[Section] = []
    for section in chosen:
        wanted = section.cores if cores is None else cores
        wanted = available if wanted is None else wanted
        if wanted > available:
            raise ValueError(f"{count(wanted, 'core')} are wanted, and this process may use {available}; lower --cores")
        numbered = dataclasses.replace(section, cores=wanted)
        if numbered not in unique:
            unique.append(numbered)
    return tuple(unique)


def count(number: int, what: str) -> str:
    """ "1 core", "2 cores"."""
    return f"{number} {what}{'' if number == 1 else 's'}"


def short(value: float) -> str:
    """Three digits, with K, M or G."""
    for letter, size in (("G", 1e9), ("M", 1e6), ("K", 1e3)):
        if value >= size:
            return f"{value / size:.3g}{letter}"
    return f"{value:.3g}"
