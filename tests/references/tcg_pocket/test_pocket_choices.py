"""Scripted positions for effects that choose, move cards and Energy, or use another attack."""

from __future__ import annotations

import pytest
from pocket_table import Position, pokemon

from references.tcg_pocket import actions
from references.tcg_pocket.actions import COPY, OPPONENT, OWN, player_to_act

SNORLAX = "A1-211"
BULBASAUR = "A1-001"


@pytest.mark.parametrize(
    ("attacker", "energy", "amount"),
    [("A1-071", "WWW", 50), ("A1-106", "L", 30), ("A1a-027", "LL", 40), ("P-A-094", "W", 10)],
)
def test_damage_to_one_of_the_opponents_pokemon(attacker: str, energy: str, amount: int) -> None:
    position = Position([pokemon(attacker, energy)], [SNORLAX, SNORLAX]).attack()
    assert position.legal() == [OPPONENT, OPPONENT + 1]
    position.opponent(1)
    assert (position.damage(0), position.damage(1)) == (0, amount)


@pytest.mark.parametrize(("attacker", "energy", "amount"), [("A1-154", "F", 30), ("A1a-021", "WW", 50)])
def test_damage_to_the_bench_only_and_without_weakness(attacker: str, energy: str, amount: int) -> None:
    position = Position([pokemon(attacker, energy)], [SNORLAX, SNORLAX]).attack()
    assert position.legal() == [OPPONENT + 1]
    assert position.opponent(1).damage(1) == amount


def test_bench_damage_without_a_bench_does_nothing() -> None:
    assert Position([pokemon("A1-154", "F")], [SNORLAX]).attack().game.turn == 6


def test_volcanic_ash_discards_and_hits_one() -> None:
    position = Position([pokemon("A1a-014", "RRG")], [SNORLAX, SNORLAX]).attack()
    assert position.opponent(1).damage(1) == 80 and position.me.discarded_energy["fire"] == 2


def test_spark_hits_the_active_and_one_of_the_bench() -> None:
    position = Position([pokemon("P-A-044", "LL")], [SNORLAX, SNORLAX]).attack().opponent(1)
    assert (position.damage(0), position.damage(1)) == (40, 20)


def test_raging_thunder_hits_the_own_bench_and_shadow_hit_any_own_pokemon() -> None:
    position = Position([pokemon("A1-103", "LLL"), BULBASAUR], [SNORLAX]).attack()
    assert position.legal() == [OWN + 1]
    assert position.own(1).own_damage(1) == 30
    position = Position([pokemon("P-A-066", "PP"), BULBASAUR], [SNORLAX]).attack()
    assert position.legal() == [OWN, OWN + 1]
    assert position.own(0).own_damage(0) == 20


@pytest.mark.parametrize(("attacker", "energy", "amount"), [("A1-084", "WWW", 10), ("A1a-026", "LLL", 20)])
def test_damage_to_the_whole_bench(attacker: str, energy: str, amount: int) -> None:
    index = 1 if attacker == "A1-084" else 0
    position = Position([pokemon(attacker, energy)], [SNORLAX, SNORLAX, SNORLAX]).attack(index)
    assert (position.damage(1), position.damage(2)) == (amount, amount)


@pytest.mark.parametrize(("attacker", "energy", "amount"), [("A1-185", "WLGG", 50), ("P-A-064", "GGGG", 40)])
def test_draco_meteor_adds_up_hits_at_random(attacker: str, energy: str, amount: int) -> None:
    position = Position([pokemon(attacker, energy)], [SNORLAX, SNORLAX])
    position.attack(0, ("pick", 1), ("pick", 0), ("pick", 1), ("pick", 0))
    assert (position.damage(0), position.damage(1)) == (2 * amount, 2 * amount)


@pytest.mark.parametrize("attacker", ["A1-115", "A1a-017", "P-A-067"])
def test_teleport_switches_the_user(attacker: str) -> None:
    user = pokemon(attacker, "W")
    position = Position([user, BULBASAUR], [SNORLAX]).attack().own(1)
    assert position.own_at(1) is user


def test_teleport_without_a_bench_does_nothing() -> None:
    assert Position([pokemon("A1-115", "W")], [SNORLAX]).attack().game.turn == 6


def test_knock_back_lets_the_opponent_choose() -> None:
    position = Position([pokemon("A1-163", "FFF")], [SNORLAX, BULBASAUR, BULBASAUR]).attack()
    assert player_to_act(position.game) == 1 and position.legal() == [OWN + 1, OWN + 2]
    position.own(2)
    assert position.damage(2) == 90 and position.foe.active.card.name == "Bulbasaur"


