"""Pong's plugin: what it declares is right, both sides mean the same by a state, and its checks see what is wrong."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pong_runs import need_reference

from families.pongjax.verify import checks, laws
from families.pongjax.verify.behaviours import SOURCES, behaviours, declared, observation_of
from families.pongjax.verify.bulk import OBSERVED
from families.pongjax.verify.candidate import AGENT, FRAME_SKIP, PongCandidate
from families.pongjax.verify.fields import WRITTEN_BY
from families.pongjax.verify.sides import SeededPong
from references.protocol import Batched, Restorable, Rollable
from verification import batches, cases
from verification.cli import main
from verification.levels.context import Context, Plan
from verification.levels.pairs import compared_paths
from verification.plugin import Plugin
from verification.registry import load_plugin
from verification.results import CheckResult
from verification.runner import Run, execute

IDS = ("pongjax/puffer_pong", "pongjax/puffer_pong_continuous")


@pytest.fixture(scope="module", autouse=True)
def compiled_reference() -> None:
    need_reference()


@pytest.fixture(scope="module", params=IDS)
def plugin(request: pytest.FixtureRequest) -> Plugin:
    return load_plugin(request.param)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    failures = tmp_path_factory.mktemp("failures")
    return Plan(levels=("L1",), injected=2048, seed=5, failures=failures)


def test_nothing_is_tolerated_and_every_path_has_an_owner(plugin: Plugin) -> None:
    assert not [spec.path for spec in plugin.state.fields if spec.tolerant]
    context = Context(plugin, Plan())
    assert (
        len(compared_paths(context))
        == len(context.reference.snapshot())
        == (28 if plugin.env.endswith("puffer_pong") else 27)
    )
    assert isinstance(context.candidate, Restorable) and isinstance(context.candidate, Batched)
    assert isinstance(context.candidate, Rollable)


def test_places_named_exist(plugin: Plugin) -> None:
    root = Path(__file__).parents[3]
    places = {place for group in (*WRITTEN_BY.values(), *SOURCES.values()) for place in group}
    assert not [place for place in places if not (root / (place.replace(".", "/") + ".py")).exists()]
    assert plugin.mutants.seeded is not None
    assert {mutant.module for mutant in plugin.mutants.seeded()} <= places
    assert set(WRITTEN_BY) == set(plugin.state.modules) - {"config"}


def test_one_game_is_one_lane_of_a_batch_and_of_a_rollout(plugin: Plugin) -> None:
    """In the candidate: a game stepped alone, restored before every step, and rolled out; both frame skips."""
    assert plugin.play.trace is not None
    candidate = plugin.sides.candidate()
    assert isinstance(candidate, PongCandidate)
    episodes = list(plugin.play.trace(np.random.default_rng(3), 4))
    assert {episode.options["frame_skip"] for episode in episodes} == {1, 8}
    rolled = candidate.rollout([episode.options for episode in episodes], [e.actions for e in episodes])
    table = plugin.table()
    for episode, states in zip(episodes, (one.states for one in rolled), strict=True):
        steps = min(60, batches.size(episode.actions))
        paths = list(states)
        assert not table.compare(paths, episode.states, states)
        before = batches.rows(states, slice(0, steps))
        after = candidate.step_many(before, batches.rows(episode.actions, slice(0, steps)))
        assert not table.compare(paths, batches.rows(states, slice(1, steps + 1)), after)
        candidate.reset(0, episode.options)
        for step in range(steps):
            assert not cases.compare_one(table, paths, batches.row(states, step), candidate.snapshot())
            candidate.step(batches.row(episode.actions, step))


def test_what_no_state_is_gets_a_message() -> None:
    candidate = PongCandidate(continuous=False)
    with pytest.raises(ValueError, match="reset or restore it first"):
        candidate.snapshot()
    with pytest.raises(ValueError, match=r"knows the options 'frame_skip', 'limit' and 'seed', got \['skip'\]"):
        candidate.reset(0, {"skip": 8})
    with pytest.raises(ValueError, match=r"frame_skip is one of \(1, 8\), got 4"):
        candidate.reset(0, {"frame_skip": 4})
    candidate.reset(0)
    good = dict(candidate.snapshot())
    for path, value, message in (
        ("state.tick", np.float32(0.5), "state.tick.*cannot be.*0.5"),
        ("state.observation", np.zeros(3, np.float32), "shape"),
        (FRAME_SKIP, np.int32(3), "one of"),
    ):
        with pytest.raises(ValueError, match=message):
            candidate.restore({**good, path: value})
    with pytest.raises(ValueError, match=r"lacks 'state.serve'"):
        candidate.restore({path: value for path, value in good.items() if path != "state.serve"})


@pytest.fixture(scope="module")
def steps(plugin: Plugin) -> tuple[Any, Any, Any]:
    """Injected steps of the reference: before, actions, after."""
    assert plugin.play.mine is not None and plugin.injection.inject is not None
    rng = np.random.default_rng(8)
    made = plugin.injection.inject(rng, plugin.play.mine(rng, 1024), 8192)
    return made.snapshots, made.actions, batches.step_many(plugin.sides.reference(), made.snapshots, made.actions)


def test_injected_states_are_states(plugin: Plugin, steps: tuple[Any, Any, Any]) -> None:
    assert plugin.state.valid is not None and plugin.state.plain is not None
    before, _, _ = steps
    assert plugin.state.valid(before).all()
    broken = {**before, "state.ball_x": np.full_like(before["state.ball_x"], np.nan)}
    assert not plugin.state.valid(broken).any()
    plain = plugin.state.plain(batches.row(before, 0))
    assert set(plain) == set(before) and plain[FRAME_SKIP] == before[FRAME_SKIP][0]


def test_behaviours_are_those_of_the_outcomes(plugin: Plugin, steps: tuple[Any, Any, Any]) -> None:
    """The numpy frames that name behaviours agree with what the C gives out."""
    before, actions, after = steps
    continuous = plugin.env.endswith("continuous")
    shown = behaviours(before, actions, after, continuous=continuous)
    assert tuple(shown) == declared(continuous)
    assert all(present.any() for present in shown.values()), [n for n, p in shown.items() if not p.any()]
    point, cut = shown["point:won"] | shown["point:lost"], after["out.truncated"]
    assert (shown["point:won"] == (after["out.reward"] == 1)).all()
    assert (shown["point:lost"] == (after["out.reward"] == -1)).all()
    assert ((shown["hit:returned"] & ~point) == (after["out.reward"] == np.float32(0.1))).all()
    assert ((point | cut) == laws.scored(after)).all()
    assert (shown["point:on-the-first-frame"] ^ shown["point:on-a-later-frame"])[point].all()


def test_the_reference_keeps_the_laws(steps: tuple[Any, Any, Any]) -> None:
    for law in laws.PROPERTIES:
        broken = ~law.holds(*steps)
        assert not broken.any(), (law.name, [batches.row(part, int(broken.argmax())) for part in steps])


@pytest.mark.parametrize(
    ("name", "path", "change"),
    [
        ("a reward of one point is a point", "state.score_l", lambda v: v + 1),
        ("rewards are of four kinds", "out.reward", lambda v: v + np.float32(0.5)),
        ("time passes", "state.tick", lambda v: v + 2),
        ("paddles keep to their way", "state.paddle_yl", lambda v: v + 700),
        ("the ball keeps its speed", "state.ball_vx", lambda v: v * 2),
        ("a point serves, and draws, once", "state.serve", lambda v: v + np.uint32(1)),
        ("a game ends at 21 points", "out.log", lambda v: v + 1),
        ("what is observed", "out.obs", lambda v: v + np.float32(0.01)),
        ("a limit cuts off, and figures are of whole games", "out.truncated", lambda v: ~v),
    ],
)
def test_a_law_sees_what_breaks_it(steps: tuple[Any, Any, Any], name: str, path: str, change: Any) -> None:
    before, actions, after = steps
    (law,) = [law for law in laws.PROPERTIES if law.name == name]
    kept = after["out.truncated"] if path != "out.truncated" else np.zeros(len(after[path]), bool)
    assert np.mean(law.holds(before, actions, {**after, path: change(after[path])})[~kept]) < 0.2


def test_the_relations_hold_in_the_reference(plugin: Plugin, steps: tuple[Any, Any, Any]) -> None:
    before, actions, after = steps
    reference, table = plugin.sides.reference(), plugin.table()
    for relation in plugin.laws.relations:
        assert relation.applies is not None
        chosen = relation.applies(before, actions)
        snapshots, joint = relation.change(batches.rows(before, chosen), batches.rows(actions, chosen))
        expected = relation.expect(batches.rows(after, chosen))
        got = batches.step_many(reference, snapshots, joint)
        assert chosen.sum() > 50 and not table.compare(list(got), expected, got), relation.name


def test_observations_of_states_are_the_c_s(steps: tuple[Any, Any, Any]) -> None:
    after = batches.rows(steps[2], ~laws.scored(steps[2]))
    assert np.array_equal(observation_of(after), after["out.obs"])


def test_the_public_step_is_seen_to_differ(plugin: Plugin) -> None:
    """Against an environment whose `step_env` draws, rewards and ends otherwise than its `play`."""
    from pongjax.env import PufferPong

    class Careless(PufferPong):
        def step_env(self, key: Any, state: Any, action: Any, params: Any) -> Any:
            obs, state, reward, terminated, truncated, info = super().step_env(key, state, action, params)
            return obs, state.replace(score_r=state.score_r + 1), reward * 2, terminated, ~truncated, info

    result = CheckResult(checks.PUBLIC, "L0", "test")
    continuous = plugin.env.endswith("continuous")
    checks.run_public(Context(plugin, Plan()), result, continuous, Careless)
    assert result.verdict == "fail"
    assert {"step: score_r", "step: reward", "step: truncated"} == set(result.first_fields)


def test_params_compiled_in_are_held_against_the_reference(plugin: Plugin, small: Plan) -> None:
    """One ulp of an observation passes, two do not; nor does the smallest difference elsewhere."""

    class Off(PongCandidate):
        def __init__(self, path: str, ulps: int) -> None:
            super().__init__(plugin.env.endswith("continuous"))
            self._path, self._ulps = path, ulps

        def step_many(self, snapshots: Any, actions: Any) -> Any:
            after = dict(super().step_many(snapshots, actions))
            for _ in range(self._ulps):
                after[self._path] = np.nextafter(after[self._path], np.float32(np.inf))
            return after

    for path, ulps, verdict in (("out.obs", 1, "pass"), ("out.obs", 2, "fail"), ("state.ball_y", 1, "fail")):
        result = CheckResult(checks.COMPILED_IN, "L1", "test")
        checks.run_compiled_in(Context(plugin, replace(small, injected=64)), result, Off(path, ulps))
        assert result.verdict == verdict, path
        assert all(cases.load(Path(one.file)).setting == checks.SETTING for one in result.findings if one.file)


def test_a_case_of_params_compiled_in_is_played_by_that_program(plugin: Plugin) -> None:
    chosen = plugin.under(checks.SETTING)
    assert chosen.sides.candidate.keywords["compiled_in"]
    assert {spec.path for spec in chosen.state.fields if spec.tolerant} == set(OBSERVED)
    assert plugin.under({}) is plugin and not any(spec.tolerant for spec in plugin.state.fields)


def test_a_wrong_rule_is_found_shrunk_to_one_step_and_replayed(
    plugin: Plugin, small: Plan, capsys: pytest.CaptureFixture[str]
) -> None:
    class NoTopWall(PongCandidate):
        def step_many(self, snapshots: Any, actions: Any) -> Any:
            after = dict(super().step_many(snapshots, actions))
            top = (snapshots["state.ball_y"] > 590) & (after["state.ball_vy"] == -snapshots["state.ball_vy"])
            after["state.ball_vy"] = np.where(top, -after["state.ball_vy"], after["state.ball_vy"])
            return after

        def step(self, actions: Any) -> None:
            one = {path: np.asarray(value)[None] for path, value in self.snapshot().items()}
            after = self.step_many(one, {AGENT: np.asarray(actions[AGENT])[None]})
            self.restore({path: values[0] for path, values in after.items()})

    continuous = plugin.env.endswith("continuous")
    wrong = plugin.between(candidate=lambda: NoTopWall(continuous))
    result = execute(Run(wrong, replace(small, shrink=1))).results[0]
    first = result.findings[0]
    assert result.verdict == "fail" and first.shrunk_steps == 1
    assert first.first_field == "state.ball_vy" and first.suspects[0][0] == "pongjax.frame"
    case = cases.load(Path(first.file))
    assert case.snapshot is not None and len(case.actions) == 1
    assert main(["replay", first.file]) == 0, "the right candidate plays it as the reference does"
    assert "equal through all 1 steps" in capsys.readouterr().err


def test_the_seed_of_a_reset_may_be_an_option() -> None:
    reference, candidate = SeededPong(), PongCandidate(continuous=False)
    for env in (reference, candidate):
        env.reset(1, {"seed": 9, "frame_skip": 1})
        chosen = env.snapshot()["state.serve"]
        env.reset(9, {"frame_skip": 1})
        assert env.snapshot()["state.serve"] == chosen
    assert reference.snapshot()["state.serve"] == candidate.snapshot()["state.serve"]
