"""Features of Gen 1's network, and that it treats slots alike."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from compiled_quickly import compiled_quickly  # noqa: F401

import jaxenv
from baselines.config import NetworkConfig
from baselines.networks import build
from families.pokejax_gen1.features import FEATURES, Tokens
from families.pokejax_gen1.training import potential
from pokejax.gen1.observation.spec import OBS_SPEC

OWN_ACTIVE, FOE_SEEN, FOE_ACTIVE = 2, 0, 2


@pytest.fixture(scope="module")
def observations():
    """64 made-up ones within the bounds of every field, as numpy."""
    rng = np.random.default_rng(0)
    values = {}
    for field in OBS_SPEC.fields:
        drawn = rng.integers(int(field.low), int(field.high) + 1, size=(64, *field.shape))
        values[field.name] = drawn.astype(field.dtype)
    values["own_hp"] = np.minimum(values["own_hp"], values["own_max_hp"])
    values["moves"] = np.minimum(values["moves"], 165)
    for name in ("own_active", "foe_active"):
        values[name] = np.arange(6) == rng.integers(0, 6, size=(64, 1))
    return OBS_SPEC.container(**values)


@pytest.fixture(scope="module")
def features(observations):
    return np.asarray(jax.jit(FEATURES)(observations))


def test_features_are_finite_and_of_moderate_size(features):
    assert features.shape == (64, FEATURES.size)
    assert np.isfinite(features).all()
    assert np.abs(features).max() < 20


def test_tokens_hold_what_their_columns_say(observations, features):
    tokens = FEATURES.split(jnp.asarray(features))
    np.testing.assert_array_equal(tokens.own[..., OWN_ACTIVE], observations.own_active)
    seen = observations.foe_species > 0
    np.testing.assert_array_equal(tokens.foe[..., FOE_SEEN], seen)
    np.testing.assert_array_equal(tokens.foe[..., FOE_ACTIVE], observations.foe_active & seen)
    hp = observations.own_hp / np.maximum(observations.own_max_hp, 1)
    np.testing.assert_allclose(tokens.own[..., 0], hp, rtol=1e-6)


def test_a_permuted_team_is_played_alike(features):
    """Switches follow their Pokémon; moves and the value stay: weights are shared by slots."""
    config = NetworkConfig(kind="entity", hidden=(16,), token=8, heads=2, attention=1, logit_scale=1.0)
    network = build(jaxenv.make("pokejax/gen1randombattle"), config)
    parameters = jax.jit(network.init)(jax.random.key(0))
    order = np.array([3, 1, 5, 0, 2, 4])
    tokens = FEATURES.split(jnp.asarray(features))
    moved = dataclasses.replace(tokens, own=tokens.own[:, order], foe=tokens.foe[:, order[::-1]])
    parts = [jnp.reshape(getattr(moved, f.name), (64, -1)) for f in dataclasses.fields(Tokens)]
    first = jnp.zeros(64, bool)
    step = jax.jit(lambda x: network.step(parameters, x, None, (), first))
    before, after = step(jnp.asarray(features)), step(jnp.concatenate(parts, axis=-1))
    old, new = (np.asarray(output.distribution.log_probabilities) for output in (before, after))  # type: ignore[union-attr]
    np.testing.assert_allclose(new[:, :6], old[:, :6][:, order], rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(new[:, 6:], old[:, 6:], rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(after.value, before.value, rtol=1e-3, atol=1e-4)
    assert np.std(old[:, :6]) > 1e-3, "or nothing was tested"


def test_the_potential_is_even_at_the_start_and_counts_losses(observations):
    fresh = dataclasses.replace(
        jax.tree.map(lambda leaf: leaf[:1], observations),
        own_species=np.full((1, 6), 25, np.uint8),
        own_hp=np.full((1, 6), 200, np.int16),
        own_max_hp=np.full((1, 6), 200, np.int16),
        foe_species=np.array([[25, 0, 0, 0, 0, 0]], np.uint8),
        foe_hp_percent=np.array([[100, 0, 0, 0, 0, 0]], np.uint8),
        foe_team_size=np.full(1, 6, np.uint8),
    )
    assert float(potential(fresh)[0]) == pytest.approx(0)
    hurt = dataclasses.replace(fresh, own_hp=np.array([[0, 100, 200, 200, 200, 200]], np.int16))
    assert float(potential(hurt)[0]) == pytest.approx(-0.5 * (1.5 + 1) / 6)
    ahead = dataclasses.replace(fresh, foe_hp_percent=np.zeros((1, 6), np.uint8))
    assert float(potential(ahead)[0]) == pytest.approx(0.5 * 2 / 6)
