"""Shards: the part of a command's work that one of N processes does, so that all of them together do what one would.

A command that knows `--shard I/N` lists its work the same way in every process and takes its own part of the list.
Nothing else differs: seeds belong to the pieces of work, not to the process that does them.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

Item = TypeVar("Item")
MOST = 100_000
_EXAMPLE = "write I/N with I from 1 to N, as 1/4 for the first of four"


class ShardError(ValueError):
    """Shards that are none, or that do not fit together; the message names them and the remedy."""


@dataclasses.dataclass(frozen=True, order=True)
class Shard:
    """Number `number` (from 1) of `of` shards. `ShardError` for numbers that are none."""

    number: int
    of: int

    def __post_init__(self) -> None:
        """Refuse what is no shard."""
        if not 1 <= self.of <= MOST:
            raise ShardError(f"shard {self}: there are 1 to {MOST} shards; {_EXAMPLE}")
        if not 1 <= self.number <= self.of:
            raise ShardError(f"shard {self}: there is no shard {self.number} of {self.of}; {_EXAMPLE}")

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"

    def stretch(self, count: int, turn: int = 0) -> range:
        """Numbers of this shard's pieces, of `count` in a row; lengths differ by at most one.

        `turn` moves the stretches on by so many shards: the only pieces of many short lists then fall to all shards.
        """
        place = (self.number - 1 - turn) % self.of
        return range(-(-count * place // self.of), -(-count * (place + 1) // self.of))

    def every(self, items: Sequence[Item]) -> list[Item]:
        """This shard's items of a list, every `of`-th one: each shard has some of the first ones."""
        return list(items[self.number - 1 :: self.of])

    def to_json(self) -> dict[str, int]:
        """Plain values, which `from_json` reads."""
        return dataclasses.asdict(self)


def parse(text: str) -> Shard:
    """The shard of "I/N". `ShardError` names the text and says how one is written."""
    match = re.fullmatch(r"\s*(\d{1,9})\s*/\s*(\d{1,9})\s*", text)
    if not match:
        raise ShardError(f"{text!r} is no shard; {_EXAMPLE}")
    return Shard(int(match[1]), int(match[2]))


def argument(text: str) -> Shard:
    """A type for `argparse`."""
    try:
        return parse(text)
    except ShardError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def read(file: Path, missing: str, remedy: str) -> Any:
    """A file's JSON value. `ShardError` ends in `missing` where there is no file, in `remedy` where it is cut short."""
    try:
        return json.loads(file.read_text("utf-8"))
    except FileNotFoundError:
        raise ShardError(f"{file}: {missing}") from None
    except (OSError, ValueError) as error:
        raise ShardError(f"{file}: cannot be read ({error}); {remedy}") from error


def keep(parts: Sequence[Path], out: Path) -> None:
    """`ShardError` if the whole is to be written over one of its shards."""
    if out.resolve() in [part.resolve() for part in parts]:
        raise ShardError(f"{out}: would be overwritten, and is one of the shards; choose another file with --json")


def from_json(data: Any, where: str) -> Shard:
    """The shard that a file says it is. `ShardError`, naming the file `where`, for a whole result and anything else.

    Keys beside `number` and `of` are allowed.
    """
    if data is None:
        raise ShardError(f"{where}: is no shard but a whole result; give the files of `--shard 1/N` to `--shard N/N`")
    try:
        return Shard(int(data["number"]), int(data["of"]))
    except (TypeError, KeyError, ValueError) as error:
        raise ShardError(f"{where}: no shard can be read from {data!r} ({error}); run that shard again") from error


def complete(found: Sequence[tuple[str, Shard]]) -> list[int]:
    """Places of the shards, given as (name of the file, shard), in their order: every one there, and once.

    `ShardError` names the missing ones, the files of one that is there twice, and shards of another number.
    """
    if not found:
        raise ShardError("there are no shards; give their files")
    first, of = found[0][0], found[0][1].of
    places: dict[int, int] = {}
    for place, (name, shard) in enumerate(found):
        if shard.of != of:
            raise ShardError(
                f"{name}: is shard {shard}, {first} is one of {of}; give the shards of one run, cut into as many"
            )
        if shard.number in places:
            twice = found[places[shard.number]][0]
            raise ShardError(f"{name}: shard {shard} is there already, in {twice}; leave one of the two out")
        places[shard.number] = place
    missing = [number for number in range(1, of + 1) if number not in places]
    if missing:
        named = ", ".join(f"{number}/{of}" for number in missing[:10]) + (", …" if len(missing) > 10 else "")
        raise ShardError(
            f"shard {named} is missing: {len(found)} of {of} are given; run it with --shard, and give its file too"
        )
    return [places[number] for number in range(1, of + 1)]


def same(names: Sequence[str], values: Sequence[Any], what: str, remedy: str) -> Any:
    """The value that all files have in common. `ShardError` names the first that has another."""
    for name, value in zip(names, values, strict=True):
        if value != values[0]:
            raise ShardError(f"{name}: {what} is {value!r}, that of {names[0]} is {values[0]!r}; {remedy}")
    return values[0]
