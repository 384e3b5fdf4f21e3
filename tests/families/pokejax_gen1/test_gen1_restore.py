"""Any decision point of a Gen 1 battle can be put into both engines, and the battle goes on from there."""

from __future__ import annotations

import numpy as np
import pytest
from compiled_quickly import compiled_quickly  # noqa: F401 (a fixture)

from families.pokejax_gen1.verify.cases import Snapshots
from families.pokejax_gen1.verify.plugin import mined
from families.pokejax_gen1.verify.steps import LANES, Gen1Steps
from pokejax.common.formats import TEAM_KINDS
from pokejax.gen1.team_sampling import sample_teams
from references.showdown import steps as reference
from references.showdown.client import play
from references.showdown.gen1.fields import column, field_names
from references.showdown.workers import OP_STEP, STATUS_OK, STATUS_REJECTED, WorkerPool, text_field

FORMAT = "gen1ou"
CONTINUED = 20


@pytest.fixture(scope="module")
def candidate() -> Gen1Steps:
    return Gen1Steps()


@pytest.fixture(scope="module")
def snapshots(pool: WorkerPool, commit_seed: int) -> Snapshots:
    return mined(pool, FORMAT, np.random.default_rng(commit_seed), 1024)


def assert_equal(found: np.ndarray, expected: np.ndarray) -> None:
    wrong = np.argwhere(found != expected)[:12]
    values = [(int(i), field_names()[k], int(found[i, k]), int(expected[i, k])) for i, k in wrong]
    assert not values, f"row, field, found, expected: {values}"


def test_snapshots_hold_every_kind_of_request(snapshots: Snapshots) -> None:
    requests = snapshots.records[:, [column("p1.request"), column("p2.request")]]
    kinds = {(int(first), int(second)) for first, second in requests}
    assert {(1, 1), (2, 0), (0, 2)} <= kinds
    assert len(requests) > 300


def test_the_reference_restores_what_it_recorded(pool: WorkerPool, snapshots: Snapshots) -> None:
    results = reference.restore_many(pool, FORMAT, snapshots.teams, snapshots.records)
    assert not results.messages
    assert_equal(results.records, snapshots.records)


def test_the_candidate_restores_what_the_reference_recorded(candidate: Gen1Steps, snapshots: Snapshots) -> None:
    assert_equal(candidate.restore_many(snapshots.teams, snapshots.records), snapshots.records)


def test_a_battle_restored_at_every_step_is_the_battle_uninterrupted(pool: WorkerPool, candidate: Gen1Steps) -> None:
    rng = np.random.default_rng(17)
    teams, records, actions = [], [], []
    for kind in TEAM_KINDS:
        for _ in range(4):
            seed = tuple(int(word) for word in rng.integers(0, 1 << 32, 2))
            pair = sample_teams(kind, rng, 1)[0]
            acted, recorded = play(pool, FORMAT, (seed[0], seed[1]), pair, "uniform", int(rng.integers(1 << 32)))
            if len(acted) <= CONTINUED:
                continue
            start = int(rng.integers(len(acted) - CONTINUED))
            teams.append(pair)
            actions.append(acted[start : start + CONTINUED])
            records.append(recorded[start : start + CONTINUED + 1])
    assert len(teams) > 8
    theirs = mine = np.stack([rows[0] for rows in records])
    for step in range(CONTINUED):
        chosen = np.stack([acted[step] for acted in actions])
        results = reference.step_many(pool, FORMAT, np.stack(teams), theirs, chosen)
        assert (results.status == STATUS_OK).all(), results.messages
        theirs, mine = results.records, candidate.step_many(np.stack(teams), mine, chosen)
        expected = np.stack([rows[step + 1] for rows in records])
        assert_equal(theirs, expected)
        assert_equal(mine, expected)


def test_a_start_is_the_references(pool: WorkerPool, candidate: Gen1Steps) -> None:
    teams = sample_teams("mirror", np.random.default_rng(3), 2)
    seeds = np.array([[1, 2], [0xFFFFFFFF, 0x80000000]], np.uint32)
    expected = [
        play(pool, FORMAT, (int(hi), int(lo)), pair, limit=0)[1][0] for (hi, lo), pair in zip(seeds, teams, strict=True)
    ]
    assert_equal(candidate.begin_many(seeds, teams), np.stack(expected))


def test_more_states_than_lanes_and_none(candidate: Gen1Steps, snapshots: Snapshots) -> None:
    rows = np.arange(LANES + 5) % len(snapshots.records)
    assert_equal(candidate.restore_many(snapshots.teams[rows], snapshots.records[rows]), snapshots.records[rows])
    assert candidate.restore_many(snapshots.teams[:0], snapshots.records[:0]).shape == (0, len(field_names()))


