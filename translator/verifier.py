"""The loop's questions to a verifier, and its answers as plain data."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, Protocol

import msgspec

Verdict = Literal["pass", "fail", "inconclusive", "not_run", "error"]


class Row(msgspec.Struct, frozen=True):
    """One differing field: its value in the reference and in the candidate, and the module that owns it."""

    path: str
    expected: Any
    actual: Any
    owner: str


class Failure(msgspec.Struct, frozen=True):
    """One way in which a candidate differs from its reference.

    * `level`, `check`; `message`: in words. `rows`: differing fields in the order of modules, the first one first.
    * `before`: the state that the step starts from, path → value; `actions`: what was played from there.
    * `draws`: the difference in random draws, in words.
    * `count` of `cases` differed; `first_fields`: how often each field was the first to differ.
    * `case`: the counterexample's file, relative to the run's folder, "" where there is none.
    """

    level: str
    check: str
    message: str = ""
    rows: tuple[Row, ...] = ()
    before: dict[str, Any] = {}
    actions: list[Any] = []
    draws: str = ""
    step: int = 0
    count: int = 0
    cases: int = 0
    first_fields: dict[str, int] = {}
    case: str = ""

    @property
    def signature(self) -> str:
        """Words that are the same for the same failure: the check, and the first field or the first line of words."""
        first = self.rows[0].path if self.rows else self.message.strip().splitlines()[0][:120] if self.message else ""
        return f"{self.check} {first}"

    @property
    def owners(self) -> tuple[str, ...]:
        """Modules of the differing fields, the first one first."""
        return tuple(dict.fromkeys(row.owner for row in self.rows))


class Outcome(msgspec.Struct, frozen=True):
    """Answer of a verifier.

    `violations`: rules that the candidate broke while it ran, in words. `levels`: level → verdict. `counts`: what was
    compared, in words → number. `reports`: the reports in full, for the bundle.
    """

    verdict: Verdict
    failures: tuple[Failure, ...] = ()
    violations: tuple[str, ...] = ()
    levels: dict[str, Verdict] = {}
    counts: dict[str, int] = {}
    notes: tuple[str, ...] = ()
    seconds: float = 0.0
    report: dict[str, Any] | None = None


class Speed(msgspec.Struct, frozen=True):
    """Steps per second of a candidate: median of `samples`. `gain`: over the kept candidate, timed in turns with it.

    `difference`: where the timed program ends in other states than the verified one, in words; "" where it does not.
    """

    steps_per_second: float
    samples: tuple[float, ...] = ()
    gain: float = 0.0
    difference: str = ""


class Verifier(Protocol):
    """Judge of candidates. `tree` is the run's tree, which holds the candidate below `candidate/`."""

    @property
    def digest(self) -> str:
        """Digits that change with the verifier and its settings, under which verdicts are kept."""
        ...

    def paths(self) -> list[str]:
        """Paths of the fields that are compared."""
        ...

    def preflight(self) -> Outcome:
        """The reference against itself, the plugin's declarations, and the seeded bugs that the verifier must find."""
        ...

    def check(self, tree: Path, levels: Sequence[str], modules: Sequence[str] | None, seed: int, scale: int) -> Outcome:
        """Levels of the candidate. `modules`: only fields of these count; None: all. `scale`: times more cases."""
        ...

    def held_out(self, tree: Path, secret: bytes, scale: int) -> Outcome:
        """Seeds that are made of the secret and of every byte of the candidate, in fresh processes."""
        ...

    def transfer(self, tree: Path, secret: bytes) -> Outcome:
        """Level 4, with seeds that are made of the secret and of every byte of the candidate."""
        ...

    def bench(self, tree: Path, kept: Path | None) -> Speed:
        """Speed of the candidate; of that in the tree `kept` too, in turns."""
        ...

    def close(self) -> None:
        """End all processes."""
        ...
