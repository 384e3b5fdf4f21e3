"""Scripted positions for the effects of attacks: an attack, its coins, and what must be there afterwards."""

from __future__ import annotations

from typing import Any

import pytest
from pocket_table import Position, lasting, pokemon

from references.tcg_pocket import actions

SNORLAX = "A1-211"  # 150 HP, weak to Fighting
MEWTWO = "A1-129"  # an ex with 150 HP, weak to Darkness

HEADS, TAILS = ("coins", (True,)), ("coins", (False,))


def flips(*heads: int) -> tuple[str, Any]:
    return "coins", tuple(bool(one) for one in heads)


def until(heads: int) -> tuple[str, Any]:
    return "until_tails", heads


# attacker, its Energy, place of the attack, draws, damage to a Snorlax
DAMAGE = [
    ("A1-001", "GW", 0, (), 40),  # Bulbasaur, without effect
    ("A1-022", "G", 0, (HEADS,), 60),
    ("A1-022", "G", 0, (TAILS,), 30),
    ("A1-023", "G", 0, (HEADS,), 80),
    ("A1-023", "G", 0, (TAILS,), 40),
    ("A1a-010", "R", 0, (HEADS,), 40),
    ("A1a-011", "RR", 0, (HEADS,), 100),
    ("A1a-011", "RR", 0, (TAILS,), 40),
    ("A1-111", "RR", 0, (HEADS,), 80),
    ("A1-026", "GG", 0, (flips(1, 1),), 100),
    ("A1-026", "GG", 0, (flips(0, 1),), 50),
    ("A1-026", "GG", 0, (flips(0, 0),), 0),
    ("A1-102", "LL", 0, (flips(1, 0, 1, 1),), 120),
    ("A1-104", "LLL", 1, (flips(1, 0, 0, 1),), 100),
    ("A1-136", "PPPP", 0, (flips(1, 0),), 100),
    ("A1-203", "G", 0, (flips(1, 1),), 60),
    ("P-A-082", "D", 0, (flips(1, 1),), 40),
    ("A1-031", "G", 0, (HEADS,), 40),
    ("A1-031", "G", 0, (TAILS,), 0),
    ("A1-046", "RRR", 0, (HEADS,), 130),
    ("A1-046", "RRR", 0, (TAILS,), 0),
    ("P-A-020", "P", 0, (TAILS,), 0),
    ("A1-069", "WWW", 0, (flips(1, 0),), 80),
    ("A1-069", "WWW", 0, (flips(0, 0),), 80),
    ("A1-201", "GGG", 0, (until(2),), 120),
    ("A1-201", "GGG", 0, (until(0),), 0),
    ("A1a-061", "G", 0, (until(3),), 60),
    ("P-A-063", "GGGG", 0, (until(2),), 130),
    ("P-A-063", "GGGG", 0, (until(0),), 70),
    ("A1a-003", "GGW", 0, (flips(1, 0, 1),), 100),
    ("A1-055", "WW", 0, (), 80),
    ("A1-055", "WWWW", 0, (), 140),
    ("A1-055", "WWWG", 0, (), 140),
    ("A1-055", "WWGG", 0, (), 80),
    ("A1-056", "WWWWG", 1, (), 160),
    ("A1-056", "WWWGG", 1, (), 100),
    ("A1-079", "WWWW", 0, (), 90),
    ("A1-079", "WWW", 0, (), 20),
    ("A1a-009", "GGGG", 0, (), 90),
    ("P-A-036", "LLLL", 0, (), 120),
    ("P-A-036", "LLL", 0, (), 40),
    ("A1-142", "FF", 0, (), 60),  # 40, and 20 for Weakness
    ("A1a-060", "GGG", 0, (), 40),
    ("P-A-097", "G", 0, (), 20),
    ("A1a-047", "FG", 0, (), 60),
    ("P-A-039", "MM", 0, (), 20),
    ("P-A-086", "L", 0, (), 40),
    ("P-A-085", "W", 0, (), 10),
    ("P-A-087", "G", 0, (), 0),
    ("A1-091", "WW", 0, (), 10),
    ("P-A-053", "W", 0, (), 10),
    ("A1a-015", "R", 0, (), 10),
    ("A1-117", "PPP", 0, (), 60),
]


