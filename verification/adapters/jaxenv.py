"""An environment of the `jaxenv` contract as the candidate."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from jaxenv import Environment
from jaxenv.checks.limits import limit_of, with_limit
from references.protocol import (
    FIGURES,
    LENGTH,
    LIMIT,
    OUTCOME,
    RETURN,
    Actions,
    Batch,
    Bounds,
    EnvInfo,
    Snapshot,
    with_figures,
)
from verification.adapters import public
from verification.adapters.episodes import first_states
from verification.backends import Vmap, alone

if TYPE_CHECKING:
    from verification.meetings.traced import Traced
    from verification.mutants.mutant import Mutant

AGENT = "agent"
STATE = "state."
LANES = (8, 1024)  # what batches are padded to: two programs serve every size


class _Running(NamedTuple):
    """A running episode: the environment's own state, the figures that auto-reset carries, and the params' limit."""

    own: Any
    total: Any
    length: Any
    limit: Any


class JaxenvCandidate:
    """A one-player environment, `Restorable` and `Batched`, whose steps draw no random numbers of their own.

    Steps are those of the public `step`, with auto-reset: the state is the one that `step_env` gave within it.

    * The snapshot holds every leaf of the state under its key path ("state.pole.angle"), and under "out." reward,
      terminated, truncated and obs, the flat form of its `obs_spec` (at an episode's end `final_observation`); blank
      (zeros) before the first step after a reset or `restore`.
    * `episode`: the snapshot also holds the paths of `references.protocol.EPISODE`: the running episode's figures, the
      limit of the params, and what the step said of them. A snapshot to restore may lack `FIGURES`.
    * `to_snapshot(state)` and `from_snapshot(paths)` replace the key paths where the layouts differ: pure functions of
      one environment, traced; from_snapshot(to_snapshot(state)) must be the state.
    * `info`: entries of the step's info, each a number, that count as outcomes: "out.info.<name>".
    * `lanes`: what batches are padded to, ascending; larger ones are cut. Each size is compiled when first used.
    * `jit` compiles. `vmap` makes the batched step, which is what is compared, and the resets of level 3d; restored
      states, masks and single resets are XLA's.
    """

    def __init__(
        self,
        env: Environment,
        params: Any = None,
        *,
        to_snapshot: Callable[[Any], Mapping[str, Any]] | None = None,
        from_snapshot: Callable[[Mapping[str, Any]], Any] | None = None,
        info: Sequence[str] = (),
        episode: bool = False,
        lanes: Sequence[int] = LANES,
        jit: Callable[..., Any] = jax.jit,
        vmap: Vmap = jax.vmap,
    ) -> None:
        if env.num_players != 1:
            raise ValueError(f"{env.id} has {env.num_players} players; JaxenvCandidate takes one-player environments")
        if (to_snapshot is None) != (from_snapshot is None):
            raise ValueError(f"{env.id}: give both to_snapshot and from_snapshot, or neither")
        self.info = EnvInfo(env.id, env.version, (AGENT,))
        self._env, self._params = public.shown(env), env.default_params if params is None else params
        self._info, self._lanes, self._episode = tuple(info), tuple(lanes), episode
        begun = jax.eval_shape(lambda: env.reset(jax.random.key(0), self._params)[1])
        template, self._running = begun.env_state, type(begun)
        self._limit = limit_of(self._params)
        self._to_own = to_snapshot or _flatten
        self._from_own = from_snapshot or (lambda paths: _unflatten(template, paths))
        self._paths = {
            path: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype)
            for path, leaf in jax.eval_shape(self._to, jax.eval_shape(self._begun, jax.random.key(0))).items()
        }
        self._reset = jit(self._begin)
        self._vmap, self._jit = vmap, jit
        self._step = jit(alone(vmap, self._play))
        self._restore = jit(self._become)
        self._step_many = jit(vmap(lambda paths, action: self._play(self._from(paths), action)[1]))
        self._restore_many = jit(jax.vmap(lambda paths: self._become(paths)[1]))
        self._legal_many = jit(jax.vmap(lambda paths: env.legal_actions(self._from(paths).own, self._params)))
        self._state: Any = None
        self._seen: Mapping[str, Any] = {}  # the snapshot of `_state`, still on the device

    # ---- one environment

    def reset(self, seed: int, options: Mapping[str, Any] | None = None) -> None:
        """Start an episode. `ValueError` for options: this adapter knows none."""
        if options:
            raise ValueError(f"{self.info.name}: reset takes no options, got {sorted(options)}")
        self._state, self._seen = self._reset(jax.random.key(seed))

    def step(self, actions: Actions) -> None:
        """Play one action: {"agent": integer, or array for a Box}."""
        self._state, self._seen = self._step(self._held(), self._action(actions[AGENT]))

    def snapshot(self) -> Snapshot:
        """State and outcome."""
        self._held()
        return {path: np.array(leaf)[()] for path, leaf in jax.device_get(self._seen).items()}

    def restore(self, snapshot: Snapshot) -> None:
        """Become that state, rounded to the state's own precision. `ValueError` names a path that does not fit."""
        paths = self._fit({path: np.asarray(value)[None] for path, value in snapshot.items()})
        self._state, self._seen = self._restore({path: values[0] for path, values in paths.items()})

    def legal(self) -> Mapping[str, NDArray[np.bool_] | Bounds]:
        """The environment's legal mask, or the bounds of a continuous action."""
        bounds = self._bounds()
        if bounds is not None:
            return {AGENT: bounds}
        return {AGENT: np.asarray(self._env.legal_actions(self._held().own, self._params))}

    # ---- many at once

    def restore_many(self, snapshots: Batch) -> Batch:
        """Every case restored and snapshotted again."""
        paths = self._fit(snapshots)
        return self._in_lanes(self._restore_many, _size(paths), paths)

    def step_many(self, snapshots: Batch, actions: Batch) -> Batch:
        """Every case restored and stepped once."""
        paths = self._fit(snapshots)
        return self._in_lanes(self._step_many, _size(paths), paths, self._action(actions[AGENT]))

    def legal_many(self, snapshots: Batch) -> Mapping[str, NDArray[np.bool_] | Bounds]:
        """Legal actions of every case."""
        paths = self._fit(snapshots)
        cases = _size(paths)
        bounds = self._bounds()
        if bounds is not None:
            each = [np.broadcast_to(bound, (cases, *bound.shape)) for bound in (bounds.low, bounds.high)]
            return {AGENT: Bounds(*each)}
        return {AGENT: self._in_lanes(lambda part: {"": self._legal_many(part)}, cases, paths)[""]}

    def reset_many(self, seed: int, lanes: int, repeats: int) -> Batch:
        """First states of `repeats` episodes of each lane, [lanes, repeats, ...]: what level 3d looks at.

        A lane's first episode begins by `reset`, the others by auto-reset.
        """

        def lane(key: jax.Array) -> Mapping[str, Any]:
            return jax.vmap(self._to_own)(first_states(self._env, key, self._params, repeats))

        keys = jax.random.split(jax.random.key(seed), lanes)
        return jax.device_get(self._jit(self._vmap(lane))(keys))

    def traced(self) -> Traced:
        """One `step_env` as a program of its snapshots, whose conditions level 2 makes meet."""
        from verification.meetings.traced import Traced  # not where an untrusted candidate runs

        def step(paths: Mapping[str, Any], actions: Mapping[str, Any]) -> Any:
            state = self._from(paths)
            params = with_limit(self._params, state.limit) if self._episode else self._params
            return self._env.step_env(jax.random.key(0), state.own, actions[AGENT], params)

        def arguments(snapshots: Batch, actions: Batch) -> tuple[dict[str, Any], dict[str, Any]]:
            return self._fit(snapshots), {AGENT: self._action(actions[AGENT])}

        return Traced(step, arguments)

    # ---- inner workings

    def _held(self) -> Any:
        if self._state is None:
            raise ValueError(f"{self.info.name}: reset or restore it first")
        return self._state

    def _begun(self, key: jax.Array) -> _Running:
        state = self._env.reset(key, self._params)[1]
        return _Running(state.env_state, state.episode_return, state.episode_length, jnp.int32(self._limit))

    def _begin(self, key: jax.Array) -> tuple[_Running, dict[str, Any]]:
        state = self._begun(key)
        return state, self._unplayed(state)

    def _become(self, paths: Mapping[str, Any]) -> tuple[_Running, dict[str, Any]]:
        state = self._from(paths)
        return state, self._unplayed(state)

    def _to(self, state: _Running) -> dict[str, Any]:
        own = dict(self._to_own(state.own))
        if not self._episode:
            return own
        return own | {RETURN: state.total, LENGTH: state.length, LIMIT: state.limit}

    def _from(self, paths: Mapping[str, Any]) -> _Running:
        own = self._from_own({path: value for path, value in paths.items() if path not in FIGURES})
        if not self._episode:
            return _Running(own, jnp.float32(0), jnp.int32(0), jnp.int32(self._limit))
        return _Running(own, paths[RETURN], paths[LENGTH], paths[LIMIT])

    def _play(self, state: _Running, action: Any) -> tuple[_Running, dict[str, Any]]:
        params = with_limit(self._params, state.limit) if self._episode else self._params
        held = self._running(state.own, state.total, state.length)
        done = public.step(self._env, jax.random.key(0), held, action, params)
        told = public.figures(done.info)
        after = _Running(
            done.state,
            jnp.where(told["ended"], told["return"], done.next.episode_return),
            jnp.where(told["ended"], told["length"], done.next.episode_length),
            state.limit,
        )
        return after, {**self._to(after), **self._outcome(done, told)}

    def _unplayed(self, state: _Running) -> dict[str, Any]:
        space = self._env.action_space(self._params)
        action = jax.ShapeDtypeStruct(space.shape, space.dtype)
        blank = jax.eval_shape(self._play, state, action)[1]
        nothing = {path: jnp.zeros(leaf.shape, leaf.dtype) for path, leaf in blank.items() if path.startswith(OUTCOME)}
        return {**self._to(state), **nothing}

    def _outcome(self, done: public.Step, told: Mapping[str, Any]) -> dict[str, Any]:
        found = {
            "reward": jnp.asarray(done.reward, jnp.float32),
            "terminated": jnp.asarray(done.terminated, bool),
            "truncated": jnp.asarray(done.truncated, bool),
            "obs": self._env.obs_spec.flatten(done.obs),
            **{f"info.{name}": jnp.asarray(done.info[name], jnp.float32) for name in self._info},
        }
        if self._episode:
            found |= {f"episode.{name}": value for name, value in told.items()}
            found |= {"to_act": self._env.to_act(done.state), "contract": done.contract}
            if self._env.num_actions:
                found["legal"] = done.info["final_legal_actions"]
        return {OUTCOME + name: value for name, value in found.items()}

    def _action(self, action: Any) -> NDArray[Any]:
        return np.asarray(action, np.int32 if self._env.num_actions else np.float32)

    def _bounds(self) -> Bounds | None:
        if self._env.num_actions:
            return None
        space: Any = self._env.action_space(self._params)
        low, high = (np.broadcast_to(np.asarray(b, np.float32), space.shape) for b in (space.low, space.high))
        return Bounds(low, high)

    def _in_lanes(self, run: Callable[..., Any], cases: int, *batches: Any) -> dict[str, NDArray[Any]]:
        """Run a program over `cases`, in chunks padded to a fixed number of lanes so that few programs are compiled."""
        lanes = next((lanes for lanes in self._lanes if cases <= lanes), self._lanes[-1])
        done = []
        for begin in range(0, cases, lanes):
            index = np.minimum(np.arange(begin, begin + lanes), cases - 1)
            out = run(*jax.tree.map(lambda values, index=index: values[index], batches))
            done.append({path: np.asarray(values)[: cases - begin] for path, values in out.items()})
        return {path: np.concatenate([part[path] for part in done]) for path in done[0]}

    def _fit(self, snapshots: Batch) -> dict[str, NDArray[Any]]:
        """The state's paths of a batch in their own dtypes; `ValueError` for a missing path, a shape or a range."""
        fitted = {}
        if self._episode:
            snapshots = with_figures(snapshots, self._limit)
        for path, leaf in self._paths.items():
            if path not in snapshots:
                raise ValueError(f"{self.info.name}: cannot restore, the snapshot lacks {path!r}")
            values = np.asarray(snapshots[path])
            if values.shape[1:] != leaf.shape:
                raise ValueError(
                    f"{self.info.name}: {path!r} has shape {values.shape[1:]}, the state holds {leaf.shape}"
                )
            with np.errstate(over="ignore", invalid="ignore"):
                fitted[path] = values.astype(leaf.dtype)
            if leaf.dtype.kind in "iub" and not np.array_equal(fitted[path], values):
                wrong = values[fitted[path] != values].ravel()[0]
                raise ValueError(f"{self.info.name}: {path!r} cannot be {wrong!r}, the state holds {leaf.dtype.name}")
        return fitted


def _size(batch: Batch) -> int:
    return len(next(iter(batch.values())))


def _flatten(state: Any) -> dict[str, Any]:
    leaves = jax.tree_util.tree_flatten_with_path(state)[0]
    return {_name(path): jax.random.key_data(leaf) if _is_key(leaf) else leaf for path, leaf in leaves}


def _unflatten(template: Any, paths: Mapping[str, Any]) -> Any:
    leaves, tree = jax.tree_util.tree_flatten_with_path(template)

    def read(path: Any, leaf: Any) -> Any:
        value = paths[_name(path)]
        return jax.random.wrap_key_data(value) if _is_key(leaf) else value

    return jax.tree_util.tree_unflatten(tree, [read(path, leaf) for path, leaf in leaves])


def _is_key(leaf: Any) -> bool:
    return jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key)


