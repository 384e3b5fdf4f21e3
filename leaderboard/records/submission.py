"""A submission: one run of a command, with its rows, in one file of the board."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec import UNSET, Struct, UnsetType

import families
from jaxenv.commands import structs
from leaderboard.invocation import program
from leaderboard.records.others import GapRow, TrainingRow, TrainingSpeedRow, VerificationRow
from leaderboard.records.speed import SpeedRow

SCHEMA = 1
RESULTS = "leaderboard/results"
SUBMITTER = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,37}[A-Za-z0-9])?")
UNNAMED = "unnamed"
"""Submitter of a file that a bench has written and nobody has handed in."""


class RecordError(ValueError):
    """A file that is no submission, or not a whole one; the message says what to do."""


class Source(Struct, forbid_unknown_fields=True, kw_only=True):
    """The older file that held these rows, and their places in its list."""

    file: str
    rows: list[int]


class _Submission(Struct, forbid_unknown_fields=True, kw_only=True, tag_field="kind"):
    """Every kind has these. `submitter`: the handle of the person at the hosting site."""

    schema: Literal[1]
    submitter: str
    source: Source | UnsetType = UNSET


class SpeedSubmission(_Submission, tag="sps", kw_only=True):
    """Throughput."""

    rows: list[SpeedRow]


class GapSubmission(_Submission, tag="gap", kw_only=True):
    """Level 4: policies played on both sides."""

    rows: list[GapRow]


class VerificationSubmission(_Submission, tag="verification", kw_only=True):
    """Levels, mutants and coverage."""

    rows: list[VerificationRow]


class TrainingSubmission(_Submission, tag="training", kw_only=True):
    """Training runs."""

    rows: list[TrainingRow]


class TrainingSpeedSubmission(_Submission, tag="training speed", kw_only=True):
    """Speed of training, without a result of it."""

    rows: list[TrainingSpeedRow]


Submission = SpeedSubmission | GapSubmission | VerificationSubmission | TrainingSubmission | TrainingSpeedSubmission
KINDS: dict[str, type[_Submission]] = {
    str(one.__struct_config__.tag): one
    for one in (
        SpeedSubmission,
        GapSubmission,
        VerificationSubmission,
        TrainingSubmission,
        TrainingSpeedSubmission,
    )
}


def read(path: Path) -> tuple[dict[str, Any], Submission]:
    """A file's JSON, and the same as structs. Raises `RecordError`."""
    data = load(path)
    return data, typed(data, str(path))


def load(path: Path) -> dict[str, Any]:
    """A file's JSON. `RecordError` for one that is missing, cut short or no JSON."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"), parse_constant=_no_number)
    except FileNotFoundError:
        remedy = f"`{program('leaderboard', 'bench')} ENV --json FILE` writes one"
        raise RecordError(f"{path}: there is no such file; {remedy}") from None
    except json.JSONDecodeError as error:
        raise RecordError(
            f"{path}: not JSON, or cut short (line {error.lineno}, column {error.colno}: {error.msg}); "
            "hand in the file as the command wrote it"
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise RecordError(f"{path}: cannot be read as text: {error}") from error
    except ValueError as error:
        raise RecordError(f"{path}: {error}") from error
    return data


def _no_number(name: str) -> None:
    raise ValueError(f"holds {name}, which is no number; measure again")


def typed(data: Any, source: str) -> Submission:
    """The structs of a file's JSON. `RecordError` names `source`, the place and the value that is wrong."""
    _check_header(data, source)
    kind = KINDS[data["kind"]]
    found = structs.problems(data, kind)
    if found:
        raise RecordError(
            f"{source}: not a whole submission of kind {data['kind']}: {structs.listed(found)}; "
            "hand in the file as the command wrote it"
        )
    submission: Any = msgspec.convert(data, kind)
    if not submission.rows:
        raise RecordError(f"{source}: it has no rows; measure again")
    if not SUBMITTER.fullmatch(submission.submitter):
        raise RecordError(
            f"{source}: submitter is {submission.submitter!r}; write your handle: letters, digits and inner hyphens"
        )
    if len(found := sorted({row.env for row in submission.rows})) > 1:
        raise RecordError(f"{source}: rows of several environments, {', '.join(found)}; hand in a file for each")
    return submission


def _check_header(data: Any, source: str) -> None:
    if not isinstance(data, dict):
        raise RecordError(f"{source}: holds {structs.named(data)}, not a submission")
    schema, kind = data.get("schema"), data.get("kind")
    if schema is None and isinstance(data.get("rows"), list):
        remedy = f"`{program('leaderboard', 'convert')} FILE --submitter HANDLE`"
        raise RecordError(f"{source}: rows without a schema, the older form; convert it by {remedy}")
    if schema != SCHEMA or isinstance(schema, bool):
        if isinstance(schema, int) and not isinstance(schema, bool) and schema > SCHEMA:
            raise RecordError(
                f"{source}: schema {schema} is newer than this checkout reads ({SCHEMA}); update the checkout"
            )
        raise RecordError(f"{source}: schema is {structs.named(schema)}, known is {SCHEMA}; measure again")
    if not isinstance(kind, str) or kind not in KINDS:
        raise RecordError(f"{source}: kind is {structs.named(kind)}, known are {', '.join(sorted(KINDS))}")


def text(data: dict[str, Any]) -> str:
    """A file's contents."""
    return json.dumps(data, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def digest(data: dict[str, Any]) -> str:
    """Eight digits of the SHA-256 over kind and rows: two files with the same one are duplicates."""
    plain = json.dumps([data["kind"], data["rows"]], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(plain.encode()).hexdigest()[:8]


def family_folder(env_id: str) -> str:
    """Name of the folder of an environment's results: that of its family."""
    family = families.find(env_id)
    return family.name if family else env_id.partition("/")[0]


def place(data: dict[str, Any]) -> str:
    """Path of a submission in a checkout: family, environment, kind, date, submitter and digest."""
    row = data["rows"][0]
    env = re.sub(r"[^A-Za-z0-9.-]+", "_", row["env"].partition("/")[2] or row["env"])
    kind = data["kind"].replace(" ", "-")
    words = [env, kind, *_date(row), data["submitter"], digest(data)]
    return f"{RESULTS}/{family_folder(row['env'])}/{'-'.join(words)}.json"


def _date(row: dict[str, Any]) -> list[str]:
    date = row.get("date") or row.get("provenance", {}).get("started")
    return [date[:10].replace("-", "")] if isinstance(date, str) else []


def json_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of a submission, made from the structs."""
    return msgspec.json.schema(Submission)
