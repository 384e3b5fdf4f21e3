"""Findings of a quickstart: plain values, a table for a person, JSON for a program."""

from __future__ import annotations

import dataclasses
import statistics
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jaxenv.commands import files
from leaderboard.invocation import spelled

REMEDY = "choose another folder with --out"

if TYPE_CHECKING:
    from rich.table import Table


@dataclasses.dataclass
class Compared:
    """Battles replayed in the reference. ``points``: decision points at which all fields were compared."""

    battles: int
    points: int
    fields: int
    divergences: int
    unverified: int


@dataclasses.dataclass
class Trained:
    """A policy that was trained. Battles against random play in JAX; `showdown`: battles won, tied and lost there."""

    folder: Path
    seconds: float
    steps: int
    interrupted: bool = False
    random_battles: int = 0
    random_wins: int = 0
    rival: str = ""
    showdown: list[int] = dataclasses.field(default_factory=list)

    def rows(self, env: str) -> list[tuple[str, str]]:
        """Label and text of each line of the table."""
        rows = [("policy trained in JAX", f"{self.seconds:.0f} s, {self.steps:,} joint steps")]
        if self.random_battles:
            share = f"{self.random_wins / self.random_battles:.1%} of {self.random_battles} battles won"
            rows.append(("  against random play", f"{share}, in JAX"))
        if self.showdown:
            won, tied, lost = self.showdown
            told = f"{won} won, {tied} tied, {lost} lost against {self.rival}"
            rows.append(("  in the real Showdown", told))
        again = spelled("baselines", "train", env, "--resume", self.folder, "--minutes", 5)
        return [*rows, ("to train on", f"`{again}`")]


@dataclasses.dataclass
class Findings:
    """One run. What was not done stays None and is named in ``not_done``; speeds are joint steps per second.

    * `backend`: "simd:cpu", or "xla:…" where no kernel is made; `no_kernel` is then the reason, if there is one.
    * `ours`: samples of that backend. `xla`: of XLA's program, where `ours` are of a kernel.
    """

    env: str
    seed: int
    backend: str
    cores: int
    compile_seconds: float = 0.0
    compiled_before: bool = False
    battles: int = 0
    steps: int = 0
    play_seconds: float = 0.0
    compared: Compared | None = None
    no_kernel: str = ""
    ours: list[float] = dataclasses.field(default_factory=list)
    xla: list[float] = dataclasses.field(default_factory=list)
    reference: list[float] = dataclasses.field(default_factory=list)
    reference_version: str = ""
    trained: Trained | None = None
    written: list[Path] = dataclasses.field(default_factory=list)
    not_done: list[str] = dataclasses.field(default_factory=list)
    seconds: float = 0.0

    @property
    def ratios(self) -> tuple[float, float] | None:
        """Ours over the reference on all cores, and over one of its workers; medians."""
        if not self.ours or not self.reference:
            return None
        ratio = statistics.median(self.ours) / statistics.median(self.reference)
        return ratio, ratio * self.cores

    @property
    def xla_ratio(self) -> float | None:
        """XLA's program over the reference on all cores, where it is timed beside a kernel."""
        if not self.xla or not self.reference:
            return None
        return statistics.median(self.xla) / statistics.median(self.reference)

    def to_json(self) -> dict[str, Any]:
        """Everything, as JSON values."""
        values = {**dataclasses.asdict(self), "written": [str(path) for path in self.written]}
        if self.trained:
            values["trained"]["folder"] = str(self.trained.folder)
        ratios = self.ratios
        return values | {
            "ratio": ratios and ratios[0],
            "ratio_per_reference_core": ratios and ratios[1],
            "xla_ratio": self.xla_ratio,
        }

    def write(self, path: Path) -> None:
        """Write the JSON file, listing itself among what was written; again whenever more was found."""
        if path not in self.written:
            self.written.append(path)
        files.write_json(path, self.to_json(), REMEDY)

    def rows(self) -> list[tuple[str, str]]:
        """Label and text of each line of the table."""
        again = "from the cache of an earlier run" if self.compiled_before else "the next run finds it in the cache"
        rows = [
            ("compiling the engine", f"{self.compile_seconds:.1f} s ({again})"),
            ("battles played in JAX", f"{self.battles:,}, {self.steps:,} joint steps in {self.play_seconds:.1f} s"),
        ]
        if self.compared:
            found = self.compared
            rows += [
                ("battles replayed in Showdown", f"{found.battles:,}"),
                (
                    "decision points compared",
                    f"{found.points:,}, {found.fields} fields and what both players see at each",
                ),
                (
                    "divergences",
                    f"{found.divergences}" + (f" ({found.unverified} not compared)" * (found.unverified > 0)),
                ),
            ]
        rows += self._speeds()
        if self.trained:
            rows += self.trained.rows(self.env)
        rows += [("written", "\n".join(map(str, self.written)))] if self.written else []
        rows += [("not done", text) for text in self.not_done]
        return [*rows, ("seconds in all", f"{self.seconds:.0f}")]

    def _speeds(self) -> list[tuple[str, str]]:
        """Rows of the speeds: the kernel's first, XLA's beside it."""
        rows = []
        if self.ours:
            name = "JAX, XLA" if self.backend.startswith("xla") else "JAX, one kernel"
            rows.append((name, f"{_speed(self.ours)} on {self.cores} cores ({self.backend})"))
        if self.xla:
            rows.append(("JAX, XLA", f"{_speed(self.xla)} on {self.cores} cores"))
        if self.no_kernel:
            rows.append(("no kernel", self.no_kernel))
        if self.reference:
            speed = statistics.median(self.reference)
            each = f"{speed / self.cores:,.0f} on each"
            rows.append(("Showdown", f"{_speed(self.reference)} on {self.cores} cores, {each}"))
        if self.ratios:
            same, one = self.ratios
            rows.append(("ratio", f"{same:,.1f} on equal cores, {one:,.1f} to one core of Showdown"))
        if self.xla_ratio:
            rows.append(("  of XLA", f"{self.xla_ratio:,.1f} on equal cores"))
        if self.ours:
            command = f"`{spelled('leaderboard', 'bench', self.env)}`"
            rows.append(("to measure", f"{command}; the speeds above are medians of {len(self.ours)} short samples"))
        return rows

    def table(self) -> Table:
        """The table that a person reads."""
        from rich.table import Table

        name = f"Pokémon Showdown {self.reference_version}".rstrip()
        table = Table(title=f"{self.env} and {name}", show_header=False, title_justify="left")
        table.add_column(no_wrap=True)
        table.add_column(overflow="fold")
        for label, text in self.rows():
            table.add_row(label, text, style="bold red" if label == "not done" else None)
        return table


def _speed(samples: list[float]) -> str:
    return f"{statistics.median(samples):,.0f} joint steps/s"
