"""Pokémon TCG Pocket as an environment of `jaxenv`: two players, one of whom decides at a time.

Actions are those of `tcgjax.actions`; who waits has only 0. What an effect asks for is a further action of who must
choose. An action that is not legal becomes the first legal one (ending the turn, where that is allowed), and sets
``info["illegal"]``.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxenv import Environment, EnvSpec, ObsSpec, Reference, struct
from jaxenv.environment import Step, reads_state
from jaxenv.registry import tags_of
from tcgjax import actions, chance, rules
from tcgjax.arrays import first, one_hot
from tcgjax.decks import Deck, check
from tcgjax.observation import OBS_SPEC, Observation, observe
from tcgjax.start import deck_arrays, start
from tcgjax.state import OVER, Game, unpack

REFERENCE = Reference(name="references.tcg_pocket", version="1", licence="MIT")
LONGEST = 4000
"""Truncation; beyond the longest game, so it never happens unless it is lowered."""


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

    * ``decks``: at least one; `DeckError` for a deck that cannot be played.
    * ``first_player_draws``: the player who goes first draws a card in turn 1.
    """

    decks: tuple[Deck, ...]
    first_player_draws: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.decks, tuple) or not self.decks:
            raise ValueError(f"Pocket: decks must be a tuple of at least one Deck, got {self.decks!r}")
        for place, deck in enumerate(self.decks):
            deck_arrays(check(deck.ids, deck.energy, f"deck {place}"), f"deck {place}")

    @property
    def spec(self) -> EnvSpec:
        id = "tcgjax/pocket"
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
    def obs_spec(self) -> ObsSpec:
        return OBS_SPEC

    @property
    def default_params(self) -> PocketParams:
        arrays = [deck_arrays(deck) for deck in self.decks]
        decks, types = (np.stack(part) for part in zip(*arrays, strict=True))
        return PocketParams(decks=decks, energy_types=types)

    def reset_env(self, key: jax.Array, params: PocketParams) -> tuple[Observation, PocketState]:
        """Two decks, drawn independently, and a new game."""
        for_decks, for_game = jax.random.split(key)
        words = jax.random.bits(for_decks, (2,), jnp.uint32)
        rows = (words % np.uint32(len(params.decks))).astype(jnp.int32)
        decks, types = jnp.asarray(params.decks)[rows], jnp.asarray(params.energy_types)[rows]
        state = PocketState(game=start(for_game, decks, types, self.first_player_draws), steps=jnp.int32(0))
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
