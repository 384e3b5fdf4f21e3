"""Pokémon TCG Pocket as an environment of `jaxenv`: two players, one of whom decides at a time.

Actions are those of `tcgjax.actions`; who waits has only 0. What an effect asks for is a further action of who must
choose. An action that is not legal becomes the first legal one (ending the turn, where that is allowed), and sets
``info["illegal"]``.
"""

from __future__ import annotations

import dataclasses
import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxenv import Environment, EnvSpec, ObsSpec, Reference, struct
from jaxenv.drawing import Drawing
from jaxenv.environment import Step, reads_state
from jaxenv.registry import tags_of
from tcgjax import actions, chance, decks, rules
from tcgjax.arrays import first, one_hot
from tcgjax.decks import Deck
from tcgjax.observation import OBS_SPEC, Observation, observe
from tcgjax.start import deck_arrays, start
from tcgjax.state import OVER, Game, unpack

REFERENCE = Reference(name="references.tcg_pocket", version="1", licence="MIT")
LONGEST = 4000
"""Truncation; beyond the longest game, so it never happens unless it is lowered."""
POOL = "a1"
"""The pool that ships, of decks of A1, A1a and P-A."""
SAMPLES = (17, 40)
"""Places in the pool of the decks that are played where none are given."""


@struct.dataclass
class PocketState(struct.Node):
    """One game, and the actions that were taken."""

    game: Game
    steps: jax.Array
    """int32[]."""


@struct.dataclass
class PocketParams(struct.Node):
    """Parameters that may change without compiling anew (but for the number of decks)."""

    decks: Any
    """int16[N, 20]: numbers of the cards."""
    energy_types: Any
    """bool[N, 8]."""
    max_steps_in_episode: Any = LONGEST


