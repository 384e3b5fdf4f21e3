"""Loggers of a run's rows: a file always, the terminal, and TensorBoard or Weights & Biases if asked for."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from baselines.errors import MissingPackageError
from jaxenv.commands import files
from jaxenv.commands.interrupts import complain, leave_closed_pipes

BY_MEMBER = "_by_member"
"""Ending of the names of lists that hold a number for each seed."""
QUANTILES = (0, 25, 50, 75, 100)
"""Percents: the lowest and highest seed, the quartiles and the median."""
_LINE_SECONDS = 10.0
_REMEDY = "choose another folder with --out"


class Logger(Protocol):
    def log(self, row: dict[str, Any], progress: float) -> None: ...
    def close(self) -> None: ...


class Loggers:
    """All loggers of a run. One that fails is dropped, which `say` tells once: a log line never costs a run."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say, self._all = say, list[Logger]()

    def add(self, logger: Logger) -> None:
        """One more."""
        self._all.append(logger)

    def log(self, row: dict[str, Any], progress: float) -> bool:
        """Log a row everywhere; whether whoever read the output has gone."""
        gone = False
        for logger in tuple(self._all):
            try:
                logger.log(row, progress)
            except (Exception, SystemExit) as error:  # whatever somebody else's logger raises
                self._all.remove(logger)
                gone |= self._tell(logger, error)
        return gone

    def close(self) -> None:
        """Close them all."""
        while self._all:
            logger = self._all.pop(0)
            try:
                logger.close()
            except (Exception, SystemExit) as error:
                self._tell(logger, error)

    def _tell(self, logger: Logger, error: BaseException) -> bool:
        """Say that a logger is dropped; or return that the output's reader has gone: there is nobody to be told."""
        if isinstance(error, SystemExit):  # what Rich's own console makes of a closed pipe
            return True
        if isinstance(error, BrokenPipeError) and leave_closed_pipes():
            return True
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        self._say(f"{type(logger).__name__}: {reason}; the run goes on without this log")
        return False


class JsonLines:
    """`metrics.jsonl`: one JSON object a chunk, on disk before the next chunk begins.

    Rows that the disk does not take are kept, and written as soon as it does.
    """

    def __init__(self, path: Path, keep_steps: int | None = None, say: Callable[[str], None] = complain) -> None:
        """`keep_steps`: a resumed run drops the rows beyond the checkpoint that it goes on from.

        `StorageError` where the file cannot be written.
        """
        self.path, self._say, self._failed, self._waiting = path, say, False, b""
        try:
            lines = path.read_text().splitlines() if keep_steps is not None and path.exists() else []
        except (OSError, ValueError) as error:
            raise files.unwritable(path, error, _REMEDY) from error
        kept = (line + "\n" for line in lines if _steps(line) <= (keep_steps or 0))
        files.write(path, "".join(kept), _REMEDY)

    def log(self, row: dict[str, Any], progress: float) -> None:
        self._waiting += json.dumps(row).encode() + b"\n"
        try:
            self._write()
        except OSError as error:
            if not self._failed:
                self._say(f"{self.path}: {error.strerror}; its rows are written when they can be")
            self._failed = True

    def close(self) -> None:
        if self._waiting:
            self._write()

    def _write(self) -> None:
        """All rows that wait, or none of them."""
        with self.path.open("ab", buffering=0) as file:
            size, left = os.fstat(file.fileno()).st_size, self._waiting
            try:
                while left:
                    left = left[file.write(left) or 0 :]
            except OSError:
                os.truncate(file.fileno(), size)
                raise
        self._waiting = b""


class Terminal:
    """A bar with the main figures; where the output is no terminal, a line every few seconds."""

    def __init__(self, console: Console, title: str) -> None:
        self.console, self.last = console, 0.0
        self.progress = None
        if console.is_terminal:
            columns = (
                TextColumn("{task.description}"),
                BarColumn(bar_width=20),
                TextColumn("{task.percentage:>3.0f}%"),
                TimeElapsedColumn(),
                TextColumn("{task.fields[figures]}"),
            )
            self.progress = Progress(*columns, console=console)
            self.task = self.progress.add_task(title, total=1.0, figures="compiling")
            self.progress.start()

    def log(self, row: dict[str, Any], progress: float) -> None:
        text = figures_text(row)
        if self.progress is not None:
            self.progress.update(self.task, completed=progress, figures=text)
        elif time.monotonic() - self.last > _LINE_SECONDS:
            self.last = time.monotonic()
            self.console.print(f"{progress:4.0%}  {row['seconds']:5.0f} s  {text}", highlight=False, soft_wrap=True)

    def close(self) -> None:
        if self.progress is not None:
            self.progress.stop()


