"""Changes that bring a move together with what it has a rule for: alone, each would be there, but seldom at once."""

from __future__ import annotations

from families.pokejax_gen1.verify import boundaries, locks
from families.pokejax_gen1.verify.changes import (
    BRN,
    FINE,
    FRZ,
    PAR,
    PSN,
    SLP,
    STATS,
    THRASHING_MOVES,
    TOX,
    TRAPPING_MOVES,
    TWO_TURN_MOVES,
    Side,
    State,
    recipe,
)
from families.pokejax_gen1.verify.noise import signed_words, state_before, threshold_word
from pokejax.gen1.dex import Type, load_dex, species_number
from pokejax.gen1.move_ids import Move
from pokejax.gen1.party import parties_from_wire

_HEALING = ("Recover", "Soft-Boiled", "Rest")
_RAISING = (
    "Swords Dance", "Growth", "Meditate", "Agility", "Double Team", "Harden", "Minimize", "Withdraw", "Defense Curl",
    "Barrier", "Amnesia", "Acid Armor", "Sharpen",
)  # fmt: skip
_LOWERING = (
    "Sand Attack", "Tail Whip", "Leer", "Growl", "String Shot", "Screech", "Smokescreen", "Kinesis", "Flash",
)  # fmt: skip
_POISONING = ("Toxic", "Poison Powder", "Poison Gas")
_SLEEPING = ("Sing", "Sleep Powder", "Hypnosis", "Lovely Kiss", "Spore")
_FLINCHING = ("Rolling Kick", "Headbutt", "Bite", "Stomp")
_OHKO = ("Guillotine", "Horn Drill", "Fissure")
_MULTI_HIT = (
    "Double Slap", "Comet Punch", "Double Kick", "Fury Attack", "Twineedle", "Pin Missile", "Spike Cannon", "Barrage",
    "Fury Swipes", "Bonemerang",
)  # fmt: skip
_SIDE_EFFECTS = (
    "Fire Punch", "Ice Punch", "Thunder Punch", "Body Slam", "Poison Sting", "Bite", "Acid", "Ember", "Psybeam",
    "Bubble Beam", "Aurora Beam", "Thunder", "Confusion", "Psychic", "Sludge", "Fire Blast", "Constrict", "Bubble",
    "Hyper Fang", "Blizzard", "Twineedle",
)  # fmt: skip
_CHANCES = (25, 26, 51, 52, 77, 85, 103)
_AT_FOE = (
    *_LOWERING, *_POISONING, *_SLEEPING, *_OHKO, *_MULTI_HIT, *_SIDE_EFFECTS, *TRAPPING_MOVES, *THRASHING_MOVES,
    "Absorb", "Mega Drain", "Dream Eater", "Leech Life", "Take Down", "Double-Edge", "Submission", "Jump Kick",
    "High Jump Kick", "Sonic Boom", "Seismic Toss", "Dragon Rage", "Night Shade", "Psywave", "Super Fang", "Hyper Beam",
    "Explosion", "Self-Destruct", "Supersonic", "Confuse Ray", "Stun Spore", "Thunder Wave", "Leech Seed", "Disable",
    "Rage", "Transform", "Mimic", "Swift", "Counter", "Razor Leaf", "Slash",
)  # fmt: skip


@recipe
def healing_at_boundary(state: State, side: Side) -> None:
    boundaries.hp(state, side)
    side.use(state.move(*_HEALING))


