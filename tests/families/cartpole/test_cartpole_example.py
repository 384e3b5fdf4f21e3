"""The worked example: Gymnasium's CartPole-v1 beside its JAX port, and the adapters that it is made of."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path
from typing import Any

import gymnasium
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from families.cartpole.env import THETA_LIMIT, X_LIMIT, CartPole, CartPoleParams
from families.cartpole.verify import plugin as cartpole
from families.cartpole.verify.plugin import NAMES, draws, get_state, inject, plugin, set_state
from jaxenv import Environment, EnvSpec, ObsField, ObsSpec, struct
from jaxenv.testing import check_env
from references.gymnasium_env import GymnasiumReference
from references.protocol import Batched, Bounds, Restorable
from verification import cases
from verification.adapters.jaxenv import JaxenvCandidate
from verification.batches import row, step_many
from verification.levels.context import Context, Plan
from verification.mutants.measure import measure
from verification.reporting.claims import mutant_sentences
from verification.runner import Run, execute
from verification.statistics.laws import check_draws


@pytest.fixture(scope="module")
def reference():
    return GymnasiumReference("CartPole-v1", get_state, set_state)


@pytest.fixture(scope="module")
def candidate():
    return JaxenvCandidate(CartPole())


@pytest.fixture(scope="module")
def stepped():
    """The plugin's own candidate: the public step, with the episode's figures."""
    return cartpole.candidate()


def a_state(**changes):
    values = {"x": 0.1, "x_dot": 0.2, "theta": 0.03, "theta_dot": -0.4, "time": 7, **changes}
    return {"state." + name: np.asarray(value) for name, value in values.items()}


def test_the_port_keeps_the_environment_contract():
    check_env(CartPole(), CartPoleParams(max_steps_in_episode=24), steps=48, batch=4)


def test_the_plugin_passes_levels_1_to_3(tmp_path, stepped):
    made = plugin().between(candidate=lambda: stepped)
    plan = Plan(levels=("L1", "L2", "L3"), episodes=16, injected=1024, interactions=256, failures=tmp_path)
    done = execute(Run(made, plan))
    assert {result.id: result.verdict for result in done.results} == {
        "L1/injected": "pass",
        "L1/properties": "pass",
        "L1/one-step-error": "pass",
        "L2/pairs": "pass",
        "L2/meetings": "pass",
        "L2/relations": "pass",
        "L3/windows": "pass",
        "L3/free-run": "pass",
    }
    free = next(result for result in done.results if result.id == "L3/free-run")
    assert free.stats["endings"]["ended"] == 16
    assert free.stats["episode lengths"]["mean"]["reference"] > 50, "some episodes are balanced"


def test_every_seeded_bug_is_found_by_single_steps(tmp_path):
    found = measure(plugin(), Plan(levels=("L1",), episodes=8, injected=2048, failures=tmp_path), alarms=8)
    rows = {one["id"]: one for one in found["rows"]}
    assert len(rows) >= 6
    assert all(one["killed_by"]["L1"] for one in rows.values()), [k for k, one in rows.items() if not one["killed_by"]]
    assert found["false_alarms"] == 0 and found["median_shrunk_steps"] == 1
    assert rows["C1"]["first_kill"]["L1"]["field"] == "state.x"


def test_long_play_finds_slow_errors_and_never_meets_the_exact_edge(tmp_path):
    made = plugin()
    mutants = made.mutants.seeded()
    candidate = made.mutants.mutated(mutants)
    made = made.between(candidate=lambda: candidate)
    verdicts = {}
    for name in ("C5", "C6", "C7"):
        candidate.select_mutant(1 + [mutant.id for mutant in mutants].index(name))
        done = execute(Run(made, Plan(levels=("L3",), episodes=8, failures=tmp_path)))
        verdicts[name] = {result.id: result.verdict for result in done.results}
    assert verdicts["C5"] == {"L3/windows": "fail", "L3/free-run": "fail"}
    assert verdicts["C6"] == {"L3/windows": "pass", "L3/free-run": "pass"}
    assert verdicts["C7"] == {"L3/windows": "fail", "L3/free-run": "fail"}


def test_injected_states_are_the_ones_announced():
    rng = np.random.default_rng(3)
    snapshots = {path: np.stack([value] * 5) for path, value in {**a_state(), "state.limit": np.int64(500)}.items()}
    made = inject(rng, snapshots, 1600)
    labels, x, theta = np.array(made.labels), made.snapshots["state.x"], made.snapshots["state.theta"]
    for label, nearest in (("on a limit", 0), ("next to a limit", 4e-8)):
        there = labels == label
        off = np.stack([np.abs(np.abs(x[there]) - X_LIMIT), np.abs(np.abs(theta[there]) - THETA_LIMIT)])
        closer = off <= np.array([[10 * nearest], [nearest]])
        assert (closer.sum(axis=0) == 1).all(), "one of the two, the other is kept"
        assert closer.any(axis=1).all()
    last = labels == "last steps"
    limits = made.snapshots["state.limit"]
    assert set((limits - made.snapshots["state.time"])[last & (limits > 2)]) == {0, 1, 2}
    assert 500 in limits and (limits < 400).any() and (made.snapshots["state.time"][~last] <= limits[~last]).all()
    assert set(labels) == {"beside a limit", "on a limit", "next to a limit", "last steps", "fast"}


def test_the_law_of_resets():
    found = draws(5, 4096)
    assert not [test.name for test in check_draws(found.laws, found.values).tests if test.alarm]
    shifted = {label: values + np.float32(0.002) for label, values in found.values.items()}
    assert [test for test in check_draws(found.laws, shifted).tests if test.alarm]


# ---- the reference's adapter


def test_the_reference_becomes_any_state(reference):
    assert isinstance(reference, Restorable) and not isinstance(reference, Batched)
    reference.restore(a_state())
    again = reference.snapshot()
    for path, value in a_state().items():
        assert again[path] == value
    assert again["out.reward"] == 0 and not again["out.obs"].any(), "no step has been played"
    reference.step({"agent": np.int64(1)})
    assert reference.snapshot()["state.time"] == 8
    with pytest.raises(ValueError, match=r"lacks \['state.theta', 'state.time'\]"):
        reference.restore({"state.x": 0.0, "state.x_dot": 0.0, "state.theta_dot": 0.0})


@pytest.mark.parametrize(("x", "ends"), [(0.0, (False, True)), (2.5, (True, False))])
def test_at_the_time_limit_a_fall_is_a_termination_on_both_sides(reference, candidate, x, ends):
    for env in (reference, candidate):
        env.restore(a_state(x=x, x_dot=0.0, time=499))
        env.step({"agent": np.int64(0)})
        after = env.snapshot()
        assert (after["out.terminated"], after["out.truncated"]) == ends
        assert after["out.reward"] == 1


def test_other_gymnasium_environments():
    def get(env):
        return {"theta": env.state[0], "theta_dot": env.state[1]}

    def put(env, state):
        env.state = np.array([state["theta"], state["theta_dot"]])

    pendulum = GymnasiumReference(lambda: gymnasium.make("Pendulum-v1"), get, put, version="pinned")
    pendulum.reset(0)
    bounds = pendulum.legal()["agent"]
    assert isinstance(bounds, Bounds) and bounds.high.tolist() == [2.0]
    pendulum.step({"agent": np.array([0.5])})
    assert pendulum.snapshot()["state.time"] == 1 and pendulum.snapshot()["out.obs"].shape == (3,)
    assert (pendulum.info.name, pendulum.info.version) == ("gymnasium Pendulum-v1", "pinned")

    class Cards(gymnasium.Env):
        """A dict of observations, actions that start at 5, and no time limit."""

        observation_space = gymnasium.spaces.Dict(hand=gymnasium.spaces.Box(0, 9, (2,), np.int64))
        action_space = gymnasium.spaces.Discrete(3, start=5)
        total = 0

        def reset(self, *, seed=None, options=None):
            super().reset(seed=seed)
            self.total = 0
            return {"hand": np.zeros(2, np.int64)}, {}

        def step(self, action):
            self.total += int(action)
            return {"hand": np.full(2, self.total)}, 0.5, True, True, {}

    cards = GymnasiumReference(Cards, lambda env: {"total": env.total}, lambda env, state: None)
    cards.reset(1)
    cards.step({"agent": np.int64(2)})
    after = cards.snapshot()
    assert "state.time" not in after
    assert after["state.total"] == 7 and after["out.obs.hand"].tolist() == [7, 7]
    assert after["out.terminated"] and not after["out.truncated"]
    cards.close()


def test_without_gymnasium_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "gymnasium", None)
    with pytest.raises(ImportError, match="pip install gymnasium"):
        GymnasiumReference("CartPole-v1", get_state, set_state)


# ---- the candidate's adapter


def test_many_steps_equal_one_by_one(candidate):
    rng = np.random.default_rng(0)
    batch = {"state." + name: rng.uniform(-0.2, 0.2, 20) for name in NAMES} | {"state.time": np.arange(20)}
    actions = {"agent": rng.integers(0, 2, 20)}
    together = step_many(candidate, batch, actions)
    for case in range(20):
        candidate.restore(row(batch, case))
        candidate.step(row(actions, case))
        alone = candidate.snapshot()
        assert {path: value.tolist() for path, value in row(together, case).items()} == {
            path: np.asarray(value).tolist() for path, value in alone.items()
        }


def test_what_the_candidate_refuses(candidate):
    with pytest.raises(ValueError, match=r"lacks 'state.theta'"):
        candidate.restore({path: value for path, value in a_state().items() if path != "state.theta"})
    with pytest.raises(ValueError, match=r"'state.x' has shape \(2,\)"):
        candidate.restore(a_state(x=np.zeros(2)))
    with pytest.raises(ValueError, match=r"'state.time' cannot be .*2\*\*40|'state.time' cannot be .*1099511627776"):
        candidate.restore(a_state(time=2**40))
    with pytest.raises(ValueError, match="takes no options"):
        candidate.reset(0, {"low": 1})
    with pytest.raises(ValueError, match="reset or restore it first"):
        JaxenvCandidate(CartPole()).step({"agent": 0})
    with pytest.raises(ValueError, match="both to_snapshot and from_snapshot"):
        JaxenvCandidate(CartPole(), to_snapshot=lambda state: {})


@struct.dataclass
class _DriftParams:
    max_steps_in_episode: Any = 10


@struct.dataclass
class _DriftState:
    place: dict
    key: jax.Array


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Drift(Environment):
    """A continuous action, a nested state, and a key in it."""

    @property
    def spec(self):
        return EnvSpec(
            id="toys/drift", version="v0", players=1, dynamics="single", information="perfect", num_actions=0,
            reward_range=(0.0, 0.0), horizon=10,
        )  # fmt: skip

    @property
    def obs_spec(self):
        return ObsSpec((ObsField(name="place", shape=(2,), low=-9, high=9, meaning="where"),))

    @property
    def default_params(self):
        return _DriftParams()

    def action_space(self, params=None):
        from jaxenv.spaces import Box

        return Box(-1.0, 1.0, (2,))

    def observe(self, state, params):
        return {"place": state.place["xy"]}

    def reset_env(self, key, params):
        state = _DriftState({"xy": jnp.zeros(2)}, key)
        return self.observe(state, params), state

    def step_env(self, key, state, action, params):
        mine, later = jax.random.split(state.key)
        state = _DriftState({"xy": state.place["xy"] + action + jax.random.normal(mine, (2,))}, later)
        return self.observe(state, params), state, jnp.float32(0), jnp.bool_(False), jnp.bool_(False), {}


def test_a_key_in_the_state_and_continuous_actions():
    env = JaxenvCandidate(_Drift())
    env.reset(3)
    start = env.snapshot()
    assert set(start) >= {"state.place.xy", "state.key"} and start["state.key"].dtype == np.uint32
    actions = {"agent": np.array([0.5, -0.5])}
    env.step(actions)
    after = env.snapshot()
    env.restore(start)
    env.step(actions)
    assert (env.snapshot()["state.place.xy"] == after["state.place.xy"]).all()
    many = env.step_many(
        {path: np.stack([v] * 3) for path, v in start.items()}, {"agent": np.tile([0.5, -0.5], (3, 1))}
    )
    np.testing.assert_array_equal(many["state.place.xy"][2], after["state.place.xy"])
    bounds = env.legal()["agent"]
    assert isinstance(bounds, Bounds) and bounds.low.tolist() == [-1, -1]
    batch = env.legal_many({path: np.stack([v] * 3) for path, v in start.items()})["agent"]
    assert isinstance(batch, Bounds) and batch.high.shape == (3, 2)


def test_a_layout_of_ones_own():
    def to_snapshot(state):
        return {"state.left": state.place["xy"][0], "state.right": state.place["xy"][1], "state.key": state.key}

    def from_snapshot(paths):
        return _DriftState({"xy": jnp.stack([paths["state.left"], paths["state.right"]])}, paths["state.key"])

    @dataclasses.dataclass(frozen=True, kw_only=True)
    class Raw(_Drift):
        """The same without a typed key."""

        def reset_env(self, key, params):
            obs, state = super().reset_env(key, params)
            return obs, state.replace(key=jax.random.key_data(key))

        def step_env(self, key, state, action, params):
            typed = state.replace(key=jax.random.wrap_key_data(state.key))
            obs, state, *rest = super().step_env(key, typed, action, params)
            return obs, state.replace(key=jax.random.key_data(state.key)), *rest

    env = JaxenvCandidate(Raw(), to_snapshot=to_snapshot, from_snapshot=from_snapshot)
    env.reset(0)
    env.restore({**env.snapshot(), "state.left": 2.5})
    assert env.snapshot()["state.left"] == 2.5
    env.step({"agent": np.zeros(2)})
    assert set(env.snapshot()) >= {"state.left", "state.right", "state.key", "out.obs"}


def test_two_players_are_refused():
    class Two(CartPole):
        """Says it has two players."""

        num_players = 2  # pyright: ignore[reportAssignmentType]

    with pytest.raises(ValueError, match="2 players"):
        JaxenvCandidate(Two())


def test_declared_paths_are_those_of_both_sides(stepped):
    reference = cartpole.reference()
    reference.reset(0)
    stepped.restore(reference.snapshot())
    table = plugin().table()
    paths = table.check(reference.snapshot(), stepped.snapshot())
    assert set(paths[:2]) == {"state.x", "state.x_dot"} and paths[-1].startswith("out.")
    assert Context(plugin(), Plan()).plugin.env == "example/cartpole"


def test_a_bug_that_nobody_seeded_is_told_apart_from_a_false_alarm(tmp_path):
    given = plugin()

    def mutated(catalogue):
        candidate = given.mutants.mutated(catalogue)
        select = candidate.select_mutant
        candidate.select_mutant = lambda number: select(number or 1)
        return candidate

    wrong = dataclasses.replace(given, mutants=dataclasses.replace(given.mutants, mutated=mutated))
    found = measure(wrong, Plan(levels=("L1",), episodes=4, injected=256, failures=tmp_path), alarms=4, only=["C1"])
    assert found["false_alarms"] == 0
    told = found["unmutated"]["L1"]
    assert told["cases"] > 0 and told["field"] == "state.x"
    assert cases.load(Path(told["file"])).env == given.env
    (sentence,) = [line for line in mutant_sentences(found) if "Without any seeded bug" in line]
    assert told["file"] in sentence
