"""State of a Gymnasium environment, found by playing it: the attributes that decide its next step, and their types."""

from __future__ import annotations

import inspect
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from translator.errors import ProjectError

_EPISODES, _STEPS, _SAMPLES = 4, 60, 40
_EPSILON = float(np.finfo(np.float32).eps)


@dataclass(frozen=True)
class Attribute:
    """One attribute of the unwrapped environment. `kind`: "f", "i" or "b"; `shape`: of its array, () for a number.

    `tuple`: it is a tuple. `rounding`: what rounding the state to float32 changes in it in one step, at most.
    """

    name: str
    kind: str
    shape: tuple[int, ...]
    tuple: bool
    rounding: float


@dataclass(frozen=True)
class Probed:
    """A Gymnasium environment as `init` found it. `unset`: attributes that are None until an episode ends.

    `limit`: its time limit, None for none. `discrete`: the observation is a whole number. `source`: "package:path" of
    its file, "" where it is not in an installed package. `rounding`: as of `Attribute`, of the observation.
    """

    id: str
    options: Mapping[str, Any]
    attributes: tuple[Attribute, ...]
    unset: tuple[str, ...]
    limit: int | None
    discrete: int
    source: str
    version: str
    rounding: float


def probe(name: str, options: Mapping[str, Any]) -> Probed:
    """Play `gymnasium.make(name, **options)` and look. `ProjectError` for one that a project cannot be made of."""
    try:
        import gymnasium
    except ImportError as error:
        raise ProjectError("--reference gymnasium:ID needs Gymnasium: `pip install gymnasium`") from error

    def make() -> Any:
        try:
            return gymnasium.make(name, disable_env_checker=True, **options)
        except (gymnasium.error.Error, TypeError, ImportError) as error:
            raise ProjectError(f"gymnasium:{name}: {error}; give another id, or other --set NAME=VALUE") from error

    env, twin = make(), make()
    try:
        space = env.observation_space
        discrete = int(space.n) if isinstance(space, gymnasium.spaces.Discrete) else 0
        if not discrete and not isinstance(space, gymnasium.spaces.Box):
            kind = type(space).__name__
            raise ProjectError(
                f"gymnasium:{name}: observations are a {kind}; a project can be made of Box and Discrete"
            )
        if not isinstance(env.action_space, gymnasium.spaces.Discrete | gymnasium.spaces.Box):
            kind = type(env.action_space).__name__
            raise ProjectError(f"gymnasium:{name}: actions are a {kind}; a project can be made of Box and Discrete")
        steps = _played(env)
        names, unset = _candidates(steps)
        names = _needed(name, twin, steps, names, unset)
        rounding, seen = _rounding(twin, steps, names, unset)
        attributes = tuple(_described(name, one, steps, rounding[one]) for one in names)
        limit = getattr(env.spec, "max_episode_steps", None)
        return Probed(
            name, dict(options), attributes, unset, limit, discrete, _source(env), gymnasium.__version__, seen
        )
    finally:
        env.close()
        twin.close()


@dataclass(frozen=True)
class _Step:
    before: dict[str, Any]
    action: Any
    after: dict[str, Any]
    told: tuple[Any, ...]


def _played(env: Any) -> list[_Step]:
    """Steps of random play, each with all numbers among the attributes before and after it."""
    found = []
    for seed in range(_EPISODES):
        env.reset(seed=seed)
        env.action_space.seed(seed)
        before = _numbers(env.unwrapped)
        for _ in range(_STEPS):
            action = env.action_space.sample()
            obs, reward, terminated, truncated, _ = env.step(action)
            after = _numbers(env.unwrapped)
            found.append(_Step(before, action, after, (np.array(obs), float(reward), bool(terminated))))
            before = after
            if terminated or truncated:
                break
    return found


def _numbers(unwrapped: Any) -> dict[str, Any]:
    """Attributes that are numbers, arrays of them, or None."""
    found = {}
    for name, value in vars(unwrapped).items():
        if name in ("np_random", "_np_random_seed", "render_mode"):
            continue
        if value is None:
            found[name] = None
            continue
        if isinstance(value, bool | int | float | np.generic | np.ndarray | tuple | list):
            try:
                array = np.array(value)
            except ValueError:
                continue
            if array.dtype.kind in "biuf" and array.size <= 4096:
                found[name] = (array, isinstance(value, tuple))
    return found


def _candidates(steps: list[_Step]) -> tuple[list[str], tuple[str, ...]]:
    """Attributes that change while an episode is played, and those that are None until it ends."""
    seen: dict[str, list[Any]] = {}
    for step in steps:
        for side in (step.before, step.after):
            for name, value in side.items():
                seen.setdefault(name, []).append(value)
    names, unset = [], []
    for name, values in seen.items():
        arrays = [value[0] for value in values if value is not None]
        if not arrays or len(arrays) + values.count(None) < 2 * len(steps):
            continue
        if values.count(None):
            before = [step.before.get(name) for step in steps]
            (unset if before.count(None) == len(before) else names).append(name)
        elif any(not np.array_equal(arrays[0], array) for array in arrays):
            names.append(name)
    return names, tuple(unset)


