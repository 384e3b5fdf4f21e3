"""Laws that hold whatever the reference does, and the laws of what is drawn."""

from __future__ import annotations

import functools
import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from families.tcgjax.verify.behaviours import actor_of
from families.tcgjax.verify.sides import PocketSide
from references.protocol import LENGTH, Batch
from references.tcg_pocket import actions as a
from references.tcg_pocket.snapshot import PHASES
from tcgjax import chance, decks, library
from tcgjax.env import Pocket
from tcgjax.turns import OPENING_HAND
from verification.batches import legal_many, rows
from verification.plugin import DrawSample, Property, Relation
from verification.statistics.draw_law import DrawLaw

Truth = NDArray[np.bool_]
_PLAYERS = ("p0", "p1")
_PILES = ("deck", "hand", "discard", "spots.cards")


def _conserved(before: Batch, actions: Batch, after: Batch) -> Truth:
    """A player's cards are the same before and after, wherever they are."""
    del actions
    fine = np.ones(len(after["turn"]), bool)
    for player in _PLAYERS:
        held = [
            np.sort(np.concatenate([batch[f"{player}.{pile}"].reshape(len(fine), -1) for pile in _PILES], 1), 1)
            for batch in (before, after)
        ]
        fine &= (held[0] == held[1]).all(1)
    return fine


def _in_range(before: Batch, actions: Batch, after: Batch) -> Truth:
    """Damage and Energy are never below zero, points and the turn never fall, and a step is one step."""
    del actions
    fine = (after["turn"] >= before["turn"]) & (after[LENGTH] == before[LENGTH] + 1)
    for player in _PLAYERS:
        fine &= (after[f"{player}.spots.damage"] >= 0).all(1) & (after[f"{player}.spots.energy"] >= 0).all((1, 2))
        fine &= after[f"{player}.points"] >= before[f"{player}.points"]
    return fine


def _masks(before: Batch, actions: Batch, after: Batch) -> Truth:
    """Someone may always do something; who waits may only wait."""
    del before, actions
    legal, acts = after["out.legal"], after["out.to_act"]
    waits = legal[..., a.WAIT] & (legal.sum(-1) == 1)
    return legal.any(-1).all(-1) & (acts | waits).all(-1) & acts.any(-1)


def _empty_spots(before: Batch, actions: Batch, after: Batch) -> Truth:
    """A spot without a Pokémon has no damage, Energy, condition or effect."""
    del before, actions
    fine = np.ones(len(after["turn"]), bool)
    for player in _PLAYERS:
        empty = after[f"{player}.spots.cards"][..., 0] < 0
        for path in ("damage", "poisoned", "burned", "condition", "ability_used"):
            fine &= ~(empty & (after[f"{player}.spots.{path}"] != 0)).any(1)
        for path in ("energy", "effect_amount", "effect_turns"):
            fine &= ~(empty & (after[f"{player}.spots.{path}"] != 0).any(-1)).any(1)
    return fine


def _unseen(before: Batch, actions: Batch, after: Batch) -> Truth:
    """Of the other's hand a player sees at most what is marked as known, and nothing of it before both have placed."""
    del before, actions
    fine = np.ones(len(after["turn"]), bool)
    for viewer, other in ((0, "p1"), (1, "p0")):
        seen = (after["out.obs.opponent_hand"][:, viewer] > 0).sum(-1)
        known = (after[f"{other}.hand_known"] & (after[f"{other}.hand"] >= 0)).sum(-1)
        fine &= seen == np.where(after["phase"] == PHASES.index("setup"), 0, known)
    return fine


PROPERTIES = (
    Property("cards are conserved", _conserved),
    Property("values keep to their ranges", _in_range),
    Property("masks are never empty, who waits may only wait", _masks),
    Property("empty spots are empty", _empty_spots),
    Property("of the other's hand only known cards are seen", _unseen),
)


def _quiet(before: Batch, actions: Batch) -> Truth:
    """bool [N]: an action in the middle of a turn that draws nothing and looks at no deck."""
    actor = actor_of(before)
    action = np.where(actor == 0, actions["p0"], actions["p1"])
    quiet = (action >= a.EVOLVE) & (action < a.ABILITY)
    return quiet & (before["phase"] == PHASES.index("main")) & _fits(before, actions)