@pytest.mark.parametrize(("attacker", "energy", "attack", "draws", "damage"), DAMAGE)
def test_damage_of_an_attack(attacker: str, energy: str, attack: int, draws: Any, damage: int) -> None:
    position = Position([pokemon(attacker, energy)], [SNORLAX, SNORLAX])
    position.attack(attack, *draws)
    if damage >= 150:
        assert position.me.points == 1
    else:
        assert position.damage() == damage


def test_both_heads_give_kingler_its_extra_damage() -> None:
    position = Position([pokemon("A1-069", "WWW")], [SNORLAX, SNORLAX]).attack(0, flips(1, 1))
    assert position.me.points == 1


@pytest.mark.parametrize(("attacker", "energy", "damage"), [("A1-117", "PPP", 120), ("A1-127", "PP", 70)])
def test_damage_for_each_energy_on_the_defender(attacker: str, energy: str, damage: int) -> None:
    position = Position([pokemon(attacker, energy)], [pokemon(SNORLAX, "WG")]).attack()
    assert position.damage() == damage


def test_celebi_and_exeggutor_count_energy_that_serperior_doubles() -> None:
    position = Position([pokemon("A1a-003", "GG"), "A1a-006"], [SNORLAX]).attack(0, flips(1, 0, 0, 1))
    assert position.damage() == 100
    foes = [pokemon("A1-013", "GW"), "A1a-006"]  # a Grass Pokémon: two Grass and one Water
    assert Position([pokemon("A1-127", "PP")], foes).attack().damage() == 30 + 3 * 20


@pytest.mark.parametrize(
    ("attacker", "energy", "bench", "damage"),
    [
        ("A1-096", "LL", ["A1-095", "A1-103", "A1-001"], 60),
        ("A1a-025", "L", ["A1-095", "A1-103", "A1-095"], 30),
        ("A1-213", "GGG", ["A1-095", "A1-001"], 60),
        ("A1-168", "DDD", ["A1-171", "A1-095"], 130),
        ("A1-168", "DDD", ["A1-095"], 80),
    ],
)
def test_damage_for_each_own_benched_pokemon(attacker: str, energy: str, bench: list[str], damage: int) -> None:
    assert Position([pokemon(attacker, energy), *bench], [SNORLAX]).attack().damage() == damage


@pytest.mark.parametrize(("attacker", "energy", "damage"), [("A1a-035", "P", 50), ("A1a-059", "GGG", 120)])
def test_damage_for_each_benched_pokemon_of_the_opponent(attacker: str, energy: str, damage: int) -> None:
    assert Position([pokemon(attacker, energy)], [SNORLAX, SNORLAX, SNORLAX]).attack().damage() == damage


@pytest.mark.parametrize(
    ("attacker", "energy", "state", "foe", "damage"),
    [
        ("A1-142", "FF", {"damage": 10}, {}, 120),
        ("A1-091", "WW", {}, {"damage": 10}, 80),
        ("P-A-053", "W", {}, {"damage": 20}, 90),
        ("A1-175", "DDD", {}, {"poisoned": True}, 130),
        ("A1a-015", "R", {}, {"poisoned": True}, 60),
        ("A1a-055", "DD", {}, {"poisoned": True}, 130),
        ("P-A-086", "L", {"evolved": True}, {}, 60),
        ("P-A-039", "MM", {"tool": pokemon("P-A-001").card}, {}, 50),
        ("P-A-091", "GGG", {"tool": pokemon("P-A-001").card}, {}, 100),
        ("P-A-091", "GGG", {}, {}, 50),
    ],
)
def test_damage_under_a_condition(attacker: str, energy: str, state: dict, foe: dict, damage: int) -> None:
    """Poison then does 10 more, between the turns."""
    position = Position([pokemon(attacker, energy, **state)], [pokemon(SNORLAX, **foe)]).attack()
    assert position.damage() == damage