def _open_state(snapshots: Snapshots) -> tuple[np.ndarray, np.ndarray]:
    """A state in which both choose a move and nothing is copied, behind a Substitute or the like."""
    records = snapshots.records
    plain = (records[:, column("p1.request")] == 1) & (records[:, column("p2.request")] == 1)
    for name in ("transformed", "move0.virtual", "volatile.substitute", "volatile.confusion"):
        plain &= records[:, column(f"p1.active.{name}")] == 0
    row = int(plain.argmax())
    assert plain[row]
    return snapshots.teams[row : row + 1], records[row : row + 1].copy()


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("turn", 0, "row 0: turn is 0: allowed are 1 to 1000"),
        ("p1.active", 6, "p1.active is 6: allowed are 0 to 5"),
        ("p2.active.move0.move", 166, "p2.active.move0.move is 166: allowed are 0 to 165"),
        ("p2.active.atk.boost", 7, "p2.active.atk.boost is 7: allowed are -6 to 6"),
        ("p1.active.atk.modified_stat", 0, "p1.active.atk.modified_stat is 0: allowed are 1 to 1023"),
        ("p1.request", 2, "p1.request is 2: p1 and p2 are asked as 1 1, 2 0, 0 2 or 2 2"),
        ("ended", 1, "ended is 1: a battle that is over cannot be restored"),
        ("p1.active.volatile.substitute", 1, "1 exactly when p1.active.substitute_hp is above 0"),
        ("p1.active.confusion_time", 3, "1 exactly when p1.active.confusion_time is above 0"),
        ("p1.active.move0.pp", 62, "pp0 of the same Pokémon is another"),
    ],
)
def test_a_value_no_battle_has_is_refused_by_name(
    pool: WorkerPool, candidate: Gen1Steps, snapshots: Snapshots, field: str, value: int, message: str
) -> None:
    teams, records = _open_state(snapshots)
    records[0, column(field)] = value
    actions = np.array([[6, 6]], np.uint8)
    with pytest.raises(ValueError, match=message):
        reference.step_many(pool, FORMAT, teams, records, actions)
    with pytest.raises(ValueError, match=message):
        candidate.step_many(teams, records, actions)


def test_another_move_in_a_slot_must_be_called_a_copy(pool: WorkerPool, snapshots: Snapshots) -> None:
    teams, records = _open_state(snapshots)
    move = column("p1.active.move0.move")
    records[0, move] = 1 + records[0, move] % 164
    with pytest.raises(ValueError, match=r"not the Pokémon's own move: set p1\.active\.move0\.virtual to 1"):
        reference.restore_many(pool, FORMAT, teams, records)
    records[0, column("p1.active.move0.virtual")] = 1
    assert_equal(reference.restore_many(pool, FORMAT, teams, records).records, records)


def test_shapes_that_do_not_fit_are_refused(pool: WorkerPool, candidate: Gen1Steps, snapshots: Snapshots) -> None:
    teams, records = snapshots.teams[:2], snapshots.records[:2]
    with pytest.raises(ValueError, match=r"actions have shape \(1, 2\), expected \(2, 2\)"):
        reference.step_many(pool, FORMAT, teams, records, np.zeros((1, 2), np.uint8))
    with pytest.raises(ValueError, match=r"records have shape \(2, 1\)"):
        candidate.restore_many(teams, records[:, :1])
    with pytest.raises(ValueError, match=r"teams have shape \(1, 2, 6, 16\)"):
        candidate.restore_many(teams[:1], records)


def test_a_refused_choice_is_a_status_and_costs_only_its_row(pool: WorkerPool, snapshots: Snapshots) -> None:
    teams, records = _open_state(snapshots)
    actions = np.array([[6, 6], [10, 6], [6, 6]], np.uint8)
    results = reference.step_many(pool, FORMAT, np.repeat(teams, 3, axis=0), np.repeat(records, 3, axis=0), actions)
    assert results.status[1] == STATUS_REJECTED and "must answer a move request" in results.messages[1]
    assert not results.records[1].any()
    assert_equal(results.records[:1], results.records[2:])


def test_the_worker_itself_refuses_a_state_it_cannot_be_put_into(pool: WorkerPool, snapshots: Snapshots) -> None:
    teams, records = _open_state(snapshots)
    records[0, column("p1.request")] = 2
    row = np.concatenate([[0, 0], records[0]]).astype("<i4")
    body = text_field(FORMAT) + np.array([0, 1], "<u4").tobytes() + teams[0].astype("<u2").tobytes() + row.tobytes()
    answer = pool.call(OP_STEP, body)
    assert "p1.request and p2.request are 2 and 1; allowed: 1 1, 2 0, 0 2, 2 2" in answer.text
