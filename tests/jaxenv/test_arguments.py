"""Wrong keys, states and actions are named before anything is computed from them."""

import dataclasses
import functools
import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from toys import Duel, Walk

import jaxenv
from jaxenv import arguments
from jaxenv.builtin import BUILT_IN
from jaxenv.spaces import Discrete

KEY = jax.random.key(0)
VMAP = "that is a batch of {}, and {} acts on one environment: use jax.vmap(env.{}, in_axes={})"
STEP = VMAP.format("{}", "step", "step", "(0, 0, 0, None)")


def started(env_id):
    env = jaxenv.make(env_id)
    return env, env.reset(KEY, env.default_params)[1], env.default_params


@pytest.fixture(scope="module")
def gen1():
    return started("pokejax/gen1randombattle")


@pytest.fixture(scope="module")
def pong():
    return started("pongjax/puffer_pong")


@pytest.fixture(scope="module")
def cheetah():
    return started("cheetahjax/HalfCheetah-v5")


@pytest.fixture(scope="module")
def gen1_batch(gen1):
    env, _, params = gen1
    return jax.vmap(env.reset, in_axes=(0, None))(jax.random.split(KEY, 5), params)[1]


def refused(error, message, call, *arguments):
    with pytest.raises(error, match=re.escape(message)):
        call(*arguments)


# ---- actions


@pytest.mark.parametrize(
    ("action", "got"),
    [
        (jnp.array([6], jnp.int32), "int32[1]"),  # was played for both players
        (jnp.array([6, 7, 3], jnp.int32), "int32[3]"),  # was played as [6, 7]
        ([6, 7, 3], "int64[3]" if jax.config.jax_enable_x64 else "int32[3]"),
        (jnp.int32(6), "int32[]"),
        (jnp.zeros((5, 2), jnp.int32), f"int32[5,2]; {STEP.format(5)}"),
    ],
)
def test_the_shape_of_two_players_actions(gen1, action, got):
    env, state, params = gen1
    message = f"{env.id}: step: the action must be int32[2], one for each of 2 players, got {got}"
    refused(ValueError, message, env.step, KEY, state, action, params)
    if not isinstance(action, list):
        message = message.replace(": step:", ": step_env:").split(";")[0]
        refused(ValueError, message, env.step_env, KEY, state.env_state, action, params)


def test_floats_are_no_indices(gen1, pong):
    for env, state, params in (gen1, pong):
        message = "its actions are integers: take the argmax of scores, or cast"
        for action in (1.5, np.float32(1), jnp.ones(env._player_axis), [1.0] * env.num_players):
            refused(TypeError, message, env.step, KEY, state, action, params)
        refused(TypeError, "got bool[]", env.step, KEY, state, True, params)


def test_the_shape_of_one_players_action(pong, cheetah):
    env, state, params = pong
    message = f"{env.id}: step: the action must be int32[], got int32[2]"
    refused(ValueError, message, env.step, KEY, state, jnp.array([1, 2], jnp.int32), params)
    env, state, params = cheetah
    message = f"{env.id}: step: the action must be float32[6], got float32[5]"
    refused(ValueError, message, env.step, KEY, state, jnp.zeros(5, jnp.float32), params)
    refused(ValueError, STEP.format(4), env.step, KEY, state, jnp.zeros((4, 6)), params)
    refused(TypeError, "must be float32[6], got bool[6]", env.step, KEY, state, jnp.zeros(6, bool), params)


def test_every_environment_refuses_another_shape():
    for env_id in BUILT_IN:
        env = jaxenv.make(env_id)
        _, state = jax.eval_shape(env.reset, KEY, env.default_params)
        space = env.action_space()
        wrong = jax.ShapeDtypeStruct((*env._player_axis, *space.shape, 3), space.dtype)
        with pytest.raises(ValueError, match="the action must be"):
            jax.eval_shape(env.step, KEY, state, wrong, env.default_params)


@pytest.mark.parametrize(
    "action",
    [[1, 0], (1, 0), [jnp.int32(1), 0], np.array([1, 0]), jnp.array([1, 0], jnp.uint8), jnp.array([1, 0], jnp.int16)],
    ids=str,
)
def test_integers_of_any_type_and_lists(action):
    env = Duel()
    _, state = env.reset(KEY)
    wanted = env.step(KEY, state, jnp.array([1, 0], jnp.int32))
    found = env.step(KEY, state, action)
    assert jax.tree.all(jax.tree.map(lambda a, b: bool((a == b).all()), wanted, found))


def test_lists_of_another_form(gen1):
    env, state, params = gen1
    refused(TypeError, "one for each of 2 players, got [6, [7]]:", env.step, KEY, state, [6, [7]], params)


@pytest.mark.parametrize("number", [2**32 + 7, -(2**31) - 1, 2**70])
def test_numbers_that_32_bits_would_change(gen1, pong, number):
    """2**32 + 7 is 7 in 32 bits."""
    env, state, params = gen1
    refused(ValueError, f"got {number}, which does not fit int32", env.step, KEY, state, [6, number], params)
    env, state, params = pong
    refused(ValueError, f"int32[], got {number}, which does not fit int32", env.step, KEY, state, number, params)


