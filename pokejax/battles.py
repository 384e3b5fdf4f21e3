"""A battle that one can hold: an eager object for notebooks and bots, over the engine that trains.

>>> battle = pokejax.Battle("gen1randombattle", seed=3)
>>> print(battle)
>>> battle.choose("move 1", "switch 2")
>>> battle.replay("battle.html")
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import jax
import jax.numpy as jnp
import numpy as np

from jaxenv import backends
from jaxenv.commands import files
from pokejax import env as environments
from pokejax.common import formats, generations, stories
from pokejax.common.engine import ONGOING, P1_WINS, P2_WINS, TIE, Engine
from pokejax.common.pools import load_pool
from pokejax.common.rng import Rng, seeded

PLAYERS = ("p1", "p2")
_NAMES = ("p1 (Red)", "p2 (Blue)")
"""With what logs and replays call them."""
_RESULTS = {ONGOING: None, P1_WINS: "p1", P2_WINS: "p2", TIE: "tie"}


class Battle:
    """One battle. What is chosen is played at once; nothing else changes it.

    * ``format``: an id of `pokejax.common.formats`: "gen1randombattle", "gen1ou", "gen1obtainable" or "free".
    * ``teams``: both teams, each as `pokejax.battle` reads it; None draws two from the format's built-in pool.
    * ``seed``: of Showdown's generator, an integer below 2^64 or its four 16-bit words. It draws the teams too.

    The first choice compiles the rules, which takes half a minute or so; later battles of the process, and with
    kernels (where a C++ compiler is found) later processes too, begin at once. `TeamError`, `ValueError` as
    `pokejax.battle`.
    """

    def __init__(
        self,
        format: str = "gen1randombattle",
        teams: Sequence[Any] | None = None,
        seed: int | Sequence[int] = 0,
    ) -> None:
        self._format = formats.find(format)
        rng = seeded(seed)
        self._teams = _drawn(self._format, rng) if teams is None else _read(self._format, teams)
        self._seed = (int(rng.hi), int(rng.lo))
        parties = self._engine.parties(self._teams)
        battle, memory = jax.device_get(_started(self._engine, rng, parties))
        self._now = (battle, memory)
        self._states: tuple[Any, ...] = (battle,)
        self._lines: tuple[str, ...] = ()
        self._actions: tuple[tuple[int, int], ...] = ()

    # ---- what there is

    @property
    def state(self) -> Any:
        """The battle as `BattleEnvironment.step_env` and the other hooks take it."""
        battle, memory = self._now
        return environments.state_of(self._format.generation, battle, memory, len(self._actions))

    @property
    def turn(self) -> int:
        """Number of the turn, from 1."""
        return int(self._now[0].turn)

    @property
    def result(self) -> str | None:
        """ "p1" or "p2", the winner; "tie"; None while the battle goes on."""
        return _RESULTS[int(self._engine.result(self._now[0]))]

    def legal(self) -> tuple[list[str], list[str]]:
        """Legal choices of each player, one spelling each: "move thunderbolt", "switch pikachu". Empty for who waits.

        By number ("switch 4") where two go by one name. A player who may be locked into a move without knowing it has
        all moves, as Showdown's request shows them.
        """
        first, second = self._words.read(self._now[0])
        return self._words.legal_choices(first), self._words.legal_choices(second)

    def observation(self, player: int | str) -> Any:
        """One player's observation, as the environment gives it: numpy leaves without player axis.

        ``player``: 0 or 1, "p1" or "p2"; `ValueError` otherwise.
        """
        index = _player(player)
        observed = jax.device_get(_observed(self._engine, *self._now))
        return jax.tree.map(lambda leaf: leaf[index], observed)

    def __str__(self) -> str:
        """Both sides, with everything that is hidden from the players."""
        return f"{self._format.id}, {self._words.describe(self._now[0], _NAMES)}"

    def __repr__(self) -> str:
        result = self.result
        state = f"turn {self.turn}" if result is None else f"over: {result}"
        return f"<Battle {self._format.id}, {state}>"

    # ---- what one does

    def choose(self, first: str | None = None, second: str | None = None) -> Self:
        """Play both players' choices until the next decision. Returns the battle itself.

        Choices are Showdown's: "move 1", "move thunderbolt", "switch 3", "switch pikachu", "default". A switch's number
        is the Pokémon's place in Showdown's request, the order that `print` shows: it changes with every switch, and 1
        is out. None for who waits, while the other replaces a fainted Pokémon. `ValueError` for a choice that Showdown
        refuses: its message, the nearest choice that there is, and nothing has changed.
        """
        requests = self._words.read(self._now[0])
        actions, lines, problems = [], [], []
        for player, request, text in zip(PLAYERS, requests, (first, second), strict=True):
            try:
                action = self._action(request, text)
            except ValueError as error:
                problems.append(f"{player}: {error}")
                continue
            actions.append(action)
            if action != self._engine.no_op:
                lines.append(f"{player} {self._words.numbered(request, action)}")
        if problems:
            raise ValueError("\n".join(problems))
        battle, memory = jax.device_get(_played(self._engine, *self._now, np.array(actions, np.int32)))
        self._now = (battle, memory)
        self._states += (battle,)
        self._lines += tuple(lines)
        self._actions += ((actions[0], actions[1]),)
        return self

    def clone(self, seed: int | Sequence[int] | None = None) -> Self:
        """A battle of its own that stands where this one does; with ``seed``, chance goes another way from here.

        It holds all that is hidden. A player who searches on it looks at the other's cards: see
        `BattleEnvironment.determinize`.
        """
        other = object.__new__(type(self))
        other.__dict__.update(self.__dict__)
        if seed is not None:
            rng = jax.device_get(seeded(seed))
            battle, memory = self._now
            other._now = (battle.replace(rng=rng), memory)
            other._states = (*self._states[:-1], other._now[0])
            hi, lo = int(rng.hi), int(rng.lo)
            words = [hi >> 16, hi & 0xFFFF, lo >> 16, lo & 0xFFFF]
            other._lines += (f"reseed {','.join(map(str, words))}",)
        return other

    # ---- what happened

    def log(self) -> str:
        """The story of the battle in plain English, as the real Showdown tells it of the same seed, teams and choices.

        Needs ``pokejax[tools]`` and Node; `stories.TellerError` says what is missing.
        """
        return self._teller.log(self._story)

    def input_log(self) -> str:
        """The battle as Showdown saves and replays it (``pokemon-showdown simulate-battle``). Needs what `log` does."""
        return self._teller.input_log(self._story)

    def replay(self, path: str | Path) -> Path:
        """Write a page that shows the battle so far, one HTML file; returns its path. Needs what `log` does.

        `jaxenv.commands.files.StorageError` where it cannot be written.
        """
        out = files.path(path)
        files.write(out, self._teller.page(self._story).encode(), "choose another file")
        return out

    # ---- inside

    def _action(self, request: Any, text: str | None) -> int:
        if text is None:
            if request.kind or request.over:
                return self._words.parse(request, "")
            return self._engine.no_op
        if not isinstance(text, str):
            raise ValueError(f"a choice is a text such as 'move 1', not {text!r}")
        return self._words.parse(request, text)

    @property
    def _engine(self) -> Engine:
        return generations.engine(self._format)

    @property
    def _words(self) -> Any:
        return generations.words(self._format)

    @property
    def _teller(self) -> stories.Teller:
        return stories.teller(self._format.generation)

    @property
    def _story(self) -> stories.Story:
        actions = np.array(self._actions, np.int32).reshape(-1, 2)
        return stories.Story(self._format.reference, self._seed, self._teams, self._lines, actions, self._states)


def _player(player: int | str) -> int:
    if player in PLAYERS:
        return PLAYERS.index(str(player))
    if isinstance(player, int) and not isinstance(player, bool) and player in (0, 1):
        return player
    raise ValueError(f"player {player!r}: allowed are 0 and 1, or 'p1' and 'p2'")


def _drawn(format: formats.Format, rng: Rng) -> np.ndarray:
    """Two teams of the format's pool, by the seed."""
    if format.pool is None:
        raise ValueError(f"Battle: format {format.id!r} has no built-in teams; give teams=(team_1, team_2)")
    pool = load_pool(format.pool)
    rows = np.random.default_rng([int(rng.hi), int(rng.lo)]).integers(0, len(pool), 2)
    return pool.teams[rows]


