"""Where the rows of a run go: a file always, the terminal, and TensorBoard or Weights & Biases if asked for."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any, Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from baselines.errors import MissingPackageError, StorageError

_LINE_SECONDS = 10.0


class Logger(Protocol):
    def log(self, row: dict[str, Any], progress: float) -> None: ...
    def close(self) -> None: ...


class JsonLines:
    """`metrics.jsonl`: one JSON object a chunk, on disk before the next chunk begins."""

    def __init__(self, path: Path, keep_steps: int | None = None) -> None:
        """`keep_steps`: a resumed run drops the rows beyond the checkpoint that it goes on from."""
        self.path, self.failed = path, False
        if keep_steps is not None and path.exists():
            kept = [line for line in path.read_text().splitlines() if _steps(line) <= keep_steps]
            path.write_text("".join(line + "\n" for line in kept))
        elif path.exists():
            path.unlink()

    def log(self, row: dict[str, Any], progress: float) -> None:
        try:
            with self.path.open("a") as file:
                file.write(json.dumps(row) + "\n")
        except OSError as error:
            if not self.failed:
                print(f"{self.path}: {error.strerror}; the run goes on without this file", file=sys.stderr)
            self.failed = True

    def close(self) -> None:
        pass


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
    """Event files in the run's folder."""

    def __init__(self, folder: Path) -> None:
        try:
            from tensorboardX import SummaryWriter
        except ImportError as error:
            raise MissingPackageError("--tensorboard needs tensorboardX: `uv sync --group baselines`") from error
        self.writer = SummaryWriter(str(folder / "tensorboard"))

    def log(self, row: dict[str, Any], progress: float) -> None:
        for name, value in row.items():
            if isinstance(value, int | float):
                self.writer.add_scalar(name, value, row["steps"])

    def close(self) -> None:
        self.writer.close()


class WeightsAndBiases:
    """A run of Weights & Biases; `WANDB_MODE=offline` keeps it in the run's folder and needs no account."""

    def __init__(self, folder: Path, project: str, settings: dict[str, Any]) -> None:
        try:
            import wandb  # pyright: ignore[reportMissingImports]
        except ImportError as error:
            raise MissingPackageError(
                "--wandb needs wandb, which is not installed: `uv run --with wandb python -m baselines train …`"
            ) from error
        try:
            self.run = wandb.init(project=project, name=folder.name, dir=str(folder), config=settings)
        except Exception as error:
            raise MissingPackageError(
                f"--wandb: Weights & Biases did not start: {error}; "
                "set WANDB_API_KEY, or WANDB_MODE=offline to keep the run on this machine"
            ) from error

    def log(self, row: dict[str, Any], progress: float) -> None:
        self.run.log({k: v for k, v in row.items() if isinstance(v, int | float)}, step=row["steps"])

    def close(self) -> None:
        self.run.finish()


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


def make_folder(folder: Path) -> Path:
    """The folder of a run. `StorageError` if it cannot be made."""
    try:
        (folder / "checkpoints").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"{folder}: {error.strerror}; choose another folder with --out") from error
    return folder


def _steps(line: str) -> int:
    try:
        return json.loads(line)["steps"]
    except (ValueError, KeyError):
        return sys.maxsize  # a line that was cut off in the middle