@pytest.mark.parametrize("dtype", ["int64", "uint64"])
def test_traced_numbers_of_64_bits_stay_illegal(dtype):
    env = Walk()
    with jax.enable_x64(True):
        for number in (0, 1, 2, 2**32 + 1, 2**63 - 1, *((-1, -(2**32) + 1) if dtype == "int64" else ())):
            cast = jax.jit(lambda action: arguments.checked_action(env, "step", action))(jnp.array(number, dtype))
            assert cast.dtype == jnp.int32
            assert Discrete(2).contains(np.asarray(cast)) == (number in (0, 1)), number


def test_numbers_outside_the_space_are_illegal_actions(pong):
    """The contract: an illegal action gets the reference's fallback, and is reported."""
    env, state, params = pong
    for action in (7, -1, jnp.uint32(2**32 - 1), np.int64(3)):
        assert bool(env.step(KEY, state, action, params)[-1]["illegal"])


def test_numbers_for_a_box(cheetah):
    for action in ([1.0] * 6, np.ones(6), jnp.ones(6, jnp.int32), jnp.ones(6, jnp.bfloat16)):
        found = arguments.checked_action(cheetah[0], "step", action)
        assert found.dtype == jnp.float32 and found.tolist() == [1.0] * 6


# ---- states and keys


def test_a_batch_of_states(gen1, gen1_batch):
    env, _, params = gen1
    leaf = "state.env_state.battle.rng.hi must be uint32[], got uint32[5]"
    refused(TypeError, f"{env.id}: step: {leaf}; {STEP.format(5)}", env.step, KEY, gen1_batch, [6, 7], params)
    for name in ("legal_actions", "observe"):
        for state in (gen1_batch, gen1_batch.env_state):
            refused(TypeError, VMAP.format(5, name, name, "(0, None)"), getattr(env, name), state, params)
    jax.vmap(env.legal_actions, in_axes=(0, None))(gen1_batch, params)


def test_a_batch_of_states_that_no_reset_was_seen_of():
    env = Walk(noise=0.25)
    state = jax.tree.map(lambda leaf: jnp.zeros((3, *leaf.shape), leaf.dtype), Walk().reset(KEY)[1])
    refused(TypeError, STEP.format(3), env.step, KEY, state, 1)


def test_a_batch_of_keys(gen1, gen1_batch):
    env, _, params = gen1
    for keys, shown in ((jax.random.split(KEY, 5), "key<fry>[5]"), (jnp.zeros((5, 2), jnp.uint32), "uint32[5,2]")):
        refused(TypeError, f"must be one random key, got {shown}; {STEP.format(5)}", env.step, keys, gen1_batch,
                jnp.zeros((5, 2), int), params)  # fmt: skip
        refused(TypeError, VMAP.format(5, "reset", "reset", "(0, None)"), env.reset, keys, params)


def test_what_is_no_key(pong):
    env, state, params = pong
    refused(TypeError, f"{env.id}: reset: the key must be made by jax.random.key, got int32[]", env.reset,
            jnp.int32(0), params)  # fmt: skip
    refused(TypeError, "step: the key must be made by jax.random.key", env.step, 7, state, 1, params)
    env.step(jax.random.PRNGKey(0), env.reset(jax.random.PRNGKey(0), params)[1], 1, params)


def test_a_state_of_another_environment(gen1, pong, cheetah):
    env, state, params = pong
    refused(TypeError, "state.env_state must be a PongState, got a Gen1State", env.step, KEY, gen1[1], 1, params)
    refused(TypeError, "step_env: takes the environment's own state: pass state.env_state", env.step_env, KEY, state, 1,
            params)  # fmt: skip
    env, state, params = cheetah
    physics = dataclasses.replace(state.env_state.physics, qpos=jnp.zeros(8, jnp.float32))
    other = dataclasses.replace(state, env_state=dataclasses.replace(state.env_state, physics=physics))
    refused(TypeError, "state.env_state.physics.qpos must be float32[9], got float32[8]", env.step, KEY, other,
            jnp.zeros(6), params)  # fmt: skip
    time = dataclasses.replace(state, env_state=dataclasses.replace(state.env_state, time=jnp.float32(1)))
    refused(TypeError, "state.env_state.time must be int32[], got float32[]", env.step, KEY, time, jnp.zeros(6), params)


def test_what_is_known_of_states_does_not_grow_for_ever():
    for i in range(arguments._MOST_KNOWN + 9):
        jax.eval_shape(Walk(noise=1 / (i + 2)).reset, KEY, Walk().default_params)
    assert len(arguments._known) == arguments._MOST_KNOWN


def test_a_right_action_adds_nothing_to_the_program(pong):
    """No cost at run time, and kernels stay as they are."""
    env, state, params = pong
    action = jax.ShapeDtypeStruct((), jnp.int32)
    checked = jax.make_jaxpr(env.step_env)(KEY, state.env_state, action, params)
    unchecked = functools.partial(type(env).step_env.__wrapped__, env)
    bare = jax.make_jaxpr(unchecked)(KEY, state.env_state, action, params)
    assert str(checked) == str(bare)
