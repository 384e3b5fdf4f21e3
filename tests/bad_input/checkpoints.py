"""Runs and checkpoints: of nothing, damaged, of something else."""

from __future__ import annotations

import functools
import io
import json
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bad_input.case import Case, command


@functools.cache
def run() -> Path:
    """A short run with the checkpoints 4 and 8."""
    import small_environments as small
    from rich.console import Console

    from baselines.train import Budget, Request, train

    folder = Path(tempfile.mkdtemp(prefix="bad-input-")) / "chain"
    request = Request(
        "small/chain", small.TINY_CONFIG, Budget(steps=1024), folder, backend="xla", checkpoint_seconds=0.0
    )
    train(request, Console(file=io.StringIO()))
    return folder


def on(change: Callable[[Path], Any], *words: str) -> Callable[[Path], Any]:
    """A command of baselines on a copy of the run, changed, in the folder as "chain"."""

    def call(folder: Path) -> Any:
        shutil.copytree(run(), folder / "chain")
        change(folder / "chain")
        return command("baselines", *words)(folder)

    return call


def evaluated(change: Callable[[Path], Any], path: str = "{folder}/chain") -> Callable[[Path], Any]:
    return on(change, "eval", path, "--episodes", "2", "--backend", "xla")


def resumed(*words: str, env: str = "small/chain", change: Callable[[Path], Any] = lambda run: None) -> Any:
    return on(change, "train", env, "--resume", "{folder}/chain", *words)


def cut(path: Path, part: str) -> None:
    """Cut the largest file under `part` of a checkpoint short."""
    files = [found for found in (path / "checkpoints" / part).rglob("*") if found.is_file()]
    largest = max(files, key=lambda found: found.stat().st_size)
    largest.write_bytes(largest.read_bytes()[:10])


def both(path: Path) -> None:
    cut(path, "4")
    cut(path, "8")


def emptied(path: Path) -> None:
    for number in ("4", "8"):
        shutil.rmtree(path / "checkpoints" / number)
        (path / "checkpoints" / number).mkdir()


def configured(**changes: Any) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        for number in ("4", "8"):
            shutil.rmtree(path / "checkpoints" / number)
        file = path / "config.json"
        file.write_text(json.dumps({**json.loads(file.read_text()), **changes}))

    return change


def no_config(path: Path) -> None:
    configured()(path)
    (path / "config.json").write_text('{"en')


def nothing(path: Path) -> None:
    """Leave the run as it is."""


RUN = "{folder}/chain"
CASES = [
    Case("no run", command("baselines", "eval", "{folder}/none"), "{folder}/none", "no checkpoint", "folder of a run"),
    Case(
        "a folder without a run",
        command("baselines", "eval", "{folder}"),
        "{folder}",
        "no checkpoint",
        "folder of a run",
    ),
    Case("a checkpoint that there is not", evaluated(nothing, f"{RUN}/checkpoints/99"), "99", RUN, "there are: 4, 8"),
    Case(
        "a checkpoint cut short",
        evaluated(lambda p: cut(p, "8"), f"{RUN}/checkpoints/8"),
        "checkpoints/8",
        RUN,
        "other checkpoints of the run: 4",
    ),
    Case("both cut short", evaluated(both), "not a readable checkpoint", RUN, "train anew"),
    Case("both emptied", evaluated(emptied), "not a readable checkpoint", RUN, "train anew"),
    Case(
        "a file for a run", command("baselines", "eval", "{folder}/x"), "{folder}/x", "no checkpoint", "folder of a run"
    ),
    Case("play no run", command("baselines", "play", "{folder}/x"), "{folder}/x", "no such file", "folder of a run"),
    Case("a member", on(nothing, "play", f"{RUN}#3"), f"{RUN}#3", "play", "folder of a run"),
    Case("resume another environment", resumed(env="small/pennies"), "small/chain", RUN, "small/pennies"),
    Case("resume with a seed", resumed("--seed", "3"), "--seed 3", RUN, "leave it out"),
    Case("resume with more seeds", resumed("--seeds", "2"), "--seeds 2", RUN, "leave it out"),
    Case("resume with settings", resumed("--network.hidden", "5"), "its settings", RUN, "leave it out"),
    Case("resume into another folder", resumed("--out", "{folder}/y"), "{folder}/y", "--out", "leave out --out"),
    Case("resume a damaged configuration", resumed(change=no_config), "config.json", RUN, "begin a new run"),
    Case("resume of another version", resumed(change=configured(config={"x": 1})), "'x'", RUN, "begin a new run"),
    Case("resume both cut short", resumed(change=both), "not a readable checkpoint", RUN, "train anew"),
    Case("train where a run is", on(nothing, "train", "small/chain", "--out", RUN), RUN, "train", "--resume"),
    Case(
        "transfer no run",
        command("baselines", "transfer", "pongjax/puffer_pong", "--policies", "{folder}/x", "--episodes", "2"),
        "{folder}/x",
        "transfer",
        "scripted",
    ),
    Case(
        "transfer another's run",
        on(nothing, "transfer", "pongjax/puffer_pong", "--policies", RUN, "--episodes", "2"),
        "small/chain",
        RUN,
        "pongjax/puffer_pong",
    ),
    Case("eval a rival of one", on(nothing, "eval", RUN, "--opponent", "x"), "x", "small/chain", "--opponent"),
]
