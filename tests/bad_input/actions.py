"""Inputs of `reset`, `step`, `rollout` and the parts of the contract: keys, states, actions, sizes, spaces."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from toys import Duel, Walk

import jaxenv
from bad_input.case import Case
from jaxenv import ObsField, ObsSpec, spaces
from jaxenv.specs import EnvSpec

KEY = jax.random.key(0)
PLACE = ObsField(name="a", low=0, high=1, meaning="")


class Reach(Walk):
    """With continuous actions."""

    def action_space(self) -> Any:
        return spaces.Box(-1.0, 1.0, (2,))


@functools.cache
def begun(kind: type) -> tuple[Any, Any]:
    env = kind()
    return env, env.reset(KEY)[1]


def step(kind: type, action: Any) -> Callable[[Path], Any]:
    def call(folder: Path) -> Any:
        env, state = begun(kind)
        return env.step(KEY, state, action() if callable(action) else action)

    return call


def with_state(change: Callable[[Any, Any], Any]) -> Callable[[Path], Any]:
    def call(folder: Path) -> Any:
        env, state = begun(Walk)
        return env.step(KEY, change(env, state), 1)

    return call


def with_key(key: Callable[[], Any], method: str = "reset") -> Callable[[Path], Any]:
    def call(folder: Path) -> Any:
        env, state = begun(Walk)
        return env.reset(key()) if method == "reset" else env.step(key(), state, 1)

    return call


def of(call: Callable[[], Any]) -> Callable[[Path], Any]:
    return lambda folder: call()


def rolled(**changes: Any) -> Callable[[Path], Any]:
    settings: dict[str, Any] = {"batch_size": 4, "num_steps": 4, **changes}
    return lambda folder: jaxenv.rollout(Walk(), **settings)


def facts(**changes: Any) -> Callable[[Path], Any]:
    settings: dict[str, Any] = dict(
        id="t/x", version="v0", players=1, dynamics="single", information="perfect", num_actions=2,
        reward_range=(0.0, 1.0), horizon=9,
    )  # fmt: skip
    return lambda folder: EnvSpec(**{**settings, **changes})


def batched(env: Any, state: Any) -> Any:
    return jax.tree.map(lambda leaf: jnp.stack([leaf, leaf]), state)


WALK, DUEL, ONE = "toys/walk: step", "toys/duel: step", "one for each of 2 players"
CASES = [
    # actions
    Case("a float for an index", step(Walk, 1.0), "float32[]", WALK, "cast with .astype(int32)"),
    Case("floats of scores", step(Walk, lambda: jnp.zeros(2)), "float32[2]", WALK, "take the argmax"),
    Case("a text", step(Walk, "left"), "'left'", WALK, "must be int32[]"),
    Case("nothing", step(Walk, None), "None", WALK, "must be int32[]"),
    Case("a truth value", step(Walk, lambda: jnp.bool_(True)), "bool", WALK, "must be int32[]"),
    Case("a list for one", step(Walk, [1, 0]), "[2]", WALK, "jax.vmap"),
    Case("a batch for one", step(Walk, lambda: jnp.zeros(5, int)), "[5]", WALK, "jax.vmap"),
    Case("a matrix for one", step(Walk, lambda: np.zeros((2, 2), int)), "[2,2]", WALK, "must be int32[]"),
    Case("a number that is too large", step(Walk, 2**40), str(2**40), WALK, "must be int32[]"),
    Case("one for two", step(Duel, 1), "int32[]", DUEL, ONE),
    Case("a list of one for two", step(Duel, [1]), "[1]", DUEL, ONE),
    Case("three for two", step(Duel, lambda: jnp.zeros(3, int)), "[3]", DUEL, ONE),
    Case("a list that is ragged", step(Duel, [1, [2]]), "[1, [2]]", DUEL, ONE),
    Case("a batch for two", step(Duel, lambda: jnp.zeros((7, 2), int)), "[7,2]", DUEL, "jax.vmap"),
    Case("a dictionary", step(Duel, {"a": 1}), "{'a': 1}", DUEL, ONE),
    Case("too few numbers", step(Reach, lambda: jnp.zeros(1)), "float32[1]", WALK, "must be float32[2]"),
    Case("a batch of numbers", step(Reach, lambda: jnp.zeros((3, 2))), "float32[3,2]", WALK, "jax.vmap"),
    Case("a text for numbers", step(Reach, "up"), "'up'", WALK, "must be float32[2]"),
    Case("complex numbers", step(Reach, lambda: jnp.zeros(2, complex)), "complex64[2]", WALK, "must be float32[2]"),
    # states
    Case("a batch of states", with_state(batched), "int32[2]", WALK, "jax.vmap"),
    Case("the inner state", with_state(lambda env, state: state.env_state), "WalkState", WALK, "must come from reset"),
    Case("no state", with_state(lambda env, state: None), "NoneType", WALK, "must come from reset"),
    Case(
        "another type",
        with_state(lambda env, state: state.replace(env_state=state.env_state.replace(place=jnp.float32(0)))),
        "float32",
        "place",
        "must be int32[]",
    ),
    Case(
        "another environment's",
        lambda folder: begun(Duel)[0].step(KEY, begun(Walk)[1], [0, 0]),
        "WalkState",
        "toys/duel: step",
        "must be a Duel",
    ),
    Case(
        "another shape",
        with_state(
            lambda env, state: state.replace(env_state=state.env_state.replace(time=jnp.zeros((2, 2), jnp.int32)))
        ),
        "int32[2,2]",
        "time",
        "must be int32[]",
    ),
    # keys
    Case("a number as a key", with_key(lambda: 7), "int32[]", "toys/walk: reset", "jax.random.key"),
    Case("no key", with_key(lambda: None), "None", "toys/walk: reset", "jax.random.key"),
    Case("a batch of keys", with_key(lambda: jax.random.split(KEY, 4)), "[4]", "toys/walk: reset", "jax.vmap"),
    Case("a key of floats", with_key(lambda: jnp.zeros(2), "step"), "float32[2]", WALK, "jax.random.key"),
    # rollouts
    Case("no batch", rolled(batch_size=0), "0", "rollout", "must be positive"),
    Case("no steps", rolled(num_steps=-3), "-3", "rollout", "must be positive"),
    Case("too many steps", rolled(num_steps=2**31), str(2**31), "rollout", "below 2**31"),
    Case("a chunk", rolled(chunk=3), "3", "rollout", "must divide batch_size 4"),
    Case("a backend", rolled(backend="gpu"), "'gpu'", "rollout", "must be one of"),
    # parts of the contract
    Case("a space of nothing", of(lambda: spaces.Discrete(0)), "0", "Discrete", "at least 1"),
    Case("bounds backwards", of(lambda: spaces.Box(1.0, 0.0, (2,))), "1.0", "Box", "must not exceed"),
    Case("bounds of a shape", of(lambda: spaces.Box(np.zeros(3), 1.0, (2,))), "(3,)", "Box", "(2,)"),
    Case(
        "names twice",
        of(lambda: ObsSpec((PLACE, PLACE))),
        "'a'",
        "ObsSpec",
        "must differ",
    ),
    Case(
        "a flat form", of(lambda: begun(Walk)[0].obs_spec.unflatten(jnp.zeros(9))), "(9,)", "ObsSpec", "must end in 2"
    ),
    Case("no players", facts(players=0), "0", "t/x", "at least 1"),
    Case("a single of two", facts(players=2), "2", "t/x", "means one player"),
    Case("rewards backwards", facts(reward_range=(1.0, 0.0)), "(1.0, 0.0)", "t/x", "(low, high)"),
    Case("backends", facts(backends=("cuda",)), "'cuda'", "t/x", '"xla"'),
    Case("no operation", facts(no_op=5), "5", "t/x", "below 2"),
    Case(
        "maybe of a number",
        of(lambda: jaxenv.maybe(jnp.int32(1), lambda x: x, jnp.float32(0))),
        "int32[]",
        "maybe",
        "a bool scalar",
    ),
    Case(
        "maybe another type",
        of(lambda: jaxenv.maybe(jnp.bool_(True), lambda x: x.astype(jnp.int32), jnp.float32(0))),
        "int32[]",
        "maybe",
        "cast it with .astype(float32)",
    ),
]
