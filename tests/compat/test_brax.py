"""Brax's PPO on our environments with continuous actions."""

from __future__ import annotations

import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from brax.envs.wrappers.training import wrap
from brax.training.agents.ppo import networks, train
from example_files import load

from jaxenv.adapters.brax import Brax

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")
SMALL = functools.partial(networks.make_ppo_networks, policy_hidden_layer_sizes=(16,), value_hidden_layer_sizes=(16,))


@pytest.fixture
def _as_before_jax_0_10(monkeypatch: pytest.MonkeyPatch) -> None:
    """Brax 0.14 calls a function that jax 0.10 removed; this is the replacement that jax's migration guide names."""

    def device_put_replicated(tree: Any, devices: list[jax.Device]) -> Any:
        return jax.tree.map(lambda leaf: jnp.stack([jnp.asarray(leaf)] * len(devices)), tree)

    monkeypatch.setattr(jax, "device_put_replicated", device_put_replicated, raising=False)


@pytest.mark.usefixtures("_as_before_jax_0_10")
@pytest.mark.parametrize("id", ["pongjax/puffer_pong_continuous", "cheetahjax/InvertedPendulum-v5"])
def test_its_ppo_trains(id: str) -> None:
    seen: list[dict[str, Any]] = []
    make_policy, params, _ = train.train(
        environment=Brax(id), num_timesteps=2048, episode_length=50, num_envs=16, batch_size=16, num_minibatches=2,
        unroll_length=8, num_updates_per_batch=2, num_evals=2, num_eval_envs=8, normalize_observations=True,
        network_factory=SMALL, progress_fn=lambda step, metrics: seen.append({"step": step, **metrics}), seed=0,
    )  # fmt: skip
    assert len(seen) >= 2 and seen[-1]["step"] >= 2048
    assert all(np.isfinite(metrics["eval/episode_reward"]) for metrics in seen)
    assert np.isfinite(seen[-1]["training/total_loss"])
    action, _ = make_policy(params)(jnp.zeros(Brax(id).observation_size), jax.random.PRNGKey(0))
    assert action.shape == (1,)


def test_the_example_learns_to_balance(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jax, "device_put_replicated", getattr(jax, "device_put_replicated", None), raising=False)
    if jax.device_put_replicated is None:
        monkeypatch.delattr(jax, "device_put_replicated")
    told, policy = load("brax_ppo").main("cheetahjax/InvertedPendulum-v5", 60_000, longest=50, environments=64)
    assert told[-1][0] >= 60_000 and told[-1][1] > told[0][1] + 5, told
    assert policy(jnp.zeros((3, 4)), jax.random.PRNGKey(0))[0].shape == (3, 1)


def test_its_wrappers_limit_and_reset_it() -> None:
    env = wrap(Brax("pongjax/puffer_pong_continuous"), episode_length=3)
    state = jax.jit(env.reset)(jax.random.split(jax.random.PRNGKey(0), 4))
    first, step = state.obs, jax.jit(env.step)
    for number in range(3):
        state = step(state, jnp.ones((4, 1)))
        assert (state.done == (number == 2)).all()
    assert (state.info["truncation"] == 1).all()
    np.testing.assert_array_equal(state.obs, first)


def test_discrete_actions_are_refused() -> None:
    with pytest.raises(ValueError, match=r"brax.Brax: pongjax/puffer_pong has the action space Discrete\(3\).*a Box"):
        Brax("pongjax/puffer_pong")
