"""A battle as one player may believe it to be. `team` says by which law, `counters` what else is hidden."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from pokejax.common.storage import select, update
from pokejax.gen1.hidden import counters, team
from pokejax.gen1.hidden.team import Drawn, Seen
from pokejax.gen1.observation.memory import UNSEEN, Memory
from pokejax.gen1.state import SPE, TEAM_SIZE, Battle, Party, Seat, pack, unpack
from pokejax.gen1.stats import MAX_STAT, apply_stage, weaken_by_status
from pokejax.gen1.switching import bench_bits


def determinize(
    key: jax.Array, battle: Battle, memory: Memory, player: jax.Array, pool: Party, law: str
) -> tuple[Battle, Memory]:
    """Draw anew what ``player`` (0 or 1) does not know; ``battle`` is packed, leaves of ``pool`` are [N, 6, …].

    Given, and therefore the same: all that `Observation` holds of that player, and its own team.

    Drawn: the foe's Pokémon, moves and PP that have not been seen, its stats and effort, its order; its exact HP, each
    as likely that is shown as the same percentage; both sides' counters and the HP of Substitutes.

    Not conditioned on: how much damage was done, who was faster, what the foe chose and why. Kept as they are: what
    Bide has stored, the accuracy of Thrash and Rage, a flinch to come, what a Pokémon selected before the one that is
    out, and a trap that has sprung open without the players' knowledge (`Seat.fake_trapped_turns`). Modified stats are
    worked out anew from the stages where the stat is another, without the cartridge's stale ones.
    """
    wide = unpack(battle)
    first = jnp.asarray(player) == 0
    foe, foe_party = select(first, wide.seats[1], wide.seats[0]), select(first, wide.parties[1], wide.parties[0])
    side = jnp.where(first, 1, 0)
    keys = jax.random.split(key, 6)

    seen = team.see(foe, foe_party, memory.appearance[side], memory.moves[side])
    drawn = team.draw(keys[0], seen, pool, law)
    party, shown, slept, sources = _party(keys[1], foe, foe_party, memory, side, seen, drawn, pool)
    seat = _seat(foe, foe_party, party, seen, drawn, sources)
    appearance = jnp.where(seen.there, drawn.slot, UNSEEN).astype(memory.appearance.dtype)
    memory = Memory(
        appearance=memory.appearance.at[side].set(appearance),
        moves=memory.moves.at[side].set(shown),
        slept=memory.slept.at[side].set(slept),
    )
    seats = (select(first, wide.seats[0], seat), select(first, seat, wide.seats[1]))
    parties = (select(first, wide.parties[0], party), select(first, party, wide.parties[1]))
    slots = [memory.slept[index][seats[index].slot] for index in range(2)]
    seats = tuple(counters.redraw_seat(keys[2 + i], seats[i], slots[i]) for i in range(2))
    parties = tuple(counters.redraw_party(keys[4 + i], parties[i], memory.slept[i]) for i in range(2))
    return pack(wide.replace(seats=seats, parties=parties)), memory


def _party(
    key: jax.Array,
    seat: Seat,
    party: Party,
    memory: Memory,
    side: jax.Array,
    seen: Seen,
    drawn: Drawn,
    pool: Party,
) -> tuple[Party, jax.Array, jax.Array, jax.Array]:
    """The drawn party, and by its slots: moves that were seen, turns slept, and int32[6]: who it was before (6 nobody).

    The active Pokémon's HP and PP are right here, unlike in other parties.
    """
    slots = jnp.arange(TEAM_SIZE, dtype=jnp.int32)
    is_at = (drawn.slot[:, None] == slots[None, :]) & seen.there[:, None]
    place = jnp.argmax(is_at, axis=0)
    was_seen = jnp.any(is_at, axis=0)
    exists = slots < seen.size
    # Who has not been seen follows in the true team's order: what stays where the pool holds nobody that agrees.
    hidden = exists & ~jnp.any(seen.there[:, None] & (seen.slot[:, None] == slots[None, :]), axis=0)
    ranks = jnp.cumsum(exists & ~was_seen)[:, None] == jnp.cumsum(hidden)[None, :]
    old = jnp.where(was_seen, seen.slot[place], jnp.argmax(ranks & hidden[None, :], axis=1))

    def column(name: str) -> jax.Array:
        leaf = jnp.asarray(getattr(pool, name))
        fresh = leaf.reshape(-1, *leaf.shape[2:])[drawn.row]
        shape = (TEAM_SIZE, *[1] * (fresh.ndim - 1))
        chosen = jnp.where(drawn.keep.reshape(shape), getattr(party, name)[old], fresh)
        return jnp.where(exists.reshape(shape), chosen, 0).astype(getattr(party, name).dtype)

    made = {name: column(name) for name in ("species", "level", "moves", "max_hp", "stats", "speed_bonus", "pp")}
    active = slots == seat.slot
    true_pp = jnp.where(active[:, None], seat.base_pp.astype(party.pp.dtype), party.pp)
    known = seen.known[place] & was_seen[:, None]
    same = made["moves"][:, :, None] == party.moves[old][:, None, :]
    is_known = same & known[:, None, :]
    own_pp = jnp.sum(jnp.where(is_known, true_pp[old][:, None], 0), -1, dtype=true_pp.dtype)
    pp = jnp.where(jnp.any(is_known, -1), own_pp, made["pp"])
    shown = jnp.any(same & (memory.moves[side][old] & was_seen[:, None])[:, None, :], -1) & (made["moves"] != 0)

    least, greatest = team.hp_range(seen.percent[place], made["max_hp"].astype(jnp.int32))
    spread = jnp.maximum(greatest - least + 1, 1)
    hp = least + jax.vmap(lambda k, n: jax.random.randint(k, (), 0, n, jnp.int32))(
        jax.random.split(key, TEAM_SIZE), spread
    )
    hp = jnp.where(was_seen, jnp.where(seen.hp[place] > 0, hp, 0), made["max_hp"].astype(jnp.int32))

    def carried(name: str) -> jax.Array:
        values = getattr(party, name)
        return jnp.where(was_seen, values[old], jnp.zeros_like(values))

    carried_over = {name: carried(name) for name in ("status", "sleep_turns", "slept_by_self", "sub_fainted")}
    values: dict[str, Any] = made | carried_over
    values |= {"hp": hp.astype(party.hp.dtype), "pp": pp.astype(party.pp.dtype)}
    values["position"] = _positions(seat, seen, drawn).astype(party.position.dtype)
    slept = jnp.where(was_seen, memory.slept[side][old], 0).astype(memory.slept.dtype)
    return Party(**values), shown, slept, jnp.where(was_seen, old, UNSEEN)


def _active_place(seat: Seat, seen: Seen) -> jax.Array:
    """Place of the active Pokémon in order of appearance."""
    return jnp.argmax(seen.there & (seen.slot == seat.slot))


def _positions(seat: Seat, seen: Seen, drawn: Drawn) -> jax.Array:
    """int32[6]: places in Showdown's order, as if all came in by their first appearance, and then who is out."""
    slots = jnp.arange(TEAM_SIZE, dtype=jnp.int32)
    positions, out = slots, drawn.slot[0]
    entries = [(seen.there[place], drawn.slot[place]) for place in range(1, TEAM_SIZE)]
    for enters, slot in [*entries, (jnp.bool_(True), drawn.slot[_active_place(seat, seen)])]:
        swapped = jnp.where(slots == out, positions[slot], jnp.where(slots == slot, 0, positions))
        positions, out = jnp.where(enters, swapped, positions), jnp.where(enters, slot, out)
    return positions


