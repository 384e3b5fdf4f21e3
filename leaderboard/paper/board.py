"""The board's rows, and the figures that the comparison takes from them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from leaderboard.records import submission
from leaderboard.section import short

FOLDER = Path(__file__).parents[1] / "results"
HOUR, DAY = 3600.0, 86400.0


@dataclasses.dataclass(frozen=True, kw_only=True)
class Found:
    """One of our figures.

    * `text`: as it is shown. `value`: as a number, in the unit of the paper's.
    * `date`, `command`, `machine`: of the measurement. `measured`: it was made by this run; else it is on record.
    * `file`: the board's file that holds it, as `Row.file`.
    """

    text: str
    value: float | None
    date: str
    command: str
    machine: str
    measured: bool = False
    file: str = ""


@dataclasses.dataclass(frozen=True)
class Row:
    """A row of a file. `file`: its path in the repository, or as it was given. `measured`: by this run."""

    kind: str
    data: dict[str, Any]
    measured: bool = False
    file: str = ""


@dataclasses.dataclass(frozen=True)
class Board:
    """All rows, those of this run first."""

    rows: tuple[Row, ...]

    def speed(self, env: str, mode: str = "env_random_legal") -> Row | None:
        """The fastest row of an environment: one of this run where there is any."""
        return _best(self._of("sps", env, mode=mode), lambda row: row.data["median_sps"])

    def training(self, env: str, algorithm: str = "ppo") -> Row | None:
        """The training run with the highest return, played in our environment."""
        rows = [
            row for row in self._of("training", env, algorithm=algorithm) if "--reference" not in row.data["command"]
        ]
        return _best(rows, lambda row: row.data.get("mean_return") or float("-inf"))

    def training_speed(self, env: str) -> list[Row]:
        """Rows of training speed, the largest network first."""
        return sorted(self._of("training speed", env), key=lambda row: -row.data["parameters"])

    def gaps(self, env: str) -> list[Row]:
        """Rows of level 4."""
        return self._of("gap", env)

    def mutants(self, env: str) -> Row | None:
        """The row with the most seeded bugs."""
        rows = [row for row in self._of("verification", env) if row.data.get("mutants")]
        return _best(rows, lambda row: row.data["mutants"]["mutants"])

    def _of(self, kind: str, env: str, **wanted: Any) -> list[Row]:
        return [
            row
            for row in self.rows
            if row.kind == kind
            and row.data["env"] == env
            and all(row.data.get(name) == value for name, value in wanted.items())
        ]


def read(files: Iterable[Path] = (), folder: Path = FOLDER) -> Board:
    """The board in `folder`, and `files` that this run has measured. `RecordError`."""
    rows = []
    for measured, group in ((True, files), (False, sorted(folder.glob("*/*.json")))):
        for file in group:
            data, _ = submission.read(file)
            name = str(file) if measured else f"{submission.RESULTS}/{file.parent.name}/{file.name}"
            rows += [Row(data["kind"], row, measured, name) for row in data["rows"]]
    return Board(tuple(rows))


def found(row: Row, text: str, value: float | None) -> Found:
    """A figure of a row, with its origin."""
    data = row.data
    made = data.get("made_with") or [{}]
    first = made[0] if isinstance(made, list) else made
    date = data.get("date") or data.get("provenance", {}).get("started") or first.get("date") or ""
    return Found(
        text=text,
        value=value,
        date=date[:10] or "no date",
        command=data["command"],
        machine=_machine(data, first),
        measured=row.measured,
        file=row.file,
    )


def steps_per_second(board: Board, env: str, mode: str = "env_random_legal") -> Found | None:
    """The fastest row, with its ratio to the reference that was timed beside it."""
    row = board.speed(env, mode)
    if row is None:
        return None
    data = row.data
    text = f"{short(data['median_sps'])} ({data['backend']}, {data['cores']} cores, {data['batch']:,} lanes)"
    reference = data.get("reference")
    if reference and data.get("ratio"):
        text += f"; {data['ratio']:.3g}× {reference['name']}, which makes {short(reference['median_sps'])} here"
    return found(row, text, data["median_sps"])


def training_speed(board: Board, env: str) -> Found | None:
    """Steps of training per second, of the fastest run."""
    rows = [row for row in board.rows if row.kind in ("training", "training speed") and row.data["env"] == env]
    row = _best([row for row in rows if "--reference" not in row.data["command"]], lambda row: row.data["train_sps"])
    if row is None:
        return None
    size = row.data.get("parameters")
    text = short(row.data["train_sps"]) + (f", {short(size)} parameters" if size else "")
    return found(row, text, row.data["train_sps"])


def equal_skill(board: Board, env: str) -> Found | None:
    """Minutes of a training run, beside the time in which the reference alone would play as many steps."""
    run, speed = board.training(env), board.speed(env)
    reference = speed.data.get("reference") if speed else None
    if run is None:
        return None
    data = run.data
    minutes = data.get("train_minutes") or data["minutes"]
    text = f"{minutes:.3g} min for {short(data['steps'])} steps, mean return {data['mean_return']:.4g}"
    if reference:
        alone = data["steps"] / reference["median_sps"]
        text += f"; {reference['name']} needs {duration(alone)} for the steps alone, at the rate measured here"
    return found(run, text, None)


def equivalence(board: Board, env: str) -> Found | None:
    """The verdict of level 4 with the difference, its interval and the margin; the row with the most policies."""
    row = _best(board.gaps(env), lambda row: len(row.data["policies"]))
    if row is None:
        return None
    data = row.data
    low, high = data["ci90"]
    text = (
        f"{data['verdict']}: {len(data['policies'])} policies, {data['metric']} differs by {data['difference']:+.3g} "
        f"(90 % {low:+.3g} … {high:+.3g}, margin {data['margin']:g})"
    )
    return found(row, text, None)


def levels(board: Board, env: str) -> Found | None:
    """Seeded bugs that each level finds by itself, and all of them."""
    row = board.mutants(env)
    if row is None:
        return None
    mutants = row.data["mutants"]
    alone = ", ".join(f"{level} {one['killed']}" for level, one in mutants["by_level"].items())
    return found(row, f"of {mutants['mutants']} seeded bugs: {alone}; together {mutants['killed']}", None)


def share(board: Board, env: str) -> Found | None:
    """The environment's share of training with the largest network that was timed."""
    rows = board.training_speed(env)
    if not rows:
        return None
    data = rows[0].data
    text = f"{100 * data['env_share']:.2g} % at {short(data['parameters'])} parameters, the largest measured"
    return found(rows[0], text, data["env_share"])


def duration(seconds: float) -> str:
    """Seconds in the unit that fits."""
    for name, size in (("days", DAY), ("hours", HOUR), ("min", 60.0)):
        if seconds >= size:
            return f"{seconds / size:.3g} {name}"
    return f"{seconds:.3g} s"


def _best(rows: list[Row], figure: Any) -> Row | None:
    fresh = [row for row in rows if row.measured]
    return max(fresh or rows, key=figure, default=None)


def _machine(data: dict[str, Any], made: dict[str, Any]) -> str:
    machine = data.get("machine") or made.get("machine") or data.get("provenance", {}).get("platform") or ""
    if isinstance(machine, str):
        return machine
    return f"{machine.get('accelerator') or machine.get('cpu', '')}, {machine.get('cores', '?')} cores"
