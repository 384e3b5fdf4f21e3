"""Small tasks with known answers are learned, by every kind of policy."""

import dataclasses

import chex
import jax
import numpy as np
import pytest
import small_environments as small

import jaxenv
from baselines import metrics
from baselines.config import NetworkConfig, OpponentsConfig
from baselines.errors import ConfigError
from baselines.normalise import normalise
from baselines.program import compile_program, make_setup, member_keys


def learn(env_id, config, chunks=1, members=1, backend="xla"):
    """`(setup, state, the last update's mean return of each member)`."""
    setup = make_setup(jaxenv.make(env_id), config, backend)
    program = compile_program(setup, members)
    state = program.init(member_keys(0, members))
    for chunk in range(chunks):
        state, figures = program.chunk(state, chunk / chunks, 0.0)
    figures = jax.tree.map(np.asarray, figures)
    metrics.check_finite(figures, 0)
    last = jax.tree.map(lambda leaf: leaf[-10:].sum(axis=0), figures["episodes"])
    return setup, state, figures, last.returns.sum(-1) / last.count.sum(-1)


def with_learner(network=None, updates=60, algorithm="ppo", **changes):
    return dataclasses.replace(
        small.TINY_CONFIG,
        algorithm=algorithm,
        updates_per_chunk=updates,
        network=network or small.TINY_CONFIG.network,
        **{algorithm: dataclasses.replace(getattr(small.TINY_CONFIG, algorithm), **changes)},
    )


def test_a_chain_is_walked_to_its_end_in_a_kernel():
    *_, returns = learn("small/chain", with_learner(entropy_coefficient=0.01), backend="auto")
    assert returns.min() > 0.95


def test_pqn_walks_the_chain():
    config = with_learner(algorithm="pqn", updates=80, exploration_end=0.0, exploration_share=0.5)
    *_, returns = learn("small/chain", config, chunks=3)
    assert returns.min() > 0.95


def test_members_learn_and_each_equals_its_own_run():
    """The first of two members is the run with one, up to how XLA rounds batched products."""
    config = with_learner(updates=60, entropy_coefficient=0.01)
    setup, *_, returns = learn("small/chain", config, members=2)
    assert returns.shape == (2,) and returns.min() > 0.95
    both, one = (compile_program(setup, members) for members in (2, 1))
    stacked, alone = (program.init(member_keys(0, members)) for program, members in ((both, 2), (one, 1)))
    chex.assert_trees_all_equal(*(jax.tree.map(lambda leaf: leaf[0], state) for state in (stacked, alone)), strict=True)
    kernels = [np.asarray(leaf) for leaf in jax.tree.leaves(stacked.parameters) if leaf.ndim == 3]
    assert all(np.abs(kernel[0] - kernel[1]).max() > 1e-3 for kernel in kernels), "different seeds"


def test_continuous_actions_reach_their_target():
    config = with_learner(updates=150, minibatches=1, scale_rewards=True)
    *_, returns = learn("small/target", config)
    assert returns.min() > -0.35  # uniform play gets −1.3


def test_a_memory_recalls_what_was_shown():
    network = NetworkConfig(hidden=(16,), memory=16)
    config = with_learner(network, updates=150, discount=0.99, entropy_coefficient=0.01)
    *_, returns = learn("small/recall", config)
    assert returns.min() > 0.9


def test_self_play_and_past_selves():
    """2 wins the odd round from either seat; the first frozen copy, which plays at random, is beaten by who came later.

    12 environments of self-play with both seats' rows, and two slots of 2 against the pool.
    """
    opponents = OpponentsConfig(pool_share=0.25, pool_size=3, pool_slots=2, snapshot_every=25)
    config = dataclasses.replace(with_learner(updates=49), opponents=opponents)
    setup, state, figures, _ = learn("small/pennies", config)
    assert setup.seating.rows == 28 and [g.name for g in setup.seating.groups] == ["self", "pool"]
    count, points = (leaf[:, 0] for leaf in (figures["episodes"].count, figures["episodes"].points))
    np.testing.assert_array_equal(count, [[2 * 12 * 4, 4 * 4]] * 49)
    np.testing.assert_array_equal(points[:, 0], 12 * 4, err_msg="what one seat wins the other loses")
    assert points[10:24, 1].sum() / count[10:24, 1].sum() > 0.7

    pool = jax.tree.map(lambda leaf: np.asarray(leaf[0]), state.play.pool)
    assert pool.frozen == 2 and pool.games[:2].min() > 0 and pool.games[2] == 0
    assert pool.games.sum() == count[:, 1].sum()
    kernels = [leaf for leaf in jax.tree.leaves(pool.parameters) if leaf.ndim == 3]
    assert any(np.abs(kernel[0] - kernel[1]).max() > 1e-3 for kernel in kernels)

    parameters, statistics = jax.tree.map(lambda leaf: leaf[0], (state.parameters, state.observations))
    x = normalise(statistics, np.array([[1.0, 0.0], [1.0, 1.0]], np.float32))
    output = setup.network.step(parameters, x, np.ones((2, 3), bool), (), np.zeros(2, bool))
    assert np.exp(output.distribution.log_probabilities)[:, 2].min() > 0.8


def test_settings_that_cannot_be():
    env = jaxenv.make("small/chain")
    for config, words in (
        (with_learner(minibatches=3), "128 samples of an update do not divide into 3"),
        (with_learner(NetworkConfig(memory=4), minibatches=5), "16 rows"),
        (with_learner(NetworkConfig(kind="entity")), "entity"),
        (with_learner(discount=1.5), "discount"),
        (with_learner(environments=0), "environments"),
        (dataclasses.replace(small.TINY_CONFIG, opponents=OpponentsConfig(pool_share=0.5)), "one player"),
    ):
        with pytest.raises(ConfigError, match=words):
            make_setup(env, config)
    with pytest.raises(ConfigError, match="discrete"):
        make_setup(jaxenv.make("small/target"), with_learner(algorithm="pqn"))
