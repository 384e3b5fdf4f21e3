"""Laws of every battle, however it is played; and that an illegal choice is Showdown's default choice."""

from __future__ import annotations

import functools

import jax
import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from scenario import FORMAT, LANES, NO_OP, SIDES, Played, Stage, _start, default_actions, legal_bits

from pokejax.gen1.party import parties_from_wire
from pokejax.gen1.state import pack, packed_bytes
from pokejax.gen1.team_sampling import sample_teams
from references.showdown.client import BattleJob, replay
from references.showdown.gen1.fields import column, field_names
from references.showdown.replay import battle_texts, protocol_log

STEPS = 80
FEW = settings(
    max_examples=4,
    deadline=None,
    derandomize=True,
    # Every example is 512 battles: shrinking the seed would cost minutes and tell nothing.
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@functools.cache
def random_play(stage: Stage, seed: int, teams: str, carelessness: float) -> Played:
    """`LANES` battles of random choices, of which a share is any action at all, legal or not."""
    source = np.random.default_rng(seed)
    wire = sample_teams(teams, np.random.default_rng([seed, 2]), LANES)
    seeds = source.integers(0, 1 << 32, (LANES, 2), dtype=np.uint32)

    def choose(_: int, row: np.ndarray) -> np.ndarray:
        columns = []
        for side in SIDES:
            legal = legal_bits(row, side)
            weights = np.where(legal, source.random(legal.shape), 0)
            anything = source.integers(-3, 14, LANES)
            columns.append(np.where(source.random(LANES) < carelessness, anything, weights.argmax(axis=1)))
        return np.stack(columns, axis=1)

    return stage.play(seeds, wire, choose, STEPS)


plays = given(seed=st.sampled_from([0, 1]), teams=st.sampled_from(["allmoves", "randbats"]), careless=st.just(0.2))


@FEW
@plays
def test_values_stay_in_their_ranges(stage: Stage, seed: int, teams: str, careless: float) -> None:
    rows = random_play(stage, seed, teams, careless).records.rows
    for name in field_names():
        values = rows[..., column(name)]
        leaf = name.rpartition(".")[2]
        if leaf == "hp":
            assert (values >= 0).all() and (values <= values[0]).all(), name
        elif leaf.startswith("pp") or leaf == "pp":
            assert (values >= 0).all() and (values <= 63).all(), name
        elif "boost" in leaf:
            assert (values >= -6).all() and (values <= 6).all(), name
        elif leaf in ("stored_stat", "modified_stat"):
            assert (values >= 1).all() and (values <= 999).all(), name


@FEW
@plays
def test_masks_are_never_empty(stage: Stage, seed: int, teams: str, careless: float) -> None:
    records = random_play(stage, seed, teams, careless).records
    for side in SIDES:
        legal, asked = records.rows[..., column(f"{side}.legal")], records.rows[..., column(f"{side}.request")]
        over = records.rows[..., column("ended")] == 1
        empty = np.argwhere(legal == 0)
        assert not len(empty), f"{side} has an empty mask at (step, lane) {empty[:4].tolist()}"
        assert (legal[over] == (1 << 11) - 1).all()
        waits = (asked == 0) & ~over
        assert (legal[waits] == 1 << NO_OP).all()
        assert (legal[~waits & ~over] & (1 << NO_OP) == 0).all()


@FEW
@plays
def test_finished_battles_stay_as_they_are(stage: Stage, seed: int, teams: str, careless: float) -> None:
    played = random_play(stage, seed, teams, careless)
    rows = played.records.rows
    over = rows[:-1, :, column("ended")] == 1
    assert over.any()
    moved = (rows[1:] != rows[:-1]) & over[..., None]
    assert not moved.any(), f"changed after the end: {sorted({field_names()[k] for k in np.argwhere(moved)[:, 2]})}"
    assert not played.illegal[over].any()


@FEW
@plays
def test_packing_loses_nothing(stage: Stage, seed: int, teams: str, careless: float) -> None:
    assert random_play(stage, seed, teams, careless).intact


def test_a_packed_battle_fits_in_a_kilobyte() -> None:
    wire = np.zeros((2, 6, 16), np.uint16)
    battle, _ = jax.eval_shape(_start, np.zeros(2, np.uint32), parties_from_wire(wire))
    size = sum(leaf.size * leaf.dtype.itemsize for leaf in jax.tree.leaves(jax.eval_shape(pack, battle)))
    assert size == packed_bytes() <= 1024


def _effective(played: Played) -> np.ndarray:
    """int [T, B, 2]: the choices with every illegal one replaced by the default, worked out on the host."""
    actions = played.actions.copy()
    for step, row in enumerate(played.records.rows[:-1]):
        for k, side in enumerate(SIDES):
            legal = legal_bits(row, side)
            chosen = np.clip(actions[step, :, k], 0, NO_OP)
            fine = legal[np.arange(LANES), chosen] & (chosen == actions[step, :, k])
            assert (played.illegal[step, :, k] == (~fine & (row[:, column("ended")] == 0))).all()
            actions[step, :, k] = np.where(fine, chosen, default_actions(row, side))
    return actions


@pytest.mark.parametrize("teams", ["allmoves", "randbats"])
def test_an_illegal_choice_is_the_default_choice(stage: Stage, teams: str) -> None:
    played = random_play(stage, 11, teams, 0.2)
    actions = _effective(played)
    for lane in range(6):
        job = played.job(lane)
        length = len(job.actions)
        fixed = BattleJob(FORMAT, job.seed, job.teams, actions[:length, lane].astype(np.uint8))
        reference = replay(stage.pool, fixed)
        assert not reference.message
        assert (reference.records == played.records.rows[: length + 1, lane]).all()


def test_showdowns_default_is_what_an_illegal_choice_becomes(stage: Stage) -> None:
    """The reference itself, told ``default`` wherever the choice was illegal, plays the same battle."""
    played = random_play(stage, 11, "allmoves", 0.2)
    actions = _effective(played)
    for lane in range(3):
        job = played.job(lane)
        length = len(job.actions)
        fixed = BattleJob(FORMAT, job.seed, job.teams, actions[:length, lane].astype(np.uint8))
        texts = battle_texts(stage.pool, fixed)
        lines = texts.input_log.splitlines()
        head, choices = lines[:-1], iter([])
        first = next(k for k, line in enumerate(lines) if line.startswith((">p1 ", ">p2 ")))
        head, choices = lines[:first], iter(lines[first:])
        told, replaced = list(head), 0
        for step in range(length):
            for k, side in enumerate(SIDES):
                if actions[step, lane, k] == NO_OP:
                    continue
                line = next(choices)
                assert line.startswith(f">{side} ")
                illegal = played.illegal[step, lane, k]
                replaced += illegal
                told.append(f">{side} default" if illegal else line)
        assert replaced > 5
        assert protocol_log("\n".join(told) + "\n") == texts.protocol_log
