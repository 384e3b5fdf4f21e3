"""Features as tokens: flat and back, with any leading axes."""

from __future__ import annotations

import dataclasses
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

from baselines.errors import ConfigError
from baselines.networks.tokens import TokenFeatures
from jaxenv import struct


@struct.dataclass
class Obs(struct.Node):
    turn: Any
    cards: Any


@dataclasses.dataclass(frozen=True)
class Parts:
    cards: Any
    field: Any


FEATURES = TokenFeatures(Parts((2, 3), (1,)), lambda obs: [obs.cards, obs.turn[None]])


@pytest.mark.parametrize("leading", [(), (4,), (5, 4)])
def test_parts_come_back(leading: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    obs = Obs(jnp.asarray(rng.integers(0, 9, leading), jnp.int32), jnp.asarray(rng.normal(size=(*leading, 2, 3))))
    flat = FEATURES(obs)
    assert flat.shape == (*leading, FEATURES.size) and FEATURES.size == 7 and flat.dtype == jnp.float32
    parts = FEATURES.split(flat)
    np.testing.assert_array_equal(parts.cards, np.asarray(obs.cards, np.float32))
    np.testing.assert_array_equal(parts.field[..., 0], np.asarray(obs.turn))


def test_another_length_is_named() -> None:
    with pytest.raises(ConfigError, match="features of length 6, expected 7"):
        FEATURES.split(jnp.zeros((3, 6)))