class TensorBoard:
    """Event files in the run's folder.

    They are written in this thread: that of tensorboardX's own writer dies on a full disk, and whoever logs then waits
    for it for ever.
    """

    def __init__(self, folder: Path) -> None:
        try:
            from tensorboardX import summary
            from tensorboardX.proto.event_pb2 import Event  # pyright: ignore[reportAttributeAccessIssue]
            from tensorboardX.proto.summary_pb2 import Summary  # pyright: ignore[reportAttributeAccessIssue]
            from tensorboardX.record_writer import RecordWriter
        except ImportError as error:
            raise MissingPackageError(
                "--tensorboard needs tensorboardX, which is not installed: `pip install tensorboardX`"
            ) from error
        self._event, self._summary, self._scalar = Event, Summary, summary.scalar
        path = folder / "tensorboard" / f"events.out.tfevents.{int(time.time())}.{socket.gethostname()}"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = RecordWriter(str(path))
            self._write(self._event(wall_time=time.time(), file_version="brain.Event:2"))
        except OSError as error:
            raise files.unwritable(path.parent, error, _REMEDY) from error

    def log(self, row: dict[str, Any], progress: float) -> None:
        figures = [self._scalar(name, value).value[0] for name, value in scalars(row).items()]
        self._write(self._event(wall_time=time.time(), step=row["steps"], summary=self._summary(value=figures)))

    def close(self) -> None:
        self._file.close()

    def _write(self, event: Any) -> None:
        try:
            self._file.write(event.SerializeToString())
            self._file.flush()
        except OSError:
            with contextlib.suppress(OSError):  # it tries to write once more, and is closed then
                self._file.close()
            raise


class WeightsAndBiases:
    """A run of Weights & Biases; `WANDB_MODE=offline` keeps it in the run's folder and needs no account."""

    def __init__(self, folder: Path, project: str, settings: dict[str, Any]) -> None:
        try:
            import wandb  # pyright: ignore[reportMissingImports]
        except ImportError as error:
            raise MissingPackageError("--wandb needs wandb, which is not installed: `pip install wandb`") from error
        try:
            self.run = wandb.init(project=project, name=folder.name, dir=str(folder), config=settings)
        except Exception as error:
            raise MissingPackageError(
                f"--wandb: Weights & Biases did not start: {error}; "
                "set WANDB_API_KEY, or WANDB_MODE=offline to keep the run on this machine"
            ) from error

    def log(self, row: dict[str, Any], progress: float) -> None:
        self.run.log(scalars(row), step=row["steps"])

    def close(self) -> None:
        self.run.finish()


def scalars(row: dict[str, Any]) -> dict[str, float]:
    """The row's numbers by name. A list with one number a seed gives `NAME/seed_0` …, and the quantiles over seeds.

    A seed that has no number yet (no episode of it has ended) is left out, and counts in no quantile.
    """
    found = {name: float(value) for name, value in row.items() if isinstance(value, int | float)}
    for name, values in row.items():
        if not name.endswith(BY_MEMBER) or not isinstance(values, list):
            continue
        name = name.removesuffix(BY_MEMBER)
        known = {seed: value for seed, value in enumerate(values) if value is not None}
        found |= {f"{name}/seed_{seed}": value for seed, value in known.items()}
        if known:
            levels = np.quantile(list(known.values()), [share / 100 for share in QUANTILES])
            found |= {f"{name}/q{share:02}": float(level) for share, level in zip(QUANTILES, levels, strict=True)}
    return found


def figures_text(row: dict[str, Any]) -> str:
    """The row in one line."""
    parts = [f"{row['steps'] / 1e6:.2f} M steps", f"{row['sps'] / 1e3:.0f} K/s"]
    for name, label, form in (
        ("mean_return", "return", ".1f"),
        ("log.score", "score", ".1f"),
        ("win_rate", "wins", ".1%"),
        ("policy_loss", "policy", ".3f"),
        ("value_loss", "value", ".3f"),
        ("entropy", "entropy", ".2f"),
        ("approx_kl", "KL", ".4f"),
        ("clip_fraction", "clip", ".2f"),
        ("explained_variance", "EV", ".2f"),
    ):
        if row.get(name) is not None:
            parts.append(f"{label} {row[name]:{form}}")
    parts += [f"{k.removeprefix('win_rate/')} {v:.0%}" for k, v in row.items() if k.startswith("win_rate/") and v]
    return "  ".join(parts)


def _steps(line: str) -> int:
    try:
        return json.loads(line)["steps"]
    except (ValueError, KeyError):
        return sys.maxsize  # a line that was cut off in the middle
