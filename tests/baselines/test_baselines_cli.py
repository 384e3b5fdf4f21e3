"""`python -m baselines`: arguments, messages, plots."""

import dataclasses
import json
import struct

import numpy as np
import pytest
import small_environments as small
from rich.console import Console

from baselines.cli import main
from baselines.config import Config, from_json, to_json
from baselines.errors import ConfigError
from baselines.family import config_of, tuned
from baselines.loggers import JsonLines, TensorBoard, Terminal, scalars
from baselines.plot import plot_runs, read_rows
from baselines.train import Budget, Request, train

ROW = {
    "update": 4, "steps": 512, "seconds": 1.0, "sps": 512.0, "mean_return": 0.5, "entropy": 0.6, "approx_kl": 0.01,
    "explained_variance": 0.3, "policy_loss": -0.1, "value_loss": 0.2, "clip_fraction": 0.1,
    "return_by_member": [0.4, 0.6],
}  # fmt: skip


def test_help_names_every_command(capsys):
    assert main(["--help"]) == 0
    said = capsys.readouterr().out
    assert all(name in said for name in ("train", "eval", "plot", "play", "rate", "transfer"))
    assert main([]) == 2


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["tran"], 2, "unknown command 'tran'"),
        (["train", "pongjax/pufer_pong"], 1, "did you mean pongjax/puffer_pong"),
        (
            ["train", "pongjax/puffer_pong", "--minutes", "1", "--steps", "5"],
            1,
            "give one of the two",
        ),
        (["train", "pongjax/puffer_pong", "--minutes", "0"], 1, "--minutes 0.0: give a positive number"),
        (["train", "pongjax/puffer_pong", "--seeds", "0"], 1, "--seeds must be at least 1"),
        (["train", "pongjax/puffer_pong", "--ppo.minibatches", "7"], 1, "do not divide into 7 minibatches"),
        (["train", "pongjax/puffer_pong", "--resume", "nowhere"], 1, "nowhere: no checkpoint"),
        (["eval", "nowhere"], 1, "nowhere: no checkpoint"),
        (["plot", "nowhere"], 1, "give the folder of a run"),
        (["speed", "small/chain", "--hidden", "64,x"], 1, "'64,x'"),
        (["speed", "small/chain", "--seconds", "-1"], 2, "'-1' is not a positive number of seconds"),
        (["train", "pongjax/puffer_pong", "--seed", "-1"], 1, "--seed -1: give one from 0 to 2147483647"),
        (["train", "pongjax/puffer_pong", "--seed", "2147483647", "--seeds", "2"], 1, "from 0 to 2147483646"),
        (["eval", "nowhere", "--episodes", "0"], 2, "'0' is not an integer of at least 1"),
        (["eval", "nowhere", "--seed", "4294967296"], 2, "'4294967296' is not an integer from 0 to 2147483647"),
        (["plot", "~nobody-of-that-name/run"], 2, "write the folder out in full"),
    ],
)
def test_wrong_arguments_are_answered_in_words(arguments, status, words, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == status
    assert words in capsys.readouterr().err


def test_configurations_survive_json():
    for id in tuned():
        config = config_of(id)
        assert from_json(json.loads(json.dumps(to_json(config)))) == config
    assert config_of("small/chain") == Config()
    assert from_json(json.loads(json.dumps(to_json(small.TINY_CONFIG)))) == small.TINY_CONFIG
    with pytest.raises(ConfigError, match="unknown settings"):
        from_json({"algorithms": "ppo"})


def test_budgets():
    assert Budget(steps=1000).updates(128, 4) == 8
    assert Budget(minutes=1.0).updates(128, 4) is None
    with pytest.raises(ConfigError, match="--steps -1: give at least 1"):
        Budget(steps=-1)


def test_logs_and_curves(tmp_path):
    logger, board = JsonLines(tmp_path / "metrics.jsonl"), TensorBoard(tmp_path)
    for i in range(3):
        for each in (logger, board):
            each.log({**ROW, "steps": 512 * (i + 1)}, i / 3)
    board.close()
    (events,) = (tmp_path / "tensorboard").iterdir()
    version, *logged = read_events(events)
    assert version.file_version == "brain.Event:2" and [event.step for event in logged] == [512, 1024, 1536]
    figures = {value.tag: value.simple_value for value in logged[0].summary.value}
    assert figures["entropy"] == np.float32(ROW["entropy"]) and "return_by_member" not in figures
    assert figures["return/seed_0"] == np.float32(ROW["return_by_member"][0]) and "return/q50" in figures
    with logger.path.open("a") as file:
        file.write('{"update": 5, "st')  # a run that was killed while it wrote
    assert len(read_rows(tmp_path)) == 3
    JsonLines(tmp_path / "metrics.jsonl", keep_steps=1024)
    assert [row["steps"] for row in read_rows(tmp_path)] == [512, 1024]
    png, page = plot_runs([tmp_path], tmp_path / "curve")
    plain = png.read_bytes()
    assert plain.startswith(b"\x89PNG") and page.read_text().count("<img") == 1
    (tmp_path / "config.json").write_text(json.dumps({"config": {"solved": 0.6}}))
    png, _ = plot_runs([tmp_path], tmp_path / "v1.2")
    assert png.name == "v1.2.png" and png.read_bytes() != plain, "a line at the level that counts as solved"


def test_logs_hold_each_seed_and_the_quantiles():
    row = {"steps": 8, "entropy": 0.5, "return_by_member": [1.0, None, 3.0, 2.0, 6.0], "name": "x", "win_rate": None}
    assert scalars(row) == {
        "steps": 8, "entropy": 0.5,
        "return/seed_0": 1.0, "return/seed_2": 3.0, "return/seed_3": 2.0, "return/seed_4": 6.0,
        "return/q00": 1.0, "return/q25": 1.75, "return/q50": 2.5, "return/q75": 3.75, "return/q100": 6.0,
    }  # fmt: skip
    assert scalars({"return_by_member": [None, None]}) == {}


def read_events(path):
    """The events of a file of TensorBoard: records of length, checksum, message and checksum."""
    from tensorboardX.proto.event_pb2 import Event

    data, found = path.read_bytes(), []
    while data:
        (length,) = struct.unpack("<Q", data[:8])
        found.append(Event.FromString(data[12 : 12 + length]))
        data = data[16 + length :]
    return found


def test_lines_where_there_is_no_terminal():
    console = Console(record=True, force_terminal=False, width=200)
    terminal = Terminal(console, "chain")
    terminal.log(ROW, 0.5)
    terminal.close()
    said = console.export_text()
    for figure in ("50%", "return 0.5", "entropy 0.60", "KL 0.0100", "clip 0.10", "EV 0.30"):
        assert figure in said


def test_speed_over_networks(tmp_path, capsys):
    out = tmp_path / "speed.json"
    sizes = ["--hidden", "8", "16,16", "--environments", "16", "--horizon", "4", "--seconds", "0.01"]
    assert main(["speed", "small/chain", *sizes, "--json", str(out)]) == 0
    small_one, large_one = json.loads(out.read_text())["rows"]
    assert small_one["hidden"] == [8] and large_one["hidden"] == [16, 16]
    assert small_one["parameters"] < large_one["parameters"]
    for row in (small_one, large_one):
        assert (row["environments"], row["horizon"]) == (16, 4) and row["updates"] >= 3
        assert row["env_share"] == row["train_sps"] / row["env_sps"] > 0
    assert f"{large_one['parameters']:,}" in capsys.readouterr().out


def test_rivals_are_scripted_names_or_runs(tmp_path, capsys):
    folder = tmp_path / "run"
    config = dataclasses.replace(small.TINY_CONFIG, ppo=dataclasses.replace(small.TINY, environments=16))
    train(Request("small/pennies", config, Budget(steps=256), folder), Console(quiet=True))
    assert main(["eval", str(folder), "--episodes", "8", "--opponent", str(folder), "--opponent", "uniform"]) == 0
    said = capsys.readouterr().out
    assert "run against uniform" in said and "run against run" in said
    assert main(["eval", str(folder), "--opponent", "simple_heuristics"]) == 1
    assert "no scripted policy of small/pennies (these are: uniform)" in capsys.readouterr().err
    assert main(["play", str(folder), "--member", "3"]) == 1
    assert "member 3 of 1; members are 0 to 0" in capsys.readouterr().err
    assert main(["play", str(folder), "--steps", "5"]) == 0
    assert "the episode terminated after 2 steps" in capsys.readouterr().out
