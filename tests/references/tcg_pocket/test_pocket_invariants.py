"""Invariants of every game, whatever is played."""

from __future__ import annotations

import copy
import random
from collections import Counter
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pocket_table import random_deck, random_game

from references.protocol import Tape
from references.tcg_pocket import actions, rules
from references.tcg_pocket.cards import ENERGY_TYPES, cards, operations
from references.tcg_pocket.chance import Chance
from references.tcg_pocket.effects import OPERATIONS
from references.tcg_pocket.env import PocketReference
from references.tcg_pocket.observation import observe
from references.tcg_pocket.snapshot import from_numbers, to_numbers
from references.tcg_pocket.state import Game, Player

SEEDS = st.integers(0, 10**9)
FIRST_SETS = ("A1", "A1a", "P-A")
POOL = [card for card in cards() if card.id.rsplit("-", 1)[0] in FIRST_SETS]


def owned(player: Player) -> Counter[int]:
    """All cards of a player, by kind."""
    found = [*player.deck, *(held.card for held in player.hand), *player.discard]
    for _, pokemon in player.in_play():
        found += [*pokemon.cards, *([pokemon.tool] if pokemon.tool else [])]
    return Counter(card.kind for card in found)


def energies(player: Player) -> int:
    return sum(player.discarded_energy.values()) + sum(sum(pokemon.energy.values()) for _, pokemon in player.in_play())


def walk(game: Game, chance: Chance, seed: int) -> Iterator[int]:
    """Actions of a random game, each before it is played: that is done when the next is asked for."""
    rng = random.Random(seed)
    while game.phase != "over":
        action = rng.choice(actions.legal_actions(game))
        yield action
        chance.forget()
        rules.play(game, chance, action)


@given(seed=SEEDS)
@settings(max_examples=40, deadline=None)
def test_invariants_of_random_games(seed: int) -> None:
    game, chance = random_game(seed, POOL)
    cards_at_first = [owned(player) for player in game.players]
    before = None
    for _ in walk(game, chance, seed):
        assert [owned(player) for player in game.players] == cards_at_first
        assert all(sum(found.values()) == 20 for found in cards_at_first)
        now = [energies(player) for player in game.players]
        points = [player.points for player in game.players]
        if before:
            assert all(new >= old for new, old in zip(now, before[0], strict=True))  # Energy is made, never lost
            gained = [new - old for new, old in zip(points, before[1], strict=True)]
            assert all(gain >= 0 for gain in gained)
        assert all(points_ < 3 for points_ in points)
        for player in game.players:
            assert 0 <= player.known_top <= len(player.deck)
            for _, pokemon in player.in_play():
                assert pokemon.damage >= 0 and min(pokemon.energy.values()) >= 0
                assert game.phase == "choose" or pokemon.hp > 0
        if game.phase == "main" and game.turn:
            assert all(player.spots[0] for player in game.players)
        before = (now, points)
    assert game.turn <= game.options.turn_limit
    assert [owned(player) for player in game.players] == cards_at_first


@given(seed=SEEDS)
@settings(max_examples=10, deadline=None)
def test_points_come_from_knock_outs_only(seed: int) -> None:
    """One for each Pokémon of the other side that goes to the discard pile without HP, two for an ex."""
    game, chance = random_game(seed, POOL)
    for action in walk(game, chance, seed):
        after = copy.deepcopy(game)
        luck = copy.deepcopy(chance)
        rules.play(after, luck, action)
        for index in (0, 1):
            gained = after.players[index].points - game.players[index].points
            lost_before = Counter(card.kind for card in game.players[1 - index].discard)
            lost = Counter(card.kind for card in after.players[1 - index].discard) - lost_before
            worth = sum((2 if cards()[kind].ex else 1) * count for kind, count in lost.items())
            assert 0 <= gained <= worth