def _fits(before: Batch, actions: Batch) -> Truth:
    """bool [N]: whoever waits does wait, so that no action is illegal for that."""
    actor = actor_of(before)
    return np.where(actor == 0, actions["p1"], actions["p0"]) == a.WAIT


def _swap(batch: Batch) -> dict[str, NDArray]:
    """The same game with player 0 and 1 exchanged."""
    found = dict(batch)
    for path, values in batch.items():
        if path.startswith("p0."):
            found[path], found[f"p1.{path[3:]}"] = batch[f"p1.{path[3:]}"], values
        elif path in ("first", "current"):
            found[path] = 1 - values
        elif path == "winner":
            found[path] = np.where((values == 0) | (values == 1), 1 - values, values)
        elif path.startswith("out.obs.") or path in ("out.reward", "out.legal", "out.to_act", "out.illegal"):
            found[path] = values[:, ::-1]
    if "choice.chooser" in batch:
        asked = batch["choice.operation"] != -1
        found["choice.chooser"] = np.where(asked, 1 - batch["choice.chooser"], batch["choice.chooser"])
    return found


def _swapped(before: Batch, actions: Batch) -> tuple[Batch, Batch]:
    return _swap(before), {"p0": actions["p1"], "p1": actions["p0"]}


def _turn_over(cards: NDArray[np.int64]) -> NDArray[np.int64]:
    """The cards of lists [N, 20] in the opposite order, empty places still behind."""
    size = (cards >= 0).sum(1)[:, None]
    place = np.arange(cards.shape[1])[None]
    return np.take_along_axis(cards, np.where(place < size, size - 1 - place, place), 1)


def _stacked(batch: Batch) -> dict[str, NDArray]:
    return {**batch, **{f"{player}.deck": _turn_over(batch[f"{player}.deck"]) for player in _PLAYERS}}


def _restacked(before: Batch, actions: Batch) -> tuple[Batch, Batch]:
    return _stacked(before), actions


def _unseen_decks(before: Batch, actions: Batch) -> Truth:
    unseen = _quiet(before, actions) & (before["p0.known_top"] == 0) & (before["p1.known_top"] == 0)
    places = np.flatnonzero(unseen)  # an illegal action becomes the first legal one, which may end the turn
    masks = legal_many(PocketSide(), rows(before, places)) if len(places) else {}
    for player in masks:
        unseen[places] &= np.asarray(masks[player])[np.arange(len(places)), actions[player][places]]
    return unseen


RELATIONS = (
    Relation("the players are alike", _swapped, _swap, _quiet),
    Relation("the order of unseen decks does not show", _restacked, _stacked, _unseen_decks),
)


TWO_TYPES = """Energy: Grass, Fire
2 Bulbasaur A1-001
2 Ivysaur A1-002
2 Venusaur ex A1-004
2 Charmander A1-033
2 Charmeleon A1-034
2 Charizard ex A1-036
2 Poké Ball P-A-005
2 Professor's Research P-A-007
2 Potion P-A-001
2 Sabrina A1-225
"""
"""Four Basics among 20 cards, and two types."""
_REPEATS = 4
_SIDES = ("", " of player 1")


def draws(seed: int, lanes: int) -> DrawSample:
    """Quantities that a reset and a step draw: decks, who goes first, openings, coins, picks, orders."""
    key = jax.random.key(seed)
    for_pool, for_own, for_steps = (jax.random.split(part, (lanes, _REPEATS)) for part in jax.random.split(key, 3))
    found = jax.device_get((_pool_draws(for_pool), _own_draws(for_own), _step_draws(for_steps)))
    laws = [DrawLaw.bernoulli("first", 0.5)]
    deck = decks.read(TWO_TYPES)
    basics = sum(library.is_basic(library.kinds()[kind]) for kind in deck.kinds)
    ways = [math.comb(basics, n) * math.comb(20 - basics, OPENING_HAND - n) for n in range(1, OPENING_HAND)]
    for side in _SIDES:
        laws += [
            DrawLaw.uniform_int(f"deck{side}", 0, len(decks.pool())),
            DrawLaw.uniform_int(f"type of the next Energy{side}", 0, 2),
            DrawLaw.categorical(f"Basics in the hand{side}", [0, *(way / sum(ways) for way in ways)]),
        ]
    laws += [
        *(DrawLaw.bernoulli(f"coin {bit}", 0.5) for bit in range(6)),
        DrawLaw.categorical("heads of three coins", [1 / 8, 3 / 8, 3 / 8, 1 / 8]),
        DrawLaw.categorical("heads before tails", [*(2.0 ** -(n + 1) for n in range(8)), 2.0**-8]),
        *(DrawLaw.uniform_int(f"pick {place} of 7", 0, 7) for place in range(4)),
        DrawLaw.uniform_int("Energy of 3", 0, 3),
        DrawLaw.permutation("order of 5 cards", 5),
    ]
    values = {label: array for part in found for label, array in part.items()}
    return DrawSample(laws, values)


