"""The base class of every environment. `docs/rfc/0001-environment-contract.md` is the contract in full."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from typing import Any, ClassVar, Concatenate, Generic, ParamSpec, TypeAlias, TypeVar

import jax
import jax.core
import jax.numpy as jnp
import numpy as np

from jaxenv import arguments, autoreset, pretty
from jaxenv.drawing import Drawing
from jaxenv.obs import ObsSpec
from jaxenv.spaces import Discrete, Space
from jaxenv.specs import EnvSpec
from jaxenv.typevars import ObsT, ParamsT, StateT

Step: TypeAlias = tuple[ObsT, StateT, jax.Array, jax.Array, jax.Array, dict[str, Any]]
"""`Step[Obs, State]`: obs, state, reward, terminated, truncated, info."""

_READ_WITH_PARAMS = ("legal_actions", "observe")
_READ_STATE = (*_READ_WITH_PARAMS, "to_act")
_Self = TypeVar("_Self")
_Own = TypeVar("_Own")
_Rest = ParamSpec("_Rest")
_Result = TypeVar("_Result")


def reads_state(
    method: Callable[Concatenate[_Self, _Own, _Rest], _Result],
) -> Callable[Concatenate[_Self, _Own | autoreset.AutoResetState[_Own], _Rest], _Result]:
    """Let `legal_actions`, `to_act` or `observe` take an `AutoResetState` as well as the environment's own state.

    `Environment` does this to every subclass. As a decorator it tells type checkers, too.
    """
    if getattr(method, "_reads_state", False):
        return method  # type: ignore[return-value]

    @functools.wraps(method)
    def wrapper(self: Any, state: Any, *args: _Rest.args, **kwargs: _Rest.kwargs) -> Any:
        own = autoreset.unwrap(state)
        if method.__name__ in _READ_WITH_PARAMS:
            arguments.check_state_to_read(self, method.__name__, own, args[0] if args else kwargs.get("params"))
        return method(self, own, *args, **kwargs)

    wrapper._reads_state = True  # type: ignore[attr-defined]
    return wrapper


@dataclasses.dataclass(frozen=True, kw_only=True)
class Environment(Generic[StateT, ParamsT, ObsT]):
    """Subclass as a frozen, keyword-only dataclass and write the hooks; `reset` and `step` come for free.

    `Environment[State, Params, Obs]` names the types of its own state, its params and its observation.
    `P` players, `A` actions; with one player the `P` axis does not exist. All methods are pure and act on one
    environment: `vmap` them. `autoreset` is "full" or "pool" (which needs `reset_from_pool`).
    """

    sources: ClassVar[tuple[str, ...]] = ()
    """Top-level packages whose files, data too, decide all that the environment computes, but for jax, numpy and the
    standard library. An environment that names them starts faster in a kernel (`jaxenv.fingerprint`): `rollout` knows
    its kernel again without tracing it. Leave it empty if other files or the surroundings take part in that."""
    autoreset: str = "full"

    def __post_init__(self) -> None:
        """Validate the configuration. Subclasses with their own checks call this too."""
        if self.autoreset not in autoreset.MODES:
            raise ValueError(
                f"{type(self).__name__}: autoreset must be one of {autoreset.MODES}, got {self.autoreset!r}"
            )
        if self.autoreset == "pool" and type(self).reset_from_pool is Environment.reset_from_pool:
            raise ValueError(
                f'{type(self).__name__}: autoreset="pool" needs reset_from_pool, which it has not; use "full"'
            )

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Let the reading hooks of every subclass take an `AutoResetState` as well as the environment's own state."""
        super().__init_subclass__(**kwargs)
        for name in _READ_STATE:
            if name in cls.__dict__:
                setattr(cls, name, reads_state(cls.__dict__[name]))
        if "step_env" in cls.__dict__:
            cls.step_env = arguments.checks_step(cls.__dict__["step_env"])
        if "__repr__" not in cls.__dict__:  # else `dataclass` would write one that lists every field
            cls.__repr__ = Environment.__repr__

    def __repr__(self) -> str:
        """Id, version, players, action space, and the fields that differ from the class's defaults."""
        name, changed = type(self).__name__, [f"{key}={text}" for key, text in pretty.differing(self)]
        try:
            spec = self.spec
            players = "1 player" if spec.players == 1 else f"{spec.players} players"
            facts = [f"{spec.id} version {spec.version}", players, repr(self.action_space())]
        except Exception:  # half-written environments have a text too: error messages hold it
            return f"{name}({', '.join(changed)})"
        return f"<{name} {', '.join([*facts, *changed])}>"

    # ---- hooks

    @property
    def spec(self) -> EnvSpec:
        raise NotImplementedError

    @property
    def obs_spec(self) -> ObsSpec:
        raise NotImplementedError

    @property
    def default_params(self) -> ParamsT:
        """A pytree with a field `max_steps_in_episode`. Large tables in it should be numpy arrays loaded once."""
        raise NotImplementedError

    def reset_env(self, key: jax.Array, params: ParamsT) -> tuple[ObsT, StateT]:
        """`(obs, state)` of a new episode."""
        raise NotImplementedError

    def reset_from_pool(self, key: jax.Array, params: ParamsT) -> tuple[ObsT, StateT]:
        """`(obs, state)` of a new episode drawn cheaply from data in `params`. Optional."""
        raise NotImplementedError

    def step_env(self, key: jax.Array, state: StateT, action: Any, params: ParamsT) -> Step[ObsT, StateT]:
        """`(obs, state, reward, terminated, truncated, info)` after one transition, without auto-reset."""
        raise NotImplementedError

    def observe(self, state: Any, params: ParamsT) -> ObsT:
        """Observation of each player in `state`: leaves `[P, ...]`. Always the same for the same state: this is what
        `reset_env` and `step_env` return beside it."""
        raise NotImplementedError

    def legal_actions(self, state: Any, params: ParamsT) -> jax.Array:
        """bool[P, A]; all True unless overridden."""
        return jnp.ones((*self._player_axis, self.num_actions), bool)

    def to_act(self, state: Any) -> jax.Array:
        """bool[P]: who decides now; all True unless overridden."""
        return jnp.ones(self._player_axis, bool)

    def picture(self, state: Any, params: ParamsT) -> Drawing:
        """Shapes that show a state to a person, of the environment's own kind and on the host. Optional."""
        raise NotImplementedError(f"{self.id}: there is no picture of its states; write the hook `picture`")

    # ---- spaces, of one player

    def action_space(self, params: Any = None) -> Space:
        """`Discrete(num_actions)`; an environment with continuous actions overrides it with a `Box`."""
        return Discrete(self.num_actions)

    def observation_space(self, params: Any = None) -> Space:
        return self.obs_spec.space()

    # ---- public

    @property
    def id(self) -> str:
        return self.spec.id

    @property
    def version(self) -> str:
        return self.spec.version

    @property
    def num_players(self) -> int:
        return self.spec.players

    @property
    def num_actions(self) -> int:
        return self.spec.num_actions

    @property
    def no_op(self) -> int | None:
        """The action that a waiting player has, or None where nobody ever waits."""
        return self.spec.no_op

    def reset(self, key: jax.Array, params: ParamsT | None = None) -> tuple[ObsT, autoreset.AutoResetState[StateT]]:
        """`(obs, state)` of a first episode."""
        return self._reset(key, self._resolve(params))

    def step(
        self, key: jax.Array, state: autoreset.AutoResetState[StateT], action: Any, params: ParamsT | None = None
    ) -> Step[ObsT, autoreset.AutoResetState[StateT]]:
        """One transition with SAME_STEP auto-reset; `info` always holds `autoreset.INFO_KEYS`."""
        return self._step(key, state, arguments.to_array(self, "step", action), self._resolve(params))

    # Static self, hashed by configuration: equal environments share what was compiled.
    @functools.partial(jax.jit, static_argnums=0)
    def _reset(self, key, params):
        return autoreset.reset(self, key, params)

    @functools.partial(jax.jit, static_argnums=0)
    def _step(self, key, state, action, params):
        return autoreset.step(self, key, state, action, params)

    def render(self, state: Any, params: ParamsT | None = None) -> np.ndarray:
        """uint8[height, width, 3]: red, green and blue of one state, with all that players cannot see.

        `state` is one environment's, of `reset` and `step` or of the hooks. The size is the same for all states of an
        environment. It runs on the host with numpy alone: TypeError within `jit`, ValueError for a batch of states.
        """
        return self.drawing(state, params).pixels()

    def drawing(self, state: Any, params: ParamsT | None = None) -> Drawing:
        """The picture of `render` as shapes: `drawing(state).svg()` is a picture of any size."""
        own = autoreset.unwrap(state)
        if any(isinstance(leaf, jax.core.Tracer) for leaf in jax.tree.leaves(own)):
            raise TypeError(f"{self.id}: render: the state is being traced; call it outside `jit`, `vmap` and `scan`")
        chosen = self._resolve(params)
        arguments.check_one_state(self, "render", own, chosen)
        return self.picture(jax.tree.map(np.asarray, own), chosen)

    def _resolve(self, params: ParamsT | None) -> ParamsT:
        if params is not None:
            return params
        with jax.ensure_compile_time_eval():  # else params made inside somebody's jit, and cached, would be its tracers
            return self.default_params

    @property
    def _player_axis(self) -> tuple[int, ...]:
        return () if self.num_players == 1 else (self.num_players,)
