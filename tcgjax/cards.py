"""Cards of decks, hands and discard piles: drawing, searching, shuffling, revealing."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from jaxenv.control import maybe
from tcgjax.arrays import LIST, append, append_one, at, both, drop, length, lookup, nth, one_hot, pop, total
from tcgjax.board import ACTIVE, HAND_LIMIT, add_pokemon, append_stack, clear, free_spot, in_group
from tcgjax.chance import PICKS, Chance, pick, shuffled
from tcgjax.state import ME, OPPONENT, Game
from tcgjax.tables import FILTERS, ON, OP, OPPONENT_HAND, Row, tables


def draw_one(game: Game, when: jax.Array) -> Game:
    """The current player draws a card, with room in the hand and a card in the deck."""
    held = length(game.hand)[ME]
    draws = when & (game.deck[ME, 0] > 0) & (held < HAND_LIMIT)
    hand = append_one(game.hand[ME], held, game.deck[ME, 0], draws)
    seen = jnp.where(draws, jnp.maximum(game.known_top[ME] - 1, 0), game.known_top[ME])
    return game.replace(
        deck=both(pop(game.deck[ME], 0, draws), game.deck[OPPONENT]),
        hand=both(hand, game.hand[OPPONENT]),
        known_top=both(seen, game.known_top[OPPONENT]),
    )


def move_cards(game: Game, row: Row, may_leave: jax.Array, chance: Chance) -> Game:
    """One of the operations `tables.DECK`. ``may_leave``: an attack may take the opponent's Active Pokémon out of play.

    Most of them are of one player, whose lists are taken out and put back.
    """
    op = row.op
    theirs = (op == OP["new_hand"]) & (row.on == ON.index("opponent"))
    theirs = theirs | (op == OP["discard_random_card"]) | (op == OP["shuffle_away"])
    side = jnp.where(theirs, OPPONENT, ME)
    deck, hand, known, seen, discard = (
        at(values, side) for values in (game.deck, game.hand, game.known, game.known_top, game.discard)
    )
    cards, held = length(deck), length(hand)
    room = held < HAND_LIMIT
    stack = at(game.cards, side)[0]

    # Searching: a random card that fits, to the hand or the Bench.
    searches = (op == OP["search"]) & room & (cards > 0)
    benches = (op == OP["search_to_bench"]) & (free_spot(game, ME) > 0) & (cards > 0)
    fits = search_fits(deck, row)
    place = nth(fits, pick(chance.words[PICKS], total(fits)))
    found = (searches | benches) & jnp.any(fits)
    card = at(deck, place)

    # The top card of the deck, to the hand or under the deck.
    takes_top = (op == OP["take_top_or_bottom"]) & room & (cards > 0)
    matches = lookup(tables().pokemon, deck[0]) & (lookup(tables().type, deck[0]) == row.type)
    top = deck[0]

    # A random card of the hand, to the discard pile.
    loses = (op == OP["discard_random_card"]) & (held > 0)
    lost_place = pick(chance.words[PICKS], held)
    discard = append_one(discard, length(discard), at(hand, lost_place), loses)
    hand, known = pop(hand, lost_place, loses), pop(known, lost_place, loses)

    deck = pop(deck, jnp.where(takes_top, 0, place), found | takes_top)
    seen = jnp.where(takes_top, jnp.maximum(seen - 1, 0), seen)
    deck = append_one(deck, cards - 1, top, takes_top & ~matches)
    hand = append_one(hand, held, jnp.where(takes_top, top, card), (found & searches) | (takes_top & matches))
    game = add_pokemon(game, ME, free_spot(game, ME), card, found & benches)

    # A whole hand, or a Pokémon in play, into the deck; a Pokémon to the hand.
    new_hand = op == OP["new_hand"]
    leaves = (op == OP["shuffle_away"]) & may_leave
    returns = op == OP["return_active"]
    deck = jnp.where(new_hand, append(deck, cards, hand), deck)
    deck = jnp.where(leaves, append_stack(deck, stack), deck)
    hand, known = jnp.where(new_hand, 0, hand), known & ~new_hand
    places = jnp.arange(LIST, dtype=jnp.int32)
    shown = (places >= held) & (places < held + total(stack > 0))
    hand, known = jnp.where(returns, append_stack(hand, stack), hand), known | shown & returns
    here = one_hot(side, 2)[:, None] & ACTIVE

    shuffles = searches | benches | new_hand | leaves
    deck = maybe(shuffles, lambda deck: shuffled(chance.order(), deck), deck)
    seen = jnp.where(shuffles, 0, seen)

    # Drawing.
    count = jnp.where(row.count == OPPONENT_HAND, length(game.hand)[OPPONENT], row.count)
    count = jnp.where(new_hand | (op == OP["draw"]), count, 0)
    count = jnp.clip(jnp.minimum(count, length(deck)), 0, jnp.maximum(HAND_LIMIT - length(hand), 0))
    drawn = jnp.where(places < count, deck, 0)
    hand = append(hand, length(hand), drawn)
    deck, seen = drop(deck, count), jnp.maximum(seen - count, 0)
    seen = jnp.where(op == OP["look_at_top"], jnp.maximum(seen, jnp.minimum(row.count, cards)), seen)

    this = one_hot(side, 2)[:, None]
    game = game.replace(
        deck=jnp.where(this, deck, game.deck),
        hand=jnp.where(this, hand, game.hand),
        known=jnp.where(this, known, game.known),
        discard=jnp.where(this, discard, game.discard),
        known_top=jnp.where(this[:, 0], seen, game.known_top),
    )
    game = clear(game, here & (leaves | returns))
    game = discard_tops(game, jnp.where(op == OP["discard_top"], row.count, 0))
    revealed = (op == OP["reveal_hand"]) & (game.hand[OPPONENT] > 0)
    return game.replace(known=both(game.known[ME], game.known[OPPONENT] | revealed))


def search_fits(deck: jax.Array, row: Row) -> jax.Array:
    """bool[20]: cards that a search may find."""
    wanted = jnp.where(row.what == FILTERS.index("basic"), lookup(tables().basic, deck), lookup(tables().pokemon, deck))
    of_type = (row.type == 0) | (lookup(tables().type, deck) == row.type)
    by_name = in_group(deck, row.group) & (deck > 0)
    return jnp.where(row.op == OP["search"], wanted & of_type, by_name)


def discard_tops(game: Game, count: jax.Array) -> Game:
    """Both players discard cards from the top of their decks."""
    decks, piles = [], []
    for side in (ME, OPPONENT):
        dropped = jnp.where(jnp.arange(LIST, dtype=jnp.int32) < count, game.deck[side], 0)
        piles.append(append(game.discard[side], length(game.discard[side]), dropped))
        decks.append(drop(game.deck[side], count))
    gone = jnp.minimum(count, length(game.deck))
    return game.replace(
        deck=jnp.stack(decks), discard=jnp.stack(piles), known_top=jnp.maximum(game.known_top - gone, 0)
    )
