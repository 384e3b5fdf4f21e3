"""``pokejax replays``: saved battles as data to learn from."""

from __future__ import annotations

import argparse
import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from jaxenv.commands import arguments as types
from jaxenv.commands import files
from jaxenv.commands.interrupts import INTERRUPTED
from pokejax.cli.command import EXIT_COULD_NOT, EXIT_DIVERGENCE, EXIT_OK, CannotRunError
from pokejax.client import replays

REMEDY = "choose another file with --out"
_SAVE_EVERY_S = 60.0
_SUFFIXES = (".log", ".txt", ".html", ".json")
_EXAMPLES = """
examples:
  pokejax replays convert battles --out data.npz                 a folder that `pokejax play --out battles` wrote
  pokejax replays convert replay.html other.json --out data.npz  replays that Showdown's page saves
  pokejax replays convert battles --out data.npz --resume        those that data.npz does not hold yet
  pokejax replays info data.npz
"""


def main(arguments: Sequence[str]) -> int:
    """Run ``pokejax replays`` with these arguments; 1 where a file was refused, 2 where nothing was converted."""
    parser = argparse.ArgumentParser(
        prog="pokejax replays",
        description="Replays of Pokémon Showdown as both players' observations, actions, masks and rewards.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True)
    convert = commands.add_parser("convert", help="write the decisions of replays into one .npz")
    convert.add_argument("replays", type=types.path, nargs="+", help="replays (.log, .html, .json), or folders of them")
    convert.add_argument("--out", type=types.path, required=True, metavar="FILE.npz", help="file to write")
    convert.add_argument("--resume", action="store_true", help="add to the file what it does not hold yet")
    info = commands.add_parser("info", help="say what a converted file holds")
    info.add_argument("data", type=types.path, help="a file that `convert` wrote")
    options = parser.parse_args(arguments)
    try:
        return _convert(options) if options.command == "convert" else _info(options)
    except replays.ReplayError as error:
        raise CannotRunError(str(error)) from error
    except ModuleNotFoundError as error:
        if error.name != "rich":
            raise
        raise CannotRunError(
            "it needs rich, which is not installed. Remedy: `pip install 'pokejax[showdown]'`"
        ) from error


class _Work:
    """The file that is written, and what was added to it since."""

    def __init__(self, out: Path, resume: bool) -> None:
        self.out = out
        self.held = replays.load(out) if out.exists() and resume else None
        self.known = set(self.held.digests) if self.held else set()
        self.fresh: list[tuple[replays.Replay, Any]] = []
        self.refused: list[str] = []
        self.there = 0
        self._saved = time.monotonic()

    def take(self, file: Path) -> None:
        """Convert one file, unless its battle is there already."""
        try:
            replay = replays.read(file)
            mark = replays.digest(replay)
            if mark in self.known:
                self.there += 1
                return
            first = self.fresh[0][0] if self.fresh else None
            generation = self.held.generation if self.held else first.generation if first else replay.generation
            if replay.generation != generation:
                raise replays.ReplayError(
                    f"{file}: is of generation {replay.generation}, the data of generation {generation}; give each "
                    "generation a file of its own"
                )
            self.fresh.append((replay, replays.convert(replay)))
            self.known.add(mark)
        except replays.ReplayError as error:
            self.refused.append(str(error))
        if time.monotonic() - self._saved > _SAVE_EVERY_S:
            self.save()

    def save(self) -> None:
        """Write all that is converted. `StorageError` where there is no room."""
        if self.fresh:
            self.held = replays.join(self.held, replays.gather(self.fresh))
            files.write(self.out, self.held.save(), REMEDY)
            self.fresh = []
        self._saved = time.monotonic()


def _convert(options: argparse.Namespace) -> int:
    from jaxenv.commands.console import Console

    console = Console()
    if options.out.exists() and not options.resume:
        raise CannotRunError(f"{options.out} is there already; add to it with --resume, or {REMEDY}")
    files.check_writable(options.out, REMEDY)
    found = _files(options.replays)
    work, interrupted = _Work(options.out, options.resume), False
    try:
        with _bar(console, len(found)) as advance:
            for file in found:
                work.take(file)
                advance()
    except KeyboardInterrupt:
        interrupted = True
    finally:
        work.save()
    for reason in work.refused:
        console.say(f"left out: {reason}")
    if work.held is None:
        if interrupted:
            return INTERRUPTED
        console.say("pokejax replays: nothing was converted")
        return EXIT_COULD_NOT
    for line in told(work.held):
        console.say(line)
    if work.there:
        console.say(f"{work.there} of the files hold battles that were there already")
    if interrupted:
        console.say("interrupted; go on with --resume")
        return INTERRUPTED
    return EXIT_DIVERGENCE if work.refused else EXIT_OK


def _files(given: Sequence[Path]) -> list[Path]:
    """The files, and of each folder those that hold replays. `CannotRunError` where there are none."""
    found: list[Path] = []
    for path in given:
        if path.is_dir():
            found += [file for file in sorted(path.rglob("*")) if file.suffix in _SUFFIXES and _may_be_one(file)]
        elif path.exists():
            found.append(path)
        else:
            raise CannotRunError(f"{path}: there is no such file or folder")
    if not found:
        raise CannotRunError(f"no replay in {', '.join(map(str, given))}; give files of {', '.join(_SUFFIXES)}")
    return found


def _may_be_one(file: Path) -> bool:
    """False for other JSON that lies beside replays, as the results that ``pokejax play`` writes."""
    return file.suffix != ".json" or b'"log"' in file.read_bytes()


@contextlib.contextmanager
def _bar(console: Any, total: int) -> Iterator[Callable[[], None]]:
    from jaxenv.commands.console import bars

    with bars(console, transient=True) as bar:
        task = bar.add_task("replays", total=total)
        yield lambda: bar.advance(task)


def _info(options: argparse.Namespace) -> int:
    from jaxenv.commands.console import Console

    data = replays.load(options.data)
    console = Console()
    for line in told(data):
        console.say(line)
    for field, share in known_shares(data).items():
        console.say(f"  {field:16} {100 * share:5.1f} % known")
    return EXIT_OK


def known_shares(data: replays.Dataset) -> dict[str, float]:
    """Of each field the share of values that is known."""
    prefix = "known."
    return {name.removeprefix(prefix): float(v.mean()) for name, v in data.rows.items() if name.startswith(prefix)}


def told(data: replays.Dataset) -> list[str]:
    """The contents of converted data, in words."""
    asked = data.rows["obs.request"][:, 0] != 0
    known = float(data.rows["action_known"][asked].mean()) if asked.any() else 0.0
    masks = [values for name, values in data.rows.items() if name.startswith("known.")]
    share = sum(int(v.sum()) for v in masks) / max(1, sum(v.size for v in masks))
    ends = [f"{int((data.ending == place).sum()) // 2} {name}" for place, name in enumerate(replays.ENDINGS)]
    return [
        f"{len(data.files)} battles of generation {data.generation}, {len(data)} decisions of both seats; "
        + ", ".join(end for end in ends if not end.startswith("0 ")),
        f"known: {100 * known:.1f} % of the choices, {100 * share:.1f} % of the observations' values",
    ]
