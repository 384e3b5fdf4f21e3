"""Transfer without any environment: the loop on a toy, the statistics on known numbers, the file."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.typing import NDArray
from rich.console import Console
from statsmodels.stats.proportion import tost_proportions_2indep
from statsmodels.stats.weightstats import DescrStatsW

from baselines.errors import BaselinesError, StorageError
from baselines.transfer.arena import Starts, Stepped
from baselines.transfer.episodes import Episodes, play
from baselines.transfer.judge import Pair, judge, judge_policy, planned_episodes
from baselines.transfer.policies import PolicyError, Table, check, entrants
from baselines.transfer.report import notes, tables, verdict_line
from baselines.transfer.scripted import Scripted, scripted
from baselines.transfer.store import PlanError, Store
from jaxenv import make
from verification.statistics.margin import Margin

MARGIN = Margin(0.5, reason="a test's")
LANES = 4


@dataclass
class Corridor:
    """A toy of `players` players: episode n lasts n % 7 + 1 steps, and gives the first policy its action each step."""

    players: int = 1
    lanes: int = LANES
    patient: bool = False
    breaks: int = -1
    begun: list[int] = field(default_factory=list)

    def __enter__(self) -> Corridor:
        self.left = np.zeros(self.lanes, int)
        self.seats = np.zeros(self.lanes, int)
        self.episode = np.full(self.lanes, -1)
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def begin(self, lanes: NDArray[np.intp], starts: Starts, which: NDArray[np.intp]) -> None:
        assert (self.left[lanes] == 0).all(), "a lane was begun anew before its episode had ended"
        self.left[lanes], self.seats[lanes], self.episode[lanes] = which % 7 + 1, starts.seats[which], which
        self.begun += which.tolist()

    def look(self) -> tuple[Any, Any]:
        seen = self.episode.astype(np.float32)
        if self.players == 1:
            return seen, np.ones((self.lanes, 3), bool)
        return np.stack([seen, seen + 1000], axis=1), np.ones((self.lanes, 2, 3), bool)

    def step(self, key: jax.Array, actions: jax.Array, playing: NDArray[np.bool_]) -> Stepped:
        chosen = np.asarray(actions)
        own = chosen if self.players == 1 else chosen[np.arange(self.lanes), self.seats]
        self.left[playing] -= 1
        void = playing & (self.episode == self.breaks)
        ended = playing & (self.left == 0)
        self.left[void] = 0
        points = own.astype(np.float64)
        return Stepped(points, 2 * points, ended & ~void, np.zeros(self.lanes, bool), void)


def _starts(count: int, players: int = 1) -> Starts:
    seats = np.arange(count, dtype=np.int32) % players
    return Starts(jax.random.split(jax.random.key(0), count), {}, seats, np.zeros(count, np.uint64))


def _always(action: int) -> Scripted:
    return Scripted("toy", "1", f"always {action}", lambda key, obs, mask: jnp.int32(action))


@dataclass(frozen=True)
class Counter:
    """Takes the number of its step in the episode: what a recurrent policy remembers."""

    env: str = "toy"
    env_version: str = "1"
    name: str = "counter"

    def initial_carry(self, batch: int) -> jax.Array:
        return jnp.full(batch, 99, jnp.int32)

    def act(self, key: jax.Array, obs: Any, mask: Any, carry: jax.Array, first: jax.Array) -> tuple[jax.Array, Any]:
        step = jnp.where(first, 0, carry)
        return jnp.minimum(step, 2), step + 1


@pytest.mark.parametrize("patient", [False, True])
def test_every_episode_is_played_once_and_to_its_end(patient: bool) -> None:
    with Corridor(patient=patient) as arena:
        seen: list[int] = []
        found = play(
            arena,
            [_always(2)],
            _starts(30),
            jax.random.key(1),
            limit=100,
            on_progress=lambda done, steps: seen.append(done),
        )
    assert arena.begun == list(range(30))
    lengths = [n % 7 + 1 for n in range(30)]
    assert found.length == lengths
    assert found.outcome == [2.0 * n for n in lengths] and found.reward == [4.0 * n for n in lengths]
    assert found.steps == sum(lengths) and found.cut == 0 and not found.void
    assert found.actions == {"0": 0, "1": 0, "2": sum(lengths)}
    assert seen == sorted(seen) and seen[-1] == 30


def test_a_carry_is_that_of_its_own_episode() -> None:
    with Corridor() as arena:
        found = play(arena, [Counter()], _starts(30), jax.random.key(1), limit=100)
    # Steps 0, 1, 2, 2, …: 0 + 1 + 2 (n - 2).
    assert found.outcome == [float(sum(min(step, 2) for step in range(length))) for length in found.length]


def test_a_limit_cuts_both_long_episodes_and_is_counted() -> None:
    with Corridor() as arena:
        arena.left[:] = 0
        cut = play(_Forgiving(arena), [_always(1)], _starts(14), jax.random.key(1), limit=3)
    assert cut.length == [min(n % 7 + 1, 3) for n in range(14)]
    assert cut.cut == sum(n % 7 + 1 > 3 for n in range(14))


class _Forgiving:
    """A corridor that is left before its end."""

    def __init__(self, arena: Corridor) -> None:
        self._arena, self.lanes, self.patient = arena, arena.lanes, False

    def __enter__(self) -> _Forgiving:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def begin(self, lanes: NDArray[np.intp], starts: Starts, which: NDArray[np.intp]) -> None:
        self._arena.left[lanes] = 0
        self._arena.begin(lanes, starts, which)

    def look(self) -> tuple[Any, Any]:
        return self._arena.look()

    def step(self, key: jax.Array, actions: jax.Array, playing: NDArray[np.bool_]) -> Stepped:
        return self._arena.step(key, actions, playing)


def test_an_episode_that_the_reference_could_not_play_counts_for_nothing() -> None:
    with Corridor(breaks=5) as arena:
        found = play(arena, [_always(1)], _starts(20), jax.random.key(1), limit=100)
    assert found.void == [5] and len(found.valid("outcome")) == 19
    again = Episodes.from_json(json.loads(json.dumps(found.to_json())))
    assert again.void == [5] and np.isnan(again.outcome[5])
    np.testing.assert_array_equal(again.valid("outcome"), found.valid("outcome"))


def test_each_policy_sees_its_own_seat_and_acts_for_it() -> None:
    """The first policy tells what it sees; who sits on seat 1 sees a thousand more."""

    def tell(key: Any, obs: jax.Array, mask: Any) -> jax.Array:
        return (obs >= 1000).astype(jnp.int32)

    first = Scripted("toy", "1", "first", tell)
    second = Scripted("toy", "1", "second", lambda key, obs, mask: 10 + tell(key, obs, mask))
    obs = np.stack([np.arange(4.0), np.arange(4.0) + 1000], axis=1)
    seats = np.array([0, 1, 0, 1], np.int32)
    actions = Table([first, second], 4).act(jax.random.key(0), obs, np.ones((4, 2, 3), bool), np.ones(4, bool), seats)
    np.testing.assert_array_equal(actions, [[0, 11], [10, 1], [0, 11], [10, 1]])
    with Corridor(players=2) as arena:
        found = play(arena, [first, second], _starts(20, players=2), jax.random.key(1), limit=100)
    assert found.outcome == [float(found.length[n] * (n % 2)) for n in range(20)]


# ---- statistics


def _episodes(outcome: NDArray[np.float64], seed: int = 0) -> Episodes:
    length = np.random.default_rng(seed).integers(10, 20, len(outcome))
    return Episodes(
        outcome.tolist(), outcome.tolist(), length.tolist(), [], 0, int(length.sum()), 0.0, {"0": 3, "1": 5}
    )


def _pairs(shift: float, sd: float, count: int, policies: int = 6, seed: int = 0) -> list[Pair]:
    rng = np.random.default_rng(seed)
    return [
        Pair(
            f"policy {k}",
            _episodes(rng.normal(k + shift, sd, count)),
            _episodes(rng.normal(k, sd, count)),
        )
        for k in range(policies)
    ]


def test_the_primary_test_is_the_one_sample_tost_of_the_policies() -> None:
    pairs = _pairs(0.1, 1.0, 50)
    found = judge("return", MARGIN, pairs)
    gaps = np.array([pair.candidate.valid("outcome").mean() - pair.reference.valid("outcome").mean() for pair in pairs])
    p, low, high = DescrStatsW(gaps).ttost_mean(-0.5, 0.5)
    assert found.combined is not None
    assert max(found.combined.primary.p_low, found.combined.primary.p_high) == pytest.approx(p, rel=1e-9)
    assert (found.combined.primary.p_low, found.combined.primary.p_high) == pytest.approx((low[1], high[1]), rel=1e-9)
    assert found.combined.primary.k == 6


def test_a_win_rate_has_its_score_test_by_policy() -> None:
    wins = [np.array([1.0] * won + [0.0] * (400 - won)) for won in (210, 205)]
    found = judge_policy("win_rate", Margin(0.1, reason="a test's"), Pair("p", *(_episodes(one) for one in wins)))
    theirs: Any = tost_proportions_2indep(210, 400, 205, 400, -0.1, 0.1, method="score", correction=True)
    assert found.test.method == "score TOST for proportions"
    # Near only: in the cubic of statsmodels 0.15 the successes of arm 2 stand in place of its trials.
    assert max(found.test.p_low, found.test.p_high) == pytest.approx(float(theirs.pvalue), rel=0.01)
    assert found.means == (0.525, 0.5125)


@pytest.mark.parametrize(
    ("shift", "count", "verdict"),
    [(0.0, 400, "equivalent"), (1.0, 400, "different"), (0.0, 4, "inconclusive")],
)
def test_verdicts_of_planted_differences(shift: float, count: int, verdict: str) -> None:
    found = judge("return", MARGIN, _pairs(shift, 2.0, count, seed=1))
    assert found.verdict == verdict
    console = Console(width=80, record=True, file=io.StringIO())
    for table in tables(found):
        console.print(table)
    console.print(verdict_line(found))
    text = console.export_text()
    assert f"verdict over 6 policies: {verdict}" in text and "TOST over policies" in text
    assert all(len(line) <= 80 for line in text.splitlines())


def test_few_policies_have_no_verdict_however_many_episodes() -> None:
    found = judge("return", MARGIN, _pairs(0.0, 0.1, 1000, policies=4))
    assert found.verdict == "none" and found.combined is None
    assert "at least 5 are needed" in notes(found)[0]
    assert all(policy.test.passes for policy in found.policies)


def test_a_margin_that_hides_what_training_gained_is_named() -> None:
    pairs = _pairs(0.0, 2.0, 4000)
    level = float(np.mean([pair.reference.valid("outcome").mean() for pair in pairs]))
    gained = _episodes(np.full(50, level - 20.0))
    assert judge("return", MARGIN, pairs, random=gained).margin_problems == ()
    told = judge("return", MARGIN, pairs, random=_episodes(np.full(50, level - 2.0)))
    (problem,) = told.margin_problems
    assert "of the random-to-trained span 2" in problem and problem in notes(told)
    assert told.to_json()["margin"]["problems"] == [problem]
    (few,) = judge("return", MARGIN, _pairs(0.0, 2.0, 20), random=gained).margin_problems
    assert "standard errors of the reference against itself" in few


def test_false_alarms_of_equal_sides_and_power_are_as_planned() -> None:
    """With the planned number of episodes, nine of ten transfers of equal sides pass, and few are called different."""
    count = planned_episodes(MARGIN, 2.0, 5)
    verdicts = [judge("return", MARGIN, _pairs(0.0, 2.0, count, 5, seed)).combined for seed in range(40)]
    primary = [combined.primary for combined in verdicts if combined is not None]
    assert np.mean([test.passes for test in primary]) >= 0.8
    assert np.mean([test.verdict == "different" for test in primary]) <= 0.1


def test_equal_starts_show_as_correlation() -> None:
    base = np.random.default_rng(0).normal(size=300)
    noise = np.random.default_rng(1).normal(size=(2, 300))
    found = judge_policy("return", MARGIN, Pair("p", *(_episodes(base + 0.1 * one) for one in noise)))
    assert found.correlation == pytest.approx(1 / 1.01, abs=0.02)
    constant = judge_policy("return", MARGIN, Pair("p", _episodes(np.ones(9)), _episodes(np.ones(9))))
    assert constant.correlation is None and constant.test.degenerate


# ---- the file, and who may play


def test_a_file_goes_on_with_its_own_plan_only(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "out.json"
    store = Store(path, {"env": "toy", "episodes": 9})
    store.add("p", "candidate", _episodes(np.arange(9.0)))
    again = Store(path, {"env": "toy", "episodes": 9})
    found = again.episodes("p", "candidate")
    assert found is not None and found.outcome == list(range(9))
    assert again.episodes("p", "reference") is None
    with pytest.raises(PlanError, match=r"episodes: there 9, asked 18.*another --json"):
        Store(path, {"env": "toy", "episodes": 18})
    path.write_text("[]")
    with pytest.raises(PlanError, match="not a file that this command has written"):
        Store(path, {"env": "toy", "episodes": 9})


def test_a_folder_that_cannot_be_written_is_noticed_before_anything_is_played(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="cannot be written"):
        Store(tmp_path / "file" / "out.json", {})


def test_returns_are_what_the_verification_reads(tmp_path: Path) -> None:
    from verification.levels.transfer import read_returns

    store = Store(None, {})
    for side in ("candidate", "reference"):
        store.add("p", side, _episodes(np.arange(3.0)))
    path = tmp_path / "returns.json"
    path.write_text(json.dumps(store.returns("return")))
    assert read_returns(path) == {"return": {"candidate": [[0.0, 1.0, 2.0]], "reference": [[0.0, 1.0, 2.0]]}}


def test_only_policies_of_this_very_environment_may_play() -> None:
    env = make("pongjax/puffer_pong")
    assert [entrant.name for entrant in entrants(env, ["uniform", "blocker"])] == ["uniform", "blocker"]
    with pytest.raises(PolicyError, match=r"runs/nowhere: no run.*uniform, blocker"):
        entrants(env, ["runs/nowhere"])
    with pytest.raises(PolicyError, match="named twice: uniform"):
        entrants(env, ["uniform", "uniform"])
    (found,) = entrants(env, ["uniform"])
    other = Scripted(env.id, "v0", "old", lambda key, obs, mask: jnp.int32(0))
    with pytest.raises(PolicyError, match="version v0, to be played in pongjax/puffer_pong version v1"):
        check(env, type(found)("old", "old", other))
    with pytest.raises(ValueError, match="no scripted policy 'smashed'"):
        scripted(env, "smashed")
    assert issubclass(PolicyError, BaselinesError)


def test_planned_episodes_are_those_of_the_power_analysis() -> None:
    """Five policies of 4 freedom need more than the normal formula says: 2 sd² (t-ish / margin)² / 5."""
    count = planned_episodes(Margin(0.02, reason="a test's"), 0.5, 5)
    assert 3500 < count < 5000
    assert planned_episodes(Margin(0.02, reason="a test's"), 0.5, 10) < count / 2
