"""Gymnasium: `VectorEnv` for a batch, `SingleEnv` for one environment, and ids for `gymnasium.make`.

    from jaxenv.adapters.gymnasium import VectorEnv
    envs = VectorEnv("family/name", num_envs=4096)

    import gymnasium
    env = gymnasium.make("jaxenv.adapters.gymnasium:family/name")
    envs = gymnasium.make_vec("jaxenv.adapters.gymnasium:family/name", num_envs=4096)

Importing this module registers all ids, and the part of the id before the colon makes Gymnasium import it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from jaxenv import registry
from jaxenv.adapters import common, host
from jaxenv.environment import Environment
from jaxenv.rollouts import random_legal
from jaxenv.spaces import Box, Discrete

if TYPE_CHECKING:
    import gymnasium
    import gymnasium.vector
else:
    gymnasium = common.library("gymnasium", "gymnasium", "1.1")

AutoresetMode = gymnasium.vector.AutoresetMode
ARRAYS = ("numpy", "torch", "jax")


def action_space(env: Environment) -> gymnasium.Space:
    """Gymnasium's form of the action space of one player."""
    space = env.action_space()
    if isinstance(space, Discrete):
        return gymnasium.spaces.Discrete(space.n, dtype=np.dtype(space.dtype).type)
    if isinstance(space, Box):
        low, high = common.action_bounds(space)
        return gymnasium.spaces.Box(low, high, space.shape, np.dtype(space.dtype).type)
    raise common.cannot_hold(env, "Gymnasium", "a Discrete one or a Box")


def observation_space(env: Environment, flat: bool = True) -> gymnasium.Space:
    """Gymnasium's form of the observation of one player: a float32 Box, or a Dict of the fields."""
    if flat:
        low, high = common.bounds(env)
        return gymnasium.spaces.Box(low, high, low.shape, np.float32)
    fields = {}
    for field in env.obs_spec.fields:
        low, high = (np.asarray(bound, field.dtype).item() for bound in (field.low, field.high))
        fields[field.name] = gymnasium.spaces.Box(low, high, field.shape, np.dtype(field.dtype).type)
    return gymnasium.spaces.Dict(fields)


def autoreset_mode(mode: Any, where: str) -> AutoresetMode:
    """The member of the enumeration, from its name or its value too. Raises ValueError for any other value."""
    if isinstance(mode, AutoresetMode):
        return mode
    for known in AutoresetMode:
        if mode in (known.value, known.name):
            return known
    allowed = ", ".join(f'"{known.value}"' for known in AutoresetMode)
    raise ValueError(f"{where}: autoreset_mode must be one of {allowed}, got {mode!r}")


RENDER_MODES = ("rgb_array",)


