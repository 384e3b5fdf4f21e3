"""The planar MuJoCo tasks beside their reference and peers, in small."""

import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxenv
from families.cheetahjax import bench as planar
from families.cheetahjax.gymnasium_task import options, record
from families.cheetahjax.peers.lanes import Lanes, draw_action, lane_keys
from leaderboard import machine, peer, solver
from leaderboard.__main__ import main
from leaderboard.family import bench_of
from leaderboard.peer import PeerRequest
from leaderboard.reference import ReferenceError, Request, open_session
from references.mujoco import rollout
from references.mujoco.tasks import make

mujoco = pytest.importorskip("mujoco", reason="the reference is not installed: uv sync")
rollouts = pytest.importorskip("mujoco.rollout", reason="the reference is not installed: uv sync")
NAME = "cheetahjax/InvertedPendulum-v5"
STATES = 8


@pytest.fixture(scope="module")
def env():
    return jaxenv.make(NAME)


@pytest.fixture(scope="module")
def task(env):
    return record(env, STATES)


class Drift:
    """An engine of one line: positions go on by the velocities, which the action is added to."""

    def begin(self, qpos, qvel, warmstart):
        return {"qpos": qpos, "qvel": qvel, "steps": 0}

    def step(self, state, action):
        return {"qpos": state["qpos"] + state["qvel"], "qvel": state["qvel"] + action, "steps": state["steps"] + 1}

    def pose(self, state):
        return state["qpos"], state["qvel"]


def test_recorded_play(env, task):
    assert task.qpos.shape == task.qvel.shape == task.start_qpos.shape == (STATES, 2)
    assert task.qpos.dtype == task.warmstart.dtype == np.float32
    assert 4 <= task.episode_steps <= 9, "random episodes of the pendulum last about 6 steps"
    assert (np.abs(task.start_qpos) <= 0.01).all() and (task.low, task.high) == (-3, 3)
    assert len(np.unique(task.age)) > 1 and task.age.max() > 0
    assert record(env, STATES) is task, "the same for everybody"
    assert record(jaxenv.make(NAME, frame_skip=4), STATES).frame_skip == 4


def test_step_in_c_is_gymnasium(env, task):
    game = make("InvertedPendulum-v5", options(env))
    game.reset(seed=0)
    actions = np.linspace(-3, 3, STATES, dtype=np.float32)[:, None]
    qpos, qvel = task.step_in_c(actions)
    for i in range(STATES):
        game.unwrapped.set_state(task.qpos[i].astype(float), task.qvel[i].astype(float))
        obs = game.step(actions[i])[0]
        assert obs == pytest.approx(np.concatenate((qpos[i], qvel[i])), abs=1e-12)


def test_lanes_take_the_same_first_step(task):
    lanes = Lanes(Drift(), task, devices=1)
    actions, (qpos, qvel) = lanes.first_step()
    assert np.array_equal(actions, jax.vmap(lambda key: draw_action(key, 0, task))(lane_keys(STATES)))
    assert np.abs(actions).max() <= 3 and len(np.unique(actions)) == STATES
    assert np.array_equal(qpos, task.qpos + task.qvel) and np.array_equal(qvel, task.qvel + actions)
    with pytest.raises(ValueError, match="left the recorded states"):
        lanes.first_step()


def test_lanes_start_anew(task):
    lanes = Lanes(Drift(), task, devices=1)
    lanes.time(0)
    for done in range(1, 3 * task.episode_steps):
        assert np.array_equal(lanes._lanes.age, (task.age + done - 1) % task.episode_steps + 1)
        assert lanes.time(0) > 0
    assert int(jnp.max(lanes._lanes.state["steps"])) <= task.episode_steps, "its own state starts anew too"
    assert lanes.compile_seconds > 0 and lanes.trace_seconds > 0


def test_reference_carries_states_on(env, task):
    with rollouts.Rollout(nthread=1) as threads:
        lanes = rollout.Lanes(task, 1, STATES, threads)
        lanes._age[:] = np.where(np.arange(STATES) == 3, task.episode_steps, 0)
        before = lanes._states.copy()
        lanes._call()
        data = mujoco.MjData(task.model)
        kind = mujoco.mjtState.mjSTATE_FULLPHYSICS
        for i in range(STATES):
            mujoco.mj_setState(task.model, data, lanes._starts[0] if i == 3 else before[i], kind)
            data.qacc_warmstart[:] = 0
            for controls in lanes._controls[1, i]:
                data.ctrl[:] = controls
                mujoco.mj_step(task.model, data)
            after = np.empty_like(before[i])
            mujoco.mj_getState(task.model, data, after, kind)
            assert lanes._states[i] == pytest.approx(after, abs=1e-9)
        skip = task.frame_skip
        assert np.array_equal(lanes._controls[:, :, ::skip], lanes._controls[:, :, skip - 1 :: skip])
        assert lanes._age.tolist() == [lanes.steps] * STATES and lanes.time(0) > 0