@jax.jit
def _pool_draws(keys: jax.Array) -> dict[str, jax.Array]:
    """Places of the decks in the pool; a number of the cards tells decks apart."""
    env = Pocket(pool="a1")
    params = env.default_params
    marks = _marks(jnp.asarray(params.decks, jnp.int32), jnp.asarray(params.energy_types))

    def one(key: jax.Array) -> dict[str, jax.Array]:
        game = env.reset_env(key, params)[1].game
        cards = jnp.concatenate([game.hand, game.deck], 1).astype(jnp.int32)
        found = jnp.argmax(marks[None] == _marks(cards, game.energy_types)[:, None], 1)
        return {f"deck{side}": found[player] for player, side in enumerate(_SIDES)}

    return jax.vmap(jax.vmap(one))(keys)


def _marks(cards: jax.Array, types: jax.Array) -> jax.Array:
    """uint32 [N]: a number for each deck, whatever its order, in which two decks of the pool never agree."""
    mixed = (cards.astype(jnp.uint32) * jnp.uint32(2654435761)) ^ (cards.astype(jnp.uint32) << 7)
    mixed = jnp.where(cards > 0, (mixed ^ (mixed >> 15)) * jnp.uint32(2246822519), 0)
    bits = jnp.sum(types.astype(jnp.uint32) << jnp.arange(types.shape[-1], dtype=jnp.uint32), -1, dtype=jnp.uint32)
    return jnp.sum(mixed, -1, dtype=jnp.uint32) + bits


def _own_draws(keys: jax.Array) -> dict[str, jax.Array]:
    """Openings of one deck, which both players have."""
    env = Pocket(decks=(TWO_TYPES,))
    return _openings(keys, env, env.default_params)


@functools.partial(jax.jit, static_argnames="env")
def _openings(keys: jax.Array, env: Pocket, params: Any) -> dict[str, jax.Array]:
    """Openings of the decks in `params`, which is no constant: XLA would fold it for a minute."""
    basic = np.array([library.is_basic(row) for row in library.kinds()])

    def one(key: jax.Array) -> dict[str, jax.Array]:
        game = env.reset_env(key, params)[1].game
        found = {"first": game.first == 0}
        for player, side in enumerate(_SIDES):
            hand = game.hand[player].astype(jnp.int32)
            held = (hand > 0) & jnp.asarray(basic)[jnp.maximum(hand - 1, 0)]
            types = jnp.flatnonzero(game.energy_types[player], size=2)
            found |= {
                f"Basics in the hand{side}": jnp.sum(held),
                f"type of the next Energy{side}": jnp.argmax(types == game.next_energy[player] - 1),
            }
        return found

    return jax.vmap(jax.vmap(one))(keys)


@jax.jit
def _step_draws(keys: jax.Array) -> dict[str, jax.Array]:
    """The draws that `chance` makes of a step's words."""

    def one(key: jax.Array) -> dict[str, jax.Array]:
        drawn = chance.from_key(key)
        of = lambda number: jnp.full((), number, jnp.int32)  # noqa: E731
        return {
            **{f"coin {bit}": chance.flip(drawn, bit) for bit in range(6)},
            "heads of three coins": chance.heads_of(drawn, of(3)),
            "heads before tails": jnp.minimum(chance.until_tails(chance.from_key(jax.random.fold_in(key, 1))), 8),
            **{f"pick {place} of 7": chance.pick(drawn.words[chance.PICKS + place], of(7)) for place in range(4)},
            "Energy of 3": chance.pick(drawn.words[chance.ENERGY], of(3)),
            "order of 5 cards": chance.shuffled(
                drawn.order(), jnp.where(jnp.arange(20) < 5, jnp.arange(1, 21, dtype=jnp.int32), 0)
            )[:5]
            - 1,
        }

    return jax.vmap(jax.vmap(one))(keys)