def test_extra_damage_for_an_ex_and_for_an_evolution() -> None:
    assert Position([pokemon("A1a-060", "GGG")], [MEWTWO]).attack().damage() == 120
    assert Position([pokemon("P-A-097", "G")], ["A1-013"]).attack().damage() == 60


def test_machamp_with_two_extra_energy() -> None:
    assert Position([pokemon("P-A-055", "FFFF")], [MEWTWO]).attack().damage() == 120
    assert Position([pokemon("P-A-055", "FFF")], [MEWTWO]).attack().damage() == 70


def test_revenge_remembers_a_knock_out_by_an_attack_in_the_last_turn_only() -> None:
    for turn, damage in ((4, 100), (3, 40), (5, 40)):
        position = Position([pokemon("A1a-047", "FF")], [MEWTWO])
        position.me.knocked_out_turn = turn
        assert position.attack().damage() == damage


def test_an_attack_that_knocks_out_is_remembered_and_poison_is_not() -> None:
    position = Position([pokemon("A1-001", "GG")], [pokemon("A1-001", damage=60), SNORLAX]).attack()
    assert position.foe.knocked_out_turn == 5
    position = Position(["A1-001"], [pokemon("A1-001", damage=60, poisoned=True), SNORLAX]).end()
    assert position.me.points == 1 and position.foe.knocked_out_turn < 0


def test_sweets_relay_of_the_last_own_turn_and_of_the_whole_game() -> None:
    position = Position([pokemon("P-A-085", "W")], [SNORLAX])
    position.me.sweets_relays, position.me.sweets_relay_turn = 2, 3
    assert position.attack().damage() == 30
    assert (position.me.sweets_relays, position.me.sweets_relay_turn) == (3, 5)
    position = Position([pokemon("P-A-087", "G")], [SNORLAX])
    position.me.sweets_relays = 3
    assert position.attack().damage() == 120


def test_overacceleration_does_more_in_the_next_own_turn_only() -> None:
    position = Position([pokemon("P-A-051", "G")], [SNORLAX]).attack()
    assert position.end().attack().damage() == 20 + 40
    position.end().end().end()
    assert position.attack().damage() == 60 + 20


@pytest.mark.parametrize(
    ("attacker", "energy", "attack", "healed"),
    [
        ("A1-003", "GGGG", 0, 30),
        ("A1-004", "GGGG", 1, 30),
        ("A1-024", "GG", 0, 10),
        ("P-A-014", "WWW", 0, 20),
        ("A1-159", "F", 0, 50),
    ],
)
def test_healing_of_the_attacker(attacker: str, energy: str, attack: int, healed: int) -> None:
    position = Position([pokemon(attacker, energy, damage=60)], [MEWTWO]).attack(attack)
    assert position.own_damage() == 60 - healed


def test_healing_stops_at_no_damage() -> None:
    assert Position([pokemon("A1-003", "GGGG", damage=10)], [SNORLAX]).attack().own_damage() == 0


def test_leech_life_heals_what_weakness_adds() -> None:
    position = Position([pokemon("A1-159", "F", damage=100)], [SNORLAX]).attack()
    assert (position.damage(), position.own_damage()) == (70, 30)


def test_bloomshine_heals_all_own_pokemon() -> None:
    own = [pokemon("A1a-038", "PP", damage=30), pokemon("A1-001", damage=10)]
    position = Position(own, [SNORLAX]).attack()
    assert [position.own_damage(0), position.own_damage(1)] == [10, 0]


def test_happy_punch_heals_on_heads() -> None:
    for coin, damage in ((HEADS, 20), (TAILS, 80)):
        assert Position([pokemon("P-A-098", "GGGG", damage=80)], [SNORLAX]).attack(0, coin).own_damage() == damage


@pytest.mark.parametrize(
    ("attacker", "energy", "hurt"),
    [
        ("A1-040", "RRR", 20),
        ("A1-149", "FFFF", 50),
        ("P-A-017", "F", 10),
        ("P-A-078", "PPP", 30),
        ("P-A-076", "RRR", 70),
    ],
)
def test_damage_to_itself(attacker: str, energy: str, hurt: int) -> None:
    assert Position([pokemon(attacker, energy)], [SNORLAX, SNORLAX]).attack().own_damage() == hurt