@given(seed=SEEDS)
@settings(max_examples=10, deadline=None)
def test_hidden_cards_are_never_in_an_observation(seed: int) -> None:
    """Permuting what a player cannot know leaves its observation as it is: both decks, and the opponent's hand."""
    game, chance = random_game(seed, POOL)
    rng = random.Random(seed)
    for _ in walk(game, chance, seed):
        for viewer in (0, 1):
            other = copy.deepcopy(game)
            own, theirs = other.players[viewer], other.players[1 - viewer]
            unknown = own.deck[own.known_top :]
            rng.shuffle(unknown)
            own.deck[own.known_top :] = unknown
            hidden = [held for held in theirs.hand if not held.known]
            pool = [held.card for held in hidden] + theirs.deck
            rng.shuffle(pool)
            for held in hidden:
                held.card = pool.pop()
            theirs.deck = pool
            if other.phase == "setup":
                theirs.hand = theirs.hand[1:]
                theirs.spots = [None] * 4
            assert observe(other, viewer) == observe(game, viewer)


@given(seed=SEEDS)
@settings(max_examples=3, deadline=None)
def test_snapshots_hold_the_whole_game(seed: int) -> None:
    game, chance = random_game(seed, POOL)
    for action in walk(game, chance, seed):
        numbers = to_numbers(game)
        again = from_numbers(numbers)
        for path, value in to_numbers(again).items():
            np.testing.assert_array_equal(value, numbers[path], err_msg=path)
        assert actions.legal_actions(again) == actions.legal_actions(game)
        next_one, luck = copy.deepcopy(game), copy.deepcopy(chance)
        rules.play(next_one, luck, action)
        rules.play(again, copy.deepcopy(chance), action)
        for path, value in to_numbers(again).items():
            np.testing.assert_array_equal(value, to_numbers(next_one)[path], err_msg=path)


def test_every_operation_has_a_function() -> None:
    passive = {card.passive["op"] for card in cards() if card.passive}
    elsewhere = {"nothing_if_tails", "damage_per", "damage_if", "fossil"} | passive
    assert {row["op"] for row in operations()} <= {*OPERATIONS} | elsewhere


def test_the_driver_repeats_a_game_from_its_draws() -> None:
    rng = random.Random(5)
    decks = [random_deck(rng, POOL), random_deck(rng, POOL)]
    reference = PocketReference(decks)
    reference.reset(3)
    start = reference.snapshot()
    assert [draw.label for draw in reference.draws()] == ["opening.0", "energy.0", "opening.1", "energy.1", "first"]
    other = PocketReference(decks)
    other.restore(start)
    while True:
        legal = reference.legal()
        played = {agent: int(rng.choice(np.flatnonzero(mask))) for agent, mask in legal.items()}
        reference.step(played)

        other.use_tape(Tape(reference.draws()))
        other.step(played)
        mine, theirs = reference.snapshot(), other.snapshot()
        for path in mine:
            np.testing.assert_array_equal(mine[path], theirs[path], err_msg=path)
        if mine["out.terminated"]:
            break
    assert all(mask.all() for mask in reference.legal().values())


def test_a_snapshot_of_no_game_is_refused() -> None:
    with pytest.raises(ValueError, match="the snapshot is of no game"):
        PocketReference().restore({"turn": np.array(1)})
    with pytest.raises(ValueError, match="no game has begun"):
        PocketReference().snapshot()
    with pytest.raises(ValueError, match="two decks, got 0"):
        PocketReference().reset(0)


@pytest.mark.sweep
def test_every_effect_of_the_first_sets_resolves_often() -> None:
    """Each distinct operation of A1, A1a and P-A is carried out at least 200 times in random games."""
    counts: Counter[str] = Counter()
    wanted = {
        str(sorted(row.items(), key=str))
        for card in POOL
        for holder in (card, card.ability, *card.attacks)
        if holder and not card.is_fossil and not (holder is card.ability and card.passive)
        for row in holder.operations
        if row["op"] in OPERATIONS
    }
    originals = dict(OPERATIONS)
    try:
        for name, function in originals.items():

            def counted(use, row, function=function):
                counts[str(sorted(row.items(), key=str))] += 1
                function(use, row)

            OPERATIONS[name] = counted
        for seed in range(10_000):
            game, chance = random_game(seed, POOL)
            for _ in walk(game, chance, seed):
                pass
            if seed % 200 == 199 and all(counts[row] >= 200 for row in wanted):
                break
    finally:
        OPERATIONS.update(originals)
    rare = {row: counts[row] for row in wanted if counts[row] < 200}
    assert not rare


def test_energy_types_are_eight() -> None:
    assert len(ENERGY_TYPES) == 8
