"""The reference driver: records, legal masks, choices and refusals."""

from __future__ import annotations

import json

import numpy as np
import pytest

from references.showdown.client import (
    POLICIES,
    TEAM_KINDS,
    BadRequestError,
    BattleJob,
    make_teams,
    play,
    replay,
)
from references.showdown.gen1.fields import MODULE_ORDER, column, field_names, gen1_fields
from references.showdown.workers import (
    OP_HELLO,
    STATUS_ENDED_EARLY,
    STATUS_OK,
    STATUS_REJECTED,
    WorkerPool,
)

SEED = (0x00010002, 0x00030004)
FORMAT = "gen1randombattle"
NO_OP = 10
ALL_LEGAL = (1 << 11) - 1


@pytest.fixture(scope="module")
def teams(pool: WorkerPool) -> np.ndarray:
    return make_teams(pool, "randbats", (5, 6), 4)


def test_fields_are_unique_and_belong_to_a_known_module() -> None:
    names = field_names()
    assert len(set(names)) == len(names)
    assert {field.module for field in gen1_fields()} == set(MODULE_ORDER)
    assert column("prng_hi") == 0


def test_worker_names_the_pinned_version_and_the_same_width(pool: WorkerPool) -> None:
    hello = json.loads(pool.call(OP_HELLO, b"").text)
    assert hello["version"] == "0.11.11"
    assert hello["width"] == len(field_names())


@pytest.mark.parametrize("kind", TEAM_KINDS)
@pytest.mark.parametrize("policy", POLICIES)
def test_a_played_battle_replays_to_the_same_records(pool: WorkerPool, kind: str, policy: str) -> None:
    pair = make_teams(pool, kind, (7, 8), 1)[0]
    actions, records = play(pool, FORMAT, SEED, pair, policy, choice_seed=3)
    result = replay(pool, BattleJob(FORMAT, SEED, pair, actions))
    assert (result.status, result.message) == (STATUS_OK, "")
    np.testing.assert_array_equal(result.records, records)
    assert records[-1, column("ended")] == 1
    assert records[0, column("turn")] == 1


def test_both_formats_play_by_the_same_rules(pool: WorkerPool, teams: np.ndarray) -> None:
    actions, records = play(pool, FORMAT, SEED, teams[0])
    result = replay(pool, BattleJob("gen1ou", SEED, teams[0], actions))
    np.testing.assert_array_equal(result.records, records)


def test_every_chosen_action_is_in_the_legal_mask(pool: WorkerPool, teams: np.ndarray) -> None:
    actions, records = play(pool, FORMAT, SEED, teams[1])
    for side in range(2):
        legal = records[:-1, column(f"p{side + 1}.legal")]
        assert np.all(legal >> actions[:, side] & 1)
        assert records[-1, column(f"p{side + 1}.legal")] == ALL_LEGAL
        waits = records[:-1, column(f"p{side + 1}.request")] == 0
        np.testing.assert_array_equal(legal[waits], 1 << NO_OP)


def test_first_record_holds_the_seed_advanced_by_the_start_only(pool: WorkerPool, teams: np.ndarray) -> None:
    first = replay(pool, BattleJob(FORMAT, SEED, teams[0], np.zeros((0, 2), np.uint8))).records
    assert first.shape == (1, len(field_names()))
    assert tuple(first[0, :2]) == SEED  # leads of different speed: the start draws nothing


def test_team_index_survives_switching(pool: WorkerPool, teams: np.ndarray) -> None:
    actions, records = play(pool, FORMAT, SEED, teams[2])
    active = records[:, column("p1.active")]
    switches = actions[:, 0] < 6
    np.testing.assert_array_equal(active[1:][switches], actions[:, 0][switches])
    for step, member in enumerate(active):
        assert records[step, column(f"p1.team.{member}.position")] == 0


def test_an_illegal_choice_is_rejected_with_step_and_reason(pool: WorkerPool, teams: np.ndarray) -> None:
    result = replay(pool, BattleJob(FORMAT, SEED, teams[0], np.array([[6, 6], [0, 0]], np.uint8)))
    assert result.status == STATUS_REJECTED
    assert "step 1: p1" in result.message and "switch" in result.message
    assert len(result.records) == 2


def test_no_op_while_a_choice_is_due_is_rejected(pool: WorkerPool, teams: np.ndarray) -> None:
    result = replay(pool, BattleJob(FORMAT, SEED, teams[0], np.array([[10, 6]], np.uint8)))
    assert result.status == STATUS_REJECTED
    assert "must answer a move request" in result.message


def test_actions_after_the_end_are_reported(pool: WorkerPool, teams: np.ndarray) -> None:
    actions, records = play(pool, FORMAT, SEED, teams[0])
    longer = np.concatenate([actions, [[NO_OP, NO_OP]]]).astype(np.uint8)
    result = replay(pool, BattleJob(FORMAT, SEED, teams[0], longer))
    assert result.status == STATUS_ENDED_EARLY
    np.testing.assert_array_equal(result.records, records)


def test_small_teams_and_empty_move_slots(pool: WorkerPool, teams: np.ndarray) -> None:
    small = teams[0].copy()
    small[0, 2:] = 0
    small[:, :, 3:6] = 0
    actions, records = play(pool, FORMAT, SEED, small)
    assert records[0, column("p1.team.2.hp")] == 0
    assert records[0, column("p1.legal")] == (1 << 6) | (1 << 1)
    assert replay(pool, BattleJob(FORMAT, SEED, small, actions)).status == STATUS_OK


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [((0, 0, 0), 152, "p1 slot 0: species 152"), ((1, 3, 2), 166, "p2 slot 3: move 166"), ((1, 0, 0), 0, "p2 slot 1")],
)
def test_a_wrong_team_names_player_slot_and_value(
    pool: WorkerPool, teams: np.ndarray, place: tuple[int, int, int], value: int, message: str
) -> None:
    wrong = teams[0].copy()
    wrong[place] = value
    with pytest.raises(BadRequestError, match=message):
        replay(pool, BattleJob(FORMAT, SEED, wrong, np.zeros((0, 2), np.uint8)))