def _name(path: Any) -> str:
    return STATE + jax.tree_util.keystr(path, simple=True, separator=".")


class MutatedJaxenvCandidate(JaxenvCandidate):
    """A candidate that holds every mutant (`plugin.Mutated`); one compilation serves them all.

    `package`, or several, are copied, with the mutants in them; `target`, "module:Class", names the environment.
    `snapshots(env)` gives `to_snapshot` and `from_snapshot` for it, whose classes are the copy's. `change(env)` makes
    another environment of it. `compiler_options` are `jax.jit`'s; `options` go to `JaxenvCandidate`.
    """

    def __init__(
        self,
        mutants: Sequence[Mutant],
        package: str | Sequence[str],
        target: str,
        *,
        snapshots: Callable[[Any], tuple[Callable[..., Any], Callable[..., Any]]] | None = None,
        change: Callable[[Any], Any] = lambda env: env,
        compiler_options: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> None:
        from verification.mutants.rewrite import load_mutated

        self._copies = load_mutated(mutants, (package,) if isinstance(package, str) else tuple(package))
        module, _, name = target.partition(":")
        env = change(getattr(self._copies.module(module), name)())
        if snapshots is not None:
            options["to_snapshot"], options["from_snapshot"] = snapshots(env)
        jit = self._copies.switch.jit
        if compiler_options:
            jit = functools.partial(jit, compiler_options=dict(compiler_options))
        super().__init__(env, jit=jit, **options)

    def select_mutant(self, index: int) -> None:
        """Be the mutant of that number, counted from 1; 0 is the original."""
        self._copies.switch.select(index)
