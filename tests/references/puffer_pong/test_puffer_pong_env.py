"""PufferLib's Pong behind the verifier's interfaces."""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from references.protocol import Batched, Bounds, Restorable, Snapshot
from references.puffer_pong.env import MOST_FRAMES, PufferPong
from references.puffer_pong.install import ReferenceUnavailableError
from references.puffer_pong.library import STATE, library
from verification import batches

OUTCOMES = {
    "out.reward": (np.float32, ()),
    "out.terminated": (np.bool_, ()),
    "out.truncated": (np.bool_, ()),
    "out.obs": (np.float32, (8,)),
    "out.log": (np.float32, (5,)),
}
TYPES = {
    **{f"state.{name}": (np.float32 if rank < 6 else np.int32, ()) for rank, name in enumerate(STATE[:10])},
    "state.observation": (np.float32, (8,)),
    "state.serve": (np.uint32, ()),
    "config.frame_skip": (np.int32, ()),
    **OUTCOMES,
}


@pytest.fixture(scope="module", autouse=True)
def reference() -> None:
    try:
        library()
    except ReferenceUnavailableError as error:
        pytest.skip(str(error))


def _same(one: Snapshot, other: Snapshot) -> None:
    assert list(one) == list(other)
    for path in one:
        assert np.asarray(one[path]).tobytes() == np.asarray(other[path]).tobytes(), path


def _state(snapshot: Mapping[str, Any]) -> dict[str, Any]:
    return {path: value for path, value in snapshot.items() if not path.startswith("out.")}


def _random(rng: np.random.Generator, continuous: bool, shape: tuple[int, ...] = ()) -> dict[str, Any]:
    action = rng.uniform(-1, 1, shape) if continuous else rng.integers(0, 3, shape)
    return {"agent": np.asarray(action, np.float32 if continuous else np.int32)}


def _played(env: PufferPong, seed: int, steps: int, frame_skip: int = 8) -> list[Snapshot]:
    """The start and each step of random legal play."""
    rng = np.random.default_rng(seed)
    env.reset(seed, {"frame_skip": frame_skip})
    found = [env.snapshot()]
    for _ in range(steps):
        env.step(_random(rng, isinstance(env.legal()["agent"], Bounds)))
        found.append(env.snapshot())
    return found


@pytest.mark.parametrize("continuous", [False, True])
def test_it_is_restorable_batched_and_named(continuous: bool) -> None:
    env = PufferPong(continuous)
    assert isinstance(env, Restorable) and isinstance(env, Batched)
    assert (env.info.name, env.info.version, env.info.agents) == ("pufferlib puffer_pong", "3.0.0", ("agent",))


def test_snapshots_have_these_paths_and_types_and_are_copies() -> None:
    env = PufferPong()
    env.reset(0)
    first = env.snapshot()
    kept = {path: np.array(value) for path, value in first.items()}
    env.step({"agent": np.int32(1)})
    for snapshot in (first, env.snapshot()):
        assert {path: (value.dtype.type, value.shape) for path, value in snapshot.items()} == TYPES
    _same(first, kept)
    assert env.snapshot()["out.obs"].tobytes() == env.snapshot()["state.observation"].tobytes()


def test_outcomes_are_blank_before_the_first_step() -> None:
    env = PufferPong()
    last = _played(env, 0, 5)[-1]
    assert last["out.obs"].any()
    env.restore(last)
    restored = env.snapshot()
    env.reset(0)
    for snapshot in (restored, env.snapshot()):
        assert not any(np.any(snapshot[path]) for path in OUTCOMES)
        assert snapshot["state.observation"].any()


