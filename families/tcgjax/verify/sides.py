"""Both sides of the comparison: the Python reference as the environment has it, and ours."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from families.tcgjax.verify.fields import OUTCOMES, SEED
from families.tcgjax.verify.observations import to_arrays
from families.tcgjax.verify.snapshots import from_snapshots, to_snapshots
from families.tcgjax.verify.words import Words, key_of
from jaxenv.checks.limits import with_limit
from references.protocol import LENGTH, LIMIT, OUTCOME, Actions, Batch, EnvInfo, Snapshot
from references.tcg_pocket import actions, rules
from references.tcg_pocket.env import AGENTS, VERSION, PocketReference
from references.tcg_pocket.observation import observe
from references.tcg_pocket.state import Options
from tcgjax import decks
from tcgjax import state as engine
from tcgjax.env import LONGEST, Pocket
from verification.backends import Vmap
from verification.mutants.mutant import Mutant
from verification.mutants.rewrite import load_mutated

LANES = 64
"""Games that a program plays at once; batches are cut and padded to it, so that one program serves all."""
TYPES = {field.name: field.metadata["dtype"] for field in dataclasses.fields(engine.Game)}
QUICKLY = {
    "xla_disable_hlo_passes": "fusion",
    "xla_backend_optimization_level": 0,
    "xla_llvm_disable_expensive_passes": True,
}
"""XLA's options for programs that take longer to compile than to run."""


def blank() -> dict[str, NDArray[Any]]:
    """The output of a step, before the first one."""
    return {path: np.zeros(shape, dtype) for path, (shape, dtype) in OUTCOMES.items()}


class PocketSide(PocketReference):
    """The reference with the environment's own rules: decks of the pool, illegal actions, the limit, rewards.

    Options of a reset: `first_player_draws`, `turn_limit`, `limit` (steps until the episode is cut off).
    """

    info = EnvInfo("references.tcg_pocket", VERSION, AGENTS)

    def __init__(self) -> None:
        super().__init__()
        self._outcome = blank()
        self._clock: dict[str, int] = {}

    def reset(self, seed: int, options: Mapping[str, Any] | None = None) -> None:
        """Start a game between two decks of the pool."""
        wanted = {"first_player_draws": True, "turn_limit": 30, "limit": LONGEST, **(options or {})}
        rng, pool = np.random.default_rng(seed), decks.pool()
        chosen = [pool[int(rng.integers(len(pool)))] for _ in AGENTS]
        self.options = Options(bool(wanted["first_player_draws"]), turn_limit=int(wanted["turn_limit"]))
        super().reset(int(rng.integers(2**31)), {"decks": [(deck.ids, deck.energy) for deck in chosen]})
        self._clock = {LENGTH: 0, LIMIT: int(wanted["limit"]), SEED: int(rng.integers(2**32))}
        self._outcome = blank()

    def step(self, actions: Actions) -> None:
        """Play the action of the player to act, or the first legal one where it is not legal."""
        game = self._running()
        over = game.phase == "over"
        try:
            fits = self._play(actions, over)
        except (AssertionError, AttributeError, TypeError, IndexError, KeyError) as error:
            raise ValueError(f"tcg_pocket: no game of these rules gets into this state: {error!r}") from error
        self._clock[LENGTH] += 1
        ended, terminated = game.phase == "over", game.phase == "over" and not over
        sign = {0: 1.0, 1: -1.0}.get(2 if game.winner is None else game.winner, 0.0) if terminated else 0.0
        views = [to_arrays(observe(game, player)) for player in range(2)]
        self._outcome = {
            "out.reward": np.array([sign, -sign], np.float32),
            "out.terminated": np.array(ended),
            "out.truncated": np.array(not ended and self._clock[LENGTH] >= self._clock[LIMIT]),
            "out.legal": np.stack(list(self.legal().values())),
            "out.to_act": self.to_act(),
            "out.illegal": ~fits,
            **{f"out.obs.{name}": np.stack([view[name] for view in views]) for name in views[0]},
        }

    def _play(self, joint: Actions, over: bool) -> NDArray[np.bool_]:
        """Play it; bool[2]: whose actions were legal."""
        legal = self.legal()
        fits = np.array([0 <= joint[agent] < actions.COUNT and legal[agent][joint[agent]] for agent in AGENTS])
        if not over:
            actor = int(np.flatnonzero(self.to_act())[0])
            first = int(np.flatnonzero(legal[AGENTS[actor]])[0])
            action = int(joint[AGENTS[actor]]) if fits[actor] else first
            rules.play(self._running(), Words(self._clock[SEED], self._clock[LENGTH]), action)
        return fits

    def to_act(self) -> NDArray[np.bool_]:
        """bool[2]: who decides; both, once the game is over."""
        game = self._running()
        over = game.phase == "over"
        return np.array([over or actions.player_to_act(game) == player for player in range(2)])

    def snapshot(self) -> Snapshot:
        """See `protocol.Env`."""
        game = {path: value for path, value in super().snapshot().items() if not path.startswith(OUTCOME)}
        clock = {path: np.array(value, np.uint32 if path == SEED else np.int32) for path, value in self._clock.items()}
        return {**game, **clock, **{path: np.array(value) for path, value in self._outcome.items()}}

    def restore(self, values: Snapshot) -> None:
        """See `protocol.Restorable`."""
        super().restore(values)
        self._clock = {path: int(values[path]) for path in (LENGTH, LIMIT, SEED)}
        self._outcome = blank()


