"""The battle environment: pools of teams, seeds, illegal choices, rewards and endings around a generation's rules.

Both players choose at once. What the numbers of the actions mean is the generation's (`pokejax.common.engine.Engine`);
for Gen 1 they are poke-env's for singles, plus `NO_OP`:

* 0–5: switch to that slot of the own team (in the team's own order, which never changes).
* 6–9: the move at that place of the request. When the request holds one forced entry (recharge, a move under way,
  Struggle, or "Fight" for a Pokémon that is asleep, frozen or trapped), that entry is 6.
* 10: `NO_OP`, for who waits while the other replaces a fainted Pokémon.

An illegal action becomes Showdown's ``default`` choice and sets ``info["illegal"]``; with ``strict=True`` it is an
error instead, raised through ``jax.experimental.checkify``::

    env = jaxenv.make("pokejax/gen1ou", strict=True)
    step = jax.jit(checkify.checkify(env.step))
    error, (obs, state, reward, terminated, truncated, info) = step(key, state, actions, params)
    error.throw()
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np
from jax.experimental import checkify

from jaxenv import EnvSpec, ObsSpec, Reference, struct
from jaxenv.autoreset import unwrap
from jaxenv.drawing import Drawing
from jaxenv.environment import Environment, Step, reads_state
from jaxenv.registry import tags_of
from jaxenv.typevars import ObsT
from pokejax.common import formats, generations
from pokejax.common.engine import ONGOING, P1_WINS, P2_WINS, Engine
from pokejax.common.pools import PoolError, load_pool
from pokejax.common.reference import SHOWDOWN
from pokejax.common.rng import Rng, seeded
from pokejax.common.team_text import TeamError

if TYPE_CHECKING:
    from typing_extensions import TypeVar

    from pokejax.gen1.observation import Memory, Observation  # noqa: F401 (in Gen1Battle's type arguments)
    from pokejax.gen1.state import Battle, Party
    from pokejax.modern.observation import Memory as ModernMemory
    from pokejax.modern.observation import Observation as ModernObservation  # noqa: F401 (in Gen4Battle's)
    from pokejax.modern.state import Battle as ModernBattle

    StateT = TypeVar("StateT", bound="BattleState", default="BattleState")
    ParamsT = TypeVar("ParamsT", bound="BattleParams", default="BattleParams")
else:
    from jaxenv.typevars import ParamsT, StateT


@struct.dataclass
class BattleState(struct.Node):
    """One battle and what its players have been shown, in the engine's storage dtypes."""

    battle: Any
    memory: Any
    steps: jax.Array
    """int32[]: decisions taken."""


