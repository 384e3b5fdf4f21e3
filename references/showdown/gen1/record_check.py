"""Checks that records describe possible battles: ranges, and numbers that must fit together."""

from __future__ import annotations

import fnmatch
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from references.showdown.client import TEAM_SHAPE
from references.showdown.gen1.fields import column, field_names

_ANY = (-(2**31), 2**31 - 1)
_MOVE, _SELECTED, _FLAG, _PP, _STAGE = (0, 165), (1, 167), (0, 1), (0, 63), (-6, 6)
# First match counts. Sleep, Disable and the like draw their lengths below 8; a Bide of three turns behind a Substitute
# stores at most three times 65535, and what it deals is twice that.
_RANGES: tuple[tuple[str, tuple[int, int]], ...] = (
    ("prng_*", _ANY),
    ("turn", (1, 1000)),
    ("last_damage", (0, 1_000_000)),
    ("ended", _FLAG),
    ("winner", (0, 2)),
    ("p?.request", (0, 2)),
    ("p?.last_selected_move_slot", (0, 3)),
    ("p?.last*_selected_move", _SELECTED),
    ("p?.last*_base_power", (-1, 255)),
    ("p?.last*_type", (-1, 16)),
    ("p?.last*_move", _MOVE),
    ("p?.active", (0, 5)),
    ("p?.legal", (0, 2**11 - 1)),
    ("p?.team.?.hp", (0, 999)),
    ("p?.team.?.status", (0, 7)),
    ("p?.team.?.status_time", (0, 7)),
    ("p?.team.?.status_source", (0, 2)),
    ("p?.team.?.position", (0, 5)),
    ("*.pp", _PP),
    ("*.pp?", _PP),
    ("*.boost", _STAGE),
    ("*_boost", _STAGE),
    ("*.stored_stat", (1, 999)),
    ("*.modified_stat", (1, 1023)),
    ("*.type?", (0, 16)),
    ("*.species", (1, 151)),
    ("*.bide_damage", (0, 1_000_000)),
    ("*.trapping_damage", (0, 1_000_000)),
    ("*.disable_slot", (-1, 3)),
    ("*.*_accuracy", (0, 256)),
    ("*.substitute_hp", (0, 999)),
    ("*.residual_counter", (0, 1000)),
    ("*.confusion_time", (0, 5)),
    ("*.disable_time", (0, 8)),
    ("*_time", (0, 7)),
    ("*_duration", (0, 5)),
    ("*.trapping_total", (0, 5)),
    ("*_move", _MOVE),
    ("*.move", _MOVE),
    ("*", _FLAG),
)
# A condition is there exactly when this number of it is not 0.
_PRESENT = {
    "bide": "bide_time",
    "confusion": "confusion_time",
    "disable": "disable_time",
    "fakepartiallytrapped": "fake_trapped_duration",
    "lockedmove": "locked_move",
    "partiallytrapped": "partially_trapped_duration",
    "partialtrappinglock": "trapping_move",
    "rage": "rage_accuracy",
    "substitute": "substitute_hp",
    "twoturnmove": "two_turn_move",
}
FAINTED = 7


@lru_cache(maxsize=1)
def _limits() -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    pairs = [next(limits for glob, limits in _RANGES if fnmatch.fnmatchcase(name, glob)) for name in field_names()]
    low, high = zip(*pairs, strict=True)
    return np.array(low), np.array(high)


def check_records(teams: NDArray[np.uint16], records: NDArray[np.int32]) -> None:
    """Raise a `ValueError` that names the first row, field and value no battle can be restored from.

    `teams`: [N, 2, 6, 16]; `records`: [N, F], in the order of fields.json. Whether the state could come up in play
    is not asked, only whether it means something.
    """
    width = len(field_names())
    if records.ndim != 2 or records.shape[1] != width:
        raise ValueError(f"records have shape {records.shape}, expected [N, {width}]: see fields.json")
    if teams.shape != (len(records), 2, *TEAM_SHAPE):
        raise ValueError(f"teams have shape {teams.shape}, expected {(len(records), 2, *TEAM_SHAPE)}")
    low, high = _limits()
    bad = (records < low) | (records > high)
    if bad.any():
        row, field = (int(place) for place in np.argwhere(bad)[0])
        _refuse(row, field_names()[field], int(records[row, field]), f"allowed are {low[field]} to {high[field]}")
    _check_requests(records)
    for n in range(2):
        _check_party(teams[:, n], records, f"p{n + 1}")
        _check_active(teams[:, n], records, f"p{n + 1}")


