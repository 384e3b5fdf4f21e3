"""The environment by itself: the contract, and what an illegal action does."""

from __future__ import annotations

import jax
import jax.numpy as jnp

import jaxenv
from families.new.template.package.env import ID, Rover, RoverParams
from families.new.template.package.rules import BATTERY, DIG
from jaxenv.testing import check_env


def test_it_is_registered() -> None:
    assert jaxenv.make(ID) == Rover()


def test_it_keeps_the_contract() -> None:
    check_env(Rover(), RoverParams(max_steps_in_episode=12), steps=40, batch=4)


def test_digging_without_ore_is_illegal_and_takes_its_battery() -> None:
    env = Rover()
    _, state = env.reset_env(jax.random.key(0), env.default_params)
    state = state.replace(place=jnp.int32(0))  # the base has no ore
    assert not env.legal_actions(state, env.default_params)[DIG]
    _, after, reward, terminated, _, info = env.step_env(jax.random.key(1), state, DIG, env.default_params)
    assert info["illegal"] and not terminated
    assert (int(after.battery), int(after.cargo), float(reward)) == (BATTERY - 2, 0, 0.0)
