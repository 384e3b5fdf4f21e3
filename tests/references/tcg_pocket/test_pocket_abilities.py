"""Scripted positions for abilities and Trainer cards."""

from __future__ import annotations

import dataclasses

import pytest
from pocket_table import Position, pokemon

from references.tcg_pocket import actions
from references.tcg_pocket.actions import ABILITY, ATTACH, ATTACK, EVOLVE, OPPONENT, OWN, PLAY, RETREAT, player_to_act
from references.tcg_pocket.board import remove_from_play

SNORLAX = "A1-211"
BULBASAUR = "A1-001"


def test_shadowy_spellbind_stops_supporters_from_the_active_spot_only() -> None:
    assert PLAY not in Position([SNORLAX], ["A1-123", SNORLAX], hand=["P-A-007"]).legal()
    assert PLAY in Position([SNORLAX], [SNORLAX, "A1-123"], hand=["P-A-007"]).legal()
    assert PLAY in Position([SNORLAX], ["A1-123"], hand=["P-A-003"], their_hand=[SNORLAX]).legal()  # an Item


@pytest.mark.parametrize("foe", ["A1-061", "A1a-056", "P-A-054"])
def test_counterattack(foe: str) -> None:
    assert Position([pokemon(SNORLAX, "GGGG")], [pokemon(foe, damage=-100)]).attack().own_damage() == 20


def test_counterattack_of_a_pokemon_that_is_knocked_out_or_not_damaged_or_benched() -> None:
    position = Position([pokemon(SNORLAX, "GGGG")], [pokemon("A1a-056", damage=60), SNORLAX]).attack()
    assert position.own_damage() == 20 and position.me.points == 1
    assert Position([pokemon("A1-115", "G")], ["A1a-056"]).attack().own_damage() == 0
    assert Position([pokemon("A1-106", "L")], [SNORLAX, "A1a-056"]).attack().opponent(1).own_damage() == 0


@pytest.mark.parametrize(("foe", "less"), [("A1-067", 10), ("A1-182", 20)])
def test_shell_armor_and_hard_coat(foe: str, less: int) -> None:
    target = pokemon(foe, damage=-50)
    assert Position([pokemon(SNORLAX, "GGGG")], [target]).attack().damage() == 20 - less


def test_shell_armor_works_on_the_bench_and_not_against_abilities() -> None:
    assert Position([pokemon("A1-106", "L")], [SNORLAX, "A1-067"]).attack().opponent(1).damage(1) == 20
    assert Position(["A1-089"], ["A1-067"]).ability().opponent(0).damage() == 20


def test_resilience_link_needs_arceus() -> None:
    arceus = dataclasses.replace(pokemon(SNORLAX).card, name="Arceus ex")  # has an effect that is not implemented
    for friend, damage in ((pokemon(SNORLAX), 70), (pokemon(arceus), 40)):
        foes = [pokemon("P-A-044"), friend]
        assert Position([pokemon(SNORLAX, "GGGG")], foes).attack().damage() == damage


def test_defensive_whirlwind_is_for_fighting_pokemon_only() -> None:
    assert Position([pokemon(SNORLAX, "GGGG")], ["P-A-047"]).attack().damage() == 70
    assert Position([pokemon("A1-142", "FF")], ["P-A-047"]).attack().damage() == 10


def test_jungle_totem_pays_attacks_and_retreats_twice_and_does_not_stack() -> None:
    attacker = pokemon("A1-003", "GG")
    assert ATTACK not in Position([attacker]).legal()
    assert ATTACK in Position([attacker, "A1a-006", "A1a-006"]).legal()
    assert ATTACK not in Position([pokemon("A1-003", "G"), "A1a-006", "A1a-006"]).legal()
    assert ATTACK not in Position([pokemon(SNORLAX, "GG"), "A1a-006"]).legal()  # no Grass Pokémon
    position = Position([pokemon("A1-003", "GG"), "A1a-006"]).play(RETREAT)  # costs 3: both are needed
    assert position.me.discarded_energy["grass"] == 2


def test_primeval_law_stops_evolving_of_the_active_pokemon_only() -> None:
    position = Position([BULBASAUR, BULBASAUR], [SNORLAX, "A1a-046"], hand=["A1-002"])
    assert EVOLVE not in position.legal() and EVOLVE + 1 in position.legal()


def test_lunar_plumage_heals_when_psychic_energy_comes_from_the_zone() -> None:
    position = Position([pokemon("P-A-037", damage=50)]).attach(0, "psychic")
    assert position.own_damage() == 30
    assert Position([pokemon("P-A-037", damage=50)]).attach(0, "grass").own_damage() == 50


