"""The texts that a prompt shows."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from toys import Duel, DuelObs, DuelState, Walk, WalkState

import jaxenv
from jaxenv import Environment, struct
from jaxenv.pretty import LINES, MOST_ITEMS, WIDTH, pretty
from jaxenv.spaces import Box

_ENVIRONMENTS = ["pokejax/gen1randombattle", "cheetahjax/HalfCheetah-v5", "pongjax/puffer_pong"]


def test_structs_show_types_and_the_values_of_scalars():
    assert (
        repr(WalkState(jnp.zeros((8, 3), jnp.float32), jnp.int32(4))) == "WalkState(place=float32[8,3], time=int32(4))"
    )
    assert (
        repr(WalkState(jax.random.key(0), np.arange(5, dtype=np.int8))) == "WalkState(place=key<fry>[], time=int8[5])"
    )
    assert repr(WalkState((jnp.zeros(2, jnp.float32),), None)) == "WalkState(place=(float32[2],), time=None)"
    assert repr(WalkState({"a": 1}, "x")) == "WalkState(place={'a': 1}, time='x')"


def test_what_is_traced_or_gone_shows_its_type():
    seen = []
    jax.jit(lambda x: seen.append(repr(WalkState(x, x))))(jnp.int32(1))
    gone = jnp.float32(1)
    gone.delete()
    assert seen == ["WalkState(place=int32[], time=int32[])"]
    assert repr(WalkState(gone, gone)) == "WalkState(place=float32[], time=float32[])"


def test_a_text_of_ones_own_stays():
    @struct.dataclass
    class Named:
        x: int

        def __repr__(self) -> str:
            return "mine"

    @dataclasses.dataclass(frozen=True, kw_only=True)
    class Own(Walk):
        def __repr__(self) -> str:
            return "own"

    assert repr(Named(1)) == "mine" and repr(Own()) == "own"
    assert pretty([Named(1)]) == "[mine]"


def test_much_is_shortened():
    wide = {f"a field with a long name, number {i}": jnp.zeros(i, jnp.float32) for i in range(4)}
    text = repr(WalkState(tuple(DuelState(wide, wide, 1, 2) for _ in range(20)), jnp.zeros(3)))
    assert (
        text.count("\n") < LINES
        and "DuelState(hp={… 4 arrays, 24 bytes}, dazed={… 4 arrays, 24 bytes}, time=1, damage=2),\n" in text
    )
    assert f"… {100 - MOST_ITEMS} more" in pretty([jnp.zeros(100)] * 100)


@pytest.mark.parametrize("env_id", _ENVIRONMENTS)
def test_everything_is_short(env_id):
    env = jaxenv.make(env_id)
    play = jaxenv.rollout(env, 64, 3, backend="xla")
    carry = jax.eval_shape(play.init, jax.random.key(0), env.default_params)
    shown = [env, env.spec, env.obs_spec, env.action_space(), env.observation_space(), env.default_params, play]
    for value in [*shown, carry, carry.state]:
        lines = repr(value).splitlines()
        assert len(lines) <= 2 * LINES and max(map(len, lines)) <= WIDTH, value
    assert env_id in repr(env) and env_id in repr(env.spec)
    assert "lane_key=key<fry>[64]" in repr(carry) and len(repr(carry)) < 2000


def test_environments_name_what_was_changed():
    assert repr(Walk()) == "<Walk toys/walk version v0, 1 player, Discrete(2)>"
    assert repr(Duel(autoreset="full")) == "<Duel toys/duel version v0, 2 players, Discrete(4), autoreset='full'>"

    @dataclasses.dataclass(frozen=True, kw_only=True)
    class Unfinished(Environment):
        size: int = 3

    assert repr(Unfinished(size=4)) == "Unfinished(size=4)"


def test_specs_and_spaces():
    assert repr(Walk().obs_spec).splitlines()[0] == "ObsSpec: 2 numbers in 2 fields of a dict"
    assert "  hp: float32[2], 0 to 100: hit points: own, theirs" in repr(Duel().obs_spec).splitlines()
    assert f"of {DuelObs.__name__}" in repr(Duel().obs_spec)
    assert "horizon=20" in repr(Walk().spec) and "zero_sum" not in repr(Walk().spec)
    assert "tags=('toy',)" in repr(Duel().spec)
    assert repr(Walk().observation_space()) == "Struct(place=Box(0, 100, (), int32), left=Box(0, 1, (), float32))"
    assert repr(Box(np.array([-1, -2]), np.array([1, 3]), (2,))) == "Box(-2…-1, 1…3, (2,), float32)"


def test_a_rollout_and_its_summary():
    play = jaxenv.rollout(Walk(), 4, 5, backend="xla")
    assert "policy=random legal play" in repr(play) and "batch_size=4" in repr(play)
    _, summary = play(jax.random.key(0))
    assert "steps=int32(20)" in repr(summary)
