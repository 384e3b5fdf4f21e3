"""Declarations of an environment: its configuration and params, and the types of all that its methods return."""

from __future__ import annotations

import dataclasses
from typing import Any

import jax
import numpy as np

from jaxenv import pretty
from jaxenv.autoreset import INFO_KEYS
from jaxenv.checks.compare import holding, is_key, is_type, same_types
from jaxenv.environment import Environment
from jaxenv.rollouts import Transition, random_policy
from jaxenv.spaces import Discrete

_LINES = 60
"""Lines of a text that still serves at a prompt: of an environment's own `repr`, too."""


def check_identity(env: Environment, params: Any) -> None:
    """A frozen dataclass, equal and of equal hash where its configuration is; params of numbers alone."""
    name = type(env).__name__
    with holding(env, "decorate the class with @dataclasses.dataclass(frozen=True, kw_only=True)"):
        frozen = getattr(type(env), "__dataclass_params__").frozen  # noqa: B009
        assert frozen and "__dataclass_fields__" in vars(type(env)), f"{name} must be a frozen dataclass"
        again = dataclasses.replace(env)
        assert env == again and hash(env) == hash(again), f"{name}: equal configuration must mean equal and equal hash"
    with holding(env, "let spec read the environment's fields alone"):
        spec = env.spec
        assert spec == again.spec, f"{name}.spec must depend on the configuration only"
        assert spec.id and spec.version, f"{name}.spec needs an id and a version, got {spec.id!r}, {spec.version!r}"
    with holding(env, "make params a struct of numbers and arrays; what is no number is a field of the environment"):
        assert hasattr(params, "max_steps_in_episode"), f"{name}: params must have max_steps_in_episode"
        for path, leaf in jax.tree_util.tree_flatten_with_path(params)[0]:
            kind = np.asarray(leaf).dtype.kind if not is_key(leaf) else "u"
            assert kind in "biufc", f"{name}: params{jax.tree_util.keystr(path)} must be numeric, got {leaf!r}"


def check_types(env: Environment, params: Any, key: jax.Array) -> Any:
    """A step returns the types it takes, and the types of the contract. Traces, and compiles nothing.

    Returns the types of `step`'s six values.
    """
    players = () if env.num_players == 1 else (env.num_players,)
    space, count = env.action_space(params), env.num_actions
    with holding(env, "let spec.num_actions be the n of a Discrete action space, and 0 where the space is a Box"):
        expected = space.n if isinstance(space, Discrete) else 0
        assert count == expected, f"spec.num_actions is {count}, and action_space is {space}"
    with holding(env, "cast with .astype(...), so that every method returns the same structure, shapes and dtypes"):
        obs, state = jax.eval_shape(env.reset, key, params)
        raw_obs, raw_state = jax.eval_shape(env.reset_env, key, params)
        same_types("reset and reset_env", (raw_obs, raw_state), (obs, state.env_state))
        if type(env).reset_from_pool is not Environment.reset_from_pool:
            drawn = jax.eval_shape(env.reset_from_pool, key, params)
            same_types("reset_from_pool and reset_env", drawn, (raw_obs, raw_state))
        same_types("observe and reset's observation", jax.eval_shape(env.observe, state, params), obs)
        mask = jax.eval_shape(env.legal_actions, state, params)
        action = jax.eval_shape(random_policy(env), key, obs, mask)
        stepped = jax.eval_shape(env.step_env, key, state.env_state, action, params)
        same_types("step_env's observation and state, and reset's", stepped[:2], (obs, state.env_state))
        out = jax.eval_shape(env.step, key, state, action, params)
        assert len(out) == 6, f"step must return six values, got {len(out)}"
        next_obs, next_state, reward, terminated, truncated, info = out
        same_types("step's state and reset's state", state, next_state)
        same_types("step's observation and reset's observation", obs, next_obs)
        is_type("reward", reward, players, np.float32)
        is_type("terminated", terminated, (), np.bool_)
        is_type("truncated", truncated, (), np.bool_)
        is_type("legal_actions", mask, (*players, env.num_actions), np.bool_)
        is_type("to_act", jax.eval_shape(env.to_act, state), players, np.bool_)
        if "illegal" in info:
            is_type('info["illegal"]', info["illegal"], players, np.bool_)
    with holding(
        env, "leave info's entries of auto-reset to the base class, and put the same entries in on every step"
    ):
        missing = [name for name in INFO_KEYS if name not in info]
        assert not missing, f"info lacks {missing}"
        same_types("final_observation and obs", obs, info["final_observation"])
        same_types("final_legal_actions and legal_actions", mask, info["final_legal_actions"])
        is_type("returned_episode", info["returned_episode"], (), np.bool_)
        is_type("returned_episode_return", info["returned_episode_return"], players, np.float32)
        is_type("returned_episode_length", info["returned_episode_length"], (), np.int32)
        own = {name: leaf for name, leaf in info.items() if name not in INFO_KEYS}
        same_types("info of step_env and of step, traced one after the other", stepped[5], own)
    return out


def check_texts(env: Environment, params: Any, key: jax.Array) -> None:
    """Readable texts at a prompt: of `_LINES` lines at most, and a struct's names its fields. Traces alone."""
    obs, state = jax.eval_shape(env.reset, key, params)
    with holding(env, "keep the repr that structs, specs and spaces come with, or write one that fits a screen"):
        shown = {"the environment": env, "spec": env.spec, "obs_spec": env.obs_spec, "params": params}
        shown |= {"action_space": env.action_space(params), "the state": state, "the observation": obs}
        for name, value in shown.items():
            text = repr(value)
            lines = text.count("\n") + 1
            assert lines <= _LINES, f"repr of {name} has {lines} lines"
            if dataclasses.is_dataclass(value) and type(value).__repr__ is pretty.struct_repr:
                fields = [field.name for field in dataclasses.fields(value)][: pretty.MOST_ITEMS]
                missing = [field for field in fields if f"{field}=" not in text]
                assert not missing, f"repr of {name} does not show {missing}: {pretty.clipped(text)!r}"


def check_real_types(env: Environment, traced: Any, played: Transition) -> None:
    """Play, `[T, B, ...]`, has the types that tracing promised."""
    with holding(env, "let no shape, dtype or entry of info depend on how the method is compiled or batched"):
        same_types("step's info, alone and under vmap", traced[5], played.info, lead=2)
        for name in ("reward", "terminated", "truncated"):
            value = traced[2 + ("reward", "terminated", "truncated").index(name)]
            same_types(f"step's {name}, alone and under vmap", value, getattr(played, name), lead=2)
        same_types("observations, alone and under vmap", traced[0], played.obs, lead=2)