class VectorEnv(gymnasium.vector.VectorEnv):
    """`num_envs` environments as Gymnasium's `VectorEnv`, all of them one compiled call a step.

    * `env`: an id or an environment. Where it has two players, `opponent` plays the second one:
      `opponent(key, obs, legal_actions) -> action`; `jaxenv.adapters.SinglePlayer` has more choice.
    * `autoreset_mode`: SAME_STEP (the default; the end's observation is `info["final_obs"]`), NEXT_STEP, or DISABLED,
      where `reset(options={"reset_mask": bool[N]})` begins the next episodes and a step without it is an error.
    * `arrays`: "numpy" gives copies that may be written to, "torch" tensors on the memory of the result, by DLPack and
      without a copy, "jax" the results themselves. Actions may be any of these.
    * `flat`: an observation is one vector, else a dict of the fields.
    * `backend`: "auto" uses kernels where they can be made (`jaxenv.backends`).
    * `params`: of the environment, the same for all.

    `info["action_mask"]` is bool[N, A] for discrete actions. `info["illegal"]` says whose action was none of those.
    `reset(seed=s)` seeds environment `i` with `s + i`; a lane does not depend on the others.
    """

    def __init__(
        self,
        env: Environment | str,
        num_envs: int = 1,
        *,
        autoreset_mode: Any = AutoresetMode.SAME_STEP,
        opponent: Callable[..., Any] | None = None,
        arrays: str = "numpy",
        flat: bool = True,
        backend: str = "auto",
        params: Any = None,
        render_mode: str | None = None,
    ) -> None:
        where = "gymnasium.VectorEnv"
        chosen = globals()["autoreset_mode"](autoreset_mode, where)
        if arrays not in ARRAYS:
            raise ValueError(f"{where}: arrays must be one of {', '.join(ARRAYS)}, got {arrays!r}")
        _check_render_mode(where, render_mode)
        single = common.one_player(env, where, opponent)
        self.single_observation_space = observation_space(single, flat)
        self.single_action_space = action_space(single)
        self._batch = host.Batch(
            single, num_envs, chosen.value, params=params, backend=backend, flat=flat, where=f"{where} of {single.id}"
        )
        self.num_envs = num_envs
        self.render_mode = render_mode
        self.metadata = {"autoreset_mode": chosen, "render_modes": list(RENDER_MODES), "render_fps": 30}
        self.autoreset_mode = chosen  # where Gymnasium's own vector environments have it, and TorchRL looks for it
        self.observation_space = gymnasium.vector.utils.batch_space(self.single_observation_space, num_envs)
        self.action_space = gymnasium.vector.utils.batch_space(self.single_action_space, num_envs)
        self._convert = _converter(arrays)

    @property
    def environment(self) -> Environment:
        """The environment underneath."""
        return self._batch.env

    def reset(self, *, seed: Any = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """`(obs, info)`; see the class for `seed` and `options`. Raises TypeError or ValueError for a wrong one."""
        mask = (options or {}).get("reset_mask")
        unknown = sorted(set(options or {}) - {"reset_mask"})
        if unknown:
            raise ValueError(f"{self._batch.where}: reset: options may hold reset_mask, got {unknown}")
        out = self._batch.reset(seed, mask)
        return self._convert(out.obs), self._info(out)

    def step(self, actions: Any) -> tuple[Any, Any, Any, Any, dict[str, Any]]:
        """`(obs, rewards, terminations, truncations, info)`, leaves `[N, ...]`."""
        out = self._batch.step(actions)
        info = self._info(out)
        if self._batch.mode == host.SAME_STEP:
            ended = np.asarray(out.terminated) | np.asarray(out.truncated)
            if ended.any():
                info["final_obs"], info["_final_obs"] = _rows(out.final_obs, ended), ended
                info["final_info"], info["_final_info"] = {}, ended
        convert = self._convert
        return convert(out.obs), convert(out.reward), convert(out.terminated), convert(out.truncated), info

    def render(self) -> tuple[np.ndarray, ...] | None:
        """uint8[height, width, 3] of each environment, or None unless `render_mode` is "rgb_array"."""
        if self.render_mode is None:
            return None
        return tuple(self._batch.picture(number) for number in range(self.num_envs))

    def _info(self, out: host.Output) -> dict[str, Any]:
        if not self._batch.env.num_actions:
            return {}
        every = np.ones(self.num_envs, bool)
        return {
            "action_mask": self._convert(out.legal_actions), "_action_mask": every,
            "illegal": self._convert(out.illegal), "_illegal": every,
        }  # fmt: skip


class SingleEnv(gymnasium.Env):
    """One environment as Gymnasium's `Env`; the arguments are those of `VectorEnv`.

    `reset(seed=s)` begins the episode that environment `i` of a batch begins with the seed `s - i`.
    """

    metadata: ClassVar[dict[str, Any]] = {"render_modes": list(RENDER_MODES), "render_fps": 30}

    def __init__(
        self,
        env: Environment | str,
        *,
        opponent: Callable[..., Any] | None = None,
        flat: bool = True,
        backend: str = "auto",
        params: Any = None,
        render_mode: str | None = None,
    ) -> None:
        where = "gymnasium.SingleEnv"
        _check_render_mode(where, render_mode)
        single = common.one_player(env, where, opponent)
        self.observation_space = observation_space(single, flat)
        self.action_space = action_space(single)
        self._batch = host.Batch(
            single, 1, host.DISABLED, params=params, backend=backend, flat=flat, where=f"{where} of {single.id}"
        )
        self.render_mode = render_mode
        self._ended = False
        self._mask = np.ones(single.num_actions, bool)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """`(obs, info)` of a new episode."""
        if options:
            raise ValueError(f"{self._batch.where}: reset: no options are known, got {sorted(options)}")
        super().reset(seed=seed)
        out = self._batch.reset(seed)
        return _first(out.obs), self._info(out)

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """`(obs, reward, terminated, truncated, info)`. Raises RuntimeError after the end of an episode."""
        out = self._batch.step(np.asarray(action)[None])
        return _first(out.obs), float(out.reward[0]), bool(out.terminated[0]), bool(out.truncated[0]), self._info(out)

    def render(self) -> Any:
        """uint8[height, width, 3], or None unless `render_mode` is "rgb_array"."""
        return None if self.render_mode is None else self._batch.picture(0)

    def action_masks(self) -> np.ndarray:
        """bool[A]: the legal actions now, by the name that sb3-contrib looks for."""
        return self._mask

    def _info(self, out: host.Output) -> dict[str, Any]:
        if not self._batch.env.num_actions:
            return {}
        self._mask = np.array(out.legal_actions[0])
        return {"action_mask": self._mask, "illegal": bool(out.illegal[0])}


def _check_render_mode(where: str, render_mode: str | None) -> None:
    if render_mode not in (None, *RENDER_MODES):
        raise ValueError(f'{where}: render_mode must be None or "rgb_array", got {render_mode!r}')


def make_single(id: str, **kwargs: Any) -> SingleEnv:
    """A `SingleEnv` for `gymnasium.make`: uniformly random legal play is the opponent where there are two players."""
    return SingleEnv(_configured(id, kwargs), **kwargs)


def make_vector(id: str, num_envs: int = 1, **kwargs: Any) -> VectorEnv:
    """A `VectorEnv` for `gymnasium.make_vec`, with the same opponent."""
    return VectorEnv(_configured(id, kwargs), num_envs, **kwargs)


def register() -> list[str]:
    """Register all ids of `jaxenv.list_envs()` with Gymnasium, and return them."""
    ids = registry.list_envs()
    for id in ids:
        if id not in gymnasium.registry:
            gymnasium.register(
                id,
                entry_point=f"{__name__}:make_single",
                vector_entry_point=f"{__name__}:make_vector",
                kwargs={"id": id},
            )
    return ids


def _configured(id: str, kwargs: dict[str, Any]) -> Environment:
    env = common.environment(id, "gymnasium.make")
    if env.num_players > 1:
        kwargs.setdefault("opponent", random_legal)
    return env


def _converter(arrays: str) -> Callable[[Any], Any]:
    if arrays == "jax":
        return lambda tree: tree
    leaf: Any = np.array
    if arrays == "torch":
        torch = common.library("torch", "torch", "2.4")
        leaf = torch.from_dlpack
    return lambda tree: {k: leaf(v) for k, v in tree.items()} if isinstance(tree, dict) else leaf(tree)


def _first(tree: Any) -> Any:
    return {k: np.array(v[0]) for k, v in tree.items()} if isinstance(tree, dict) else np.array(tree[0])


def _rows(tree: Any, chosen: np.ndarray) -> np.ndarray:
    """object[N]: the observation of each chosen row, None elsewhere, as Gymnasium's own vector environments give it."""
    leaves = {k: np.asarray(v) for k, v in tree.items()} if isinstance(tree, dict) else np.asarray(tree)
    rows = np.full(chosen.shape, None, dtype=object)
    for i in np.flatnonzero(chosen):
        rows[i] = {k: v[i] for k, v in leaves.items()} if isinstance(leaves, dict) else leaves[i]
    return rows


register()
