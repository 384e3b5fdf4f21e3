"""Advantages and Q(λ) targets against loops in plain Python; what a truncation is worth."""

import dataclasses

import jax
import numpy as np
import pytest
import small_environments as small

import jaxenv
from baselines import normalise
from baselines.networks import build
from baselines.ppo.advantage import advantages
from baselines.pqn.update import lambda_targets
from baselines.program import compile_program, make_setup, member_keys

DISCOUNT, LAMBDA = 0.9, 0.8


@pytest.fixture(scope="module")
def rollout():
    rng = np.random.default_rng(0)
    shape = (12, 7)
    terminated = rng.random(shape) < 0.2
    truncated = (rng.random(shape) < 0.2) & ~terminated
    return {
        "reward": rng.normal(size=shape).astype(np.float32),
        "value": rng.normal(size=shape).astype(np.float32),
        "terminated": terminated,
        "truncated": truncated,
        "final_value": np.where(truncated, rng.normal(size=shape), 0).astype(np.float32),
        "last_value": rng.normal(size=shape[1]).astype(np.float32),
    }


def test_advantages_against_the_definition(rollout):
    """Each advantage as its own sum of discounted temporal differences, up to the end of the episode."""
    r = rollout
    ours = np.asarray(advantages(**r, discount=DISCOUNT, gae_lambda=LAMBDA))
    steps, rows = r["reward"].shape
    for row in range(rows):
        for start in range(steps):
            total, weight = 0.0, 1.0
            for t in range(start, steps):
                if r["terminated"][t, row]:
                    following = 0.0
                elif r["truncated"][t, row]:
                    following = r["final_value"][t, row]
                else:
                    following = r["value"][t + 1, row] if t + 1 < steps else r["last_value"][row]
                total += weight * (r["reward"][t, row] + DISCOUNT * following - r["value"][t, row])
                weight *= DISCOUNT * LAMBDA
                if r["terminated"][t, row] or r["truncated"][t, row]:
                    break
            assert ours[start, row] == pytest.approx(total, rel=1e-4, abs=1e-5)


def test_q_targets_against_the_definition(rollout):
    r = rollout
    ours = np.asarray(lambda_targets(**r, discount=DISCOUNT, q_lambda=LAMBDA))
    steps, rows = r["reward"].shape
    for row in range(rows):
        target = r["last_value"][row]
        for t in reversed(range(steps)):
            following = r["value"][t + 1, row] if t + 1 < steps else r["last_value"][row]
            if r["terminated"][t, row]:
                target = r["reward"][t, row]
            elif r["truncated"][t, row]:
                target = r["reward"][t, row] + DISCOUNT * r["final_value"][t, row]
            else:
                target = r["reward"][t, row] + DISCOUNT * (LAMBDA * target + (1 - LAMBDA) * following)
            assert ours[t, row] == pytest.approx(target, rel=1e-4, abs=1e-5)


def test_a_truncated_episode_is_worth_what_would_have_followed():
    """A reward of 1 for ever, cut off every five steps: 1 / (1 − 0.9) = 10. Without bootstrapping it is at most 4.1."""
    learner = dataclasses.replace(
        small.TINY, discount=0.9, learning_rate=2e-2, schedule="constant", normalise_observations=False
    )
    config = dataclasses.replace(small.TINY_CONFIG, updates_per_chunk=150, ppo=learner)
    env = jaxenv.make("small/endless")
    setup = make_setup(env, config, "xla")
    program = compile_program(setup, 1)
    state, _ = program.chunk(program.init(member_keys(0, 1)), 0.0, 0.0)
    state, _ = program.chunk(state, 0.0, 0.0)
    parameters = jax.tree.map(lambda leaf: leaf[0], state.parameters)
    value = setup.network.step(parameters, np.eye(5, dtype=np.float32), None, (), np.ones(5, bool)).value
    visited = np.asarray(value)[:2]
    np.testing.assert_allclose(visited, 10.0, rtol=0.1)


def test_statistics_merge_as_if_seen_at_once():
    rng = np.random.default_rng(1)
    parts = [rng.normal(100, 3, size=(n, 4)).astype(np.float32) for n in (50, 7, 400)]
    statistics = normalise.initial((4,))
    for part in parts:
        halves = [normalise.moments(statistics, half) for half in np.array_split(part, 2)]
        statistics = normalise.merge(statistics, jax.tree.map(lambda a, b: a + b, *halves))
    whole = np.concatenate(parts).astype(np.float64)
    np.testing.assert_allclose(statistics.mean, whole.mean(0), rtol=1e-5)
    np.testing.assert_allclose(statistics.variance, whole.var(0), rtol=1e-3)
    scaled = normalise.normalise(statistics, parts[2])
    assert abs(float(scaled.mean())) < 0.1 and float(scaled.std()) == pytest.approx(1, abs=0.1)


def test_memory_is_cleared_where_an_episode_begins():
    config = dataclasses.replace(small.TINY_CONFIG.network, memory=8)
    network = build(jaxenv.make("small/recall"), config)
    parameters = jax.jit(network.init)(jax.random.key(0))
    unroll, step = jax.jit(network.unroll), jax.jit(network.step)
    x = np.random.default_rng(2).normal(size=(6, 3, 3)).astype(np.float32)
    first = np.zeros((6, 3), bool)
    first[3] = True
    whole = unroll(parameters, x, None, network.initial_carry(3) + 5.0, first)
    tail = unroll(parameters, x[3:], None, network.initial_carry(3), np.zeros((3, 3), bool))
    np.testing.assert_allclose(whole.value[3:], tail.value, rtol=1e-6)
    carry, stepped = network.initial_carry(3) + 5.0, []
    for t in range(6):
        output = step(parameters, x[t], None, carry, first[t])
        carry = output.carry
        stepped.append(output.value)
    np.testing.assert_allclose(np.stack(stepped), whole.value, rtol=1e-5, atol=1e-6)
