"""Refusals that all adapters share: a library that is missing or too old, and what a library cannot hold or play."""

from __future__ import annotations

import dataclasses
import importlib
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from toys import Duel, Walk

from jaxenv import random_legal
from jaxenv.adapters import common
from jaxenv.adapters.native import Flat
from jaxenv.spaces import Box, Discrete, Struct

LIBRARIES = {
    "brax": "brax",
    "envelope": "jax-envelope",
    "gymnasium": "gymnasium",
    "gymnax": "gymnax",
    "jaxmarl": "jaxmarl",
    "mctx": "mctx",
    "pettingzoo": "pettingzoo",
    "pgx": "pgx",
    "stable_baselines3": "stable-baselines3",
    "stoa": "stoa-env",
    "throughput": "gymnasium",
    "torchrl": "torchrl",
}
"""The package of each adapter."""


def test_there_is_a_case_for_every_adapter() -> None:
    shared = {"__init__", "common", "host", "native", "sequentialize", "single_player"}
    files = {path.stem for path in Path(str(common.__file__)).parent.glob("*.py")}
    assert files == shared | LIBRARIES.keys()


@pytest.mark.parametrize("name", LIBRARIES)
@pytest.mark.parametrize(("found", "words"), [(None, "is not installed"), ("0.0.1", "0.0.1 is installed")])
def test_a_library_that_is_missing_or_too_old(
    name: str, found: str | None, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def installed(package: str) -> str:
        if package != LIBRARIES[name]:
            return version(package)
        if found is None:
            raise PackageNotFoundError(package)
        return found

    monkeypatch.setattr(common, "version", installed)
    monkeypatch.delitem(sys.modules, f"jaxenv.adapters.{name}", raising=False)
    with pytest.raises(common.LibraryError) as raised:
        importlib.import_module(f"jaxenv.adapters.{name}")
    assert words in str(raised.value) and f"pip install '{LIBRARIES[name]}>=" in str(raised.value)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Odd(Walk):
    """Its actions are named, which no library's classes hold."""

    def action_space(self, params: Any = None) -> Any:
        return Struct({"go": Discrete(2)})


@pytest.mark.parametrize(
    ("call", "needed"),
    [
        (lambda: common.discrete(Odd(), "x.X"), "a Discrete one"),
        (lambda: common.continuous(Odd(), "x.X"), "a Box"),
        (lambda: common.continuous(Walk(), "x.X"), "a Box"),
        (lambda: Flat(Odd()).action_space(Discrete, Box), "a Discrete one or a Box"),
    ],
)
def test_actions_that_a_library_cannot_hold(call: Any, needed: str) -> None:
    with pytest.raises(
        ValueError, match=rf"toys/walk has the action space .*, and the library needs {needed}. Remedy: "
    ):
        call()


def test_players_that_a_library_cannot_play() -> None:
    with pytest.raises(ValueError, match=r"x\.X: toys/duel has 2 players, and the library trains one: give opponent="):
        common.one_player(Duel(), "x.X")
    with pytest.raises(ValueError, match=r"x\.X: toys/walk has one player; leave opponent out"):
        common.one_player(Walk(), "x.X", random_legal)
    with pytest.raises(TypeError, match=r"opponent must be a function \(key, obs, legal_actions\).*got 'random'"):
        common.one_player(Duel(), "x.X", "random")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"x\.X: env must be an id or a jaxenv.Environment, got 3"):
        common.environment(3, "x.X")  # type: ignore[arg-type]


def test_wrong_seeds_are_named() -> None:
    assert common.check_seed(np.int64(7), "x") == 7
    with pytest.raises(TypeError, match="x: a seed must be an integer, got True"):
        common.check_seed(True, "x")
    with pytest.raises(ValueError, match="x: a seed must be from 0 to"):
        common.check_seed(-1, "x")