def test_knock_back_of_a_pokemon_that_it_knocks_out() -> None:
    position = Position([pokemon("A1-163", "FFF")], [pokemon(SNORLAX, damage=100), BULBASAUR]).attack()
    assert position.game.phase == "promote" and position.me.points == 1


def test_luring_glow_switches_in_on_heads() -> None:
    position = Position([pokemon("P-A-095", "L")], [SNORLAX, BULBASAUR]).attack(0, ("coins", (True,)))
    assert position.opponent(1).foe.active.card.name == "Bulbasaur"
    assert Position([pokemon("P-A-095", "L")], [SNORLAX, BULBASAUR]).attack(0, ("coins", (False,))).game.turn == 6


def test_primal_wingbeat_shuffles_the_defender_away() -> None:
    foe = pokemon("A1-002", "GG", damage=30)
    foe.cards.insert(0, pokemon(BULBASAUR).card)
    position = Position([pokemon("A1-210", "GG")], [foe, SNORLAX], their_deck=[SNORLAX] * 3)
    position.attack(0, ("coins", (True,)), ("shuffle", (0, 1, 2, 3, 4)))
    assert [card.name for card in position.foe.deck] == ["Snorlax"] * 3 + ["Bulbasaur", "Ivysaur"]
    assert position.foe.discarded_energy["grass"] == 2 and position.me.points == 0
    assert position.game.phase == "promote" and player_to_act(position.game) == 1


def test_primal_wingbeat_wins_against_a_lonely_pokemon() -> None:
    position = Position([pokemon("A1-210", "GG")], [SNORLAX]).attack(
        0, ("coins", (True,)), ("shuffle", tuple(range(11)))
    )
    assert position.game.winner == 0


def test_genome_hacking_uses_an_attack_of_the_defender() -> None:
    position = Position([pokemon("A1a-032", "PPP"), BULBASAUR], [pokemon("A1-084", damage=-100), SNORLAX]).attack(1)
    assert position.legal() == [COPY, COPY + 1]
    position.play(COPY + 1)
    assert (position.damage(0), position.damage(1)) == (-20, 10)


def test_genome_hacking_is_not_copied() -> None:
    position = Position([pokemon("A1a-032", "PPP")], ["A1a-032"]).attack(1)
    assert position.legal() == [COPY]


def test_copied_effects_are_those_of_the_user() -> None:
    position = Position([pokemon("A1a-032", "PPP")], ["A1-095", "A1-095"]).attack(1).play(COPY)
    assert sum(position.me.discarded_energy.values()) == 3 and position.me.points == 1


def test_copy_anything_needs_the_energy() -> None:
    for energy, damage in (("G", 0), ("GG", 40)):
        position = Position([pokemon("A1-205", energy)], [SNORLAX, BULBASAUR]).attack()
        assert position.legal() == [COPY, COPY + 2]
        position.play(COPY + 2)
        assert position.damage() == damage and position.game.turn == 6


def test_leaf_supply_and_plasma_attach_to_a_benched_pokemon_of_the_type() -> None:
    for attacker, energy, bench, kind in (
        ("A1-030", "GG", BULBASAUR, "grass"),
        ("P-A-058", "L", "A1-095", "lightning"),
    ):
        position = Position([pokemon(attacker, energy), SNORLAX, bench], [SNORLAX]).attack()
        assert position.legal() == [OWN + 2]
        assert position.own(2).own_at(2).energy[kind] == 1


def test_inferno_dance_spreads_energy_as_the_player_likes() -> None:
    position = Position([pokemon("A1-047", "R"), "A1-033", "A1-033"], [SNORLAX]).attack(
        0, ("coins", (True, False, True))
    )
    position.own(1).own(2)
    assert [position.own_at(spot).energy["fire"] for spot in (1, 2)] == [1, 1]
    assert position.game.turn == 6


def test_inferno_dance_without_heads_or_without_fire_pokemon() -> None:
    assert Position([pokemon("A1-047", "R"), "A1-033"]).attack(0, ("coins", (False,) * 3)).game.turn == 6
    assert Position([pokemon("A1-047", "R"), SNORLAX]).attack(0, ("coins", (True,) * 3)).game.turn == 6


def test_oceanic_gift_goes_to_two_different_pokemon() -> None:
    position = Position([pokemon("P-A-048", "W"), BULBASAUR, BULBASAUR], [SNORLAX]).attack().own(1)
    assert position.legal() == [OWN + 2]
    assert position.own(2).own_at(2).energy["water"] == 1
    assert Position([pokemon("P-A-048", "W"), BULBASAUR], [SNORLAX]).attack().own(1).game.turn == 6


@pytest.mark.parametrize(("attacker", "kind"), [("A1-181", "metal"), ("A1a-001", "grass"), ("P-A-084", "lightning")])
def test_energy_from_the_zone_to_the_user(attacker: str, kind: str) -> None:
    letter = {"metal": "M", "grass": "G", "lightning": "L"}[kind]
    assert Position([pokemon(attacker, letter)], [SNORLAX]).attack().me.active.energy[kind] == 2


