"""Submissions: their files are whole, of the schema, in their places, and hold all that the older files held."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from leaderboard.__main__ import main
from leaderboard.commands import schema
from leaderboard.records import older, submission

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted((ROOT / submission.RESULTS).rglob("*"))
OLDER = {
    "baselines-cpu-2core": "77c2c1f654cc32df21d76f98b60b59e1",
    "baselines-speed-cpu-2core": "4821974496fac38f1af13825cd0cfdd5",
    "gen1randombattle-cpu-2core": "1dd5a947f649630f6e65c9d5d1d388fa",
    "gen1randombattle-cpu-2core-16384": "83d68c230dffafc458e2ae4bb0bae1e0",
    "planar-mujoco-cpu-2core": "cc75f42bd0a25e752e4f0d6e9329beb5",
    "puffer_pong-cpu-2core": "03a023f91615f46b153a305fabe22246",
    "simd-cpu-2core": "ee423c70f2010e590806a1123f6e7255",
}
"""Files of before the schema → start of the SHA-256 of all their values, as sorted JSON."""


def a_file() -> dict[str, Any]:
    return json.loads(next(path for path in FILES if "Hopper-v5-sps" in path.name).read_text("utf-8"))


@pytest.mark.parametrize("path", [path for path in FILES if path.is_file()], ids=lambda path: path.name)
def test_files_of_the_board(path: Path) -> None:
    data, _ = submission.read(path)
    assert path.relative_to(ROOT).as_posix() == submission.place(data)
    assert path.read_text("utf-8") == submission.text(data)


def test_the_older_files_are_all_there() -> None:
    """Put together again, the rows are those of the seven older files, value for value."""
    restored = older.restore(submission.load(path) for path in FILES if path.is_file())
    found = {Path(name).stem: json.dumps(data, sort_keys=True).encode() for name, data in restored.items()}
    assert {name: hashlib.sha256(text).hexdigest()[:32] for name, text in found.items()} == OLDER


def test_conversion_and_its_inverse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    rows = [
        {**a_file()["rows"][0], "command": "one"},
        {**a_file()["rows"][0], "command": "two"},
        {**a_file()["rows"][0], "command": "one", "batch": 8},
    ]
    Path("old.json").write_text(json.dumps({"rows": rows}))
    assert main(["convert", "old.json", "--submitter", "somebody"]) == 0
    made = [submission.load(Path(line)) for line in capsys.readouterr().out.split()]
    assert [(data["source"]["rows"], data["submitter"]) for data in made] == [([0, 2], "somebody"), ([1], "somebody")]
    assert older.restore(made) == {"old.json": {"rows": rows}}
    assert main(["convert", "old.json", "--submitter", "somebody"]) == 2
    assert "is there already; nothing was written" in capsys.readouterr().err
    assert main(["convert", "nothing.json", "--submitter", "somebody"]) == 2
    Path("other.json").write_text('{"rows": [{"speed": 1}]}')
    assert main(["convert", "other.json", "--submitter", "somebody"]) == 2
    assert "rows[0] is a row of no known kind" in capsys.readouterr().err


def test_handing_in(tmp_path: Path, capsys) -> None:
    bench = tmp_path / "out.json"
    bench.write_text(json.dumps({**a_file(), "submitter": submission.UNNAMED}))
    words = ["submit", str(bench), "--submitter", "someone-else", "--out", str(tmp_path)]
    assert main(words) == 0
    (found,) = (tmp_path / submission.RESULTS / "cheetahjax").glob("*.json")
    assert submission.load(found)["submitter"] == "someone-else" and found.name in capsys.readouterr().out
    assert main(words) == 2
    assert "these rows were handed in before" in capsys.readouterr().err
    assert main([*words[:3], "not a handle", *words[4:]]) == 2
    assert "write your handle" in capsys.readouterr().err


def edited(**changes: Any) -> dict[str, Any]:
    return {**a_file(), **changes}


def edited_row(**changes: Any) -> dict[str, Any]:
    return edited(rows=[{**a_file()["rows"][0], **changes}])


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([1], r"holds \[1\], not a submission"),
        ({"rows": []}, "the older form; convert it by `.*convert FILE"),
        (edited(schema=2), r"schema 2 is newer than this checkout reads \(1\); update the checkout"),
        (edited(schema="1"), "schema is '1', known is 1"),
        (edited(kind="speed"), "kind is 'speed', known are gap, sps"),
        (edited(rows=[]), "it has no rows"),
        (edited(notes="x"), "notes is not a field of it"),
        (edited(submitter="../up"), "submitter is '../up'; write your handle"),
        (edited_row(batch="many"), r"rows\[0\].batch is 'many', not a whole number"),
        (edited_row(samples=[1.0, "2"]), r"rows\[0\].samples\[1\] is '2', not a number"),
        (edited_row(speed=1), r"rows\[0\].speed is not a field of it"),
        (edited_row(mode="train"), r"rows\[0\].mode is 'train', known are env_random_legal, policy_in_loop"),
        (edited_row(machine={}), r"rows\[0\].machine.cpu is missing"),
        (edited_row(versions={"jax": 1}), r"rows\[0\].versions.jax is 1, not text"),
        (edited(rows=[*a_file()["rows"], {**a_file()["rows"][0], "env": "a/b"}]), "rows of several environments, a/b"),
    ],
)
def test_what_is_no_submission(data: Any, message: str) -> None:
    with pytest.raises(submission.RecordError, match=message) as raised:
        submission.typed(data, "x.json")
    assert str(raised.value).startswith("x.json: ")


@pytest.mark.parametrize(
    ("content", "message"),
    [('{"schema": 1,', "not JSON, or cut short"), ('{"schema": NaN}', "holds NaN, which is no number")],
)
def test_files_that_cannot_be_read(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "x.json").write_text(content)
    with pytest.raises(submission.RecordError, match=message):
        submission.load(tmp_path / "x.json")
    with pytest.raises(submission.RecordError, match="there is no such file"):
        submission.load(tmp_path / "y.json")


def test_the_schema_in_the_repository_is_that_of_the_structs(capsys) -> None:
    assert main(["schema"]) == 0
    text = capsys.readouterr().out
    assert (ROOT / "leaderboard" / "records" / "schema.json").read_text("utf-8") == text == schema.text()
    kinds = json.loads(text)["$defs"]
    assert {"SpeedSubmission", "GapSubmission", "VerificationSubmission", "TrainingSubmission"} <= set(kinds)