@struct.dataclass
class BattleParams(struct.Node):
    """Parameters that may change without compiling anew (but for the number of teams)."""

    pool: Any
    """Teams that battles draw from: the engine's parties with a leading axis of teams."""
    max_steps_in_episode: Any = 4000
    """Truncation; beyond the longest battle, so it never happens unless it is lowered."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class BattleEnvironment(Environment[StateT, ParamsT, ObsT]):
    """A battle between two teams drawn from a pool. Reward at the end: 1 for the winner, −1 for the loser, 0 for a tie.

    Each generation has a subclass. ``autoreset`` "pool" and "full" are the same here: both draw two teams and a 64-bit
    Showdown seed from the key.
    """

    generation: ClassVar[int]
    state_type: ClassVar[type[BattleState]] = BattleState
    params_type: ClassVar[type[BattleParams]] = BattleParams

    format: str
    pool: str | Path | None = None
    strict: bool = False
    autoreset: str = "pool"

    def __post_init__(self) -> None:
        super().__post_init__()
        allowed = formats.of_generation(self.generation)
        if self.format not in allowed:
            hint = formats.hint(self.format, allowed)
            raise ValueError(
                f"{type(self).__name__}: unknown format {self.format!r}; allowed are {', '.join(allowed)}{hint}"
            )
        if self.pool is not None:
            _check_pool_format(self.pool, self.format)
        elif self._format.pool is None:
            raise ValueError(
                f'{type(self).__name__}: format="{self.format}" has no built-in teams; give pool="teams.npz"'
            )

    @property
    def _format(self) -> formats.Format:
        return formats.find(self.format)

    @property
    def engine(self) -> Engine:
        """The rules of the format."""
        return generations.engine(self._format)

    @property
    def spec(self) -> EnvSpec:
        engine = self.engine
        return EnvSpec(
            id=self._format.env_id,
            version=engine.version,
            players=2,
            dynamics="simultaneous",
            information="imperfect",
            num_actions=engine.num_actions,
            reward_range=(-1.0, 1.0),
            horizon=engine.longest,
            reference=Reference(name="pokemon-showdown", version=SHOWDOWN, licence="MIT"),
            tags=tags_of(f"pokejax/{self.format}") or tags_of("pokejax/gen1ou"),
            no_op=engine.no_op,
            reward_only_at_end=True,
            zero_sum=True,
            backends=("xla", "simd"),
        )

    @property
    def obs_spec(self) -> ObsSpec:
        return self.engine.obs_spec

    @property
    def default_params(self) -> Any:
        return self.params_type(pool=_pool_parties(self.engine, *_pool_key(self.pool_source)))

    @property
    def pool_source(self) -> str | Path:
        """Source of this environment's teams, as `load_pool` takes it."""
        source = self._format.pool if self.pool is None else self.pool
        assert source is not None, "checked when the environment was made"
        return source

    def draw(self, key: jax.Array, params: BattleParams) -> tuple[Rng, jax.Array]:
        """Start of a battle: Showdown's generator before its first draw, and int32[2], the pool rows."""
        words = jax.random.bits(key, (4,), jnp.uint32)
        teams = len(jax.tree.leaves(params.pool)[0])
        rows = (words[2:] % np.uint32(teams)).astype(jnp.int32)
        return Rng(hi=words[0], lo=words[1]), rows

    def reset_env(self, key: jax.Array, params: ParamsT) -> tuple[ObsT, StateT]:
        """Two teams of the pool, drawn independently, and a seed."""
        rng, rows = self.draw(key, params)
        parties = jax.tree.map(lambda leaf: jnp.asarray(leaf)[rows], params.pool)
        state = _start(self.engine, self.state_type, rng, parties)
        return self.observe(state, params), state

    def reset_from_pool(self, key: jax.Array, params: ParamsT) -> tuple[ObsT, StateT]:
        return self.reset_env(key, params)

    def step_env(self, key: jax.Array, state: StateT, action: Any, params: ParamsT) -> Step[ObsT, StateT]:
        """Both choices, until the next decision. A battle that is over stays as it is, without reward."""
        del key  # Showdown's generator is in the state.
        engine = self.engine
        action = jnp.asarray(action)
        battle, memory, illegal = engine.step(state.battle, state.memory, action)
        if self.strict:
            checkify.check(
                ~jnp.any(illegal),
                "illegal action: players chose {action}, whose legality is {legal}; choose within legal_actions",
                action=action,
                legal=~illegal,
            )
        before, after = engine.result(state.battle), engine.result(battle)
        state = state.replace(battle=battle, memory=memory, steps=state.steps + 1)
        terminated = after != ONGOING
        ends = terminated & (before == ONGOING)
        wins = (after == P1_WINS).astype(jnp.float32) - (after == P2_WINS).astype(jnp.float32)
        reward = jnp.where(ends, jnp.stack([wins, -wins]), 0.0)
        truncated = ~terminated & (state.steps >= params.max_steps_in_episode)
        return self.observe(state, params), state, reward, terminated, truncated, {"illegal": illegal}

    def reseed(self, key: jax.Array, state: Any) -> Any:
        """``state`` with another future: Showdown's generator at a seed of ``key``. All else stays, cards included."""
        words = jax.random.bits(key, (2,), jnp.uint32)
        own = unwrap(state)
        return _with(state, battle=self.engine.reseed(own.battle, Rng(hi=words[0], lo=words[1])))

    def determinize(
        self, key: jax.Array, state: Any, player: Any, params: ParamsT | None = None, law: str = "team"
    ) -> Any:
        """``state`` as ``player`` may believe it to be, for search that does not look at the foe's cards.

        What that player has not been shown is drawn anew, and the generator too (`reseed`); its observation, its legal
        actions and `to_act` stay the same to the bit. Act on one environment; vmap over ``key`` for many beliefs.

        * ``state``: of `reset_env` and `step_env`, or of `reset` and `step`; the same kind is returned.
        * ``player``: 0 or 1, or a traced integer.
        * ``params``: its pool is what the foe's team is drawn from.
        * ``law``: how. For Gen 1: "team", the exact law of a team of that pool; "pokemon", each Pokémon by itself, for
          a pool that is a sample of something greater (`pokejax.gen1.hidden.team` tells more).

        What is conditioned on, and what is not, is told by the engine: for Gen 1 `pokejax.gen1.hidden.determinize`.
        `ValueError` for an unknown law, or a player that is a number other than 0 and 1.
        """
        if isinstance(player, int | np.integer) and player not in (0, 1):
            raise ValueError(f"determinize: player {player}: allowed are 0 and 1")
        own = unwrap(state)
        hidden, future = jax.random.split(key)
        pool = self._resolve(params).pool
        battle, memory = self.engine.determinize(hidden, own.battle, own.memory, jnp.asarray(player), pool, law)
        return self.reseed(future, _with(state, battle=battle, memory=memory))

    @reads_state
    def observe(self, state: Any, params: ParamsT) -> ObsT:
        engine = self.engine
        return engine.observe(state.battle, state.memory, engine.choices(state.battle))

    @reads_state
    def legal_actions(self, state: Any, params: ParamsT) -> jax.Array:
        return self.engine.choices(state.battle)

    @reads_state
    def to_act(self, state: Any) -> jax.Array:
        return self.engine.to_act(state.battle)


