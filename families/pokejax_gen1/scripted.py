"""Opponents of Generation 1 as scripted policies."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from baselines.policy import Policy
from baselines.transfer.scripted import Scripted
from jaxenv import Environment
from pokejax.gen1 import opponents


def players(env_id: str) -> Mapping[str, Callable[[Environment], Policy]]:
    """Scripted policies by name."""
    del env_id
    return {name: partial(_player, name) for name in opponents.names()}


def _player(name: str, env: Environment) -> Policy:
    return Scripted(env.id, env.version, name, opponents.opponent(name))
