"""Policies that play on a server, one battle at a time on the host: exported, scripted, or a function of your own."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import jax
import numpy as np

from jaxenv.policy import ExportedPolicy, PolicyFileError, load
from pokejax.client.errors import PolicyError
from pokejax.common import formats
from pokejax.common.opponents import UnknownOpponentError

ALIASES = {"random": "uniform_legal"}
"""Other names of scripted policies."""
Function = Callable[[jax.Array, Any, jax.Array], Any]
"""``function(key, obs, legal_actions) -> action`` of one player, without a batch axis."""


class HostPolicy(Protocol):
    """A policy for any number of battles, each with a memory of its own."""

    name: str

    def begin(self) -> Any:
        """The memory at the start of a battle."""
        ...

    def act(self, key: jax.Array, obs: Any, memory: Any, first: bool) -> tuple[int, Any]:
        """An action, and the memory after it. ``first``: the battle's first decision."""
        ...


class _Exported:
    """A policy from a file."""

    def __init__(self, policy: ExportedPolicy) -> None:
        self.name = policy.name
        self._policy = policy
        self._act = jax.jit(policy.act)

    def begin(self) -> Any:
        return self._policy.initial_carry(1)

    def act(self, key: jax.Array, obs: Any, memory: Any, first: bool) -> tuple[int, Any]:
        batch = jax.tree.map(lambda leaf: np.asarray(leaf)[None], obs)
        actions, memory = self._act(key, batch, batch.legal_actions, memory, np.array([first]))
        return int(actions[0]), memory


class _Function:
    """A function of one player's observation; it remembers nothing."""

    def __init__(self, name: str, function: Function, compiled: bool) -> None:
        self.name = name
        self._function = jax.jit(function) if compiled else function

    def begin(self) -> Any:
        return ()

    def act(self, key: jax.Array, obs: Any, memory: Any, first: bool) -> tuple[int, Any]:
        del first
        return int(self._function(key, obs, obs.legal_actions)), memory


def scripted(format_id: str) -> tuple[str, ...]:
    """Names of the scripted policies of a format's generation."""
    return (*_opponents(format_id).names(), *ALIASES)


def host_policy(source: Any, format_id: str, *, greedy: bool = False) -> HostPolicy:
    """A policy that plays a Showdown format.

    ``source``: a scripted policy's name ("max_expected_damage", "random"), a policy's file or "PACKAGE/NAME"
    (`jaxenv.policy.load`), what that gave, an object with `begin` and `act`, or a function
    ``(key, obs, legal_actions) -> action`` of one player. ``greedy``: of a policy's file, its likeliest action.

    `PolicyError` for one that is not there, holds no policy, or plays another game.
    """
    if isinstance(source, ExportedPolicy):
        return _Exported(_fitting(source, format_id))
    if isinstance(source, (str, Path)):
        name = ALIASES.get(str(source), str(source))
        if name in _opponents(format_id).names():
            return _Function(str(source), _opponents(format_id).opponent(name), compiled=True)
        return _Exported(_fitting(_loaded(source, format_id, greedy), format_id))
    if hasattr(source, "begin") and hasattr(source, "act"):
        return source
    if callable(source):
        return _Function(getattr(source, "__name__", type(source).__name__), source, compiled=False)
    raise PolicyError(f"{source!r} is no policy; give a name, a file, a loaded policy or a function (key, obs, legal)")


def format_of(source: Any) -> str:
    """The Showdown format that a policy was trained on; Gen 1's random battles for one that says nothing of it."""
    policy = source
    if isinstance(source, (str, Path)) and str(source) not in scripted("gen1randombattle"):
        policy = _loaded(source, "gen1randombattle", greedy=False)
    if isinstance(policy, ExportedPolicy):
        return _format(policy).reference
    return "gen1randombattle"


def _loaded(source: str | Path, format_id: str, greedy: bool) -> ExportedPolicy:
    try:
        return load(source, greedy=greedy)
    except PolicyFileError as error:
        raise PolicyError(str(error)) from error
    except FileNotFoundError as error:
        hint = ""
        if "/" not in str(source) and "." not in str(source):
            try:
                _opponents(format_id).opponent(str(source))
            except UnknownOpponentError as unknown:
                hint = f"; nor is it a scripted policy: {unknown}"
        raise PolicyError(f"{error}{hint}") from error


def _fitting(policy: ExportedPolicy, format_id: str) -> ExportedPolicy:
    format = _format(policy)
    if not format_id.startswith(f"gen{format.generation}"):
        raise PolicyError(
            f"{policy.name} plays {policy.env}, of generation {format.generation}; the format is {format_id}. Give a "
            f"format of that generation, as {format.reference}"
        )
    return policy


def _format(policy: ExportedPolicy) -> formats.Format:
    try:
        return formats.of_environment(policy.env)
    except formats.UnknownFormatError as error:
        raise PolicyError(f"{policy.name} cannot play on a Showdown server: {error}") from error


def _opponents(format_id: str) -> Any:
    generation = format_id.removeprefix("gen")[:1]
    try:
        return importlib.import_module(f"pokejax.gen{generation}.opponents")
    except ModuleNotFoundError as error:
        raise PolicyError(f"format {format_id!r}: PokeJAX has no policies of that generation") from error