@struct.dataclass
class Gen1State(BattleState):
    """One battle and what its players have been shown; in storage dtypes, 669 bytes."""

    battle: Battle
    memory: Memory
    steps: jax.Array


@struct.dataclass
class Gen1Params(BattleParams):
    """Parameters that may change without compiling anew (but for the number of teams)."""

    pool: Party
    """Leaves ``[N, 6, …]`` in storage dtypes (`party.parties_from_wire`)."""
    max_steps_in_episode: Any = 4000


@dataclasses.dataclass(frozen=True, kw_only=True)
class Gen1Battle(BattleEnvironment[Gen1State, Gen1Params, "Observation"]):
    """A battle of Gen 1. Reward at the end: 1 for the winner, −1 for the loser, 0 for a tie.

    * ``format``: an id of `pokejax.common.formats`: "gen1randombattle", "gen1ou", "gen1obtainable" for all that Gen 1
      can have, "free" for anything; for the last two ``pool`` must be given. All have the same rules in battle,
      Showdown's Standard clauses.
    * ``pool``: an ``.npz`` file of teams of that format (``python -m pokejax.common.pools build``), or the name of a
      built-in pool; by default the built-in one of the format. "free" takes pools of every format.
    * ``strict``: see the module.

    ValueError for an unknown format, `PoolError` for a pool that cannot be used.
    """

    generation: ClassVar[int] = 1
    state_type: ClassVar[type[BattleState]] = Gen1State
    params_type: ClassVar[type[BattleParams]] = Gen1Params

    format: str = "gen1randombattle"

    def picture(self, state: Gen1State, params: BattleParams) -> Drawing:
        """Both active Pokémon, their HP and moves, and both teams."""
        from pokejax.gen1.picture import picture  # the rules need no pictures

        del params
        return picture(state.battle)

    if TYPE_CHECKING:

        @property
        def default_params(self) -> Gen1Params: ...


@struct.dataclass
class Gen4State(BattleState):
    """One battle of Generation 4 and what its players have been shown, in storage dtypes."""

    battle: ModernBattle
    memory: ModernMemory
    steps: jax.Array


