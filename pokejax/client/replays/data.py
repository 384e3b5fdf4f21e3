"""Converted replays in one file: rows of all seats one after the other, and which file and seat each is of."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pokejax.client.replays.convert import Track
from pokejax.client.replays.steps import ENDINGS, SEATS
from pokejax.client.replays.texts import Replay, ReplayError

SCHEMA = "pokejax.replays/1"
_ROWS = {
    "action": ("actions", np.int8),
    "action_known": ("action_known", np.bool_),
    "reward": ("rewards", np.float32),
    "terminated": ("terminated", np.bool_),
    "truncated": ("truncated", np.bool_),
}
_OBS, _KNOWN = "obs.", "known."


def digest(replay: Replay) -> str:
    """Sixteen hexadecimal digits, the same for the same log, whatever file it lies in."""
    return hashlib.sha256(replay.text.encode()).hexdigest()[:16]


@dataclasses.dataclass
class Dataset:
    """Rows of N decisions in M tracks (a track is one seat of one battle).

    * ``rows``: ``obs.FIELD`` [N, …] and ``known.FIELD`` for each field of the observation; ``action`` int8 [N],
      ``action_known``, ``reward`` float32, ``terminated``, ``truncated``: see `Track`.
    * ``track``: int32 [N], the track of each row. ``seat``, ``ending``: uint8 [M], places in `SEATS` and `ENDINGS`.
    * ``file``: int32 [M], place in ``files`` and ``digests``. ``generation``: of all battles.
    """

    generation: int
    rows: dict[str, NDArray[Any]]
    track: NDArray[np.int32]
    seat: NDArray[np.uint8]
    ending: NDArray[np.uint8]
    file: NDArray[np.int32]
    files: list[str]
    digests: list[str]

    def __len__(self) -> int:
        return len(self.track)

    def observations(self, rows: Any = slice(None)) -> Any:
        """Observations of some rows, as the environment's struct."""
        return self._struct(_OBS, rows)

    def known(self, rows: Any = slice(None)) -> Any:
        """The masks of these, of the same struct."""
        return self._struct(_KNOWN, rows)

    def _struct(self, prefix: str, rows: Any) -> Any:
        import importlib

        kind = importlib.import_module(f"pokejax.gen{self.generation}.observation").Observation
        return kind(**{field.name: self.rows[prefix + field.name][rows] for field in dataclasses.fields(kind)})

    def save(self) -> bytes:
        """Bytes of a compressed .npz."""
        meta = {"schema": SCHEMA, "generation": self.generation, "seats": SEATS, "endings": ENDINGS}
        arrays = {
            **self.rows,
            "track": self.track,
            "track.seat": self.seat,
            "track.ending": self.ending,
            "track.file": self.file,
            "files": np.array(self.files, np.str_),
            "digests": np.array(self.digests, np.str_),
            "meta": np.array(json.dumps(meta)),
        }
        held = io.BytesIO()
        np.savez_compressed(held, **arrays)
        return held.getvalue()


def gather(found: Sequence[tuple[Replay, Sequence[Track]]]) -> Dataset:
    """The tracks of converted replays, of one generation, as one set of rows; `ValueError` for none of them."""
    tracks = [(place, track) for place, (_, both) in enumerate(found) for track in both]
    if not tracks:
        raise ValueError("no track to gather: convert a replay first")
    rows = {
        name: np.concatenate([getattr(track, attribute) for _, track in tracks]).astype(dtype)
        for name, (attribute, dtype) in _ROWS.items()
    }
    fields = [field.name for field in dataclasses.fields(tracks[0][1].observations)]
    for name in fields:
        rows[_OBS + name] = np.concatenate([getattr(track.observations, name) for _, track in tracks])
        rows[_KNOWN + name] = np.concatenate([getattr(track.known, name) for _, track in tracks])
    return Dataset(
        generation=found[0][0].generation,
        rows=rows,
        track=np.repeat(np.arange(len(tracks), dtype=np.int32), [len(track) for _, track in tracks]),
        seat=np.array([SEATS.index(track.seat) for _, track in tracks], np.uint8),
        ending=np.array([ENDINGS.index(track.ending) for _, track in tracks], np.uint8),
        file=np.array([place for place, _ in tracks], np.int32),
        files=[replay.name for replay, _ in found],
        digests=[digest(replay) for replay, _ in found],
    )


def join(first: Dataset | None, second: Dataset) -> Dataset:
    """Both, one after the other; `ReplayError` for two generations."""
    if first is None:
        return second
    if first.generation != second.generation:
        raise ReplayError(
            f"replays of generation {second.generation} do not go into a file of generation {first.generation}; give "
            "them a file of their own with --out"
        )
    return Dataset(
        generation=first.generation,
        rows={name: np.concatenate([values, second.rows[name]]) for name, values in first.rows.items()},
        track=np.concatenate([first.track, second.track + np.int32(len(first.seat))]),
        seat=np.concatenate([first.seat, second.seat]),
        ending=np.concatenate([first.ending, second.ending]),
        file=np.concatenate([first.file, second.file + np.int32(len(first.files))]),
        files=first.files + second.files,
        digests=first.digests + second.digests,
    )


def load(file: str | Path) -> Dataset:
    """Read data that ``pokejax replays convert`` wrote; `ReplayError` for another file."""
    try:
        with np.load(file, allow_pickle=False) as held:
            arrays = {name: held[name] for name in held.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise ReplayError(f"{file}: is no converted data ({error}); `pokejax replays convert` writes it") from error
    meta = json.loads(str(arrays["meta"])) if "meta" in arrays else {}
    if meta.get("schema") != SCHEMA:
        raise ReplayError(
            f"{file}: schema {meta.get('schema')!r}, expected {SCHEMA!r}; convert the replays again with this version"
        )
    return Dataset(
        generation=int(meta["generation"]),
        rows={name: values for name, values in arrays.items() if name in _ROWS or name.startswith((_OBS, _KNOWN))},
        track=arrays["track"],
        seat=arrays["track.seat"],
        ending=arrays["track.ending"],
        file=arrays["track.file"],
        files=list(map(str, arrays["files"])),
        digests=list(map(str, arrays["digests"])),
    )