def test_nightmare_aura_hurts_and_may_knock_out() -> None:
    assert Position(["P-A-042"], [SNORLAX]).attach(0, "darkness").damage() == 20
    position = Position(["P-A-042"], [pokemon(SNORLAX, damage=130), SNORLAX]).attach(0, "darkness")
    assert position.me.points == 1 and player_to_act(position.game) == 1
    position.own(1)
    assert position.game.current == 0 and position.game.phase == "main" and position.game.turn == 5


def test_thunderclap_flash_at_the_end_of_the_first_turn_only() -> None:
    for turn, energy in ((1, 1), (2, 1), (3, 0)):
        position = Position([SNORLAX, "P-A-074"], turn=turn)
        assert position.end().own_at(1).energy["lightning"] == energy


def test_wash_out_moves_water_to_an_active_water_pokemon_as_often_as_liked() -> None:
    position = Position([pokemon("A1a-019"), pokemon("A1-079", "WW")])
    position.ability().own(1).ability().own(1)
    assert position.me.active.energy["water"] == 2 and ABILITY not in position.legal()
    assert ABILITY + 1 not in Position([SNORLAX, pokemon("A1a-019", "W")]).legal()


def test_fragrance_trap_switches_in_a_basic_from_the_active_spot() -> None:
    position = Position(["A1-020"], [SNORLAX, "A1-002", BULBASAUR]).ability()
    assert position.legal() == [OPPONENT + 2]
    assert position.opponent(2).foe.active.card.name == "Bulbasaur" and ABILITY not in position.legal()
    assert ABILITY + 1 not in Position([SNORLAX, "A1-020"], [SNORLAX, BULBASAUR]).legal()


def test_gas_leak_poisons_from_the_active_spot() -> None:
    position = Position(["A1-177", "A1-177"], [SNORLAX])
    assert ABILITY + 1 not in position.legal()
    assert position.ability().foe.active.poisoned


def test_water_shuriken_has_no_weakness_and_works_from_the_bench_once_a_turn_for_each() -> None:
    position = Position([SNORLAX, "A1-089", "A1-089"], ["A1-033"]).ability(1).opponent(0)
    assert position.damage() == 20 and ABILITY + 1 not in position.legal()
    assert position.ability(2).opponent(0).damage() == 40
    position.end().end()
    assert ABILITY + 1 in position.legal()


def test_water_shuriken_may_end_the_game() -> None:
    position = Position(["A1-089"], [pokemon(SNORLAX, damage=140)]).ability().opponent(0)
    assert position.game.winner == 0


@pytest.mark.parametrize(("heads", "condition"), [(True, "asleep"), (False, "")])
def test_sleep_pendulum(heads: bool, condition: str) -> None:
    assert Position(["A1-125"], [SNORLAX]).ability(0, ("coins", (heads,))).foe.active.condition == condition


def test_powder_heal_heals_all_and_needs_damage() -> None:
    position = Position([pokemon(SNORLAX, damage=30), pokemon("A1-007", damage=10)]).ability(1)
    assert (position.own_damage(0), position.own_damage(1)) == (10, 0)
    assert ABILITY not in Position(["A1-007"]).legal()


def test_data_scan_shows_the_top_of_the_own_deck() -> None:
    position = Position(["A1-209"], deck=[BULBASAUR, SNORLAX]).ability()
    assert position.me.known_top == 1
    assert ABILITY not in Position(["A1-209"], deck=[]).legal()


def test_drive_off_lets_the_opponent_choose_and_the_turn_goes_on() -> None:
    position = Position(["A1-188"], [SNORLAX, BULBASAUR]).ability()
    assert player_to_act(position.game) == 1
    position.own(1)
    assert position.foe.active.card.name == "Bulbasaur" and position.game.turn == 5
    assert player_to_act(position.game) == 0


def test_psy_shadow_attaches_to_an_active_psychic_pokemon() -> None:
    position = Position(["A1-115", "A1-132"]).ability(1)
    assert position.me.active.energy["psychic"] == 1
    assert ABILITY + 1 not in Position([SNORLAX, "A1-132"]).legal()


def test_volt_charge_attaches_to_itself() -> None:
    assert Position([SNORLAX, "A1-098"]).ability(1).own_at(1).energy["lightning"] == 1


def test_an_evolved_pokemon_may_use_its_own_ability_in_the_same_turn() -> None:
    position = Position([SNORLAX, pokemon("A1-088", ability_used=True)], hand=["A1-089"]).play(EVOLVE + 1)
    assert ABILITY + 1 in position.legal()


