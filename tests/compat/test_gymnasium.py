"""Gymnasium's own checks, wrappers and registry on our environments."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from typing import Any

import gymnasium
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from gymnasium.spaces import Discrete
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AutoresetMode, SyncVectorEnv
from gymnasium.wrappers.vector import NormalizeObservation, RecordEpisodeStatistics

import jaxenv
from jaxenv.adapters import common, throughput
from jaxenv.adapters.gymnasium import SingleEnv, VectorEnv
from pongjax.params import PongParams

PREFIX = "jaxenv.adapters.gymnasium:"
PONG, CHEETAH, GEN1 = "pongjax/puffer_pong", "cheetahjax/HalfCheetah-v5", "pokejax/gen1randombattle"
SHORT = dataclasses.replace(PongParams(), max_steps_in_episode=5)
"""Every episode of Pong ends by this limit."""


def short(mode: Any, num_envs: int = 3, **options: Any) -> VectorEnv:
    return VectorEnv(PONG, num_envs, autoreset_mode=mode, params=SHORT, **options)


def lanes(envs: VectorEnv) -> Any:
    envs.reset()
    return envs._batch.lane


def test_same_step_hands_out_the_end_and_the_next_start() -> None:
    envs, ends = short(AutoresetMode.SAME_STEP), short(AutoresetMode.DISABLED)
    assert envs.metadata["autoreset_mode"] is AutoresetMode.SAME_STEP
    start, _ = envs.reset(seed=7)
    np.testing.assert_array_equal(ends.reset(seed=7)[0], start)
    actions = np.array([0, 1, 2])
    for step in range(5):
        obs, rewards, terminations, truncations, info = envs.step(actions)
        final, plain, *_ = ends.step(actions)
        np.testing.assert_array_equal(rewards, plain)
        assert truncations.all() == (step == 4) and not terminations.any()
        assert ("final_obs" in info) == (step == 4)
    np.testing.assert_array_equal(np.stack(info["final_obs"]), final)
    assert info["_final_obs"].all() and (obs != final).any(axis=1).all()
    assert not envs.step(actions)[3].any()


def test_next_step_spends_a_step_on_the_reset() -> None:
    envs = short(AutoresetMode.NEXT_STEP)
    envs.reset(seed=7)
    ends = []
    for _ in range(13):
        obs, rewards, terminations, truncations, info = envs.step(np.array([0, 1, 2]))
        ends.append(bool(truncations.all()))
        assert "final_obs" not in info
        if len(ends) in (6, 12):  # the steps that only begin an episode
            assert not rewards.any() and not truncations.any() and not terminations.any()
            starts = obs
    assert [i for i, end in enumerate(ends) if end] == [4, 10]
    assert not np.array_equal(starts, obs)


def test_disabled_demands_a_reset_of_what_has_ended() -> None:
    envs = short(AutoresetMode.DISABLED)
    with pytest.raises(RuntimeError, match=r"call reset\(\) before the first step"):
        envs.step(np.zeros(3, int))
    envs.reset(seed=7)
    for _ in range(5):
        before, *_, truncations, _ = envs.step(np.zeros(3, int))
    assert truncations.all()
    with pytest.raises(RuntimeError, match=r"environments \[0, 1, 2\] have ended.*reset_mask"):
        envs.step(np.zeros(3, int))
    mask = np.array([True, False, True])
    after, _ = envs.reset(options={"reset_mask": mask})
    np.testing.assert_array_equal(after[1], before[1])
    assert (after != before).any(axis=1).tolist() == [True, False, True]
    with pytest.raises(RuntimeError, match=r"environments \[1\] have ended"):
        envs.step(np.zeros(3, int))
    envs.reset(options={"reset_mask": ~mask})
    assert not envs.step(np.zeros(3, int))[3].any()


@pytest.mark.parametrize("mode", [AutoresetMode.SAME_STEP, AutoresetMode.NEXT_STEP])
def test_gymnasium_records_what_it_records_of_its_own_batch(mode: AutoresetMode) -> None:
    """Gymnasium 1.3 leaves out the first step after an end in SAME_STEP: so the measure is its own batch of ours."""
    ours = RecordEpisodeStatistics(short(mode))
    own = RecordEpisodeStatistics(SyncVectorEnv([lambda: SingleEnv(PONG, params=SHORT)] * 3, autoreset_mode=mode))
    recorded = []
    for envs in (ours, own):
        envs.reset(seed=1)
        found = []
        for _ in range(12):
            info = envs.step(np.array([0, 1, 2]))[-1]
            if "episode" in info:
                found.append((info["episode"]["l"].tolist(), info["_episode"].tolist()))
        recorded.append(found)
    assert recorded[0] == recorded[1] and len(recorded[0]) == 2 and recorded[0][0] == ([5] * 3, [True] * 3)
    assert ours.episode_count == 6
    if mode is AutoresetMode.NEXT_STEP:
        assert list(ours.length_queue) == [5] * 6


def test_gymnasium_normalizes_the_observations() -> None:
    envs = NormalizeObservation(short(AutoresetMode.NEXT_STEP))
    envs.reset(seed=1)
    seen = np.stack([envs.step(envs.action_space.sample())[0] for _ in range(60)])
    moving = envs.unwrapped.reset(seed=1)[0].std(axis=0) + seen.std(axis=(0, 1)) > 0.1
    assert moving.any() and np.abs(seen[..., moving].mean(axis=(0, 1))).max() < 1.5
    assert seen.dtype == np.float32


def test_lanes_are_seeded_one_by_one() -> None:
    envs = VectorEnv(PONG, 4)
    obs, _ = envs.reset(seed=10)
    again, _ = envs.reset(seed=[10, 11, 12, 13])
    np.testing.assert_array_equal(again, obs)
    alone = gymnasium.make(PREFIX + PONG)
    for lane in range(4):
        np.testing.assert_array_equal(alone.reset(seed=10 + lane)[0], obs[lane])
    played = [envs.step(np.array([1, 2, 1, 2]))[0] for _ in range(30)]
    envs.reset(seed=[None, 11, None, 13])
    replay = [envs.step(np.array([1, 2, 1, 2]))[0] for _ in range(30)]
    same = (np.stack(played) == np.stack(replay)).all(axis=(0, 2))
    assert same[[1, 3]].all()
    keys = {np.asarray(jax.random.key_data(lanes(VectorEnv(PONG, 1)).key)).tobytes() for _ in range(2)}
    assert len(keys) == 2  # without a seed, one of the operating system


@pytest.mark.filterwarnings("ignore:.*Box observation space m.*value is -?infinity")  # MuJoCo's have no bounds
@pytest.mark.parametrize("id", [PONG, pytest.param(CHEETAH, marks=pytest.mark.compat)])
def test_gymnasium_makes_one_and_checks_it(id: str) -> None:
    env = gymnasium.make(PREFIX + id)
    assert env.spec is not None and env.spec.id == id
    check_env(env.unwrapped)


def test_gymnasium_makes_a_batch() -> None:
    envs = gymnasium.make_vec(PREFIX + PONG, num_envs=5, autoreset_mode="NextStep")
    assert envs.num_envs == 5 and envs.metadata["autoreset_mode"] is AutoresetMode.NEXT_STEP
    obs, _ = envs.reset(seed=0)
    assert obs in envs.observation_space


def test_a_batch_plays_what_the_environment_plays() -> None:
    env = jaxenv.make(PONG)
    envs = VectorEnv(env, 2, arrays="jax", backend="xla")
    envs.reset(seed=3)
    lane = envs._batch.lane
    step_key, _ = jax.random.split(jax.random.fold_in(lane.key[1], lane.count[1]))
    state = jax.tree.map(lambda leaf: leaf[1], lane.state)
    wanted = jax.jit(env.step_env)(step_key, state, jnp.int32(2), env.default_params)
    obs, rewards, *_ = envs.step(jnp.array([1, 2]))
    np.testing.assert_array_equal(obs[1], env.obs_spec.flatten(wanted[0]))
    assert isinstance(obs, jax.Array) and rewards[1] == wanted[2]


@pytest.mark.compat
def test_continuous_actions_and_fields_by_name() -> None:
    envs = VectorEnv(CHEETAH, 3, flat=False)
    obs, info = envs.reset(seed=0)
    assert obs in envs.observation_space and info == {}
    obs, rewards, *_ = envs.step(np.zeros((3, 6)))  # float64, as many agents hand it out
    assert obs in envs.observation_space and np.isfinite(rewards).all()


@pytest.mark.compat
def test_battles_are_played_by_their_masks() -> None:
    envs = VectorEnv(GEN1, 16, opponent=jaxenv.random_legal)
    _, info = envs.reset(seed=0)
    assert envs.single_action_space == gymnasium.spaces.Discrete(11, dtype=np.int32)
    generator, results = np.random.default_rng(0), []
    for _ in range(150):
        mask = info["action_mask"]
        obs, rewards, terminations, _, info = envs.step((generator.random(mask.shape) * mask).argmax(axis=1))
        assert not info["illegal"].any()
        assert not rewards[~terminations].any()
        results += rewards[terminations].tolist()
    assert obs in envs.observation_space
    assert {1.0, -1.0} <= set(results)


def test_arrays_may_be_written_to_and_do_not_change_afterwards() -> None:
    envs = VectorEnv(PONG, 2)
    first, _ = envs.reset(seed=0)
    kept = first.copy()
    envs.step(np.array([1, 2]))
    np.testing.assert_array_equal(first, kept)
    first += 1


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: VectorEnv(PONG, 2, autoreset_mode="same"), ValueError, r'one of "NextStep", .*got \'same\''),
        (lambda: VectorEnv(PONG, 0), ValueError, r"num_envs must be a positive integer, got 0"),
        (lambda: VectorEnv(PONG, 2, arrays="tf"), ValueError, r"arrays must be one of numpy, torch, jax, got 'tf'"),
        (lambda: VectorEnv(GEN1, 2), ValueError, r"gen1randombattle has 2 players.*give opponent"),
        (lambda: VectorEnv(PONG, 2, opponent=jaxenv.random_legal), ValueError, r"has one player; leave opponent out"),
        (lambda: VectorEnv(GEN1, 2, opponent="random"), TypeError, r"opponent must be a function .*, got 'random'"),
        (
            lambda: VectorEnv(PONG, 2, render_mode="human"),
            ValueError,
            r"render_mode must be None or \"rgb_array\", got",
        ),
        (lambda: VectorEnv("pongjax/pufer_pong", 2), LookupError, r"puffer_pong"),
        (lambda: VectorEnv(7, 2), TypeError, r"env must be an id or a jaxenv.Environment, got 7"),
        (lambda: SingleEnv(PONG, render_mode="human"), ValueError, r"render_mode must be None"),
        (lambda: short("Disabled").reset(seed=-1), ValueError, r"a seed must be from 0 to 2\*\*32 - 1, got -1"),
        (lambda: short("Disabled").reset(seed=0.5), TypeError, r"a seed must be an integer, got 0.5"),
        (lambda: short("Disabled").reset(seed=[1, 2]), ValueError, r"one entry for each of 3, got 2"),
        (
            lambda: short("Disabled").reset(options={"low": 1}),
            ValueError,
            r"options may hold reset_mask, got \['low'\]",
        ),
        (
            lambda: short("Disabled").reset(options={"reset_mask": [1, 0, 0]}),
            ValueError,
            r"must be bool\[3\], got int64",
        ),
    ],
)
def test_bad_input_is_named(call: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        call()


@pytest.mark.parametrize(
    ("actions", "error", "text"),
    [
        (np.zeros(3, np.float32), TypeError, r"actions must be int32\[3\], got float32; its actions are integers"),
        (np.zeros(2, int), ValueError, r"actions must be int32\[3\], got shape \[2\]"),
        (np.zeros((3, 1), int), ValueError, r"got shape \[3, 1\]"),
    ],
)
def test_bad_actions_are_named(actions: np.ndarray, error: type[Exception], text: str) -> None:
    envs = short("SameStep")
    envs.reset(seed=0)
    with pytest.raises(error, match=text):
        envs.step(actions)


def test_an_action_beyond_32_bits_is_illegal_and_no_other_action() -> None:
    envs = short("SameStep")
    envs.reset(seed=0)
    *_, info = envs.step(np.array([2**32 + 1, -(2**40), 1]))
    assert info["illegal"].tolist() == [True, True, False]


def test_a_library_that_is_missing_or_too_old_is_named() -> None:
    with pytest.raises(common.LibraryError, match=r"no-such-library, which is not installed: pip install 'no-such-lib"):
        common.library("no_such_library", "no-such-library", "1.0")
    with pytest.raises(common.LibraryError, match=r"needs gymnasium>=99.1, and gymnasium .* is installed: pip install"):
        common.library("gymnasium", "gymnasium", "99.1")
    with pytest.raises(common.LibraryError, match=r"needs gymnasium>=0.1,<1, and gymnasium"):
        common.library("gymnasium", "gymnasium", "0.1", "1")


class Clock:
    """A batch that counts its steps and notes whose turn it is."""

    def __init__(self, name: str, turns: list[str]) -> None:
        self.name, self.turns, self.steps = name, turns, 0

    def reset(self) -> None:
        self.turns.append(f"reset {self.name}")

    def step(self, action: Any) -> None:
        assert action in (0, 1)
        if self.turns[-1] != self.name:
            self.turns.append(self.name)
        self.steps += 1


def test_batches_are_timed_in_turns() -> None:
    turns: list[str] = []
    batches = {name: (Clock(name, turns), Discrete(2)) for name in "ab"}
    found = throughput.in_turns(batches, 5, samples=2, seconds=0.01)
    assert turns == ["reset a", "reset b", *"ababab"], "two runs for the figures, after one that is not counted"
    for name, figures in found.items():
        assert figures.shape == (2,) and (figures > 0).all()
        most = batches[name][0].steps * 5 / 0.01
        assert figures.sum() < most, "steps of all lanes, in runs of at least that long"


def test_throughput_prints_a_table() -> None:
    words = f"{PONG} --lanes 2 3 --samples 2 --seconds 0.01 --most 2 --beside CartPole-v1"
    done = subprocess.run(
        [sys.executable, "-m", "jaxenv.adapters.throughput", *words.split()],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    rows = [line.strip("| ").split(" | ") for line in done.stdout.splitlines() if line.startswith("| ")][1:]
    others = [f"Gymnasium's `{kind}VectorEnv`, `CartPole-v1`" for kind in ("Async", "Sync")]
    assert [(name, lanes) for name, lanes, *_ in rows] == [
        *((name, "2") for name in (f"`{PONG}`", *others)),
        (f"`{PONG}`", "3"),
    ]
    for *_, median, quartiles in rows:
        low, high = (float(text.replace(",", "")) for text in quartiles.split(" to "))
        assert 0 < low <= float(median.replace(",", "")) <= high


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["pongjax/pufer_pong"], "pongjax/puffer_pong"),
        ([PONG, "--lanes", "0"], "'0' is not an integer of at least 1"),
        ([PONG, "--seconds", "nan"], "'nan' is not a positive number of seconds"),
        ([PONG, "--beside", "NoSuch-v0", "--lanes", "1"], "NoSuch"),
    ],
)
def test_throughput_names_what_is_wrong(words: list[str], text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        throughput.main(words)
    assert raised.value.code == 2 and text in capsys.readouterr().err
