"""Findings of a check."""

from __future__ import annotations

import dataclasses
from typing import Any, Literal

Weight = Literal["refused", "flagged", "noted"]


@dataclasses.dataclass(frozen=True)
class Finding:
    """`refused` ends it, `flagged` asks a person to look, `noted` says what could not be told."""

    weight: Weight
    check: str
    place: str
    text: str

    def line(self) -> str:
        """One line for a reader."""
        return f"{self.weight}: {self.check}: {f'{self.place}: ' if self.place else ''}{self.text}"


def refused(check: str, place: str, text: str) -> Finding:
    """A finding that refuses the file."""
    return Finding("refused", check, place, text)


def flagged(check: str, place: str, text: str) -> Finding:
    """A finding for a person to look at."""
    return Finding("flagged", check, place, text)


def noted(check: str, place: str, text: str) -> Finding:
    """A finding that says what is not known."""
    return Finding("noted", check, place, text)


def section_of(row: dict[str, Any]) -> tuple[Any, ...]:
    """Key of a row's section: its table's rows share it."""
    config = row.get("config")
    return (
        row["env"],
        row["env_version"],
        row["mode"],
        row["backend"],
        None if config is None else tuple(sorted((name, repr(value)) for name, value in config.items())),
        row.get("cores", row["machine"]["cores"]),
    )


def hardware_of(row: dict[str, Any]) -> tuple[Any, ...]:
    """Key of the hardware that a row was measured on."""
    machine = row["machine"]
    return machine["cpu"], row.get("cores", machine["cores"]), machine["device"]
