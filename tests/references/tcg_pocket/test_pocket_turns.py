"""Scripted positions for setup, turns, Special Conditions, retreat, damage and the end of a game."""

from __future__ import annotations

from typing import Any

import pytest
from pocket_table import Position, lasting, named, pokemon

from references.tcg_pocket import actions, cards
from references.tcg_pocket.actions import ATTACK, END, EVOLVE, OWN, PAY, PLAY, RETREAT, legal_actions, player_to_act
from references.tcg_pocket.cards import CardError, find
from references.tcg_pocket.chance import Chance, tape
from references.tcg_pocket.rules import play
from references.tcg_pocket.state import Game, Options
from references.tcg_pocket.turns import new_game

SNORLAX = "A1-211"
BULBASAUR = "A1-001"
DECK = (cards.deck((4, BULBASAUR), (16, "A1-002")), ("grass", "water"))


def start(seed: int = 0, first: bool = False, options: Options | None = None, deck: Any = DECK) -> tuple[Game, Chance]:
    chance = Chance(seed)
    game = new_game([deck, deck], chance, options)
    game.first = int(first)
    chance.forget()
    return game, chance


def set_up(game: Game, chance: Chance) -> None:
    """Each places one Basic."""
    for _ in range(2):
        play(game, chance, legal_actions(game)[0])
        play(game, chance, END)


def test_opening_hands_have_five_cards_and_a_basic() -> None:
    for options in (Options(), Options(opening_hand="basic_first")):
        for seed in range(50):
            game, _ = start(seed, options=options)
            for player in game.players:
                assert len(player.hand) == 5 and len(player.deck) == 15
                assert any(held.card.is_basic for held in player.hand)


def test_setup_places_a_basic_first_and_up_to_three_more() -> None:
    game, chance = start(deck=(cards.deck((20, BULBASAUR)), ("grass",)))
    assert END not in legal_actions(game) and player_to_act(game) == 0
    for _ in range(4):
        play(game, chance, PLAY)
    assert legal_actions(game) == [END]
    play(game, chance, END)
    assert player_to_act(game) == 1 and game.phase == "setup"


def test_a_fossil_is_not_placed_in_the_setup() -> None:
    game, _ = start(deck=(cards.deck((18, "A1-216"), (2, BULBASAUR)), ("grass",)))
    plays = [action - PLAY for action in legal_actions(game)]
    assert all(game.me.hand[place].card.name == "Bulbasaur" for place in plays)


@pytest.mark.parametrize("first", [False, True])
def test_turn_one(first: bool) -> None:
    """The first player draws, has no Energy, and sees the next one; nobody evolves in the first two turns."""
    game, chance = start(first=first)
    set_up(game, chance)
    assert game.turn == 1 and game.current == int(first)
    assert len(game.me.hand) == 5 and game.me.zone == "" and game.me.next_energy
    assert not any(EVOLVE <= action < actions.ATTACH for action in legal_actions(game))
    coming = game.opponent.next_energy
    play(game, chance, END)
    assert game.me.zone == coming and game.turn == 2
    assert not any(EVOLVE <= action < actions.ATTACH for action in legal_actions(game))
    waiting = game.opponent.next_energy
    play(game, chance, END)
    assert game.me.zone == waiting  # the Energy that the first player saw in turn 1
    assert any(EVOLVE <= action < actions.ATTACH for action in legal_actions(game))


def test_the_first_player_may_be_kept_from_drawing() -> None:
    game, chance = start(options=Options(first_player_draws=False))
    set_up(game, chance)
    assert len(game.me.hand) == 4
    play(game, chance, END)
    assert len(game.me.hand) == 5


def test_energy_that_is_not_attached_is_lost() -> None:
    position = Position([SNORLAX])
    position.me.zone = "grass"
    assert position.end().me.zone == "" and sum(position.me.active.energy.values()) == 0


def test_the_next_energy_is_drawn_from_the_decks_types() -> None:
    position = Position([SNORLAX], types=("grass", "fire"))
    position.end(("energy", 1))
    assert (position.foe.zone, position.foe.next_energy) == ("grass", "fire")


def test_evolving_keeps_damage_and_energy_and_not_twice_a_turn() -> None:
    position = Position([pokemon(BULBASAUR, "G", damage=20)], hand=["A1-002", "A1-003"]).play(EVOLVE)
    active = position.me.active
    assert active.card.name == "Ivysaur" and active.damage == 20 and active.energy["grass"] == 1
    assert EVOLVE not in position.legal()
    position.end().end()
    assert EVOLVE in position.legal()


def test_a_pokemon_does_not_evolve_in_the_turn_in_which_it_was_played() -> None:
    position = Position([SNORLAX], hand=[BULBASAUR, "A1-002"]).card(0)
    assert EVOLVE + 1 not in position.legal()