@pytest.mark.parametrize("attacker", ["A1-196", "A1a-033"])
def test_drawing_by_an_attack(attacker: str) -> None:
    assert len(Position([pokemon(attacker, "P")], [SNORLAX]).attack().me.hand) == 1


def test_drawing_stops_at_ten_cards_and_at_an_empty_deck() -> None:
    assert len(Position([pokemon("A1-196", "P")], hand=[SNORLAX] * 10).attack().me.hand) == 10
    assert len(Position([pokemon("A1-196", "P")], deck=[]).attack().me.hand) == 0


def test_a_search_takes_a_card_that_fits_and_shuffles() -> None:
    deck = [SNORLAX, "P-A-001", BULBASAUR, SNORLAX, "A1-002"]
    for attacker, pick, found in (("A1-005", 1, "Ivysaur"), ("P-A-052", 0, "Bulbasaur"), ("P-A-093", 0, "Snorlax")):
        position = Position([pokemon(attacker, "G")], deck=deck)
        position.me.known_top = 2
        position.attack(0, ("pick", pick), ("shuffle", (3, 2, 1, 0)))
        assert [held.card.name for held in position.me.hand] == [found]
        assert len(position.me.deck) == 4 and position.me.known_top == 0


def test_a_search_of_a_full_hand_and_one_that_finds_nothing() -> None:
    position = Position([pokemon("A1-005", "G")], hand=[SNORLAX] * 10, deck=[BULBASAUR]).attack()
    assert len(position.me.hand) == 10 and not position.chance.draws[0].label.startswith("shuffle")
    position = Position([pokemon("A1-005", "G")], deck=[SNORLAX, SNORLAX]).attack()
    assert not position.me.hand and position.chance.draws[0].label == "shuffle"


@pytest.mark.parametrize(("attacker", "found"), [("A1-166", "Nidoran♂"), ("A1a-049", "Koffing")])
def test_a_search_to_the_bench(attacker: str, found: str) -> None:
    deck = [SNORLAX, "A1-169" if found == "Nidoran♂" else "A1a-049"]
    position = Position([pokemon(attacker, "D")], deck=deck).attack(0, ("pick", 0), ("shuffle", (0,)))
    assert position.own_at(1).card.name == found and len(position.me.deck) == 1
    full = Position([pokemon(attacker, "D"), SNORLAX, SNORLAX, SNORLAX], deck=deck).attack()
    assert len(full.me.deck) == 2


def test_psy_report_shows_the_hand() -> None:
    position = Position([pokemon("A1-283", "P")], their_hand=[SNORLAX, BULBASAUR]).attack()
    assert [held.known for held in position.foe.hand] == [True, True, False]  # the last was drawn afterwards


def test_shadow_claw_discards_a_card_on_heads_and_diving_swipe_always() -> None:
    hand = [SNORLAX, BULBASAUR]
    position = Position([pokemon("A1-197", "GG")], their_hand=hand).attack(0, ("coins", (True,)), ("pick", 1))
    assert [card.name for card in position.foe.discard] == ["Bulbasaur"]
    assert not Position([pokemon("A1-197", "GG")], their_hand=hand).attack(0, ("coins", (False,))).foe.discard
    position = Position([pokemon("P-A-096", "DDD")], their_hand=hand).attack(0, ("pick", 0))
    assert [card.name for card in position.foe.discard] == ["Snorlax"]
    assert not Position([pokemon("P-A-096", "DDD")]).attack().foe.discard


def test_shoegaze_discards_from_both_decks() -> None:
    position = Position([pokemon("P-A-081", "PPMM")], [SNORLAX], deck=[BULBASAUR] * 3).attack(1)
    assert (len(position.me.deck), len(position.me.discard)) == (0, 3)
    assert (len(position.foe.deck), len(position.foe.discard)) == (4, 5)


def test_mimic_draws_as_many_as_the_opponent_holds() -> None:
    position = Position([pokemon("A1a-062", "G")], hand=[BULBASAUR], deck=[SNORLAX] * 3, their_hand=[SNORLAX] * 2)
    position.attack(0, ("shuffle", (3, 0, 1, 2)))
    assert [held.card.name for held in position.me.hand] == ["Bulbasaur", "Snorlax"]
    assert len(position.me.deck) == 2


def test_a_choice_is_the_only_thing_that_is_legal() -> None:
    position = Position([pokemon("A1-071", "WWW")], [SNORLAX], hand=[SNORLAX]).attack()
    with pytest.raises(ValueError, match="allowed are"):
        position.play(actions.END)