class PocketCandidate:
    """Ours, one game or many: `Restorable` and `Batched`."""

    def __init__(
        self, make: Callable[[], Any] | None = None, jit: Callable[..., Any] = jax.jit, vmap: Vmap = jax.vmap
    ) -> None:
        env: Any = make() if make else Pocket(pool="a1")
        self.info = EnvInfo(env.id, env.version, AGENTS)
        self._env, self._jit, self._vmap = env, jit, vmap
        self._held: dict[str, Any] = {}

    # ---- one game

    def reset(self, seed: int, options: Mapping[str, Any] | None = None) -> None:
        """Start a game. Of the options only `limit` matters: the rulings are part of the state."""
        env = self._env
        _, state = self._begin(jax.random.key(seed))
        game: dict[str, Any] = {name: np.asarray(getattr(state.game, name))[None] for name in TYPES}
        actor = np.asarray(env.to_act(state))[None].argmax(1)
        clock = {LENGTH: 0, LIMIT: int((options or {}).get("limit", LONGEST)), SEED: seed % 2**32}
        found = to_snapshots(engine.Game(**game), actor)
        found |= {path: np.array([value], np.uint32 if path == SEED else np.int32) for path, value in clock.items()}
        self._hold({**found, **_blanks(1)})

    def step(self, actions: Actions) -> None:
        """See `protocol.Env`."""
        joint = {agent: np.asarray(actions[agent])[None] for agent in AGENTS}
        self._hold(self.step_many({path: value[None] for path, value in self._state().items()}, joint))

    def snapshot(self) -> Snapshot:
        """See `protocol.Env`."""
        return {path: value.copy() for path, value in self._state().items()}

    def restore(self, snapshot: Snapshot) -> None:
        """See `protocol.Restorable`."""
        self._hold(self.restore_many({path: np.asarray(value)[None] for path, value in snapshot.items()}))

    def legal(self) -> Mapping[str, NDArray[np.bool_]]:
        """See `protocol.Env`."""
        many = self.legal_many({path: value[None] for path, value in self._state().items()})
        return {agent: mask[0] for agent, mask in many.items()}

    # ---- many at once

    def restore_many(self, snapshots: Batch) -> Batch:
        """Every case as the engine holds it."""
        fields = self._fields(snapshots)
        _, acts = self._in_lanes(self._look, fields)
        clock = {path: np.asarray(snapshots[path], np.uint32 if path == SEED else np.int32) for path in _CLOCK}
        return {**to_snapshots(engine.Game(**fields), acts.argmax(1)), **clock, **_blanks(len(acts))}

    def step_many(self, snapshots: Batch, actions: Batch) -> Batch:
        """Every case stepped once."""
        clock = [np.asarray(snapshots[path], np.uint32 if path == SEED else np.int32) for path in _CLOCK]
        joint = np.stack([np.asarray(actions[agent], np.int32) for agent in AGENTS], axis=1)
        game, steps, actor, out = self._in_lanes(self._play, self._fields(snapshots), *clock, joint)
        found = to_snapshots(engine.Game(**game), actor)
        return {**found, LENGTH: steps, LIMIT: clock[1], SEED: clock[2], **out}

    def legal_many(self, snapshots: Batch) -> Mapping[str, NDArray[np.bool_]]:
        """Masks of every case."""
        masks, _ = self._in_lanes(self._look, self._fields(snapshots))
        return {agent: masks[:, player] for player, agent in enumerate(AGENTS)}

    # ---- programs

    @functools.cached_property
    def _begin(self) -> Any:
        return self._jit(lambda key: self._env.reset_env(key, self._env.default_params))

    @functools.cached_property
    def _look(self) -> Any:
        """Masks and players to act of games."""

        def look(game: Mapping[str, Any]) -> Any:
            state = self._of(game, jnp.int32(0))
            params = self._env.default_params
            return self._env.legal_actions(state, params), self._env.to_act(state)

        return self._jit(jax.vmap(look))

    @functools.cached_property
    def _play(self) -> Any:
        env = self._env

        def play(game: Mapping[str, Any], steps: Any, limit: Any, seed: Any, action: Any) -> Any:
            params = with_limit(env.default_params, limit)
            state = self._of(game, steps)
            obs, state, reward, terminated, truncated, info = env.step_env(key_of(seed, steps), state, action, params)
            acts = env.to_act(state)
            out = {
                "out.reward": reward,
                "out.terminated": terminated,
                "out.truncated": truncated,
                "out.legal": env.legal_actions(state, params),
                "out.to_act": acts,
                "out.illegal": info["illegal"],
                **{f"out.obs.{name}": jnp.asarray(value, jnp.int32) for name, value in vars(obs).items()},
            }
            after = {name: getattr(state.game, name) for name in TYPES}
            return after, state.steps, jnp.argmax(acts).astype(jnp.int32), out

        return self._jit(self._vmap(play))

    def _of(self, game: Mapping[str, Any], steps: Any) -> Any:
        """The environment's state; its classes are those of the environment, which may be a copy."""
        begun = jax.eval_shape(lambda: self._env.reset_env(jax.random.key(0), self._env.default_params)[1])
        return type(begun)(game=type(begun.game)(**game), steps=steps)

    def _fields(self, snapshots: Batch) -> dict[str, Any]:
        missing = [path for path in (*_CLOCK, "turn", "p0.deck") if path not in snapshots]
        if missing:
            raise ValueError(f"{self.info.name}: cannot restore, the snapshot lacks {missing[0]!r}")
        return from_snapshots(snapshots, TYPES)

    def _in_lanes(self, program: Any, *batches: Any) -> Any:
        """Run a program over all cases, `LANES` at a time."""
        cases = len(jax.tree.leaves(batches)[0])
        parts = []
        for begin in range(0, cases, LANES):
            index = np.minimum(np.arange(begin, begin + LANES), cases - 1)
            done = jax.device_get(program(*jax.tree.map(lambda values, index=index: values[index], batches)))
            parts.append(jax.tree.map(lambda values, begin=begin: values[: cases - begin], done))
        return jax.tree.map(lambda *values: np.concatenate(values), *parts)

    def _hold(self, batch: Batch) -> None:
        self._held = {path: np.asarray(values)[0] for path, values in batch.items()}

    def _state(self) -> dict[str, Any]:
        if not self._held:
            raise ValueError(f"{self.info.name}: reset or restore it first")
        return self._held


class MutatedPocket(PocketCandidate):
    """Ours with all seeded bugs, one of which is at work."""

    def __init__(self, mutants: Sequence[Mutant]) -> None:
        self._copies = load_mutated(mutants, ("tcgjax",))
        make = self._copies.module("tcgjax.env").Pocket
        jit = functools.partial(self._copies.switch.jit, compiler_options=QUICKLY)
        super().__init__(lambda: make(pool="a1"), jit=jit)

    def select_mutant(self, index: int) -> None:
        """Be the mutant of that number, counted from 1; 0 is the original."""
        self._copies.switch.select(index)


_CLOCK = (LENGTH, LIMIT, SEED)


def _blanks(count: int) -> dict[str, NDArray[Any]]:
    return {path: np.zeros((count, *value.shape), value.dtype) for path, value in blank().items()}