def test_the_frame_skip_is_that_of_training_unless_chosen() -> None:
    env = PufferPong()
    env.reset(0)
    assert env.snapshot()["config.frame_skip"] == 8
    env.step({"agent": 0})
    assert env.snapshot()["state.ball_x"] == 180
    env.reset(0, {"frame_skip": 1})
    env.step({"agent": 0})
    assert env.snapshot()["state.ball_x"] == 110 and env.snapshot()["config.frame_skip"] == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"frameskip": 8}, r"knows the option 'frame_skip', got \['frameskip'\]"),
        ({"frame_skip": 0}, "option frame_skip cannot be 0, it is a whole number from 1"),
        ({"frame_skip": 1.5}, r"option frame_skip cannot be 1\.5"),
    ],
)
def test_options_that_cannot_be_are_named(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        PufferPong().reset(0, options)


def test_playing_before_a_reset_is_refused() -> None:
    for call in (lambda env: env.step({"agent": 0}), lambda env: env.snapshot()):
        with pytest.raises(ValueError, match="reset or restore it first"):
            call(PufferPong())


@pytest.mark.parametrize("continuous", [False, True])
@pytest.mark.parametrize("frame_skip", [1, 8])
def test_restoring_a_snapshot_gives_it_again_and_the_same_future(frame_skip: int, continuous: bool) -> None:
    one, other = PufferPong(continuous), PufferPong(continuous)
    rng = np.random.default_rng(2)
    for snapshot in _played(one, 4, 400, frame_skip)[::40]:
        one.restore(snapshot)
        other.reset(9)
        other.restore(snapshot)
        _same(_state(other.snapshot()), _state(snapshot))
        for _ in range(60):
            actions = _random(rng, continuous)
            one.step(actions)
            other.step(actions)
            _same(one.snapshot(), other.snapshot())


@pytest.mark.parametrize("continuous", [False, True])
def test_a_batch_steps_as_each_of_its_cases_does(continuous: bool) -> None:
    """Frame skips mixed in one batch."""
    env = PufferPong(continuous)
    found = [snapshot for skip in (1, 8, 3) for snapshot in _played(env, skip, 300, skip)]
    states = _state(batches.stack(found))
    actions = _random(np.random.default_rng(0), continuous, (len(found),))
    after, again = env.step_many(states, actions), env.restore_many(states)
    _same(_state(again), states)
    assert list(after) == list(again) == list(TYPES)
    assert set(after["config.frame_skip"].tolist()) == {1, 3, 8}
    assert {-1, 0} <= set(after["out.reward"].tolist())
    for case in range(0, len(found), 7):
        env.restore(batches.row(states, case))
        _same(env.snapshot(), batches.row(again, case))
        env.step(batches.row(actions, case))
        _same(env.snapshot(), batches.row(after, case))


def test_a_game_ends_with_its_log() -> None:
    env = PufferPong(params={"max_score": 2})
    rng = np.random.default_rng(0)
    env.reset(0)
    ends = []
    for _ in range(400):
        env.step({"agent": rng.integers(0, 3)})
        after = env.snapshot()
        assert not after["out.truncated"] and bool(after["out.log"].any()) == bool(after["out.terminated"])
        if after["out.terminated"]:
            ends.append(after)
    assert len(ends) > 2
    for after in ends:
        assert after["out.log"][4] == 1 and abs(after["out.reward"]) == 1
        assert after["state.score_l"] == after["state.score_r"] == after["state.tick"] == 0


def test_everything_is_always_legal() -> None:
    env = PufferPong()
    states = _state(batches.stack(_played(env, 0, 4)))
    assert env.legal()["agent"].tolist() == [True] * 3  # type: ignore[union-attr]
    assert env.legal_many(states)["agent"].tolist() == [[True] * 3] * 5  # type: ignore[union-attr]
    bounds, many = PufferPong(True).legal()["agent"], PufferPong(True).legal_many(states)["agent"]
    assert isinstance(bounds, Bounds) and isinstance(many, Bounds)
    assert (bounds.low, bounds.high) == (-1, 1) and bounds.low.shape == () and bounds.low.dtype == np.float32
    assert (many.low.tolist(), many.high.tolist()) == ([-1] * 5, [1] * 5)


def test_continuous_actions_are_clipped_as_pufferlibs_python_does() -> None:
    env = PufferPong(continuous=True)
    for action, moved in ((0.5, 4), (-0.5, -4), (7, 8), (-7, -8)):
        env.reset(0, {"frame_skip": 1})
        env.step({"agent": np.float32(action)})
        assert env.snapshot()["state.paddle_yr"] == 285 + moved


@pytest.mark.parametrize(
    ("path", "value", "reason"),
    [
        ("state.score_l", 21, "it is 0 to 20"),
        ("state.score_r", -1, "it is 0 to 20"),
        ("state.score_r", 0.5, "it is 0 to 20"),
        ("state.tick", -1, "it is 0 to"),
        ("state.tick", 2**31 - 1, "it is 0 to"),
        ("state.n_bounces", -3, "it is 0 to"),
        ("state.serve", 2**32, "it is 0 to 4294967295"),
        ("state.serve", -1, "it is 0 to 4294967295"),
        ("state.ball_x", np.nan, "it is a finite float32"),
        ("state.ball_vy", np.inf, "it is a finite float32"),
        ("state.paddle_yl", 1e39, "it is a finite float32"),
        ("state.observation", [np.nan] + [0] * 7, "it is a finite float32"),
        ("config.frame_skip", 0, f"it is 1 to {MOST_FRAMES}"),
        ("config.frame_skip", MOST_FRAMES + 1, f"it is 1 to {MOST_FRAMES}"),
    ],
)
def test_a_state_that_cannot_be_is_refused_by_its_path(path: str, value: Any, reason: str) -> None:
    env = PufferPong()
    env.reset(0)
    snapshot = dict(env.snapshot())
    with pytest.raises(ValueError, match=rf"'{path}' cannot be .*\(case 0\): {reason}"):
        env.restore({**snapshot, path: np.asarray(value)})
    batch = {name: np.stack([np.asarray(given)] * 3) for name, given in snapshot.items()}
    wider = batch[path].astype(np.result_type(batch[path].dtype, np.asarray(value).dtype, np.float64))
    wider[2] = value
    with pytest.raises(ValueError, match=rf"'{path}' cannot be .*\(case 2\): {reason}"):
        env.step_many({**batch, path: wider}, {"agent": np.zeros(3, int)})


def test_a_snapshot_that_does_not_fit_is_refused_by_its_path() -> None:
    env = PufferPong()
    env.reset(0)
    snapshot = dict(env.snapshot())
    with pytest.raises(ValueError, match=r"'state\.observation' has shape \(7,\), the state holds \(8,\)"):
        env.restore({**snapshot, "state.observation": np.zeros(7)})
    del snapshot["state.tick"]
    with pytest.raises(ValueError, match=r"the snapshot lacks 'state\.tick'"):
        env.restore(snapshot)


def test_the_score_that_ends_a_game_is_the_parameters() -> None:
    env = PufferPong(params={"max_score": 3})
    env.reset(0)
    with pytest.raises(ValueError, match=r"'state\.score_l' cannot be .*: it is 0 to 2"):
        env.restore({**env.snapshot(), "state.score_l": 3})


def test_a_pickled_copy_goes_on_alike() -> None:
    env = PufferPong(continuous=True, params={"paddle_speed": 5})
    _played(env, 1, 30)
    copy = pickle.loads(pickle.dumps(env))
    for action in np.linspace(-1, 1, 50, dtype=np.float32):
        env.step({"agent": action})
        copy.step({"agent": action})
        _same(env.snapshot(), copy.snapshot())


def test_a_seed_gives_the_same_episode_in_any_process() -> None:
    env = PufferPong()
    here = _played(env, 6, 200)[-1]
    program = (
        "import numpy as np\n"
        "from references.puffer_pong.env import PufferPong\n"
        "env = PufferPong()\n"
        "rng = np.random.default_rng(6)\n"
        "env.reset(6, {'frame_skip': 8})\n"
        "for _ in range(200): env.step({'agent': rng.integers(0, 3)})\n"
        "print({path: np.asarray(value).tolist() for path, value in env.snapshot().items()})\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str({path: np.asarray(value).tolist() for path, value in here.items()})


def test_neighbouring_seeds_serve_differently() -> None:
    env = PufferPong()
    drawn = []
    for seed in range(64):
        env.reset(seed)
        drawn.append(float(env.snapshot()["state.ball_vy"]))
    assert set(drawn) == {-1, 0} and 16 < drawn.count(0) < 48
