"""One Pokémon's move from its start to what follows it.

Source: data/mods/gen1/scripts.js ``runMove``, ``useMove``, ``useMoveInner``, ``tryMoveHit``.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp

from jaxenv.control import maybe
from pokejax.gen1.accuracy import check_accuracy, check_reach, count_thrash
from pokejax.gen1.after_move import after_move, after_move_self
from pokejax.gen1.before_move import before_move, hurt_itself
from pokejax.gen1.call_move import pay_pp, resolve_called_move
from pokejax.gen1.dex import Category, Volatile
from pokejax.gen1.hit import explode, hit, thaw
from pokejax.gen1.move_data import MoveData, move_data
from pokejax.gen1.move_ids import Move
from pokejax.gen1.state import QUEUED_MOVE
from pokejax.gen1.stats import attack_boost
from pokejax.gen1.status_moves import status_move
from pokejax.gen1.view import View
from pokejax.gen1.volatiles import stop_trapping


def run_move(view: View, when: jax.Array) -> View:
    """The user's queued move where ``when``; it is thereby off the queue."""
    view = view.replace(move=jnp.maximum(view.user.queued - QUEUED_MOVE, 0))
    view = view.on_user(when, queued=0)
    selected = move_data(view.move)
    view = view.replace(proceeds=when & (view.move != Move.CANNOTMOVE))
    view = view.on_user(view.proceeds & selected.target_self, sub_fainted=False)
    view = view.on_foe(view.proceeds & ~selected.target_self, sub_fainted=False)
    view = before_move(view, selected.target_self)
    used = view.proceeds
    view = pay_pp(view, selected.two_turn)
    view = resolve_called_move(view)
    data = move_data(view.move)
    view = maybe(used, lambda v: _use(v, data), view, masked=True)
    view = after_move(view, used)
    target_hp = jnp.where(data.target_self, view.user.hp, view.foe.hp)
    return after_move_self(view, when & (~used | (target_hp > 0)))


def _use(view: View, data: MoveData) -> View:
    move, used = view.move, view.proceeds
    charges = view.proceeds & data.two_turn & (view.user.two_turn_move == 0)
    view = view.on_user(view.proceeds, side_last_move=move, side_last_enemy_move=move)
    copied = jnp.where(move == Move.NOMOVE, Move.FISSURE, move)
    view = view.on_user(view.proceeds & ~charges, last_move=copied)
    view = maybe(used & data.two_turn, lambda v: _charge_or_release(v, data, charges), view, masked=True)
    view = view.replace(proceeds=view.proceeds & ~charges)

    traps = view.proceeds & (data.self_volatile == Volatile.PARTIALTRAPPINGLOCK)
    view = view.on_foe(traps, must_recharge=False)
    view = view.set(view.proceeds & ~data.keeps_last_damage, last_damage=0)
    view = _try_hit(view, data)
    # Rage builds on these even if they miss.
    enrages = used & ~charges & (data.selfdestruct | (move == Move.DISABLE)) & (view.foe.rage_accuracy > 0)
    view = maybe(enrages, lambda v: v.replace(foe=attack_boost(v.foe, enrages)), view, masked=True)
    crashes = view.failed & data.crashes
    return maybe(crashes, lambda v: hurt_itself(v, jnp.int32(1), crashes), view, masked=True)


def _charge_or_release(view: View, data: MoveData, charges: jax.Array) -> View:
    releases = view.proceeds & data.two_turn & ~charges
    view = view.on_user(charges, two_turn_move=view.move)
    view = view.on_user(charges & ((view.move == Move.DIG) | (view.move == Move.FLY)), invulnerable=True)
    return view.on_user(releases, two_turn_move=0, invulnerable=False)


def _try_hit(view: View, data: MoveData) -> View:
    view = count_thrash(view, data)
    view = check_reach(view, data)
    reached = view.proceeds
    view = check_accuracy(view, data)
    harmless = (data.category == Category.STATUS) | (view.move == Move.BIDE)
    strikes = view.proceeds & ~harmless
    view = maybe(strikes, lambda v: hit(v, data, strikes), view, masked=True)
    acts = view.proceeds & harmless
    view = maybe(acts, lambda v: status_move(v, data, acts), view, masked=True)
    view = explode(view, data, reached)
    view = view.replace(user=stop_trapping(view.user, reached & view.failed))
    return thaw(view, data)
