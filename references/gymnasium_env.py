"""A Gymnasium environment as the reference."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from references.protocol import LENGTH, LIMIT, OUTCOME, RETURN, Actions, Bounds, EnvInfo, Snapshot

AGENT = "agent"
STATE = "state."
TIME = STATE + "time"


class GymnasiumReference:
    """A single-agent Gymnasium environment that can be put into any state (`protocol.Restorable`).

    * `make`: an id for `gymnasium.make`, or a callable that returns the environment.
    * `get_state(unwrapped)`: name → value of everything that the next step depends on; the snapshot's "state.<name>".
    * `set_state(unwrapped, state)`: the inverse; values come as numpy.
    * `version`: what the reference is pinned to; by default Gymnasium's own version.
    * `info`: entries of the step's info dict, each a number, that count as outcomes: "out.info.<name>".

    * `episode`: the snapshot also holds the paths of `protocol.EPISODE`. The figures are those of Gymnasium's
      `RecordEpisodeStatistics`, the limit that of its `TimeLimit`; both are part of the state, and a snapshot to
      restore may lack them.

    A time limit (Gymnasium's `TimeLimit` wrapper) adds the path "state.time", the steps taken. Under "out." stand
    reward, terminated, truncated and obs ("out.obs.<name>" where the observation is a dict), blank (zeros) before the
    first step after a reset or `restore`. As in the environment contract, an episode that ends both ways at once has
    terminated.
    """

    def __init__(
        self,
        make: str | Callable[[], Any],
        get_state: Callable[[Any], Mapping[str, Any]],
        set_state: Callable[[Any, Mapping[str, Any]], None],
        version: str = "",
        info: Sequence[str] = (),
        episode: bool = False,
    ) -> None:
        gymnasium = _gymnasium()
        # The checker wrapper warns about style and would slow every step; its checks are not what is compared here.
        env: Any = gymnasium.make(make, disable_env_checker=True) if isinstance(make, str) else make()
        name = make if isinstance(make, str) else getattr(env.spec, "id", type(env.unwrapped).__name__)
        self.info = EnvInfo(f"gymnasium {name}", version or gymnasium.__version__, (AGENT,))
        if episode:
            env = gymnasium.wrappers.RecordEpisodeStatistics(env)
        self._env, self._get_state, self._set_state = env, get_state, set_state
        self._limit, self._episode = _time_limit(gymnasium, env), episode
        if episode and self._limit is None:
            raise ValueError(f"{name}: episode=True needs a time limit, and gymnasium.make gave it none")
        self.horizon = None if self._limit is None else int(self._limit._max_episode_steps)
        self._info = tuple(info)
        env.reset(seed=0)  # wrappers refuse to step before a first reset, and `restore` needs none
        nothing = dict.fromkeys(self._info, 0.0)
        blank = self._outcome(_zeros(env.observation_space), 0.0, False, False, nothing)
        self._blank = {path: np.zeros_like(value) for path, value in blank.items()}
        self._out = self._blank

    def reset(self, seed: int, options: Mapping[str, Any] | None = None) -> None:
        """Start an episode, under the usual limit of time whatever was restored before."""
        if self._limit is not None:
            self._limit._max_episode_steps = self.horizon
        self._env.reset(seed=seed, options=dict(options) if options else None)
        self._out = self._blank

    def step(self, actions: Actions) -> None:
        """Play one action: {"agent": integer, or array for a Box}."""
        space = self._env.action_space
        if hasattr(space, "n"):
            action: Any = int(actions[AGENT]) + int(space.start)
        else:
            action = np.asarray(actions[AGENT], space.dtype)
        self._out = self._outcome(*self._env.step(action))

    def snapshot(self) -> Snapshot:
        """State and outcome."""
        state: dict[str, Any] = {
            STATE + name: np.array(value) for name, value in self._get_state(self._env.unwrapped).items()
        }
        if self._limit is not None:
            state[TIME] = np.int64(self._limit._elapsed_steps)
        return {**state, **self._figures(), **self._out}

    def restore(self, snapshot: Snapshot) -> None:
        """Become that state. `ValueError` names the paths that are missing."""
        needed = [STATE + name for name in self._get_state(self._env.unwrapped)]
        needed += [] if self._limit is None else [TIME]
        lacking = [path for path in needed if path not in snapshot]
        if lacking:
            raise ValueError(f"{self.info.name}: cannot restore, the snapshot lacks {lacking}")
        self._count(snapshot)
        state = {path.removeprefix(STATE): np.asarray(snapshot[path]) for path in needed if path != TIME}
        self._set_state(self._env.unwrapped, state)
        self._out = self._blank

    def legal(self) -> Mapping[str, NDArray[np.bool_] | Bounds]:
        """Every action: Gymnasium has no legal mask."""
        space = self._env.action_space
        if hasattr(space, "n"):
            return {AGENT: np.ones(int(space.n), bool)}
        return {AGENT: Bounds(np.array(space.low), np.array(space.high))}

    def close(self) -> None:
        """Free what the environment holds."""
        self._env.close()

    def _count(self, snapshot: Snapshot) -> None:
        """Set the wrappers' counters: the steps taken, and where episodes are counted their figures and the limit."""
        if self._limit is not None:
            self._limit._elapsed_steps = int(snapshot[TIME])
        if self._episode and self._limit is not None:
            self._env.episode_returns = float(snapshot.get(RETURN, 0.0))
            self._env.episode_lengths = int(snapshot.get(LENGTH, snapshot[TIME]))
            self._limit._max_episode_steps = int(snapshot.get(LIMIT, self.horizon))

    def _figures(self) -> dict[str, Any]:
        if not self._episode:
            return {}
        return {
            RETURN: np.float64(self._env.episode_returns),
            LENGTH: np.int64(self._env.episode_lengths),
            LIMIT: np.int64(self._limit._max_episode_steps),
        }

    def _outcome(
        self, obs: Any, reward: Any, terminated: bool, truncated: bool, info: Mapping[str, Any]
    ) -> dict[str, Any]:
        seen = {"obs." + name: value for name, value in obs.items()} if isinstance(obs, Mapping) else {"obs": obs}
        ends = {"terminated": np.bool_(terminated), "truncated": np.bool_(truncated and not terminated)}
        told = {"info." + name: np.float64(info[name]) for name in self._info}
        values = {
            "reward": np.float64(reward),
            **ends,
            **{name: np.array(value) for name, value in seen.items()},
            **told,
        }
        if self._episode:
            ended = info.get("episode", {"r": 0.0, "l": 0})
            values |= {
                "episode.ended": np.bool_("episode" in info),
                "episode.return": np.float64(ended["r"]),
                "episode.length": np.int64(ended["l"]),
                # Gymnasium has no masks and nobody who waits; a step of the contract is what the contract says.
                "to_act": np.True_,
                "contract": np.True_,
            }
            if hasattr(self._env.action_space, "n"):
                values["legal"] = np.ones(int(self._env.action_space.n), bool)
        return {OUTCOME + name: value for name, value in values.items()}


def _gymnasium() -> Any:
    try:
        import gymnasium
    except ImportError as error:
        raise ImportError(
            "this reference is a Gymnasium environment: install Gymnasium, `uv sync` in a checkout "
            "or `pip install gymnasium`"
        ) from error
    return gymnasium


def _time_limit(gymnasium: Any, env: Any) -> Any:
    while env is not env.unwrapped:
        if isinstance(env, gymnasium.wrappers.TimeLimit):
            return env
        env = env.env
    return None


def _zeros(space: Any) -> Any:
    if hasattr(space, "spaces"):
        return {name: _zeros(part) for name, part in space.spaces.items()}
    return np.zeros(space.shape, space.dtype)
