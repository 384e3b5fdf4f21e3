"""A MuJoCo environment of Gymnasium as the reference, put into states of the C engine and stepped in batches."""

from __future__ import annotations

import contextlib
import functools
import importlib
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version
from typing import Any

import numpy as np
from numpy.typing import NDArray

from references.gymnasium_env import AGENT, STATE, TIME, GymnasiumReference
from references.protocol import FIGURES, Actions, Batch, Bounds, Snapshot, require_version, row, size, stack

PINNED = {"gymnasium": "1.3.0", "mujoco": "4.0.0"}
"""Distributions that the reference is made of; a test holds the environments' specs to the same versions."""

STATE_NAMES = {"qpos": "qpos", "qvel": "qvel", "warmstart": "qacc_warmstart"}
"""Name in the snapshot → array of MuJoCo's ``mjData``: all that a step depends on."""


@functools.cache
def engine() -> Any:
    """The module `mujoco`, whose C functions type checkers do not see.

    Raises `ReferenceVersionError` if it or Gymnasium is installed in another version than the pinned one.
    """
    module = importlib.import_module("mujoco")
    for name, pinned in PINNED.items():
        require_version(name, version(name), pinned, f"pip install '{name}=={pinned}'")
    return module


@contextlib.contextmanager
def quiet() -> Iterator[list[str]]:
    """Collects MuJoCo's warnings, which else go to the console and to MUJOCO_LOG.TXT in the working folder."""
    mujoco = engine()
    said: list[str] = []
    mujoco.set_mju_user_warning(said.append)
    try:
        yield said
    finally:
        mujoco.set_mju_user_warning(None)


class UnstableError(RuntimeError):
    """MuJoCo found a state that is no number or beyond 1e10, and began again from the initial pose."""


class MujocoReference(GymnasiumReference):
    """``gymnasium.make(task, **options)``: `Restorable` with the solver's warm start, and `Batched`.

    The snapshot has "state.qpos", "state.qvel", "state.warmstart" and "state.time", and the outcomes of
    `GymnasiumReference`. A step in which the engine gives up on the state raises `UnstableError`. `set_state` of
    Gymnasium is not used: it would run the solver and change the warm start.
    """

    def __init__(self, task: str, info: Sequence[str] = (), episode: bool = False, **options: Any) -> None:
        import gymnasium

        def make() -> Any:
            with quiet() as said:
                env = gymnasium.make(task, disable_env_checker=True, **options)
            unexpected = [text for text in said if "settotalmass" not in text]  # an attribute of the cheetah's file
            if unexpected:
                raise RuntimeError(f"MuJoCo warns about the model of {task}: {'; '.join(unexpected)}")
            return env

        runs = f"{gymnasium.__version__} on mujoco {engine().__version__}"
        super().__init__(make, _get_state, _set_state, runs, info, episode)

    @property
    def unwrapped(self) -> Any:
        """Gymnasium's environment: `model`, `data`, `frame_skip`."""
        return self._env.unwrapped

    def step(self, actions: Actions) -> None:
        """Play one action: {"agent": float array}."""
        with quiet() as said, np.errstate(over="ignore", invalid="ignore"):
            super().step(actions)
        self._refuse(said)

    def step_many(self, snapshots: Batch, actions: Batch) -> Batch:
        """Every case restored and stepped once."""
        cases = size(snapshots)
        if not cases:
            raise ValueError(f"{self.info.name}: a batch without cases")
        data, play = self.unwrapped.data, self._env.step
        joint = np.asarray(actions[AGENT], self._env.action_space.dtype)
        inputs = [(np.asarray(snapshots[STATE + name]), getattr(data, array)) for name, array in STATE_NAMES.items()]
        counters = {path: np.asarray(snapshots[path]) for path in (TIME, *FIGURES) if path in snapshots}
        outputs = [np.empty((cases, len(array))) for _, array in inputs]
        told = []
        with quiet() as said, np.errstate(over="ignore", invalid="ignore"):
            for case in range(cases):
                for values, array in inputs:
                    array[:] = values[case]
                self._count({path: values[case] for path, values in counters.items()})
                outcome = self._outcome(*play(joint[case]))
                told.append(outcome | self._clock() | self._figures())
                for output, (_, array) in zip(outputs, inputs, strict=True):
                    output[case] = array
        self._refuse(said)
        after: dict[str, NDArray[Any]] = {
            STATE + name: output for name, output in zip(STATE_NAMES, outputs, strict=True)
        }
        return {**after, **stack(told)}

    def restore_many(self, snapshots: Batch) -> Batch:
        """Every case restored and snapshotted again."""
        found = []
        for case in range(size(snapshots)):
            self.restore(row(snapshots, case))
            found.append(self.snapshot())
        return stack(found)

    def legal_many(self, snapshots: Batch) -> Mapping[str, NDArray[np.bool_] | Bounds]:
        """The action space's bounds in every case."""
        bounds = self.legal()[AGENT]
        assert isinstance(bounds, Bounds)
        shape = (size(snapshots), *bounds.low.shape)
        return {AGENT: Bounds(np.broadcast_to(bounds.low, shape), np.broadcast_to(bounds.high, shape))}

    def restore(self, snapshot: Snapshot) -> None:
        """Become that state. `ValueError` names the paths that are missing, or hold something that is no number."""
        super().restore(snapshot)
        for name in STATE_NAMES:
            if not np.isfinite(snapshot[STATE + name]).all():
                raise ValueError(f"{self.info.name}: cannot restore {STATE + name} = {snapshot[STATE + name]}")

    def _clock(self) -> dict[str, Any]:
        return {} if self._limit is None else {TIME: np.int64(self._limit._elapsed_steps)}

    def _refuse(self, said: Sequence[str]) -> None:
        # A control that is no number is no state that is none: MuJoCo zeroes all controls of that step, and goes on.
        found = [text for text in said if "in CTRL" not in text]
        if found:
            raise UnstableError(f"{self.info.name}: {found[0].strip()}")


def _get_state(env: Any) -> dict[str, NDArray[np.float64]]:
    return {name: getattr(env.data, array) for name, array in STATE_NAMES.items()}


def _set_state(env: Any, state: Mapping[str, Any]) -> None:
    for name, array in STATE_NAMES.items():
        getattr(env.data, array)[:] = state[name]