def test_potion_and_erika() -> None:
    position = Position([pokemon(SNORLAX, damage=30), SNORLAX], hand=["P-A-001"]).card()
    assert position.legal() == [OWN]
    assert position.own(0).own_damage() == 10 and position.me.discard[0].name == "Potion"
    own = [pokemon(SNORLAX, damage=30), pokemon(BULBASAUR, damage=60)]
    position = Position(own, hand=["A1-219"]).card()
    assert position.legal() == [OWN + 1]
    assert position.own(1).own_damage(1) == 10
    assert PLAY not in Position([SNORLAX], hand=["P-A-001"]).legal()
    assert PLAY not in Position([pokemon(SNORLAX, damage=30)], hand=["A1-219"]).legal()


def test_x_speed_and_leaf_lower_the_retreat_cost_this_turn() -> None:
    position = Position([pokemon(SNORLAX, "GG"), BULBASAUR], hand=["P-A-002", "P-A-002", "A1a-068"])
    assert RETREAT not in position.legal()  # it costs 4
    position.card()
    assert RETREAT not in position.legal()
    position.card()
    assert RETREAT in position.legal()
    position.card().play(RETREAT)
    assert position.own_at(1).energy["grass"] == 2  # free
    assert position.end().end().me.amount("retreat_less") == 0


def test_hand_scope_shows_the_hand() -> None:
    position = Position([SNORLAX], hand=["P-A-003"], their_hand=[SNORLAX]).card()
    assert position.foe.hand[0].known
    assert PLAY not in Position([SNORLAX], hand=["P-A-003"]).legal()


def test_pokedex_shows_three_cards_and_no_more_than_there_are() -> None:
    assert Position([SNORLAX], hand=["P-A-004"]).card().me.known_top == 3
    assert Position([SNORLAX], hand=["P-A-004"], deck=[SNORLAX]).card().me.known_top == 1


def test_poke_ball_takes_a_basic_pokemon_and_no_fossil() -> None:
    position = Position([SNORLAX], hand=["P-A-005"], deck=["A1-002", "A1-216", BULBASAUR, "P-A-001"])
    position.card(0, ("pick", 0), ("shuffle", (0, 1, 2)))
    assert [held.card.name for held in position.me.hand] == ["Bulbasaur"]


def test_red_card_gives_the_opponent_three_new_cards() -> None:
    position = Position([SNORLAX], hand=["P-A-006"], their_hand=[BULBASAUR] * 5, their_deck=[SNORLAX])
    position.foe.known_top = 1
    position.card(0, ("shuffle", (0, 1, 2, 3, 4, 5)))
    assert [held.card.name for held in position.foe.hand] == ["Snorlax", "Bulbasaur", "Bulbasaur"]
    assert len(position.foe.deck) == 3 and position.foe.known_top == 0


def test_professors_research_draws_two_and_one_supporter_a_turn() -> None:
    position = Position([SNORLAX], hand=["P-A-007", "P-A-007"]).card()
    assert len(position.me.hand) == 3 and PLAY not in position.legal()
    position.end().end()
    assert PLAY in position.legal()


def test_mythical_slab_takes_a_psychic_pokemon_or_puts_the_card_under_the_deck() -> None:
    position = Position([SNORLAX], hand=["A1a-065"], deck=["A1-115", SNORLAX]).card()
    assert [held.card.name for held in position.me.hand] == ["Abra"]
    position = Position([SNORLAX], hand=["A1a-065"], deck=[BULBASAUR, "A1-115"])
    position.me.known_top = 2
    position.card()
    assert [card.name for card in position.me.deck] == ["Abra", "Bulbasaur"] and position.me.known_top == 1


def test_pokemon_flute_benches_a_basic_of_the_opponents_discard_pile() -> None:
    position = Position([SNORLAX], hand=["A1a-064"])
    position.foe.discard = [pokemon(one).card for one in ("A1-002", BULBASAUR, "A1-216")]
    position.card()
    assert position.legal() == [PLAY + 1]
    position.card(1)
    assert position.their(1).card.name == "Bulbasaur" and len(position.foe.discard) == 2
    assert PLAY not in Position([SNORLAX], hand=["A1a-064"]).legal()


def test_misty_flips_until_tails_for_one_water_pokemon() -> None:
    position = Position([SNORLAX, "A1-079"], hand=["A1-220"]).card()
    assert position.legal() == [OWN + 1]
    assert position.own(1, ("until_tails", 3)).own_at(1).energy["water"] == 3
    assert PLAY not in Position([SNORLAX], hand=["A1-220"]).legal()


def test_blaine_helps_three_pokemon_and_giovanni_all() -> None:
    for attacker, energy, base, more in (("A1-038", "RR", 90, 30), (SNORLAX, "GGGG", 70, 0)):
        position = Position([pokemon(attacker, energy)], ["A1-129"], hand=["A1-221"]).card().attack()
        assert position.damage() == base + more
    position = Position([pokemon(SNORLAX, "GGGG")], ["A1-129"], hand=["A1-223"]).card().attack()
    assert position.damage() == 80
    assert position.end().end().end() and not position.me.effects