def test_thunder_punch_hurts_itself_on_tails_only() -> None:
    for coin, damage, hurt in ((HEADS, 80, 0), (TAILS, 40, 20)):
        position = Position([pokemon("A1-101", "LL")], [SNORLAX]).attack(0, coin)
        assert (position.damage(), position.own_damage()) == (damage, hurt)


@pytest.mark.parametrize(
    ("attacker", "energy", "left"),
    [
        ("A1-033", "RR", "R"),
        ("A1-035", "RRRR", "RR"),
        ("A1-128", "PPPP", "PP"),
        ("A1-128", "PPGG", "GG"),
        ("P-A-079", "MMG", "MG"),
        ("A1-095", "LLLG", ""),
    ],
)
def test_energy_that_an_attack_discards(attacker: str, energy: str, left: str) -> None:
    position = Position([pokemon(attacker, energy)], [SNORLAX, SNORLAX]).attack()
    assert position.me.active.energy == pokemon(attacker, left).energy
    assert sum(position.me.discarded_energy.values()) == len(energy) - len(left)


def test_a_random_energy_of_the_defender() -> None:
    position = Position([pokemon("A1-078", "WWWW")], [pokemon(SNORLAX, "GW")]).attack(0, ("pick", 1))
    assert position.foe.discarded_energy["water"] == 1 and position.foe.active.energy["grass"] == 1


@pytest.mark.parametrize(("coin", "lost"), [(HEADS, 1), (TAILS, 0)])
def test_crunch_discards_on_heads(coin: Any, lost: int) -> None:
    position = Position([pokemon("A1-178", "M")], [pokemon(SNORLAX, "G")]).attack(0, coin, ("pick", 0))
    assert position.foe.discarded_energy["grass"] == lost


def test_rampaging_whirlpool_may_hit_any_energy_in_play() -> None:
    own = [pokemon("A1a-018", "WWWW"), pokemon("A1-001", "G")]
    position = Position(own, [SNORLAX, pokemon(SNORLAX, "R")]).attack(0, ("pick", 5))
    assert position.foe.discarded_energy["fire"] == 1
    position = Position(own, [SNORLAX, SNORLAX]).attack(0, ("pick", 4))
    assert position.me.discarded_energy["grass"] == 1


CONDITIONS = [
    ("A1-013", "GGG", (), "asleep"),
    ("A1-083", "WWW", (HEADS,), "paralyzed"),
    ("A1-083", "WWW", (TAILS,), ""),
    ("P-A-038", "P", (), "confused"),
]


@pytest.mark.parametrize(("attacker", "energy", "draws", "condition"), CONDITIONS)
def test_special_conditions_that_replace_each_other(attacker: str, energy: str, draws: Any, condition: str) -> None:
    foe = pokemon(SNORLAX, condition="confused" if condition == "asleep" else "")
    position = Position([pokemon(attacker, energy)], [foe]).attack(0, *draws, ("asleep.1", False))
    assert position.foe.active.condition == condition


def test_poison_hurts_at_once_and_stays() -> None:
    position = Position([pokemon("A1-017", "G")], [SNORLAX]).attack()
    assert position.damage() == 40 and position.foe.active.poisoned
    assert position.end().damage() == 50


def test_beak_blast_burns_on_heads() -> None:
    position = Position([pokemon("P-A-073", "GG")], [SNORLAX]).attack(0, HEADS, ("burned.1", False))
    assert position.damage() == 100 and position.foe.active.burned
    assert not Position([pokemon("P-A-073", "GG")], [SNORLAX]).attack(0, TAILS).foe.active.burned


def test_collapse_makes_its_user_sleep() -> None:
    position = Position([pokemon("P-A-049", "GGGG")], [SNORLAX]).attack(0, ("asleep.0", False))
    assert position.me.active.condition == "asleep"


