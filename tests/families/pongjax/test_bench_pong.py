"""Pong's bench for real, in small: three sections beside the compiled C."""

import json
import re

import pytest
from compiled_quickly import compiled_quickly  # noqa: F401 (a fixture)

from families.pongjax.bench import session as session_of_pong
from leaderboard import configuration, machine
from leaderboard.__main__ import main
from leaderboard.reference import Request, open_session
from leaderboard.section import MODES, Section
from references.puffer_pong import throughput
from references.puffer_pong.install import ReferenceUnavailableError
from references.puffer_pong.library import library


@pytest.fixture(scope="module")
def pong_in_c():
    try:
        library("fast")
    except ReferenceUnavailableError as error:
        pytest.skip(f"the reference cannot be had: {error}")


SMALL = ("--batch", "64", "--samples", "2", "--seconds", "0.1")


def test_all_sections(pong_in_c, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(throughput, "ENVS", (64,))  # here; the child tries all sizes
    out = tmp_path / "rows.json"
    assert main(["bench", "pongjax/puffer_pong", *SMALL, "--set", "frame_skip=1", "--json", str(out)]) == 0
    rows, every = json.loads(out.read_text())["rows"], machine.cores()
    sections = [("env_random_legal", 1), ("env_random_legal", every), ("policy_in_loop", every)]
    assert [(row["mode"], row["cores"]) for row in rows] == sections[every == 1 :]
    for row in rows:
        assert row["config"] == {"autoreset": "full", "frame_skip": 1, "continuous": False, "strict": True}
        assert row["machine"]["cores"] == row["reference"]["cores"] == row["cores"] and row["devices"] <= row["cores"]
        assert row["reference"]["name"] == "pufferlib puffer_pong" and row["reference"]["version"] == "3.0.0"
        tuning = row["reference"]["tuning"]
        assert tuning["threads"] in {1, row["cores"]} and tuning["games per thread"] >= 64
        assert "-O3" in tuning["flags"]
        assert row["ratio"] == row["median_sps"] / row["reference"]["median_sps"] > 0
        assert (row["policy"] is None) == (row["mode"] == "env_random_legal")
    assert rows[-1]["policy"]["layers"] == [8, 128, 128, 3]
    assert rows[-1]["reference"]["median_sps"] < rows[-2]["reference"]["median_sps"], "the network costs the C too"
    titles = re.findall(r"pongjax/puffer_pong, \w+, \d+ core", capsys.readouterr().out)
    assert len(titles) == len(rows)


def test_continuous_play(pong_in_c, monkeypatch):
    monkeypatch.setattr(throughput, "ENVS", (64,))
    env_id = "pongjax/puffer_pong_continuous"
    for mode in MODES:
        request = Request(env_id=env_id, env=configuration.make(env_id, {}), mode=mode, cores=1)
        with open_session(session_of_pong, request) as session:
            session.sample(0.01)
        assert session.summary()["median_sps"] > 0 and session.summary()["tuning"]["threads"] == 1


@pytest.mark.parametrize(
    ("setting", "complaint"),
    [
        ("frame_skip=0", "frame_skip must be a positive integer, got 0"),
        ("frame_skip='8'", "frame_skip must be a positive integer, got '8'"),
        ("frameskip=8", "did you mean frame_skip"),
        ("frame_skip=eight", "must be a Python literal"),
    ],
)
def test_bad_settings(setting, complaint, capsys):
    assert main(["bench", "pongjax/puffer_pong", *SMALL, "--set", setting]) == 2
    assert complaint in capsys.readouterr().err


def test_repaired_pong_has_no_reference(capsys):
    command = ["bench", "pongjax/puffer_pong", *SMALL, "--set", "strict=False", "--cores", str(machine.cores())]
    assert main(command) == 2
    assert "there is no strict=False of it; --no-reference goes without" in capsys.readouterr().err


def test_declared_sections():
    from families.pongjax.bench import BENCH

    assert (Section(cores=1), Section(), Section(mode="policy_in_loop")) == BENCH.sections
