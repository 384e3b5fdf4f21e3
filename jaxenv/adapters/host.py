"""A batch of environments that a Python loop steps, one compiled call a step: what the host's libraries have in common.

The calls run the kernels that `backend` names (`jaxenv.backends`). A loop over few lanes is bound by Python, not by
them: give it thousands.
"""

from __future__ import annotations

import dataclasses
import functools
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxenv import struct
from jaxenv.adapters import common
from jaxenv.autoreset import reset_hook
from jaxenv.backends import Backend, choose
from jaxenv.control import maybe
from jaxenv.environment import Environment
from jaxenv.spaces import Box

SAME_STEP, NEXT_STEP, DISABLED = "SameStep", "NextStep", "Disabled"
MODES = (SAME_STEP, NEXT_STEP, DISABLED)
"""Gymnasium's auto-reset modes, as the values of its enumeration."""


@struct.dataclass
class Lane(struct.Node):
    """One environment; every leaf has the batch as its leading axis."""

    key: jax.Array
    """Constant until the lane is seeded again; each call folds its count into it."""
    count: jax.Array  # uint32[]
    state: Any
    """The environment's own state."""
    over: jax.Array
    """bool[]: the last step ended the episode, and no other has begun."""


class Output(NamedTuple):
    """Results of a step, leaves `[N, ...]`. After a reset only `obs` and `legal_actions` mean anything."""

    obs: Any
    legal_actions: jax.Array
    reward: jax.Array
    terminated: jax.Array
    truncated: jax.Array
    final_obs: Any
    """Observation that the step led to, before any reset."""
    illegal: jax.Array


@dataclasses.dataclass(frozen=True)
class Programs:
    """The compiled functions of a batch; equal ones share what was compiled.

    * `flat`: observations are `float32[..., D]`, as `ObsSpec.flatten` makes them, else dicts of the fields.
    """

    env: Environment
    mode: str
    flat: bool
    backend: Backend

    @functools.partial(jax.jit, static_argnums=0)
    def reset(self, keys: jax.Array, params: Any) -> tuple[Lane, Output]:
        """A first episode in each lane, from its key."""
        return self._shown(self._map("a first state", self._first, keys, params))

    @functools.partial(jax.jit, static_argnums=0)
    def reset_some(self, lane: Lane, wanted: jax.Array, params: Any) -> tuple[Lane, Output]:
        """A new episode in the lanes that are wanted: bool[N]. The others stay as they are."""
        return self._shown(self._map("a new state", self._again, lane, wanted, params))

    @functools.partial(jax.jit, static_argnums=0)
    def step(self, lane: Lane, action: jax.Array, params: Any) -> tuple[Lane, Output]:
        """One step of each lane."""
        return self._shown(self._map(f"a step, {self.mode}", self._step, lane, action, params))

    def _map(self, what: str, fn: Any, *arguments: Any) -> Any:
        known = None
        if self.backend.name != "xla":
            from jaxenv.fingerprint import fingerprint

            known = fingerprint(self.env, *arguments)
            known = known and f"jaxenv.adapters: {what}: {known}"
        return self.backend.vmap(fn, (*(0 for _ in arguments[1:]), None), fingerprint=known)(*arguments)

    def _first(self, key: jax.Array, params: Any) -> tuple[Lane, Output]:
        _, state = reset_hook(self.env)(jax.random.fold_in(key, np.uint32(0)), params)
        lane = Lane(key, jnp.uint32(1), state, jnp.zeros((), bool))
        return lane, self._quiet(state, params)

    def _again(self, lane: Lane, wanted: jax.Array, params: Any) -> tuple[Lane, Output]:
        key = jax.random.fold_in(lane.key, lane.count)
        state = maybe(wanted, lambda _: reset_hook(self.env)(key, params)[1], lane.state)
        return Lane(lane.key, lane.count + 1, state, lane.over & ~wanted), self._quiet(state, params)

    def _quiet(self, state: Any, params: Any) -> Output:
        obs = self.env.observe(state, params)
        players, no = self.env._player_axis, jnp.zeros((), bool)
        legal = self.env.legal_actions(state, params)
        return Output(obs, legal, jnp.zeros(players, jnp.float32), no, no, obs, jnp.zeros(players, bool))

    def _step(self, lane: Lane, action: jax.Array, params: Any) -> tuple[Lane, Output]:
        env = self.env
        step_key, reset_key = jax.random.split(jax.random.fold_in(lane.key, lane.count))
        final, state, reward, terminated, truncated, info = env.step_env(step_key, lane.state, action, params)
        illegal = info.get("illegal", jnp.zeros(env._player_axis, bool))
        begins = terminated | truncated
        if self.mode == NEXT_STEP:  # the call after the end only begins the next episode, whatever the action
            begins, quiet = lane.over, ~lane.over
            reward, terminated, truncated = jnp.where(quiet, reward, 0), terminated & quiet, truncated & quiet
            illegal = illegal & quiet
        ended = terminated | truncated
        if self.mode != DISABLED:
            state = maybe(begins, lambda _: reset_hook(env)(reset_key, params)[1], state)
        obs = env.observe(state, params)
        over = ended if self.mode != SAME_STEP else jnp.zeros((), bool)
        out = Output(obs, env.legal_actions(state, params), reward, terminated, truncated, final, illegal)
        return Lane(lane.key, lane.count + 1, state, over), out

    def _shown(self, results: tuple[Lane, Output]) -> tuple[Lane, Output]:
        """The same, the observations as the library wants them. Not in the kernel: joining hundreds of numbers there
        makes minutes of work for a C++ compiler."""
        lane, out = results
        return lane, out._replace(obs=self._form(out.obs), final_obs=self._form(out.final_obs))

    def _form(self, obs: Any) -> Any:
        spec = self.env.obs_spec
        return spec.flatten(obs) if self.flat else {field.name: spec.get(obs, field.name) for field in spec.fields}