def test_giovanni_adds_nothing_to_an_attack_without_damage_nor_on_the_bench() -> None:
    position = Position([pokemon("A1-115", "P")], [SNORLAX], hand=["A1-223"]).card().attack()
    assert position.damage() == 0
    position = Position([pokemon("A1-106", "L")], [SNORLAX, SNORLAX], hand=["A1-223"]).card().attack().opponent(1)
    assert position.damage(1) == 30


def test_koga_takes_muk_or_weezing_with_all_its_cards_back() -> None:
    weezing = pokemon("A1-177", "DD", damage=50)
    weezing.cards.insert(0, pokemon("A1a-049").card)
    position = Position([weezing, SNORLAX], hand=["A1-222"]).card()
    assert [(held.card.name, held.known) for held in position.me.hand] == [("Koffing", True), ("Weezing", True)]
    assert position.me.discarded_energy["darkness"] == 2 and position.game.phase == "promote"
    position.own(1)
    assert position.game.phase == "main" and position.game.turn == 5
    assert PLAY not in Position(["A1-177"], hand=["A1-222"]).legal()  # nobody to take its place
    assert PLAY not in Position([SNORLAX, "A1-177"], hand=["A1-222"]).legal()


def test_budding_expeditioner_takes_mew_ex_back() -> None:
    position = Position(["A1a-032", SNORLAX], hand=["A1a-066"]).card().own(1)
    assert [held.card.name for held in position.me.hand] == ["Mew ex"]


def test_brock_attaches_to_golem_or_onix() -> None:
    position = Position([SNORLAX, "A1-150", "A1-149"], hand=["A1-224"]).card()
    assert position.legal() == [OWN + 1, OWN + 2]
    assert position.own(2).own_at(2).energy["fighting"] == 1


def test_sabrina_lets_the_opponent_choose() -> None:
    position = Position([SNORLAX], [SNORLAX, BULBASAUR], hand=["A1-225"]).card()
    assert player_to_act(position.game) == 1
    assert position.own(1).foe.active.card.name == "Bulbasaur"
    assert PLAY not in Position([SNORLAX], [SNORLAX], hand=["A1-225"]).legal()


def test_lt_surge_moves_all_lightning_energy() -> None:
    own = ["A1-095", pokemon(SNORLAX, "LLG"), pokemon(SNORLAX, "L")]
    position = Position(own, hand=["A1-226"]).card()
    assert position.me.active.energy["lightning"] == 3 and position.own_at(1).energy["grass"] == 1
    assert PLAY not in Position([SNORLAX, pokemon(SNORLAX, "L")], hand=["A1-226"]).legal()


def test_blue_protects_all_through_the_next_turn() -> None:
    position = Position([SNORLAX], [pokemon(SNORLAX, "GGGG")], hand=["A1a-067"]).card().end().attack()
    assert position.own_damage() == 60
    assert position.end().attack().own_damage() == 130


def test_fossils_are_played_as_basics_evolve_and_may_be_discarded() -> None:
    position = Position([SNORLAX], hand=["A1-216", "A1-081"]).card()
    fossil = position.own_at(1)
    assert fossil.hp == 40 and actions.DISCARD_FOSSIL + 1 in position.legal()
    position.end().end()
    assert EVOLVE + 1 in position.legal()
    position.play(actions.DISCARD_FOSSIL + 1)
    assert position.foe.points == 0 and position.me.discard[0].name == "Helix Fossil"


def test_a_fossil_cannot_retreat_and_an_active_one_is_replaced() -> None:
    position = Position(["A1-218", SNORLAX], hand=["P-A-002"])
    position.card()
    assert RETREAT not in position.legal()
    position.play(actions.DISCARD_FOSSIL).own(1)
    assert position.me.active.card.name == "Snorlax"
    assert actions.DISCARD_FOSSIL not in Position(["A1-218"]).legal()  # the last Pokémon


def test_a_fossil_that_is_knocked_out_is_worth_a_point() -> None:
    assert Position([pokemon(SNORLAX, "GGGG")], ["A1-217", SNORLAX]).attack().me.points == 1


def test_a_tool_goes_to_the_discard_pile_with_its_pokemon() -> None:
    position = Position([pokemon(SNORLAX, tool=pokemon("P-A-001").card)])
    assert [card.name for card in remove_from_play(position.me, 0)] == ["Snorlax"]
    assert [card.name for card in position.me.discard] == ["Potion"]


def test_attaching_is_once_a_turn() -> None:
    position = Position([SNORLAX, SNORLAX]).attach(1, "grass")
    assert position.own_at(1).energy["grass"] == 1 and ATTACH not in position.legal()
