"""Spaces contain what they sample; the flat observation is the struct and back."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from toys import Duel, DuelObs

from jaxenv import ObsField, ObsSpec, struct
from jaxenv.spaces import Box, Discrete, Struct


@pytest.mark.parametrize(
    "space",
    [
        Discrete(3),
        Box(-1.0, 1.0, (2, 3)),
        Box(-np.inf, np.inf, (4,)),
        Box(0, 255, (5,), np.uint8),
        Box(0, 1, (3,), np.bool_),
        Box(np.zeros(2, np.float32), np.array([1, np.inf], np.float32), (2,)),
        Struct({"a": Discrete(2), "b": Box(0, 1, (2,))}),
    ],
    ids=repr,
)
def test_spaces_contain_their_samples(space):
    for key in jax.random.split(jax.random.key(0), 5):
        assert space.contains(space.sample(key))
    assert space == space and hash(space) == hash(space)


def test_spaces_refuse():
    assert not Discrete(3).contains(3) and not Discrete(3).contains(0.0) and not Discrete(3).contains([1])
    box = Box(0.0, 1.0, (2,))
    assert not box.contains(np.zeros(3, np.float32)) and not box.contains(np.zeros(2, np.float64))
    assert not box.contains(np.full(2, np.nan, np.float32))
    assert not Struct({"a": box}).contains({})
    assert Box(0.0, 1.0) == Box(0, 1) and Box(0.0, 1.0) != Box(0.0, 2.0)
    with pytest.raises(ValueError, match="low must not exceed high"):
        Box(1, 0)


def test_flatten_keeps_leading_axes_and_dtypes():
    spec = Duel().obs_spec
    assert spec.layout == {"hp": slice(0, 2), "dazed": slice(2, 4)} and spec.size == 4
    obs = DuelObs(jnp.arange(12, dtype=jnp.float32).reshape(3, 2, 2), jnp.ones((3, 2, 2), bool))
    flat = spec.flatten(obs)
    assert flat.shape == (3, 2, 4) and flat.dtype == jnp.float32
    back = spec.unflatten(flat)
    assert isinstance(back, DuelObs) and back.dazed.dtype == bool
    assert (back.hp == obs.hp).all() and (back.dazed == obs.dazed).all()
    assert "| `hp` | [2] | float32 | 0 … 100 | 0:2 |" in spec.table()


def test_obs_spec_errors():
    field = ObsField(name="hp", low=0, high=1, meaning="x")
    with pytest.raises(ValueError, match=r"twice: .'hp'."):
        ObsSpec((field, field))
    with pytest.raises(ValueError, match="DuelObs has fields"):
        ObsSpec((field,), DuelObs)
    with pytest.raises(ValueError, match="must end in 4"):
        Duel().obs_spec.unflatten(jnp.zeros(3))


def test_struct_is_a_frozen_pytree():
    @struct.dataclass
    class Point:
        x: jax.Array
        name: str = struct.field(static=True, default="p")

    point = Point(jnp.float32(1))
    assert jax.tree.leaves(point) == [1] and point.replace(name="q").name == "q"
    assert jax.tree.map(lambda v: v + 1, point).x == 2
    with pytest.raises(AttributeError):
        point.x = 3


def test_a_bar_in_a_text_stays_in_its_cell():
    table = ObsSpec((ObsField(name="x", low=0, high=1, meaning="a | b, |x|"),)).table()
    assert table.splitlines()[-1].endswith(r"| a \| b, \|x\| |")
