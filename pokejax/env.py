"""Gen 1 battles as an environment of `jaxenv`, and battles between given teams.

Both players choose at once. Actions are poke-env's for singles, plus `NO_OP`:

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
import difflib
import functools
import operator
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.experimental import checkify

from jaxenv import Environment, EnvSpec, ObsSpec, Reference, struct
from jaxenv.environment import Step, reads_state
from jaxenv.registry import tags_of
from pokejax.gen1 import turn
from pokejax.gen1.choices import NO_OP, NUM_ACTIONS
from pokejax.gen1.observation import OBS_SPEC, Memory, Observation, first_memory, observe, remember
from pokejax.gen1.party import parties_from_wire
from pokejax.gen1.pools import PoolError, load_pool
from pokejax.gen1.rng import Rng
from pokejax.gen1.state import ONGOING, P1_WINS, P2_WINS, REQUEST_NONE, Battle, Party, pack, unpack
from pokejax.gen1.teams import team_array
from pokejax.gen1.teams_parse import TeamError, parse_team
from pokejax.gen1.teams_validate import check_format, validate_team

FORMATS = ("gen1randombattle", "gen1ou", "free")
LONGEST = 1010
"""Decisions of the longest battle: 1000 turns, after which it is a tie, and ten replacements."""


@struct.dataclass
class Gen1State:
    """One battle and what its players have been shown; in storage dtypes, 667 bytes."""

    battle: Battle
    memory: Memory
    steps: jax.Array
    """int32[]: decisions taken."""


@struct.dataclass
class Gen1Params:
    """What may change without compiling anew (but for the number of teams)."""

    pool: Party
    """Teams that battles draw from: leaves ``[N, 6, …]`` in storage dtypes (`party.parties_from_wire`)."""
    max_steps_in_episode: Any = 4000
    """Truncation; beyond `LONGEST`, so it never happens unless it is lowered."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Gen1Battle(Environment[Gen1State, Gen1Params, Observation]):
    """A battle between two teams drawn from a pool. Reward at the end: 1 for the winner, −1 for the loser, 0 for a tie.

    * ``format``: "gen1randombattle", "gen1ou", or "free" for any teams (then ``pool`` must be given). All three have
      the same rules, Showdown's Standard clauses.
    * ``pool``: an ``.npz`` file of teams of that format (``python -m pokejax.gen1.pools build``), or the name of a
      built-in pool; by default the built-in one of the format.
    * ``strict``: see the module.
    * ``autoreset``: "pool" and "full" are the same here; both draw two teams and a 64-bit Showdown seed from the key.

    ValueError for an unknown format, `PoolError` for a pool that cannot be used.
    """

    format: str = "gen1randombattle"
    pool: str | Path | None = None
    strict: bool = False
    autoreset: str = "pool"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.format not in FORMATS:
            close = difflib.get_close_matches(self.format, FORMATS, n=1)
            hint = f"; did you mean {close[0]!r}?" if close else ""
            raise ValueError(f"Gen1Battle: unknown format {self.format!r}; allowed are {', '.join(FORMATS)}{hint}")
        if self.pool is not None:
            _check_pool_format(self.pool, self.format)
        elif self.format == "free":
            raise ValueError('Gen1Battle: format="free" has no built-in teams; give pool="teams.npz"')

    @property
    def spec(self) -> EnvSpec:
        return EnvSpec(
            id="pokejax/gen1free" if self.format == "free" else f"pokejax/{self.format}",
            version="1",
            players=2,
            dynamics="simultaneous",
            information="imperfect",
            num_actions=NUM_ACTIONS,
            reward_range=(-1.0, 1.0),
            horizon=LONGEST,
            reference=Reference(name="pokemon-showdown", version="0.11.11", licence="MIT"),
            tags=tags_of(f"pokejax/{FORMATS[0]}"),
            no_op=NO_OP,
            reward_only_at_end=True,
            zero_sum=True,
            backends=("xla", "simd"),
        )

    @property
    def obs_spec(self) -> ObsSpec:
        return OBS_SPEC

    @property
    def default_params(self) -> Gen1Params:
        return Gen1Params(pool=_pool_parties(*_pool_key(self.pool or self.format)))

    def draw(self, key: jax.Array, params: Gen1Params) -> tuple[Rng, jax.Array]:
        """What a battle starts from: Showdown's generator before its first draw, and int32[2], the pool rows."""
        words = jax.random.bits(key, (4,), jnp.uint32)
        rows = (words[2:] % np.uint32(len(params.pool.species))).astype(jnp.int32)
        return Rng(hi=words[0], lo=words[1]), rows

    def reset_env(self, key: jax.Array, params: Gen1Params) -> tuple[Observation, Gen1State]:
        """Two teams of the pool, drawn independently, and a seed."""
        rng, rows = self.draw(key, params)
        parties = jax.tree.map(lambda leaf: jnp.asarray(leaf)[rows], params.pool)
        state = _start(rng, parties)
        return self.observe(state, params), state

    def reset_from_pool(self, key: jax.Array, params: Gen1Params) -> tuple[Observation, Gen1State]:
        return self.reset_env(key, params)

    def step_env(
        self, key: jax.Array, state: Gen1State, action: Any, params: Gen1Params
    ) -> Step[Observation, Gen1State]:
        """Both choices, until the next decision. A battle that is over stays as it is, without reward."""
        del key  # Showdown's generator is in the state.
        before = state.battle
        action = jnp.asarray(action)
        after, illegal = turn.step(unpack(before), action)
        if self.strict:
            checkify.check(
                ~jnp.any(illegal),
                "illegal action: players chose {action}, whose legality is {legal}; choose within legal_actions",
                action=action,
                legal=~illegal,
            )
        battle = pack(after)
        state = Gen1State(
            battle=battle,
            memory=remember(state.memory, before, battle),
            steps=state.steps + 1,
        )
        terminated = battle.result != ONGOING
        ends = terminated & (before.result == ONGOING)
        wins = (battle.result == P1_WINS).astype(jnp.float32) - (battle.result == P2_WINS).astype(jnp.float32)
        reward = jnp.where(ends, jnp.stack([wins, -wins]), 0.0)
        truncated = ~terminated & (state.steps >= params.max_steps_in_episode)
        return self.observe(state, params), state, reward, terminated, truncated, {"illegal": illegal}

    @reads_state
    def observe(self, state: Gen1State, params: Gen1Params) -> Observation:
        return observe(state.battle, state.memory, turn.legal_masks(unpack(state.battle)))

    @reads_state
    def legal_actions(self, state: Gen1State, params: Gen1Params) -> jax.Array:
        return turn.legal_masks(unpack(state.battle))

    @reads_state
    def to_act(self, state: Gen1State) -> jax.Array:
        p1, p2 = state.battle.seats
        return (jnp.stack([p1.request, p2.request]) != REQUEST_NONE) | (state.battle.result != ONGOING)


