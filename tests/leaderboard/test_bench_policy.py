"""The network of `policy_in_loop`: the same on both sides, legal, and sampled as its logits say."""

import dataclasses
import threading

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxenv.spaces import Box, Discrete
from leaderboard.policy import SPREAD, Network

pytestmark = pytest.mark.usefixtures("toys")


@pytest.fixture
def walk(toys):
    from toys import Walk

    return Walk()


def continuous(walk, low, high, shape=()):
    class Glide(type(walk)):
        @property
        def spec(self):
            return dataclasses.replace(super().spec, num_actions=0)

        def action_space(self, params=None):
            return Box(low, high, shape)

    return Glide()


def logits(network, flat):
    """The network written out in numpy, exact GELU."""
    from scipy.special import erf

    (w1, b1), (w2, b2), (w3, b3) = network.layers()
    gelu = lambda x: x * (1 + erf(x / np.sqrt(2))) / 2  # noqa: E731
    return gelu(gelu(flat @ w1 + b1) @ w2 + b2) @ w3 + b3


def test_weights_are_fixed(walk):
    layers = Network(walk).layers()
    assert [weights.shape for weights, _ in layers] == [(2, 128), (128, 128), (128, 2)]
    for (weights, biases), (again, _) in zip(layers, Network(walk).layers(), strict=True):
        assert np.array_equal(weights, again) and weights.dtype == biases.dtype == np.float32
        assert 0.9 < np.abs(weights).max() * len(weights) ** 0.5 <= 1 and np.abs(biases).max() > 0
    assert layers[0][0][0, 0] == pytest.approx(0.19369307), "a change of the weights is a change of the protocol"
    assert Network(walk).facts() == {
        "layers": [2, 128, 128, 2],
        "activation": "gelu",
        "parameters": 2 * 128 + 128 + 128 * 128 + 128 + 128 * 2 + 2,
        "seed": 0,
    }


def test_equal_environments_have_equal_networks(walk):
    assert Network(walk) == Network(dataclasses.replace(walk)) != Network(dataclasses.replace(walk, noise=0.2))
    assert hash(Network(walk)) == hash(Network(dataclasses.replace(walk)))


def test_actions_are_drawn_by_the_logits(walk):
    network = Network(walk)
    obs = {"place": jnp.int32(3), "left": jnp.float32(0.5)}
    draw = jax.jit(jax.vmap(lambda key: network(key, obs, jnp.array([True, True]))))
    actions = np.asarray(draw(jax.random.split(jax.random.key(1), 20_000)))
    assert actions.dtype == np.int32
    expected = np.exp(logits(network, np.array([3, 0.5])))
    expected /= expected.sum()
    counts = np.bincount(actions, minlength=2)
    assert counts / 20_000 == pytest.approx(expected, abs=5 * (0.25 / 20_000) ** 0.5)
    assert abs(expected[0] - 0.5) > 0.01, "not what uniform play would give"


def test_both_sides_have_one_law(walk):
    """The reference's side draws in batches the same as ours draws lane by lane."""
    network, flat = Network(walk), np.tile(np.array([[3, 0.5]], np.float32), (20_000, 1))
    share = np.exp(logits(network, flat[0]))
    assert network.batched()(flat).mean() == pytest.approx((share / share.sum())[1], abs=5 * (0.25 / 20_000) ** 0.5)


def test_illegal_actions_are_never_drawn(toys):
    env = toys.Duel()
    draw = jax.jit(jax.vmap(lambda key, legal: Network(env)(key, env.reset(key)[0], legal)))
    legal = jax.random.bernoulli(jax.random.key(2), 0.5, (2000, 2, 4)).at[..., 1].set(True)
    actions = draw(jax.random.split(jax.random.key(3), 2000), legal)
    assert actions.shape == (2000, 2)
    assert bool(jnp.take_along_axis(legal, actions[..., None], axis=-1).all())
    assert set(np.unique(actions)) == {0, 1, 2, 3}


@pytest.mark.parametrize("shape", [(), (3,)])
def test_continuous_actions(walk, shape):
    env = continuous(walk, -4.0, 12.0, shape)
    network, flat = Network(env), np.array([3, 0.5], np.float32)
    draw = jax.jit(jax.vmap(lambda key: network.act(key, jnp.asarray(flat))))
    actions = np.asarray(draw(jax.random.split(jax.random.key(4), 20_000)))
    assert actions.shape == (20_000, *shape) and actions.dtype == np.float32
    assert actions.min() == -4 and actions.max() == 12, "two standard deviations to the nearest bound, or less"
    centre, half = 4, 8
    means = centre + half * logits(network, flat).reshape(shape)
    assert np.median(actions, axis=0) == pytest.approx(means, abs=0.2)
    inner = np.percentile(actions, (25, 50), axis=0)
    assert inner[1] - inner[0] == pytest.approx(0.6745 * half * SPREAD, rel=0.05)
    assert network.facts()["layers"][-1] == max(1, int(np.prod(shape)))


def test_unbounded_actions_are_not_clipped(walk):
    network = Network(continuous(walk, -np.inf, np.inf))
    actions = network.batched()(np.zeros((5000, 2), np.float32))
    assert actions.std() == pytest.approx(SPREAD, rel=0.1) and np.abs(actions).max() > 3 * SPREAD


def test_threads_never_share_a_draw(walk):
    policy, drawn = Network(walk).batched(), []
    obs = np.zeros((64, 2), np.float32)
    policy(obs)

    def work():
        drawn.extend(policy(obs).tobytes() for _ in range(50))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(drawn) == len(set(drawn)) == 200


def test_other_spaces_are_refused(walk):
    class Odd(type(walk)):
        @property
        def spec(self):
            return dataclasses.replace(super().spec, num_actions=0)

        def action_space(self, params=None):
            return Discrete(2)

    with pytest.raises(TypeError, match=r"discrete actions or a Box, not Discrete\(2\)"):
        Network(Odd()).facts()