def _refuse(row: int, field: str, value: int, remedy: str) -> None:
    raise ValueError(f"row {row}: {field} is {value}: {remedy}")


def _expect(records: NDArray[np.int32], field: str, fine: NDArray[np.bool_], remedy: str) -> None:
    if not fine.all():
        row = int(np.argmin(fine))
        _refuse(row, field, int(records[row, column(field)]), remedy)


def _check_requests(records: NDArray[np.int32]) -> None:
    first, second = records[:, column("p1.request")], records[:, column("p2.request")]
    over = records[:, column("ended")] == 1
    move = (first == 1) & (second == 1)
    switch = (first != 1) & (second != 1) & (first + second > 0)
    _expect(records, "p1.request", over | move | switch, "p1 and p2 are asked as 1 1, 2 0, 0 2 or 2 2")
    _expect(records, "ended", ~over, "a battle that is over cannot be restored: it has no choice left to make")


def _check_party(teams: NDArray[np.uint16], records: NDArray[np.int32], side: str) -> None:
    size = (teams[:, :, 0] > 0).sum(axis=1)
    active = records[:, column(f"{side}.active")]
    _expect(records, f"{side}.active", active < size, "no such Pokémon in the team")
    positions = records[:, [column(f"{side}.team.{k}.position") for k in range(6)]]
    there = np.arange(6) < size[:, None]
    ordered = np.sort(np.where(there, positions, 99), axis=1)
    fits = ((ordered == np.arange(6)) | (ordered == 99)).all(axis=1)
    _expect(records, f"{side}.team.0.position", fits, "the team's positions must be 0, 1, … each once")
    for k in range(6):
        stands = records[:, column(f"{side}.team.{k}.hp")] > 0
        field = f"{side}.team.{k}.position"
        _expect(
            records, field, (records[:, column(field)] == 0) == ((active == k) | (k >= size)), "the active one's is 0"
        )
        field = f"{side}.team.{k}.status"
        status = records[:, column(field)]
        replaced = (active == k) & (records[:, column(f"{side}.request")] == 2)
        _expect(records, field, (status == FAINTED) == replaced, "7 (fainted) is an active Pokémon to be replaced")
        _expect(records, field, stands | (status == FAINTED) | (status == 0), "a fainted Pokémon on the bench has none")
        field = f"{side}.team.{k}.hp"
        _expect(records, field, stands | replaced | (active != k), "an active Pokémon without HP must be replaced")
        _expect(records, field, ~(stands & replaced), "only a Pokémon without HP is replaced (request 2)")
        _expect(records, field, ~stands | (k < size), "no such Pokémon in the team")


def _check_active(teams: NDArray[np.uint16], records: NDArray[np.int32], side: str) -> None:
    prefix = f"{side}.active"
    slot = records[:, column(prefix)]
    rows = np.arange(len(records))
    for k in range(4):
        field = f"{prefix}.move{k}.move"
        own = records[:, column(f"{prefix}.move{k}.virtual")] == 0
        move = records[:, column(field)]
        copied = records[:, column(f"{prefix}.transformed")] == 1
        same = (move == teams[rows, slot, 2 + k]) | (copied & (move == 0))
        _expect(records, field, ~own | same, f"not the Pokémon's own move: set {prefix}.move{k}.virtual to 1")
        field = f"{prefix}.move{k}.pp"
        base = records[rows, np.array([column(f"{side}.team.{i}.pp{k}") for i in range(6)])[slot]]
        shared = own & (move != 0)
        _expect(records, field, ~shared | (records[:, column(field)] == base), f"pp{k} of the same Pokémon is another")
    for name, counter in _PRESENT.items():
        field = f"{prefix}.volatile.{name}"
        present = records[:, column(field)] == 1
        fits = present == (records[:, column(f"{prefix}.{counter}")] > 0)
        _expect(records, field, fits, f"1 exactly when {prefix}.{counter} is above 0")