def _seat(seat: Seat, old: Party, new: Party, seen: Seen, drawn: Drawn, sources: jax.Array) -> Seat:
    """The foe's seat with the drawn Pokémon in it: what has happened to it stays, what it is may be another."""
    place = _active_place(seat, seen)
    slot = drawn.slot[place]
    row = {name: getattr(new, name)[slot].astype(jnp.int32) for name in ("max_hp", "hp", "stats", "speed_bonus")}
    moves, pp = new.moves[slot].astype(jnp.int32), new.pp[slot].astype(jnp.int32)
    slots = team.permutation(seat.base_moves, seen.known[place] & (seat.base_moves != 0), moves)
    plain = ~seat.transformed

    virtual = team.through(slots, seat.virtual, jnp.bool_(False))
    held = jnp.where(virtual, team.through(slots, seat.moves, moves), moves)
    held_pp = jnp.where(virtual, team.through(slots, seat.pp, pp), pp)
    changed = row["stats"] != seat.base_stats
    fresh = jnp.minimum(apply_stage(row["stats"], seat.boosts), MAX_STAT)
    weakened = weaken_by_status(update(seat, modified=fresh)).modified
    modified = jnp.where(changed & plain, weakened, seat.modified)
    made = seat.replace(
        slot=slot,
        max_hp=row["max_hp"],
        hp=row["hp"],
        base_stats=row["stats"],
        speed_bonus=row["speed_bonus"],
        base_moves=moves,
        base_pp=pp,
        bench=bench_bits((new, new), jnp.bool_(False), slot),
        stats=jnp.where(plain, row["stats"], seat.stats),
        modified=modified,
        speed=jnp.where(modified[SPE] == seat.modified[SPE], seat.speed, modified[SPE]),
    )

    def slot_of(index: jax.Array) -> jax.Array:
        return jnp.argmax(slots[index]).astype(jnp.int32)

    def name_of(move: jax.Array) -> jax.Array:
        """A move that was selected and never shown is the one that took its place."""
        hidden = (seat.base_moves == move) & ~seen.known[place] & (move != 0)
        return jnp.where(jnp.any(hidden), moves[jnp.argmax(slots[jnp.argmax(hidden)])], move)

    return update(
        made,
        plain,
        virtual=virtual,
        moves=held,
        pp=held_pp,
        disable_slot=jnp.where(seat.disable_turns > 0, slot_of(seat.disable_slot), seat.disable_slot),
        last_selected_slot=slot_of(seat.last_selected_slot),
        last_selected_move=name_of(seat.last_selected_move),
        last_enemy_selected_move=name_of(seat.last_enemy_selected_move),
        side_last_move=name_of(seat.side_last_move),
        side_last_enemy_move=name_of(seat.side_last_enemy_move),
    )