def test_evolving_goes_by_the_name() -> None:
    position = Position([SNORLAX], hand=["A1-002"])
    assert not any(EVOLVE <= action < actions.ATTACH for action in position.legal())


def test_bench_of_three() -> None:
    assert PLAY not in Position([SNORLAX] * 4, hand=[SNORLAX]).legal()
    assert PLAY in Position([SNORLAX] * 3, hand=[SNORLAX]).legal()


def test_retreat_costs_energy_and_is_once_a_turn() -> None:
    position = Position([pokemon(BULBASAUR, "GG"), pokemon(BULBASAUR, "GG")]).play(RETREAT)
    assert position.own_at(1).energy["grass"] == 1 and position.me.discarded_energy["grass"] == 1
    assert RETREAT not in position.legal()
    assert RETREAT not in Position([BULBASAUR, BULBASAUR]).legal()
    assert RETREAT not in Position([pokemon(BULBASAUR, "G")]).legal()


def test_the_player_chooses_what_to_pay() -> None:
    position = Position([pokemon("A1-002", "GWW"), BULBASAUR]).play(RETREAT)  # costs 2
    assert position.legal() == [PAY, PAY + 2]
    position.play(PAY + 2)
    assert position.legal() == [PAY, PAY + 2]
    position.play(PAY + 2)
    assert position.own_at(1).energy["grass"] == 1 and position.own_at(1).energy["water"] == 0
    position = Position([pokemon("A1-002", "GWW"), BULBASAUR]).play(RETREAT).play(PAY)
    assert position.game.phase == "main" and position.own_at(1).energy["water"] == 1  # only Water was left


@pytest.mark.parametrize("condition", ["asleep", "paralyzed"])
def test_asleep_and_paralyzed_forbid_attack_and_retreat(condition: str) -> None:
    position = Position([pokemon(BULBASAUR, "GG", condition=condition), SNORLAX])
    assert ATTACK not in position.legal() and RETREAT not in position.legal()


@pytest.mark.parametrize(("heads", "damage"), [(True, 40), (False, 0)])
def test_confused_needs_heads_to_attack(heads: bool, damage: int) -> None:
    position = Position([pokemon(BULBASAUR, "GG", condition="confused")], [SNORLAX]).attack(0, ("confused", heads))
    assert (position.damage(), position.own_damage(), position.game.turn) == (damage, 0, 6)
    assert position.me.active.condition == "confused"


@pytest.mark.parametrize(("heads", "condition"), [(True, ""), (False, "asleep")])
def test_asleep_wakes_on_heads_in_every_checkup(heads: bool, condition: str) -> None:
    for index in range(2):
        position = Position([SNORLAX], [SNORLAX])
        position.game.players[index].active.condition = "asleep"
        position.end((f"asleep.{index}", heads))
        assert position.game.players[index].active.condition == condition


def test_paralyzed_recovers_after_the_own_turn() -> None:
    position = Position([pokemon(SNORLAX, condition="paralyzed")], [pokemon(SNORLAX, condition="paralyzed")]).end()
    assert (position.me.active.condition, position.foe.active.condition) == ("", "paralyzed")
    assert position.end().foe.active.condition == ""


@pytest.mark.parametrize(("heads", "burned"), [(True, False), (False, True)])
def test_burned_hurts_and_then_heals_on_heads(heads: bool, burned: bool) -> None:
    position = Position([pokemon(SNORLAX, burned=True)]).end(("burned.0", heads))
    assert position.own_damage() == 20 and position.me.active.burned == burned


def test_the_order_of_the_checkup() -> None:
    conditions = {"poisoned": True, "burned": True, "condition": "asleep"}
    position = Position([pokemon(SNORLAX, **conditions)], [pokemon(SNORLAX, **conditions)]).end()
    labels = [draw.label for draw in position.chance.draws]
    assert labels == ["burned.0", "burned.1", "asleep.0", "asleep.1", "energy"]
    assert (position.own_damage(), position.damage()) == (30, 30)


def test_benched_pokemon_are_not_poisoned_in_the_checkup() -> None:
    position = Position([SNORLAX, pokemon(SNORLAX, poisoned=True)]).end()
    assert position.own_damage(1) == 0


def test_weakness_adds_twenty_and_growl_counts_before_it() -> None:
    assert Position([pokemon("A1-033", "R")], ["A1-013"]).attack().damage() == 50
    attacker = pokemon("A1-033", "R", effects={"do_less": lasting(20, 1)})
    assert Position([attacker], ["A1-013"]).attack().damage() == 30
    attacker = pokemon("A1-033", "R", effects={"do_less": lasting(40, 1)})
    assert Position([attacker], ["A1-013"]).attack().damage() == 0


