"""Showdown's own texts of a battle, which also show that switching the text output off changes nothing."""

from __future__ import annotations

import numpy as np
import pytest

from references.showdown.client import TEAM_KINDS, BadRequestError, BattleJob, make_teams, play
from references.showdown.gen1.fields import column
from references.showdown.replay import battle_texts, protocol_log
from references.showdown.workers import WorkerPool

SEED = (0x12345678, 0x9ABCDEF0)
FORMAT = "gen1randombattle"


@pytest.mark.parametrize("kind", TEAM_KINDS)
def test_the_stream_tells_the_same_battle_as_the_records(pool: WorkerPool, kind: str) -> None:
    pair = make_teams(pool, kind, (3, 4), 1)[0]
    actions, records = play(pool, FORMAT, SEED, pair, "status-first", choice_seed=1)
    texts = battle_texts(pool, BattleJob(FORMAT, SEED, pair, actions), ("Red", "Blue"))
    lines = texts.protocol_log.splitlines()
    winner = records[-1, column("winner")]
    assert lines[-1] == ("|tie", "|win|Red", "|win|Blue")[winner]
    turns = [int(line.split("|")[2]) for line in lines if line.startswith("|turn|")]
    assert turns[-1] == records[:-1, column("turn")].max()
    faints = sum(line.startswith("|faint|") for line in lines)
    hp = [column(f"{side}.team.{member}.hp") for side in ("p1", "p2") for member in range(6)]
    assert faints == (records[-1, hp] == 0).sum()


def test_texts_are_the_same_each_time(pool: WorkerPool) -> None:
    pair = make_teams(pool, "randbats", (3, 5), 1)[0]
    actions, _ = play(pool, FORMAT, SEED, pair)
    job = BattleJob(FORMAT, SEED, pair, actions)
    first = battle_texts(pool, job)
    assert first == battle_texts(pool, job)
    lines = first.input_log.splitlines()
    assert lines[0] == '>start {"formatid":"gen1randombattle","seed":"4660,22136,39612,57072"}'
    assert lines[1].startswith(">player p1 ") and lines[2].startswith(">player p2 ")
    assert len(lines) == 3 + int((actions != 10).sum())
    assert protocol_log(first.input_log) == first.protocol_log


def test_an_unfinished_battle_has_texts_too(pool: WorkerPool) -> None:
    pair = make_teams(pool, "randbats", (3, 6), 1)[0]
    actions, records = play(pool, FORMAT, SEED, pair, limit=4)
    assert records[-1, column("ended")] == 0
    lines = battle_texts(pool, BattleJob(FORMAT, SEED, pair, actions)).protocol_log.splitlines()
    turns = [int(line.split("|")[2]) for line in lines if line.startswith("|turn|")]
    assert turns[-1] == records[-1, column("turn")]


def test_a_refused_choice_is_named(pool: WorkerPool) -> None:
    pair = make_teams(pool, "randbats", (3, 6), 1)[0]
    with pytest.raises(BadRequestError, match="step 0: p1"):
        battle_texts(pool, BattleJob(FORMAT, SEED, pair, np.zeros((1, 2), np.uint8)))
    with pytest.raises(ValueError, match="both players are called 'x'"):
        battle_texts(pool, BattleJob(FORMAT, SEED, pair, np.zeros((0, 2), np.uint8)), ("x", "x"))


def test_a_broken_input_log_is_an_error(pool: WorkerPool) -> None:
    pair = make_teams(pool, "randbats", (3, 6), 1)[0]
    texts = battle_texts(pool, BattleJob(FORMAT, SEED, pair, np.zeros((0, 2), np.uint8)))
    with pytest.raises(RuntimeError, match="could not run the input log"):
        protocol_log(texts.input_log + ">p1 move 7\n")
