"""Distributions against SciPy and against plain sums."""

import jax
import jax.numpy as jnp
import numpy as np
import scipy.stats

from baselines.networks.distributions import Gaussian, masked_categorical

LOGITS = np.array([[0.3, -1.0, 2.0, 0.5], [5.0, 5.0, -5.0, 0.0]], np.float32)
MASK = np.array([[True, False, True, True], [False, True, False, False]])


def test_masked_entropy_and_log_probabilities():
    ours = masked_categorical(jnp.asarray(LOGITS), jnp.asarray(MASK))
    for row in range(2):
        legal = np.exp(LOGITS[row].astype(np.float64)) * MASK[row]
        legal /= legal.sum()
        np.testing.assert_allclose(ours.entropy()[row], scipy.stats.entropy(legal[MASK[row]]), rtol=1e-5, atol=1e-6)
        for action in np.flatnonzero(MASK[row]):
            found = ours.log_prob(jnp.full(2, action))[row]
            np.testing.assert_allclose(found, np.log(legal[action]), rtol=1e-5, atol=1e-6)


def test_illegal_actions_are_never_drawn():
    many = masked_categorical(
        jnp.repeat(jnp.asarray(LOGITS), 5000, axis=0), jnp.repeat(jnp.asarray(MASK), 5000, axis=0)
    )
    drawn = np.asarray(many.sample(jax.random.key(0))).reshape(2, 5000)
    assert not (drawn[0] == 1).any() and (drawn[1] == 1).all()
    expected = np.exp(LOGITS[0].astype(np.float64)) * MASK[0]
    counts = np.bincount(drawn[0], minlength=4)
    kept = expected > 0
    assert scipy.stats.chisquare(counts[kept], 5000 * expected[kept] / expected.sum()).pvalue > 1e-4


def test_gradients_through_a_mask_are_finite_and_zero_where_illegal():
    def objective(logits):
        distribution = masked_categorical(logits, jnp.asarray(MASK))
        return jnp.sum(distribution.entropy() + distribution.log_prob(jnp.array([0, 1])))

    gradient = np.asarray(jax.grad(objective)(jnp.asarray(LOGITS)))
    assert np.isfinite(gradient).all()
    assert (gradient[~MASK] == 0).all() and np.abs(gradient[0][MASK[0]]).max() > 0.1


def test_gaussian_against_scipy():
    mean, log_std = np.array([[0.5, -1.0, 2.0]]), np.array([[-0.5, 0.2, 1.0]])
    ours = Gaussian(jnp.asarray(mean, jnp.float32), jnp.asarray(log_std, jnp.float32))
    reference = scipy.stats.norm(mean, np.exp(log_std))
    action = np.array([[0.7, 3.0, -9.0]])
    np.testing.assert_allclose(ours.log_prob(jnp.asarray(action)), reference.logpdf(action).sum(-1), rtol=1e-5)
    np.testing.assert_allclose(ours.entropy(), reference.entropy().sum(-1), rtol=1e-5)
    np.testing.assert_array_equal(ours.mode(), mean.astype(np.float32))
    many = Gaussian(jnp.repeat(ours.mean, 4000, 0), jnp.repeat(ours.log_std, 4000, 0)).sample(jax.random.key(1))
    for i in range(3):
        law = scipy.stats.norm(mean[0, i], np.exp(log_std[0, i]))
        assert scipy.stats.kstest(np.asarray(many[:, i]), law.cdf).pvalue > 1e-4
