"""One step of a battle: both players' choices in, the next decision point out.

Source: sim/battle.js ``start``, ``commitChoices``, ``turnLoop``, ``runAction``, ``faintMessages``; sim/battle-queue.js.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import lax

from jaxenv.control import maybe
from pokejax.common.rng import Rng, draw
from pokejax.common.storage import narrow, select, update
from pokejax.gen1.choices import NO_OP, commit, default_action, legal_actions
from pokejax.gen1.end_turn import end_turn, run_durations
from pokejax.gen1.move_data import priority
from pokejax.gen1.move_ids import Move
from pokejax.gen1.state import (
    FAINTED,
    ONGOING,
    P1_WINS,
    P2_WINS,
    QUEUED_MOVE,
    REQUEST_MOVE,
    REQUEST_NONE,
    REQUEST_SWITCH,
    TIE,
    Battle,
    Party,
    Seat,
)
from pokejax.gen1.stats import effective_speed, refresh_speed
from pokejax.gen1.switching import come_in, faint, load, switch
from pokejax.gen1.use_move import run_move
from pokejax.gen1.view import start_view


def start(rng: Rng, parties: tuple[Party, Party]) -> Battle:
    """A battle at its first decision point, both leads out. Leads of equal speed cost four draws."""
    slot = jnp.int32(0)
    parties = (narrow(parties[0]), narrow(parties[1]))
    p1, p2 = parties
    seats = (_fresh_side(load(p1, slot), p1), _fresh_side(load(p2, slot), p2))
    tied = seats[0].speed == seats[1].speed
    for _ in range(4):
        rng, _value = draw(rng, 2, tied)
    zero = jnp.int32(0)
    return end_turn(
        Battle(rng=rng, turn=zero, last_damage=zero, result=jnp.int32(ONGOING), seats=seats, parties=parties)
    )


def _fresh_side(seat: Seat, party: Party) -> Seat:
    return update(
        seat,
        last_selected_move=Move.NOMOVE,
        last_enemy_selected_move=Move.NOMOVE,
        pokemon_left=jnp.sum(party.species != 0, dtype=jnp.int32),
    )


def legal_masks(battle: Battle) -> jax.Array:
    """bool[2, 11]; all True once the battle is over."""
    masks = jnp.stack([legal_actions(seat, party) for seat, party in zip(battle.seats, battle.parties, strict=True)])
    return masks | (battle.result != ONGOING)


def step(battle: Battle, actions: jax.Array) -> tuple[Battle, jax.Array]:
    """Play both choices until the next decision point.

    * ``actions``: int32[2], see `choices`. An illegal one is replaced by Showdown's default choice.
    * Returns the battle and bool[2]: whose action was illegal. A battle that is over stays as it is.
    """
    going = battle.result == ONGOING
    legal = legal_masks(battle)
    illegal, seats = [], []
    for side, (seat, party) in enumerate(zip(battle.seats, battle.parties, strict=True)):
        action = jnp.clip(actions[side], 0, NO_OP).astype(jnp.int32)
        fine = legal[side][action] & (action == actions[side])
        action = jnp.where(fine, action, default_action(seat, party, legal[side]))
        seat = update(seat, going, copied=0)
        # Speeds are refreshed before the choices are committed; a fainted Pokémon's is not.
        seats.append(commit(refresh_speed(seat, going & (seat.hp > 0)), action))
        illegal.append(going & ~fine)
    # A battle that is over asks nobody, so that nothing is queued and nothing happens.
    return _play(battle.replace(seats=tuple(seats))), jnp.stack(illegal)


def _update_tie(rng: Rng, seats: tuple[Seat, Seat], when: jax.Array) -> Rng:
    """``eachEvent``: one draw if both active Pokémon stand and their cached speeds are equal."""
    p1, p2 = seats
    tied = (p1.hp > 0) & (p2.hp > 0) & (p1.speed == p2.speed)
    return draw(rng, 2, when & tied)[0]


def _sort_actions(rng: Rng, seats: tuple[Seat, Seat]) -> tuple[Rng, jax.Array]:
    """The side that acts first (0 or 1): switches, then priority, then speed, then a draw."""

    def key(seat: Seat) -> jax.Array:
        moves = seat.queued >= QUEUED_MOVE
        rank = jnp.where(moves, priority(jnp.maximum(seat.queued - QUEUED_MOVE, 0)), 2)
        return rank * 4096 + effective_speed(seat)

    p1, p2 = seats
    both = (p1.queued > 0) & (p2.queued > 0)
    tied = both & (key(p1) == key(p2))
    rng, second = draw(rng, 2, tied)
    first = jnp.where(tied, second, (key(p2) > key(p1)).astype(jnp.int32))
    return rng, jnp.where(both, first, (p2.queued > 0).astype(jnp.int32))


def _play(battle: Battle) -> Battle:
    p1, p2 = battle.seats
    new_turn = (p1.request == REQUEST_MOVE) | (p2.request == REQUEST_MOVE)
    both_replace = (p1.request == REQUEST_SWITCH) & (p2.request == REQUEST_SWITCH)
    battle = battle.replace(seats=tuple(update(seat, request=REQUEST_NONE) for seat in battle.seats))
    rng, first = _sort_actions(battle.rng, battle.seats)
    # 'beforeTurn': its own event, then the 'Update' event that follows every action.
    rng = _update_tie(rng, battle.seats, new_turn)
    rng = _update_tie(rng, battle.seats, new_turn)
    battle = battle.replace(rng=rng)

    battle = lax.fori_loop(0, 2, lambda i, b: _act(b, jnp.where(i == 0, first, 1 - first)), battle)

    # Two replacements are both in ('instaswitch') before either 'runSwitch' is run: the second one's place in the queue
    # and one more 'Update' event can tie.
    for _ in range(2):
        battle = battle.replace(rng=_update_tie(battle.rng, battle.seats, both_replace))

    undisturbed = _undisturbed(battle)
    battle = maybe(undisturbed & new_turn, _residual, battle)
    return maybe(undisturbed, end_turn, battle)


def _undisturbed(battle: Battle) -> jax.Array:
    """Nobody has fainted in this step and the battle goes on."""
    waits = (battle.seats[0].request == REQUEST_SWITCH) | (battle.seats[1].request == REQUEST_SWITCH)
    return (battle.result == ONGOING) & ~waits


def _residual(battle: Battle) -> Battle:
    p1, p2 = battle.seats
    rng, seats = run_durations(battle.rng, (refresh_speed(p1), refresh_speed(p2)))
    return battle.replace(rng=_update_tie(rng, seats, jnp.bool_(True)), seats=seats)


def _swap(swapped: jax.Array, pair: tuple) -> tuple:
    return select(swapped, (pair[1], pair[0]), pair)


def _act(battle: Battle, side: jax.Array) -> Battle:
    """The queued action of ``side``, if a faint has not emptied the queue."""
    second = side == 1

    def act(battle: Battle) -> Battle:
        user, foe = _swap(second, battle.seats)
        # The user's seat comes first while its action runs.
        battle = battle.replace(seats=(user, foe))
        acted = user.queued > 0
        switches = acted & (user.queued < QUEUED_MOVE)
        battle = maybe(switches, lambda b: _switch(b, second), battle)
        battle = maybe(user.queued >= QUEUED_MOVE, _use_move, battle, masked=True)
        battle = _process_faints(battle.replace(seats=_swap(second, battle.seats)), acted)
        return battle.replace(rng=_update_tie(battle.rng, battle.seats, acted & _undisturbed(battle)))

    queued = jnp.where(second, battle.seats[1].queued, battle.seats[0].queued)
    return maybe(queued > 0, act, battle, masked=True)


def _switch(battle: Battle, second: jax.Array) -> Battle:
    user, foe = battle.seats
    user, parties = switch(user, battle.parties, second, user.queued - 1)
    # 'Update' after the switch, then the 'runSwitch' action.
    rng = _update_tie(battle.rng, (user, foe), jnp.bool_(True))
    view = come_in(start_view(rng, battle.last_damage, update(user, queued=0), foe), jnp.bool_(True))
    return battle.replace(rng=rng, seats=(view.user, view.foe), parties=parties)


def _use_move(battle: Battle) -> Battle:
    view = start_view(battle.rng, battle.last_damage, *battle.seats)
    view = run_move(view, view.user.queued >= QUEUED_MOVE)
    return battle.replace(rng=view.rng, last_damage=view.last_damage, seats=(view.user, view.foe))


def _process_faints(battle: Battle, acted: jax.Array) -> Battle:
    """``faintMessages`` and ``checkFainted`` after an action: count the fallen, end the battle or ask for others."""
    fell = [acted & (seat.hp <= 0) & (seat.status != FAINTED) for seat in battle.seats]
    any_fell = fell[0] | fell[1]

    def process(battle: Battle) -> Battle:
        p1, p2 = (faint(seat, down) for seat, down in zip(battle.seats, fell, strict=True))
        lost1, lost2 = p1.pokemon_left == 0, p2.pokemon_left == 0
        outcome = jnp.where(lost1, jnp.where(lost2, TIE, P2_WINS), jnp.where(lost2, P1_WINS, ONGOING))
        asks = any_fell & (outcome == ONGOING)
        # The queue is emptied whoever fainted: the other side's action and the end of the turn are lost.
        p1, p2 = (update(seat, any_fell, queued=0) for seat in (p1, p2))
        p1, p2 = (update(seat, asks & (seat.hp <= 0), status=FAINTED, request=REQUEST_SWITCH) for seat in (p1, p2))
        return update(battle, any_fell, result=outcome).replace(seats=(p1, p2))

    return maybe(any_fell, process, battle, masked=True)