class Batch:
    """`num_envs` environments and the generator of each. `where` begins the text of errors.

    A lane that is seeded with `s` plays the same episodes in a batch of any size, and in any place of it. Without a
    seed the first reset takes one from the operating system, and later ones go on with it.
    """

    def __init__(
        self, env: Environment, num_envs: int, mode: str, *, params: Any, backend: str, flat: bool, where: str
    ) -> None:
        if isinstance(num_envs, bool) or not isinstance(num_envs, int) or num_envs < 1:
            raise ValueError(f"{where}: num_envs must be a positive integer, got {num_envs!r}")
        self.env, self.num_envs, self.where = env, num_envs, where
        self.params = env.default_params if params is None else params
        self.backend = choose(backend, env)
        self.mode = mode
        self._programs = Programs(env, mode, flat, self.backend)
        self._lane: Lane | None = None
        self._over = np.zeros(num_envs, bool)
        space: Any = env.action_space()
        self._shape = (num_envs, *env._player_axis, *space.shape)
        self._continuous = isinstance(space, Box)
        self._dtype = np.dtype(space.dtype)

    def reset(self, seed: Any = None, mask: Any = None) -> Output:
        """New episodes, in the lanes of `mask` (bool[N]) or in all.

        `seed`: None, an integer, from which lane `i` takes `seed + i`, or one for each lane, None for a lane that goes
        on with its own. Raises TypeError or ValueError for anything else.
        """
        seeds = self._seeds(seed)
        if mask is not None:
            mask = self._mask(mask)
        if self._lane is None:
            if mask is not None and not mask.all():
                raise RuntimeError(f"{self.where}: the first reset cannot have a reset_mask: call reset() before it")
            fresh = common.fresh_seeds(self.num_envs)
            drawn = np.array([fresh[i] if s is None else s for i, s in enumerate(seeds)], np.uint32)
            self._lane, out = self._programs.reset(common.keys_of(drawn), self.params)
        else:
            seeded = np.array([s is not None for s in seeds]) & (True if mask is None else mask)
            wanted = np.ones(self.num_envs, bool) if mask is None else mask
            if seeded.all():
                self._lane, out = self._programs.reset(common.keys_of(np.array(seeds, np.uint32)), self.params)
            else:
                if seeded.any():
                    keys = common.keys_of(np.array([0 if s is None else s for s in seeds], np.uint32))
                    self._lane = self._reseeded(seeded, keys)
                self._lane, out = self._programs.reset_some(self._lane, jnp.asarray(wanted), self.params)
        self._over = np.zeros(self.num_envs, bool) if mask is None else self._over & ~mask
        return out

    def _reseeded(self, seeded: np.ndarray, keys: jax.Array) -> Lane:
        assert self._lane is not None
        key = jnp.where(jnp.asarray(seeded), keys, self._lane.key)
        return self._lane.replace(key=key, count=jnp.where(jnp.asarray(seeded), np.uint32(0), self._lane.count))

    def step(self, actions: Any) -> Output:
        """One step of every lane. Raises RuntimeError before the first reset, and where a lane must be reset first."""
        if self._lane is None:
            raise RuntimeError(f"{self.where}: call reset() before the first step()")
        if self._over.any() and self.mode == DISABLED:
            raise RuntimeError(
                f"{self.where}: the episodes of environments {np.flatnonzero(self._over)[:8].tolist()} have ended, and "
                'autoreset_mode is Disabled: call reset(options={"reset_mask": terminations | truncations}) first'
            )
        self._lane, out = self._programs.step(self._lane, self.actions(actions), self.params)
        if self.mode == DISABLED:
            self._over = np.asarray(out.terminated) | np.asarray(out.truncated)
        return out

    @property
    def lane(self) -> Lane:
        """States of all lanes. Raises RuntimeError before the first reset."""
        if self._lane is None:
            raise RuntimeError(f"{self.where}: call reset() first")
        return self._lane

    def picture(self, number: int) -> np.ndarray:
        """uint8[height, width, 3]: `Environment.render` of the state of one lane."""
        return self.env.render(jax.tree.map(lambda leaf: leaf[number], self.lane.state), self.params)

    def actions(self, actions: Any) -> jax.Array:
        """The actions in the type of the space, from arrays of NumPy, JAX or torch, or lists.

        Raises TypeError or ValueError that names what was given, unless their type and shape fit.
        """
        where = f"{self.where}: step: actions must be {self._dtype.name}{list(self._shape)}"
        if hasattr(actions, "detach"):  # a tensor of torch
            actions = actions.detach()
            actions = actions.numpy() if actions.device.type == "cpu" else jnp.from_dlpack(actions.contiguous())
        if not isinstance(actions, jax.Array):
            try:
                actions = np.asarray(actions)
            except ValueError as error:
                raise ValueError(f"{where}, got {actions!r}: {error}") from error
        if actions.shape != self._shape:
            raise ValueError(f"{where}, got shape {list(actions.shape)}")
        kind = np.dtype(actions.dtype).kind
        if kind not in ("fiu" if self._continuous else "iu"):
            remedy = "" if self._continuous else "; its actions are integers: take the argmax, or cast them"
            raise TypeError(f"{where}, got {actions.dtype}{remedy}")
        if not self._continuous and isinstance(actions, np.ndarray) and actions.dtype.itemsize > self._dtype.itemsize:
            actions = np.clip(actions, -1, self.env.num_actions)  # as illegal, and not another action after the cast
        return jnp.asarray(actions, self._dtype)

    def _mask(self, mask: Any) -> np.ndarray:
        found = np.asarray(mask)
        if found.shape != (self.num_envs,) or found.dtype != np.bool_:
            raise ValueError(
                f"{self.where}: reset: reset_mask must be bool[{self.num_envs}], got {found.dtype}{list(found.shape)}"
            )
        if not found.any():
            raise ValueError(f"{self.where}: reset: reset_mask names no environment to reset")
        return found

    def _seeds(self, seed: Any) -> list[int | None]:
        where = f"{self.where}: reset"
        if seed is None:
            return [None] * self.num_envs
        if isinstance(seed, list | tuple | np.ndarray):
            if len(seed) != self.num_envs:
                raise ValueError(f"{where}: seed must have one entry for each of {self.num_envs}, got {len(seed)}")
            return [None if s is None else common.check_seed(s, where) for s in seed]
        first = common.check_seed(seed, where)
        return [(first + i) % common.SEEDS for i in range(self.num_envs)]