def _put(env: Any, state: Mapping[str, Any], names: list[str], unset: tuple[str, ...], rounded: bool = False) -> None:
    for name in names:
        if state[name] is None:
            setattr(env.unwrapped, name, None)
            continue
        array, is_tuple = state[name]
        if array.dtype.kind == "f":
            array = array.astype(np.float32 if rounded else np.float64).astype(np.float64)
        value: Any = array.item() if array.ndim == 0 else array.copy()
        setattr(env.unwrapped, name, tuple(value) if is_tuple else value)
    for name in unset:
        setattr(env.unwrapped, name, None)


def _same(env: Any, step: _Step, names: list[str], unset: tuple[str, ...], seed: int, told: list[str]) -> bool:
    """True if the step goes as it went, from these attributes alone, in an environment of another seed."""
    env.reset(seed=seed)
    _put(env, step.before, names, unset)
    obs, reward, terminated, _, _ = env.step(step.action)
    after = _numbers(env.unwrapped)
    equal = (
        np.allclose(obs, step.told[0], rtol=1e-6, atol=1e-6) and reward == step.told[1] and terminated == step.told[2]
    )
    return equal and all(
        after[name] is not None and np.allclose(after[name][0], step.after[name][0], rtol=1e-9, atol=1e-12)
        for name in told
        if step.after[name] is not None
    )


def _needed(name: str, env: Any, steps: list[_Step], names: list[str], unset: tuple[str, ...]) -> list[str]:
    """The attributes without which some step goes another way."""
    chosen = steps[:: max(1, len(steps) // _SAMPLES)]
    if not names or not all(_same(env, step, names, unset, 999, names) for step in chosen):
        raise ProjectError(
            f"gymnasium:{name}: its steps draw random numbers, or depend on something beside its attributes {names}, "
            "so that one state has no one next state: switch that off by --set NAME=VALUE (as is_slippery=false), or "
            "write the plugin yourself (docs/verify-your-own.md)"
        )
    for one in list(names):
        left = [other for other in names if other != one]
        if left and all(_same(env, step, left, unset, 999, left) for step in chosen):
            names = left
    return names


def _rounding(env: Any, steps: list[_Step], names: list[str], unset: tuple[str, ...]) -> tuple[dict[str, float], float]:
    """Largest change of one step in each attribute, and in the observation, when the state is rounded to float32."""
    most, seen = dict.fromkeys(names, 0.0), 0.0
    for step in steps[:: max(1, len(steps) // _SAMPLES)]:
        env.reset(seed=1)
        _put(env, step.before, names, unset, rounded=True)
        obs, _, terminated, _, _ = env.step(step.action)
        if terminated != step.told[2]:
            continue
        after = _numbers(env.unwrapped)
        for name in names:
            pair = after[name], step.after[name]
            if pair[0] is None or pair[1] is None or pair[0][0].dtype.kind != "f":
                continue
            scale = _EPSILON * float(np.abs(pair[1][0]).max())
            most[name] = max(most[name], scale, float(np.abs(pair[0][0] - pair[1][0]).max()))
        told = np.asarray(step.told[0], np.float64)
        gap = np.abs(np.asarray(obs, np.float64) - told)
        seen = max(seen, float(gap.max()), _EPSILON * float(np.abs(told).max()))
    return most, seen


def _described(env: str, name: str, steps: list[_Step], rounding: float) -> Attribute:
    values = [side[name] for step in steps for side in (step.before, step.after) if side[name] is not None]
    shapes = {value[0].shape for value in values}
    if len(shapes) != 1 or len(values) != 2 * len(steps):
        raise ProjectError(
            f"gymnasium:{env}: attribute {name!r} changes its shape or is None at times: write the plugin yourself "
            "(docs/verify-your-own.md)"
        )
    kinds = {value[0].dtype.kind for value in values}
    kind = "f" if "f" in kinds else "b" if kinds == {"b"} else "i"
    return Attribute(name, kind, shapes.pop(), all(value[1] for value in values), rounding)


def _source(env: Any) -> str:
    """ "package:path" of the file that has the environment's class."""
    module = type(env.unwrapped).__module__.partition(".")[0]
    file = inspect.getsourcefile(type(env.unwrapped))
    package = Path(sysconfig.get_paths()["purelib"]) / module
    if file is None or not Path(file).is_relative_to(package):
        return ""
    return f"{module}:{Path(file).relative_to(package).as_posix()}"