def test_reference_session(env, monkeypatch):
    monkeypatch.setattr(rollout, "_TRY_SECONDS", 0.01)
    request = Request(env_id=NAME, env=env, mode="env_random_legal", cores=1)
    with open_session(planar.session, request) as session:
        session.sample(0.01)
        facts = session.summary()
    assert facts["name"] == "mujoco.rollout" and facts["version"] == mujoco.__version__
    assert facts["physics_sps"] == 2 * facts["median_sps"] > 0
    assert facts["tuning"]["lanes per thread"] in rollout.LANES and "no observation" in facts["note"]
    learned = Request(env_id=NAME, env=env, mode="policy_in_loop", cores=1)
    with (
        pytest.raises(ReferenceError, match="there is no policy_in_loop"),
        open_session(planar.session, learned),
    ):
        pass


def test_bench(tmp_path, monkeypatch, capsys):
    """Ours, the reference and Gymnasium's processes: the whole way, without the optional engines."""
    for name, value in {"LANES": 4, "STEPS": 32}.items():
        monkeypatch.setattr(solver, name, value)
    monkeypatch.setattr(rollout, "_TRY_SECONDS", 0.01)
    monkeypatch.setattr(peer, "_found", lambda module: module in ("gymnasium", "mujoco"))
    out, size = tmp_path / "rows.json", str(STATES)
    small = ("--batch", size, "--peer-batch", size, "--samples", "2", "--seconds", "0.02", "--set", "frame_skip=3")
    assert main(["bench", NAME, *small, "--json", str(out)]) == 0
    (row,) = json.loads(out.read_text())["rows"]
    (gymnasium,) = row["peers"]
    assert gymnasium["config"]["processes"] == row["cores"] == machine.cores()
    assert gymnasium["config"]["frame_skip"] == row["config"]["frame_skip"] == 3
    for one in (row, row["reference"], gymnasium):
        assert one["physics_sps"] == pytest.approx(3 * one["median_sps"]) and len(one["samples"]) == 2
    assert gymnasium["ratio"] == row["median_sps"] / gymnasium["median_sps"] and row["peers_in_turns"]
    assert row["error"]["states"] == STATES and row["error"]["max_dv"] < 1e-4 and row["error"]["not_finite"] == 0
    assert row["solver"]["env_steps"] == 128 and row["solver"]["physics_steps"] == 384
    assert row["solver"]["unconverged"]["total"] == 0 <= row["solver"]["iterations"]["per_physics_step"]
    captured = capsys.readouterr()
    assert "left out: mjx default, mjx 4/8, for want of mujoco.mjx; get them by `uv run --group peers" in captured.err
    assert "mujoco.rollout" in captured.out and "our solver in 384 physics steps" in captured.out


def test_every_task_has_its_peers():
    names = {name: [one.name for one in bench_of(name).peers(jaxenv.make(name))] for name in jaxenv.list_envs("mujoco")}
    assert len(names) == 7
    for name, peers in names.items():
        brax = ["brax generalized", "brax spring"] if "HalfCheetah" in name else []
        assert peers == ["gymnasium", "mjx default", "mjx 4/8", *brax]


def test_mjx(env):
    """If it is installed: one step is C's to float32's rounding, however few its iterations."""
    pytest.importorskip("mujoco.mjx", reason="MJX is not installed: uv sync --group peers")
    _, default, tuned = planar.peers(env)
    with tuned.open(PeerRequest(env=env, batch=STATES, devices=1, cores=1)) as session:
        session.sample(0.01)
    facts = session.summary(1e6)
    assert facts["config"]["iterations"] == 4 and facts["config"]["ls_iterations"] == 8 and facts["median_sps"] > 0
    assert facts["error"]["max_dv"] < 1e-4 and facts["error"]["states"] == STATES
    assert default.missing() == ()


def test_error_is_measured(env, task, monkeypatch):
    """A wrong step of ours shows."""
    assert planar.error(env, STATES, {})["max_dv"] < 1e-4
    step = type(env).step_env

    def wrong(self, key, state, action, params):
        return step(self, key, state, action * 1.01, params)

    monkeypatch.setattr(type(env), "step_env", wrong)
    assert planar.error(env, STATES, {})["max_dv"] > 1e-3