@dataclasses.dataclass(frozen=True, kw_only=True)
class Pocket(Environment[PocketState, PocketParams, Observation]):
    """A game between two decks, each drawn from ``decks``. Reward at the end: 1 for the winner, −1 for the loser.

    * ``decks``: deck lists as text (see `tcgjax.decks`) or as `Deck`; (): two of the pool, `SAMPLES`. `DeckError` for
      one that cannot be played.
    * ``pool``: "a1" draws from the 256 decks of `tcgjax.decks.pool` instead.
    * ``mirrored``: both players have the same deck.
    * ``first_player_draws``: the player who goes first draws a card in turn 1.
    """

    decks: tuple[Deck | str, ...] = ()
    pool: str = ""
    mirrored: bool = False
    first_player_draws: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.decks, tuple):
            raise ValueError(f"Pocket: decks must be a tuple of deck lists, got {self.decks!r}")
        if self.pool not in ("", POOL):
            raise ValueError(f"Pocket: there is no pool {self.pool!r}; allowed are {POOL!r}, and '' for own decks")
        if self.pool and self.decks:
            raise ValueError(f"Pocket: decks of your own and pool={self.pool!r}; give one of the two")
        object.__setattr__(self, "decks", tuple(_own(deck, f"deck {place}") for place, deck in enumerate(self.decks)))

    @property
    def spec(self) -> EnvSpec:
        id = "tcgjax/pocket-a1" if self.pool else "tcgjax/pocket"
        return EnvSpec(
            id=id,
            version="1",
            players=2,
            dynamics="sequential",
            information="imperfect",
            num_actions=actions.COUNT,
            reward_range=(-1.0, 1.0),
            horizon=None,
            reference=REFERENCE,
            tags=tags_of(id),
            no_op=actions.WAIT,
            reward_only_at_end=True,
            zero_sum=True,
            backends=("xla", "simd"),
        )

    @property
    def played(self) -> tuple[Deck, ...]:
        """The decks that games are drawn from."""
        if self.decks:
            return self.decks  # type: ignore[return-value]
        return decks.pool() if self.pool else tuple(decks.pool()[number] for number in SAMPLES)

    @property
    def obs_spec(self) -> ObsSpec:
        return OBS_SPEC

    @property
    def default_params(self) -> PocketParams:
        cards, types = _arrays(self.played)
        return PocketParams(decks=cards.copy(), energy_types=types.copy())

    def reset_env(self, key: jax.Array, params: PocketParams) -> tuple[Observation, PocketState]:
        """Two decks, drawn independently unless they are `mirrored`, and a new game."""
        for_decks, for_game = jax.random.split(key)
        words = jax.random.bits(for_decks, (2,), jnp.uint32)
        if self.mirrored:
            words = jnp.stack([words[0], words[0]])
        rows = (words % np.uint32(len(params.decks))).astype(jnp.int32)
        cards, types = jnp.asarray(params.decks)[rows], jnp.asarray(params.energy_types)[rows]
        state = PocketState(game=start(for_game, cards, types, self.first_player_draws), steps=jnp.int32(0))
        return self.observe(state, params), state

    def step_env(
        self, key: jax.Array, state: PocketState, action: Any, params: PocketParams
    ) -> Step[Observation, PocketState]:
        legal = self.legal_actions(state, params)
        action = jnp.asarray(action, jnp.int32)
        fits = jnp.stack([jnp.any(legal[player] & one_hot(action[player], actions.COUNT)) for player in range(2)])
        actor = actions.player_to_act(unpack(state.game))
        own = jnp.where(actor == 0, action[0], action[1])
        fallback = first(jnp.where(actor == 0, legal[0], legal[1]))
        fitting = jnp.where(actor == 0, fits[0], fits[1])
        game = rules.step(state.game, jnp.where(fitting, own, fallback), chance.from_key(key))
        steps = state.steps + 1
        terminated = game.phase == OVER
        ends = terminated & (state.game.phase != OVER)
        wins = (game.winner == 0).astype(jnp.float32) - (game.winner == 1).astype(jnp.float32)
        reward = jnp.where(ends, jnp.stack([wins, -wins]), jnp.float32(0))
        truncated = ~terminated & (steps >= params.max_steps_in_episode)
        state = PocketState(game=game, steps=steps)
        return self.observe(state, params), state, reward, terminated, truncated, {"illegal": ~fits}

    @reads_state
    def observe(self, state: PocketState, params: PocketParams) -> Observation:
        """Leaves ``[2, …]``."""
        del params
        return observe(state.game)

    def picture(self, state: PocketState, params: PocketParams) -> Drawing:
        """All cards of both players, hands too."""
        from tcgjax.picture import picture  # the rules need no pictures

        del params
        return picture(state.game)

    @reads_state
    def legal_actions(self, state: PocketState, params: PocketParams) -> jax.Array:
        """bool[2, 143]."""
        del params
        mask = rules.legal_mask(state.game)
        waits = jnp.arange(actions.COUNT, dtype=jnp.int32) == actions.WAIT
        acts = self.to_act(state)
        return jnp.where(acts[:, None], mask[None], waits[None])

    @reads_state
    def to_act(self, state: PocketState) -> jax.Array:
        """bool[2]: the one who decides; both, once the game is over."""
        actor = actions.player_to_act(unpack(state.game))
        return (jnp.arange(2, dtype=jnp.int32) == actor) | (state.game.phase == OVER)


def _own(deck: Deck | str, name: str) -> Deck:
    if isinstance(deck, str):
        return decks.read(deck, name)
    if not isinstance(deck, Deck):
        raise ValueError(f"Pocket: {name} must be a deck list as text, or a Deck, got {deck!r}")
    return decks.check(deck.ids, deck.energy, name)


@functools.lru_cache(maxsize=8)
def _arrays(played: tuple[Deck, ...]) -> tuple[np.ndarray, np.ndarray]:
    """int16[N, 20] and bool[N, 8]; `DeckError` for a card that the engine does not play."""
    arrays = [deck_arrays(deck, f"deck {place}") for place, deck in enumerate(played)]
    cards, types = zip(*arrays, strict=True)
    return np.stack(cards), np.stack(types)