def test_what_the_defender_takes_less_counts_after_weakness() -> None:
    foe = pokemon("A1-013", effects={"take_less": lasting(40, 1)})
    assert Position([pokemon("A1-033", "R")], [foe]).attack().damage() == 10


def test_a_point_for_a_knock_out_and_two_for_an_ex() -> None:
    foes = [pokemon("A1-129", damage=140), SNORLAX]
    position = Position([pokemon(BULBASAUR, "GG")], foes).attack()
    assert position.me.points == 2 and position.game.phase == "promote" and player_to_act(position.game) == 1
    assert position.foe.discard[0].name == "Mewtwo ex"
    position.own(1)
    assert position.game.turn == 6 and position.game.current == 1


def test_three_points_win() -> None:
    position = Position([pokemon(BULBASAUR, "GG")], [pokemon("A1-129", damage=140), SNORLAX])
    position.me.points = 1
    assert position.attack().game.winner == 0


def test_no_pokemon_left_loses() -> None:
    position = Position([pokemon(BULBASAUR, "GG")], [pokemon(BULBASAUR, damage=60)]).attack()
    assert position.game.winner == 0 and position.me.points == 1


def test_three_points_each_are_a_tie() -> None:
    position = Position([pokemon("A1-040", "RRR", damage=120), SNORLAX], [pokemon(SNORLAX, damage=60), SNORLAX])
    position.me.points = position.foe.points = 2
    assert position.attack().game.winner == 2


def test_three_points_against_the_last_pokemon_are_a_tie() -> None:
    position = Position([pokemon("A1-040", "RRR", damage=120)], [pokemon(SNORLAX, damage=60), SNORLAX])
    position.me.points = 2
    assert position.attack().game.winner == 2


def test_more_conditions_win() -> None:
    position = Position([pokemon("A1-040", "RRR", damage=120), SNORLAX], [pokemon(SNORLAX, damage=60)])
    position.me.points = position.foe.points = 2
    assert position.attack().game.winner == 0


def test_both_without_an_active_the_next_player_chooses_first() -> None:
    position = Position([pokemon("A1-040", "RRR", damage=120), SNORLAX], [pokemon(SNORLAX, damage=60), SNORLAX])
    position.attack()
    assert player_to_act(position.game) == 1
    position.own(1)
    assert player_to_act(position.game) == 0
    position.own(1)
    assert position.game.turn == 6


def test_a_knock_out_in_the_checkup_comes_before_the_next_turn() -> None:
    position = Position([pokemon(SNORLAX, damage=140, poisoned=True), SNORLAX]).end()
    assert position.foe.points == 1 and position.game.phase == "promote" and position.game.turn == 5
    assert position.own(1).game.turn == 6


def test_turn_limit() -> None:
    position = Position([SNORLAX], turn=29)
    assert position.end().game.winner is None
    assert position.end().game.winner == 2


def test_an_empty_deck_does_not_lose() -> None:
    position = Position([SNORLAX], deck=[], their_deck=[]).end().end()
    assert position.game.phase == "main" and not position.me.hand


def test_drawing_takes_from_the_top_and_stops_at_ten_cards() -> None:
    position = Position([SNORLAX], their_deck=[BULBASAUR, SNORLAX]).end()
    assert position.foe.hand[0].card.name == "Bulbasaur"
    position = Position([SNORLAX], their_hand=[SNORLAX] * 10).end()
    assert len(position.foe.hand) == 10 and len(position.foe.deck) == 10


def test_costs_need_their_types() -> None:
    assert ATTACK not in Position([pokemon(BULBASAUR, "WW")]).legal()
    assert ATTACK in Position([pokemon(BULBASAUR, "GW")]).legal()
    assert ATTACK not in Position([pokemon(BULBASAUR, "G")]).legal()


def test_an_attack_ends_the_turn() -> None:
    assert Position([pokemon(BULBASAUR, "GG")], [SNORLAX]).attack().game.current == 1


def test_only_the_player_to_act_may_act_and_nothing_after_the_end() -> None:
    position = Position([pokemon(BULBASAUR, "GG")], [pokemon(BULBASAUR, damage=60)]).attack()
    assert position.legal() == []
    with pytest.raises(ValueError, match="not legal"):
        position.play(OWN)


def test_cards_are_found_by_id_or_refused_by_name() -> None:
    assert find("A1-001").name == "Bulbasaur" and named("Bulbasaur").id == "A1-001"
    with pytest.raises(CardError, match="no such card"):
        find("A9-999")
    with pytest.raises(CardError, match=r"Tinkaton: it has an effect that is not implemented"):
        find("B2a-129")


def test_a_tape_refuses_a_draw_that_is_not_on_it() -> None:
    chance = Chance()
    chance.tape = tape([("coins", (True,))])
    assert chance.coins("coins", 1) == 1
    with pytest.raises(RuntimeError, match="never made"):
        chance.coin("confused")