def test_tail_whip_and_whirlpool_forbid_an_attack_for_one_turn() -> None:
    for attacker, energy, draws in (("A1-037", "R", (HEADS,)), ("A1-082", "WWW", ())):
        position = Position([pokemon(attacker, energy)], [pokemon("A1-203", "G")]).attack(0, *draws)
        assert actions.ATTACK not in position.legal()
        position.end().end()
        assert actions.ATTACK in position.legal()


def test_corner_forbids_to_retreat() -> None:
    position = Position([pokemon("A1-165", "DD")], [pokemon("A1-129", "PPP"), SNORLAX])
    position.foe.active.damage = -100
    position.attack()
    assert actions.RETREAT not in position.legal()
    assert actions.RETREAT in position.end().end().legal()


def test_growl_lowers_the_attacks_of_the_defender() -> None:
    for attacker in ("A1-151", "P-A-030"):
        position = Position([pokemon(attacker, "F")], [pokemon(SNORLAX, "GGGG")]).attack()
        assert position.attack().own_damage() == 70 - 20


@pytest.mark.parametrize(("attacker", "energy", "taken"), [("A1-126", "PP", 20), ("A1a-045", "FFFF", 10)])
def test_barrier_attack_and_guard_press(attacker: str, energy: str, taken: int) -> None:
    foe = pokemon("A1-001", "GG", damage=-200)
    own = pokemon(attacker, energy)
    position = Position([own], [foe]).attack()
    weak = 20 if own.card.weakness == "grass" else 0
    assert position.attack().own_damage() == taken + weak
    position.end().attack()
    assert position.own_damage() == taken + weak + 40 + weak


def test_smokescreen_needs_heads() -> None:
    for heads, damage in ((True, 40), (False, 0)):
        position = Position([pokemon("A1a-050", "DD")], [pokemon("A1-001", "GG")]).attack()
        assert position.attack(0, ("smokescreen", heads)).own_damage() == damage


def test_bristling_spikes_hurt_who_attacks() -> None:
    position = Position([pokemon("P-A-090", "MM")], [pokemon("A1-001", "GG")]).attack()
    position.attack()
    assert position.damage() == 30 + 30


def test_iron_defense_stops_damage_and_not_effects() -> None:
    position = Position([pokemon("P-A-045", "FF")], [pokemon("A1-017", "G")]).attack(0, HEADS)
    position.attack()
    assert position.own_damage() == 10 and position.me.active.poisoned  # from poison alone


@pytest.mark.parametrize(("attacker", "energy"), [("A1-140", "F"), ("A1a-024", "WWW")])
def test_dig_and_dive_stop_damage_and_effects(attacker: str, energy: str) -> None:
    position = Position([pokemon(attacker, energy)], [pokemon("A1-017", "G", damage=-100)]).attack(0, HEADS)
    position.attack()
    assert position.own_damage() == 0 and not position.me.active.poisoned


def test_dig_on_tails_protects_nothing() -> None:
    position = Position([pokemon("A1-140", "F")], [pokemon("A1-017", "G")]).attack(0, TAILS)
    assert position.attack().me.active.poisoned


def test_no_supporters_in_the_next_turn() -> None:
    for attacker in ("A1-057", "A1-122"):
        position = Position([pokemon(attacker, "P")], [SNORLAX], their_hand=["P-A-007"]).attack()
        assert actions.PLAY not in position.legal()
        assert actions.PLAY in position.end().end().legal()


def test_an_effect_ends_when_its_pokemon_leaves_the_active_spot_or_evolves() -> None:
    active = pokemon("A1-001", "G", effects={"no_attack": lasting(1, 2)}, condition="asleep", poisoned=True)
    position = Position([active, "A1-001"], hand=["A1-002"])
    position.play(actions.EVOLVE)
    assert not active.effects and not active.condition and not active.poisoned
    active = pokemon("A1-001", "G", effects={"no_attack": lasting(1, 2)}, condition="confused", burned=True)
    position = Position([active, "A1-001"]).play(actions.RETREAT)
    assert not active.effects and not active.condition and not active.burned