def _read(format: formats.Format, teams: Sequence[Any]) -> np.ndarray:
    if isinstance(teams, str) or len(teams) != len(PLAYERS):
        raise ValueError(f"teams: expected two, (team_1, team_2), got {teams!r:.80}")
    return generations.read_teams(format, *teams)


@functools.partial(jax.jit, static_argnums=0)
def _started(engine: Engine, rng: Rng, parties: Any) -> tuple[Any, Any]:
    return engine.start(rng, parties)


@functools.partial(jax.jit, static_argnums=0)
def _observed(engine: Engine, battle: Any, memory: Any) -> Any:
    return engine.observe(battle, memory, engine.choices(battle))


@functools.cache
def _step(engine: Engine, backend: backends.Backend) -> Any:
    """The engine's step on a batch, compiled once a process."""
    return jax.jit(backend.vmap(lambda battle, memory, actions: engine.step(battle, memory, actions)[:2]))


def _played(engine: Engine, battle: Any, memory: Any, actions: np.ndarray) -> tuple[Any, Any]:
    one = jax.tree.map(lambda leaf: jnp.asarray(leaf)[None], (battle, memory, actions))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", backends.BackendWarning)  # one battle is no faster by a kernel
        backend = backends.choose("auto")
    after = _step(engine, backend)(*one)
    return jax.tree.map(lambda leaf: leaf[0], after)
