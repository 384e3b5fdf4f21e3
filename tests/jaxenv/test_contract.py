"""The toys pass `check_env`, and every clause it has bites."""

import dataclasses
import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from toys import Duel, DuelParams, Walk, WalkParams

from jaxenv import pretty
from jaxenv.autoreset import INFO_KEYS, AutoResetState
from jaxenv.checks.limits import with_limit
from jaxenv.spaces import Discrete
from jaxenv.testing import check_env


@pytest.mark.parametrize("env", [Walk(), Duel(), Duel(autoreset="full")], ids=["walk", "duel-pool", "duel-full"])
def test_toys_pass(env):
    check_env(env)


@pytest.mark.parametrize(
    "broken,message",
    [
        ("bounds", "lies outside"),
        ("nan", "not finite"),
        ("empty mask", "all False"),
        ("terminal mask", "terminal state must allow everything"),
        ("both ends", "terminated and truncated"),
        ("shaped", "reward"),
        ("dtype", "time: float32"),
    ],
)
def test_check_env_names_what_is_broken(broken, message):
    with pytest.raises(AssertionError, match=message):
        check_env(Duel(broken=broken))


def test_check_env_compares_the_number_of_actions_with_the_space():
    class Uncounted(Walk):
        @property
        def spec(self):
            return dataclasses.replace(super().spec, num_actions=0, no_op=None)

        def action_space(self, params=None):
            return Discrete(2)

    with pytest.raises(AssertionError, match=r"spec.num_actions is 0, and action_space is Discrete"):
        check_env(dataclasses.dataclass(frozen=True, kw_only=True)(Uncounted)())


def test_check_env_demands_readable_texts(monkeypatch):
    monkeypatch.setattr(pretty, "_bracketed", lambda opening, items, closing, *_: opening + closing)
    message = r"repr of params does not show \['goal', 'max_steps_in_episode'.*: 'WalkParams\(\)'"
    with pytest.raises(AssertionError, match=message):
        check_env(Walk(), steps=8, batch=2)


def test_check_env_demands_an_ending():
    with pytest.raises(AssertionError, match="no episode ended"):
        check_env(Walk(), steps=3)


@pytest.mark.parametrize("x64", [False, True])
def test_another_limit_has_32_bits(x64):
    """Also where the old one is a number that is traced: under x64 its own type is int64."""
    with jax.enable_x64(x64):
        traced = jax.jit(lambda params: with_limit(params, jnp.int32(3)))(WalkParams())
        assert traced.max_steps_in_episode.dtype == with_limit(WalkParams(), 3).max_steps_in_episode.dtype == jnp.int32


def test_same_step_auto_reset():
    env, params = Walk(noise=0.0), Walk().default_params
    obs, state = env.reset(jax.random.key(0), params)
    for t in range(5):
        assert isinstance(state, AutoResetState) and int(state.episode_length) == t
        obs, state, reward, terminated, truncated, info = env.step(jax.random.key(t), state, jnp.int32(1), params)
        assert set(info) == {*INFO_KEYS, "illegal"}
        if t < 4:
            assert not info["returned_episode"] and info["returned_episode_length"] == 0
    assert terminated and not truncated and reward == 1
    assert info["final_observation"]["place"] == 5 and obs["place"] == 0, "obs is the next episode's"
    assert info["final_legal_actions"].all()
    assert info["returned_episode_length"] == 5
    np.testing.assert_allclose(info["returned_episode_return"], 1 - 4 * 0.01, rtol=1e-6)
    assert int(state.episode_length) == 0 and int(state.env_state.place) == 0


def test_truncation_is_not_termination():
    env, params = Walk(noise=0.0), dataclasses.replace(Walk().default_params, max_steps_in_episode=2)
    _, state = env.reset(jax.random.key(0), params)
    for t in range(2):
        _, state, _, terminated, truncated, info = env.step(jax.random.key(t), state, jnp.int32(1), params)
    assert truncated and not terminated and info["final_observation"]["place"] == 2


def test_hooks_read_either_state():
    env, params = Duel(), DuelParams()
    _, state = env.reset(jax.random.key(0))
    assert (env.legal_actions(state, params) == env.legal_actions(state.env_state, params)).all()
    assert env.to_act(state).shape == (2,)
    assert env.observe(state, params).hp.shape == (2, 2)


def test_pool_and_full_begin_differently():
    params = DuelParams(pool=np.array([7], np.int32))
    for key in jax.random.split(jax.random.key(0), 3):
        assert Duel(autoreset="pool").reset(key, params)[1].env_state.hp.tolist() == [7, 7]
    drawn = jax.vmap(lambda k: Duel(autoreset="full").reset(k, params)[1].env_state.hp[0])(
        jax.random.split(jax.random.key(0), 32)
    )
    assert len(set(drawn.tolist())) > 3


def test_illegal_actions_are_flagged_and_replaced():
    env = Duel()
    _, state = env.reset(jax.random.key(0))
    *_, info = env.step(jax.random.key(1), state, jnp.array([3, 0]))
    assert info["illegal"].tolist() == [True, False]


def test_equal_environments_share_compiled_code():
    before = Walk._reset._cache_size()  # type: ignore[attr-defined]
    for _ in range(3):
        Walk(noise=0.123).reset(jax.random.key(0))
    assert Walk._reset._cache_size() - before == 1  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "build,error,message",
    [
        (lambda: Walk(autoreset="pool"), ValueError, "needs reset_from_pool"),
        (lambda: Walk(autoreset="sometimes"), ValueError, "'sometimes'"),
        (
            lambda: Walk().step(jax.random.key(0), Walk().reset_env(None, Walk().default_params)[1], 0),
            TypeError,
            "step_env",
        ),
    ],
)
def test_errors_say_what_to_do(build, error, message):
    with pytest.raises(error, match=message):
        build()


def test_import_is_light_and_silent():
    code = (
        "import jaxenv, jaxenv.rollouts, jaxenv.testing, jaxenv.adapters, jax\n"
        "from jax._src import xla_bridge\n"
        "assert not xla_bridge._backends, 'a backend was started'"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