def battle(team_1: Any, team_2: Any, seed: int | Sequence[int], format: str = "free") -> Gen1State:
    """The start of a battle between two given teams, for `Gen1Battle.step_env` and the other hooks.

    * Teams: Showdown export text, packed text, JSON, a list of sets, or a `Team`.
    * ``seed``: Showdown's, as an integer below 2^64 or as its four 16-bit words.
    * ``format``: what the teams must be legal in: "gen1ou", or "free" (and "gen1randombattle") for structure only.

    `TeamError` with every problem of both teams, `ValueError` for a seed or a format that does not exist.
    """
    check_format(format)
    rng = _seeded(seed)
    teams, problems = [], []
    for player, source in (("player 1", team_1), ("player 2", team_2)):
        try:
            teams.append(team_array(validate_team(parse_team(source, player), format, player)))
        except TeamError as error:
            problems += error.problems
    if problems:
        raise TeamError(problems)
    return _start_compiled(rng, parties_from_wire(np.stack(teams)))


def _seeded(seed: int | Sequence[int]) -> Rng:
    if isinstance(seed, int | np.integer):
        value = int(seed)
    else:
        words = [int(word) for word in seed]
        if len(words) != 4 or not all(0 <= word < 1 << 16 for word in words):
            raise ValueError(f"seed {list(seed)}: Showdown's seeds are four words of 0 to 65535")
        value = functools.reduce(lambda high, low: high << 16 | low, words)
    if not 0 <= value < 1 << 64:
        raise ValueError(f"seed {value}: allowed are 0 to 2^64 - 1, or four words of 0 to 65535")
    return Rng(hi=jnp.uint32(value >> 32), lo=jnp.uint32(value & 0xFFFFFFFF))


def _start(rng: Rng, parties: Party) -> Gen1State:
    """The first state; leaves of ``parties`` are ``[2, 6, …]`` in storage dtypes."""
    first, second = (jax.tree.map(operator.itemgetter(side), parties) for side in range(2))
    return Gen1State(
        battle=pack(turn.start(rng, (first, second))),
        memory=first_memory(),
        steps=jnp.int32(0),
    )


_start_compiled = jax.jit(_start)


def _check_pool_format(which: str | Path, format: str) -> None:
    found = load_pool(which).format
    if format not in ("free", found):
        raise PoolError(
            f"{which}: holds teams of {found!r}, the environment plays {format!r}; "
            f'use format="free", or build the pool with --format {format}'
        )


def _pool_key(which: str | Path) -> tuple[str | Path, int]:
    """With the time of the file's last change, so that a pool that is built again is read again."""
    path = Path(which)
    return which, path.stat().st_mtime_ns if which not in FORMATS and path.exists() else 0


@functools.lru_cache(maxsize=4)
def _pool_parties(which: str | Path, changed: int) -> Party:
    del changed
    return parties_from_wire(load_pool(which).teams)
