"""Every registered environment keeps the contract."""

import pytest

import jaxenv
from jaxenv import registry
from jaxenv.testing import check_env


@pytest.mark.parametrize("env_id", sorted(registry._BUILT_IN))
def test_registered_environment(env_id):
    env = jaxenv.make(env_id)
    assert env.id == env_id and jaxenv.make(env_id) == env
    check_env(env, steps=300)
