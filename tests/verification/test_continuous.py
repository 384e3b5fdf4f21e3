"""The checks of continuous environments, on a damped double pendulum in float64 and in float32."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from references.protocol import Bounds, EnvInfo
from verification.fields import FieldSpec
from verification.levels import one_step
from verification.levels.context import Context, Plan
from verification.levels.continuous import FREE_RUN, ONE_STEP, WINDOWS, Settings, continuous_checks, is_continuous
from verification.levels.trajectories import Departure, Trajectories, horizon, rounding, thin
from verification.plugin import Draws, Play, Plugin, Sides, State

HORIZON = 400
NAMES = ("upper", "lower", "upper_rate", "lower_rate")
DT, DAMPING, GRAVITY = 0.02, 0.02, 9.8
WHY = "one step in float32"


class Pendulum:
    """Two unit pendulums, one below the other, driven at the upper joint; semi-implicit Euler."""

    def __init__(self, kind=np.float64, damping=DAMPING, edge=0.0, last=HORIZON, other_order=False):
        self.info = EnvInfo(f"pendulum {np.dtype(kind).name}", "1")
        self.kind, self.damping, self.edge, self.last, self.other_order = kind, damping, edge, last, other_order

    def reset(self, seed, options=None):
        upper, lower = np.random.default_rng(seed).uniform(1.5, 3.0, 2)
        start = {"state.upper": upper, "state.lower": lower, "state.upper_rate": 0.0, "state.lower_rate": 0.0}
        self._take(self.restore_many({path: np.asarray(v)[None] for path, v in {**start, "state.time": 0}.items()}))

    def restore(self, snapshot):
        self._take(self.restore_many({path: np.asarray(value)[None] for path, value in snapshot.items()}))

    def step(self, actions):
        now = {path: np.asarray(value)[None] for path, value in self._held.items()}
        self._take(self.step_many(now, {"agent": np.asarray(actions["agent"])[None]}))

    def snapshot(self):
        return dict(self._held)

    def legal(self):
        return {"agent": Bounds(np.full(1, -1.0), np.full(1, 1.0))}

    def _take(self, batch):
        self._held = {path: values[0] for path, values in batch.items()}

    def restore_many(self, snapshots):
        state = {"state." + name: np.asarray(snapshots["state." + name], self.kind) for name in NAMES}
        time = np.asarray(snapshots["state.time"], np.int64)
        blank = np.zeros(len(time), bool)
        ends = {"out.terminated": blank, "out.truncated": blank}
        return {**state, "state.time": time, "state.above": self._above(state["state.upper"]), **ends}

    def step_many(self, snapshots, actions):
        before = self.restore_many(snapshots)
        a, b, va, vb = (before["state." + name] for name in NAMES)
        torque = np.asarray(actions["agent"], self.kind)[:, 0]
        one, two = (self.kind(value) for value in (1, 2))
        dt, damping, gravity = (self.kind(value) for value in (DT, self.damping, GRAVITY))
        gap = a - b
        pull, spread = np.sin(gap), one / (two - np.square(np.cos(gap)))
        first = torque - two * gravity * np.sin(a) - np.square(vb) * pull
        second = np.square(va) * pull - gravity * np.sin(b)
        if self.other_order:
            first = torque - (two * gravity * np.sin(a) + np.square(vb) * pull)
        va = va + dt * (spread * (first - np.cos(gap) * second) - damping * va)
        vb = vb + dt * (spread * (two * second - np.cos(gap) * first) - damping * vb)
        a, b = a + dt * va, b + dt * vb
        time = before["state.time"] + 1
        ends = {"out.terminated": np.zeros(len(time), bool), "out.truncated": time >= self.last}
        state = {"state." + name: value for name, value in zip(NAMES, (a, b, va, vb), strict=True)}
        return {**state, "state.time": time, "state.above": self._above(a), **ends}

    def legal_many(self, snapshots):
        cases = len(snapshots["state.time"])
        return {"agent": Bounds(np.full((cases, 1), -1.0), np.full((cases, 1), 1.0))}

    def _above(self, upper):
        return np.cos(upper) < self.edge


def plugin(candidate, reference=Pendulum, tolerance=5e-5):
    near = {"atol": tolerance, "rtol": 1e-6, "why": WHY}
    return Plugin(
        env="toy/pendulum",
        sides=Sides(reference=reference, candidate=candidate),
        state=State(
            modules=("angles", "rates", "events", "outcome"),
            fields=(
                FieldSpec("state.*_rate", "rates", "float", **near),
                FieldSpec("state.time", "events"),
                FieldSpec("state.above", "events"),
                FieldSpec("state.upper", "angles", "angle", **near),
                FieldSpec("state.lower", "angles", "angle", **near),
                FieldSpec("out.*", "outcome"),
            ),
            sources={"rates": ["pendulum.forces"]},
        ),
        draws=Draws(noise="none"),
        play=Play(horizon=HORIZON),
    )


def run(made, tmp_path, settings=None, seed=0, episodes=8):
    """Results of the three checks by id."""
    context = Context(made, Plan(episodes=episodes, seed=seed, failures=tmp_path, shrink=0))
    results = {}
    for check in continuous_checks(settings):
        result = results[check.id] = check.start()
        check.run(context, result)
    return results


def verdicts(results):
    return {name: result.verdict for name, result in results.items()}


@pytest.mark.parametrize("seed", range(2))
def test_an_honest_float32_port_passes(tmp_path, seed):
    results = run(plugin(lambda: Pendulum(np.float32)), tmp_path, seed=seed)
    assert verdicts(results) == {ONE_STEP: "pass", WINDOWS: "pass", FREE_RUN: "pass"}
    assert results[ONE_STEP].cases == 8 * HORIZON
    assert results[FREE_RUN].cases == 8


@pytest.mark.parametrize("seed", range(2))
def test_in_double_precision_the_floor_is_much_lower(tmp_path, seed):
    made = plugin(lambda: Pendulum(other_order=True), tolerance=1e-13)
    results = run(made, tmp_path, seed=seed)
    assert verdicts(results) == {ONE_STEP: "pass", WINDOWS: "pass", FREE_RUN: "pass"}
    limit = results[WINDOWS].stats["windows of 20"]["state.upper_rate"]["q99"]["limit"]
    assert limit < 1e-11
    assert results[ONE_STEP].stats["played"]["state.upper_rate"]["max"] > 0, "another order of operations"


def test_the_reference_against_itself_passes(tmp_path):
    results = run(plugin(Pendulum), tmp_path)
    assert verdicts(results) == {ONE_STEP: "pass", WINDOWS: "pass", FREE_RUN: "pass"}
    assert results[ONE_STEP].stats["played"]["state.upper"]["max"] == 0


def test_wrong_damping_shows_in_one_step(tmp_path):
    results = run(plugin(lambda: Pendulum(np.float32, damping=1.5 * DAMPING)), tmp_path)
    found = results[ONE_STEP]
    assert found.verdict == "fail"
    assert found.findings[0].differences[0].module == "rates"
    assert found.findings[0].suspects == (("pendulum.forces", 0.5),)
    worst = found.stats["played"]["state.upper_rate"]
    assert worst["over"] > 1000
    assert worst["max"] == pytest.approx(abs(worst["worst"]["reference"] - worst["worst"]["candidate"]))
    assert list(tmp_path.iterdir()), "a counterexample is written"


def test_a_slow_drift_under_the_tolerance_of_one_step_shows_in_windows_and_free_runs(tmp_path):
    results = run(plugin(lambda: Pendulum(np.float32, damping=1.001 * DAMPING)), tmp_path)
    assert verdicts(results) == {ONE_STEP: "pass", WINDOWS: "fail", FREE_RUN: "fail"}
    finding = results[WINDOWS].findings[-1]
    assert finding.case["window"] == 20
    assert finding.differences[0].candidate > finding.differences[0].reference
    assert "rounding alone" in finding.message


def test_events_are_compared_exactly(tmp_path):
    results = run(plugin(lambda: Pendulum(np.float32, edge=0.02)), tmp_path)
    assert results[ONE_STEP].verdict == results[WINDOWS].verdict == "fail"
    assert set(results[ONE_STEP].first_fields) == {"state.above"}


def test_an_ending_that_comes_late_is_found(tmp_path):
    results = run(plugin(lambda: Pendulum(np.float32, last=HORIZON + 1)), tmp_path)
    assert results[ONE_STEP].first_fields == {"out.truncated": 8}
    endings = results[FREE_RUN].stats["endings"]
    assert endings["ended"] == 8 and endings["same_step"] == 0 and endings["within_one_step"] == 8


def test_figures_of_a_free_run(tmp_path):
    stats = run(plugin(lambda: Pendulum(np.float32)), tmp_path)[FREE_RUN].stats
    field = stats["fields"]["state.upper"]
    assert 0 < field["scale"] < 3
    leaves = field["leaves_at"]
    assert leaves is None or 20 < leaves <= HORIZON
    for curve in stats["curves"].values():
        assert len(curve["x"]) == len(curve["y"]) <= 50
        assert curve["limit"] > 0
    growth = [y for y in stats["curves"]["state.upper, rounding alone"]["y"] if y is not None]
    assert growth[-1] > 100 * growth[0], "the pendulum is chaotic"
    assert stats["episode lengths"]["p"] == 1


def test_episodes_of_another_length_are_another_law(tmp_path):
    made = plugin(lambda: Pendulum(np.float32, last=HORIZON - 1))
    found = run(made, tmp_path, episodes=20)[FREE_RUN]
    assert any("episode lengths have another law" in finding.message for finding in found.findings)


def test_too_little_to_judge_is_not_run(tmp_path):
    results = run(plugin(lambda: Pendulum(np.float32)), tmp_path, episodes=4)
    assert results[FREE_RUN].verdict == "not_run"
    assert "at least 8" in results[FREE_RUN].reason
    results = run(plugin(lambda: Pendulum(np.float32)), tmp_path, Settings(windows=(HORIZON + 1,)))
    assert results[WINDOWS].verdict == "not_run"
    assert "not judged" in results[WINDOWS].notes[0]


def test_what_cannot_be_restored_is_not_run(tmp_path):
    class Closed:
        """Steps only."""

        def __init__(self):
            self.inside = Pendulum()
            self.info, self.reset = self.inside.info, self.inside.reset
            self.step, self.snapshot, self.legal = self.inside.step, self.inside.snapshot, self.inside.legal

    for result in run(plugin(Closed), tmp_path).values():
        assert result.verdict == "not_run" and "the candidate cannot be restored" in result.reason


def test_discrete_environments_have_no_such_checks():
    made = plugin(Pendulum)
    fields = (FieldSpec("state.*", "angles"), FieldSpec("out.*", "outcome"))
    assert is_continuous(made) and not is_continuous(replace(made, state=replace(made.state, fields=fields)))


@pytest.mark.parametrize("wrong", [{"episodes": 0}, {"factor": 0.5}, {"share": 0.0}, {"windows": ()}])
def test_settings_that_judge_nothing_are_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Settings(**wrong)


def test_a_step_that_rounding_decides_is_excused_only_if_the_reference_rounds_that_way(tmp_path):
    context = Context(plugin(lambda: Pendulum(np.float32)), Plan(failures=tmp_path))
    names = {"state." + name: np.zeros(2) for name in NAMES}
    before = context.reference.restore_many({**names, "state.time": np.zeros(2, int)})
    actions = {"agent": np.zeros((2, 1))}
    ours = context.reference.step_many(before, actions)
    wrong = np.array([True, False])

    def lifted(batch):
        return {**batch, "state.upper": batch["state.upper"] + np.pi}

    differs = {"state.above": wrong}
    judge = one_step._decided_by_rounding
    assert not judge(context, differs, before, actions, ours, lifted).any()
    above = {**ours, "state.above": np.array([True, True])}
    assert judge(context, differs, before, actions, above, lifted).tolist() == [True, False]
    both = {**differs, "state.upper": wrong}
    assert not judge(context, both, before, actions, above, lifted).any(), "a wrong number is never excused"


def test_rounding_moves_by_the_precision_of_the_other_side():
    table = plugin(Pendulum).table()
    steps = np.full((3, 1), 0.1)
    states = {"state.upper": steps, "state.lower": np.ones((3, 1)), "state.time": np.arange(3)[:, None]}
    recorded = Trajectories(states, {"agent": np.zeros((2, 1, 1))}, np.array([2]), ("uniform",))
    batch = {"state.upper": np.full(1000, 0.1), "state.lower": np.full(1000, 0.7), "state.time": np.arange(1000)}
    rng = np.random.default_rng(0)
    for kind in (np.float32, np.float64):
        target = {path: values.astype(kind) for path, values in batch.items()}
        moved = rounding(table, list(batch), recorded, target, rng)(batch)
        away = np.abs(moved["state.upper"] - np.float64(kind(0.1)))
        assert 0.8 * np.spacing(kind(0.1)) < away.max() <= np.spacing(kind(0.1)) + np.spacing(0.1)
        assert moved["state.upper"].dtype == np.float64
        assert (moved["state.time"] == batch["state.time"]).all()
        assert (moved["state.lower"] == 0.7).all(), "it held integers only"


def test_horizon_and_crossings():
    errors = np.array([[0.1, 0.1, np.nan], [0.2, 0.4, np.nan], [0.9, np.nan, np.nan]])
    ends = np.zeros(3, int)
    made = Departure({"x": errors}, {}, {}, ends, ends)
    assert horizon(made, "x", 0.3, least=1) == 2 and horizon(made, "x", 0.3, least=3) == 4
    assert horizon(made, "x", 5.0, least=1) == 4
    assert made.crossings("x", 0.3).tolist() == [3, 2, np.inf]
    assert made.quantile("x", 0.5).tolist() == [0.1, 0.4, 0.9]


def test_curves_are_thinned():
    x, y = thin(np.concatenate([[np.nan], np.arange(999.0)]))
    assert len(x) == 50 and x[0] == 1 and x[-1] == 1000
    assert y[0] is None and y[-1] == 998