@dataclasses.dataclass(frozen=True, kw_only=True)
class Gen4Battle(BattleEnvironment[Gen4State, BattleParams, "ModernObservation"]):
    """A battle of Generation 4 in singles, as `Gen1Battle`. It takes minutes to compile, and has no id yet.

    * ``format``: "gen4randombattle", "gen4ou", or "gen4free" for anything, for which ``pool`` must be given.

    Of a built-in pool, the teams with an effect that is not played (`pokejax.modern.refused`) are left out. One's own
    pool is refused if it has one.
    """

    generation: ClassVar[int] = 4
    state_type: ClassVar[type[BattleState]] = Gen4State

    format: str = "gen4randombattle"


_ENVIRONMENTS: dict[int, type[BattleEnvironment[Any, Any, Any]]] = {1: Gen1Battle, 4: Gen4Battle}


def battle(team_1: Any, team_2: Any, seed: int | Sequence[int], format: str = formats.DEFAULT_LEGALITY) -> Gen1State:
    """The start of a battle between two given teams, for `BattleEnvironment.step_env` and the other hooks.

    * Teams: Showdown export text, packed text, JSON, a list of sets, or a `Team`.
    * ``seed``: Showdown's, as an integer below 2^64 or as its four 16-bit words.
    * ``format``: what the teams must be legal in: "gen1obtainable" (all that Gen 1 can have), "gen1ou" (and OU's bans
      and clauses), or "free" for whatever the engine can play, possible or not.

    `TeamError` with every problem of both teams, `ValueError` for a seed or a format that does not exist.
    """
    found = formats.find(format)
    rng = seeded(seed)
    teams = generations.read_teams(found, team_1, team_2)
    engine = generations.engine(found)
    for player, fault in enumerate(engine.unplayed(teams), 1):
        if fault:
            raise TeamError([f"player {player}: {fault} is not played yet; take another"])
    state_type: Any = _ENVIRONMENTS[found.generation].state_type
    return _start_compiled(engine, state_type, rng, engine.parties(teams))


def state_of(generation: int, battle: Any, memory: Any, steps: int) -> Any:
    """The state of a generation's environment that holds an engine's ``battle`` and ``memory``."""
    return _ENVIRONMENTS[generation].state_type(battle=battle, memory=memory, steps=jnp.int32(steps))


def _start(engine: Engine, state_type: type[BattleState], rng: Rng, parties: Any) -> Any:
    """The first state; leaves of ``parties`` are ``[2, …]`` in storage dtypes."""
    battle, memory = engine.start(rng, parties)
    return state_type(battle=battle, memory=memory, steps=jnp.int32(0))


def _with(state: Any, **changes: Any) -> Any:
    """``state``, of either kind, with fields of the environment's own one replaced."""
    own = unwrap(state).replace(**changes)
    return own if unwrap(state) is state else state.replace(env_state=own)


_start_compiled = jax.jit(_start, static_argnums=(0, 1))


def _check_pool_format(which: str | Path, format: str) -> None:
    found = load_pool(which).format
    if found not in (format, *formats.find(format).takes):
        raise PoolError(
            f"{which}: holds teams of {found!r}, the environment plays {format!r}; "
            f'use format="free", or build the pool with --format {format}'
        )


def _pool_key(which: str | Path) -> tuple[str | Path, int]:
    """With the time of the file's last change, so that a pool that is built again is read again."""
    path = Path(which).expanduser()
    built_in = which in formats.built_in_pools()
    return which, path.stat().st_mtime_ns if not built_in and path.exists() else 0


@functools.lru_cache(maxsize=4)
def _pool_parties(engine: Engine, which: str | Path, changed: int) -> Any:
    del changed
    return engine.parties(_played(engine, which, load_pool(which).teams))


def _played(engine: Engine, which: str | Path, teams: np.ndarray) -> np.ndarray:
    """The teams of a pool that the engine plays. A pool of one's own is refused if it has others."""
    bad = engine.unplayed(teams)
    first = next((number for number, fault in enumerate(bad) if fault), None)
    if first is None:
        return teams
    if which not in formats.built_in_pools():
        raise PoolError(
            f"{which}: team {first} has {bad[first]}, which is not played yet; take the {sum(map(bool, bad))} teams "
            "with such out of the pool"
        )
    return teams[[not fault for fault in bad]]