@recipe
def substitute_at_boundary(state: State, side: Side) -> None:
    quarter = side.max_hp // 4
    side.own("hp", max(state.pick(quarter - 1, quarter, quarter + 1, -(-side.max_hp // 4), side.max_hp), 1))
    side["active.volatile.substitute"] = side["active.substitute_hp"] = 0
    side.use(Move.SUBSTITUTE)


@recipe
def missing_a_byte(state: State, side: Side) -> None:
    # Recovery looks at the low byte of the HP missing: 256 of 511 HP, is where hp % 256 decides.
    if state.rng.random() < 0.5:
        become(state, side, species_number("Chansey"), 76, 4, 224)
    else:
        become(state, side, species_number("Snorlax"), 100, 30, 204)
    side.own("hp", state.pick(256, 255, 257))
    side.use(state.move(*_HEALING))


@recipe
def missing_255_or_511(state: State, side: Side) -> None:
    become(state, side, species_number("Chansey"), 100, 30, 255)
    side.own("hp", side.max_hp - state.pick(255, 256, 510, 511, 511, 512))
    side.use(state.move(*_HEALING))


@recipe
def large_substitute(state: State, side: Side) -> None:
    become(state, side, species_number("Chansey"), 100, 30, 255)
    side.own("hp", side.max_hp)
    side["active.volatile.substitute"] = side["active.substitute_hp"] = 0
    side.use(Move.SUBSTITUTE)


def become(state: State, side: Side, species: int, level: int, iv: int, ev: int) -> None:
    """Another Pokémon in the active one's place: its team entry, and all that follows from it."""
    wire = state.teams[side.n, side.slot]
    wire[0], wire[1], wire[6], wire[11] = species, level, iv, ev
    party = parties_from_wire(state.teams[side.n])
    state.max_hp[side.n, side.slot] = party.max_hp[side.slot]
    values = [int(value) for value in party.stats[side.slot]]
    stats = dict(zip(STATS, (*values[:3], *values[2:]), strict=True))  # Special is both spa and spd
    for stat in STATS:
        for field in ("stored_stat", "modified_stat"):
            side[f"active.{stat}.{field}"] = stats[stat]
        side[f"active.{stat}.boost"] = 0
    types = load_dex().species.types[species]
    side["active.species"], side["active.type1"], side["active.type2"] = species, int(types[0]), int(types[1])
    side["active.substitute_hp"] = min(side["active.substitute_hp"], side.max_hp // 4 + 1)


@recipe
def poison_again(state: State, side: Side) -> bool:
    foe = side.foe
    if not foe.stands:
        return False
    foe.set_status(state.pick(FINE, FINE, FINE, PSN))
    foe["active.volatile.residualdmg"], foe["active.residual_counter"] = 1, state.pick(1, 2, 15)
    side.use(state.move(*_POISONING, "Leech Seed"))
    return True


@recipe
def at_a_substitute(state: State, side: Side) -> bool:
    foe = side.foe
    if not foe.stands:
        return False
    boundaries.substitute(state, foe)
    foe["active.volatile.invulnerability"] = 0
    if state.rng.random() < 0.5:
        foe.set_status(FINE)
    side.use(state.move(*_AT_FOE))
    return True


@recipe
def stage_at_limit(state: State, side: Side) -> bool:
    # A stage that steps back is a failure, and only a success makes the foe pay for burn or paralysis again.
    foe = side.foe
    if not foe.stands:
        return False
    raises = state.rng.random() < 0.5
    each, value = (side, 999) if raises else (foe, 1)
    for stat in STATS:
        each[f"active.{stat}.modified_stat"], each[f"active.{stat}.boost"] = value, state.pick(-5, 0, 1, 4)
    each["active.spd.boost"] = each["active.spa.boost"]
    foe.set_status(state.pick(BRN, PAR))
    foe["active.volatile.mist"] = 0
    foe["active.volatile.substitute"] = foe["active.substitute_hp"] = 0
    side.use(state.move(*_RAISING) if raises else state.move(*_LOWERING))
    return True


@recipe
def huge_blow(state: State, side: Side) -> bool:
    foe = side.foe
    if not foe.stands:
        return False
    for stat in ("atk", "spa"):
        side[f"active.{stat}.modified_stat"] = state.pick(255, 256, 999)
    for stat in ("def", "spd"):
        foe[f"active.{stat}.modified_stat"] = state.pick(1, 3, 4, 512, 999)
    side["active.spd.modified_stat"] = side["active.spa.modified_stat"]
    foe["active.spa.modified_stat"] = foe["active.spd.modified_stat"]
    boundaries.substitute(state, foe)
    boundaries.screens(state, foe)
    foe["active.volatile.invulnerability"] = 0
    side.use(state.move("Explosion", "Hyper Beam", "Mega Kick", "Hydro Pump", "Blizzard", "Thunder", "Earthquake"))
    return True


@recipe
def empty_bide(state: State, side: Side) -> bool:
    # Bide ends with nothing stored: there is no blow, and the foe's Rage and Substitute stay as they are.
    foe = side.foe
    if not foe.stands:
        return False
    boundaries.sleep(state, foe)
    locks.bide(state, side)
    side["active.bide_time"], side["active.bide_damage"], state["last_damage"] = 1, 0, 0
    side["active.confusion_time"] = side["active.volatile.confusion"] = 0
    if state.below(0, 1):
        locks.rage(state, foe)
    if state.below(0, 1):
        boundaries.substitute(state, foe)
    return True


@recipe
def counterattack(state: State, side: Side) -> bool:
    # The foe is kept from moving, so that the damage and the moves remembered are still there.
    foe = side.foe
    if not foe.stands:
        return False
    boundaries.sleep(state, foe)
    foe["active.volatile.invulnerability"] = 0
    boundaries.last_damage(state, side)
    foe.remember(
        "last_move", state.pick(0, state.move("Pound", "Double Kick", "Body Slam"), Move.COUNTER, state.any_move)
    )
    foe.remember(
        "last_enemy_move", state.pick(0, state.move("Pound", "Double Kick", "Body Slam"), Move.COUNTER, state.any_move)
    )
    foe["active.move0.move"] = state.pick(foe["active.move0.move"], foe["active.move0.move"], Move.COUNTER)
    foe["active.move0.virtual"] = 1
    if not foe["active.transformed"]:
        foe["active.move0.pp"] = foe[f"team.{foe.slot}.pp0"]
    foe["last_selected_move_slot"] = 0
    side.use(Move.COUNTER)
    return True


@recipe
def mirror(state: State, side: Side) -> bool:
    foe = side.foe
    if not foe.stands:
        return False
    called = (*_AT_FOE, *TWO_TURN_MOVES, "Metronome", "Mimic", "Mimic", "Mimic", *_MULTI_HIT)
    move = state.pick(state.move(*called), state.move(*called), state.any_move)
    foe["active.last_move"] = move
    foe["active.sub_fainted"] = state.pick(0, 1)
    foe.own("sub_fainted", foe["active.sub_fainted"])
    side["active.spe.modified_stat"] = 999
    side.use(Move.MIRRORMOVE)
    return True


@recipe
def side_effect(state: State, side: Side) -> None:
    confuses = state.rng.random() < 0.3
    side.use(state.move("Confusion", "Psybeam") if confuses else state.move(*_SIDE_EFFECTS))
    word = threshold_word(state.rng, _CHANCES[0] if confuses else state.pick(*_CHANCES))
    words = state_before(state.pick(2, 3, 3, 4), word, int(state.rng.integers(1 << 32)))
    state["prng_hi"], state["prng_lo"] = signed_words(words)


@recipe
def haze(state: State, side: Side) -> bool:
    foe = side.foe
    if not foe.stands:
        return False
    foe.set_status(state.pick(BRN, PAR, SLP, FRZ, PSN, TOX))
    if foe[f"team.{foe.slot}.status"] == SLP:
        foe.own("status_time", state.below(1, 7))
        foe.own("status_source", 2)
    side.set_status(state.pick(FINE, BRN, PAR, TOX))
    for each in (side, foe):
        each["active.volatile.residualdmg"], each["active.residual_counter"] = 1, state.below(0, 3)
        boundaries.stages(state, each)
    side.use(Move.HAZE)
    return True


@recipe
def few_moves(state: State, side: Side) -> bool:
    # A Pokémon that transformed into one with fewer moves, and somebody who copies it.
    foe = side.foe
    if not foe.stands:
        return False
    boundaries.transform(state, foe)
    kept = state.below(1, 3)
    for k in range(kept, 4):
        for field in ("move", "pp", "virtual"):
            foe[f"active.move{k}.{field}"] = 0
    foe["last_selected_move_slot"] = min(foe["last_selected_move_slot"], len(foe.slots) - 1)
    foe["active.volatile.invulnerability"] = 0
    side.use(state.move("Mimic", "Transform", "Disable"))
    return True


@recipe
def transform_into_tie(state: State, side: Side) -> bool:
    # The Speed cached by Transform is the species' with the user's own values; here it is the foe's, to the point.
    foe = side.foe
    if not foe.stands:
        return False
    wire = state.teams[side.n, side.slot].astype(int)
    base = int(load_dex().species.base_stats[foe["active.species"]][-1])
    speed = (2 * base + (wire[10] & ~1) + wire[15] // 4) * wire[1] // 100 + 5
    foe["active.spe.modified_stat"] = int(speed)
    foe["active.volatile.invulnerability"] = 0
    side.use(Move.TRANSFORM)
    return True


@recipe
def at_a_recharging_foe(state: State, side: Side) -> bool:
    foe = side.foe
    if not foe.stands:
        return False
    locks.recharge(state, foe)
    foe["active.volatile.invulnerability"] = 0
    side.use(state.move(*_SLEEPING, *TRAPPING_MOVES, *_FLINCHING))
    return True


@recipe
def one_hit_ko(state: State, side: Side) -> bool:
    foe = side.foe
    if not foe.stands:
        return False
    own = side["active.spe.modified_stat"]
    foe["active.spe.modified_stat"] = min(max(own + state.pick(-1, 0, 0, 1), 1), 999)
    side.use(state.move(*_OHKO))
    return True


@recipe
def critical(state: State, side: Side) -> None:
    boundaries.stages(state, side)
    side["active.volatile.focusenergy"] = state.pick(0, 1)
    side.use(state.pick(state.move("Karate Chop", "Razor Leaf", "Crabhammer", "Slash"), state.any_move))


@recipe
def fixed_damage(state: State, side: Side) -> bool:
    foe = side.foe
    if not foe.stands:
        return False
    boundaries.hp(state, foe)
    foe["active.volatile.invulnerability"] = 0
    side.use(state.move("Super Fang", "Super Fang", "Psywave", "Night Shade", "Seismic Toss", "Sonic Boom"))
    return True


@recipe
def last_thrash(state: State, side: Side) -> None:
    # Its end confuses anew a Pokémon that is confused already.
    if side[f"team.{side.slot}.status"] in (SLP, FRZ, PAR):
        side.set_status(FINE)
    locks.thrash(state, side)
    side["active.locked_time"] = 1
    side["active.volatile.confusion"], side["active.confusion_time"] = 1, state.below(1, 5)


@recipe
def clause(state: State, side: Side) -> bool:
    # Somebody on the foe's bench sleeps, by the foe's doing or its own, or is frozen: may one more?
    foe = side.foe
    if not foe.stands or not foe.bench:
        return False
    k = state.pick(*foe.bench)
    freezes = state.rng.random() < 0.5
    foe.set_status(FRZ if freezes else SLP, k)
    if not freezes:
        foe[f"team.{k}.status_source"] = state.pick(1, 2)
        foe[f"team.{k}.status_time"] = state.below(1, 2)
    foe.set_status(FINE)
    foe["active.volatile.invulnerability"] = 0
    foe["active.volatile.substitute"] = foe["active.substitute_hp"] = 0
    side.use(state.move("Ice Beam", "Blizzard", "Ice Punch") if freezes else state.move(*_SLEEPING))
    if freezes:
        words = state_before(state.pick(2, 3), state.below(0, 25 << 24), int(state.rng.integers(1 << 32)))
        state["prng_hi"], state["prng_lo"] = signed_words(words)
    return True


@recipe
def last_blow(state: State, side: Side) -> bool:
    # Both sides down to one Pokémon with next to no HP: who wins if both fall at once?
    if side["request"] != 1:
        return False
    for each in (side, side.foe):
        for k in each.bench:
            each[f"team.{k}.hp"] = 0
            each.set_status(FINE, k)
        each.own("hp", state.pick(1, 1, 2))
    side.set_status(FINE)
    if state.rng.random() < 0.3:
        boundaries.burn(state, side)
    side.foe["active.volatile.invulnerability"] = 0
    side.use(state.move("Explosion", "Self-Destruct", "Double-Edge", "Take Down", "Jump Kick", "Tackle"))
    return True


@recipe
def explosion_at_nobody(state: State, side: Side) -> bool:
    # Out of reach, or a Ghost: the user falls all the same.
    foe = side.foe
    if not foe.stands:
        return False
    if state.rng.random() < 0.5:
        foe["active.type1"], foe["active.type2"] = Type.GHOST, state.pick(Type.NONE, Type.POISON)
    else:
        foe["active.volatile.invulnerability"] = 1
    side.use(state.move("Explosion", "Self-Destruct"))
    return True
