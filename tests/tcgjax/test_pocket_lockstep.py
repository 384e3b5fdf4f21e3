"""The engine beside the reference: the same games, with the same draws, equal after every ply.

A batch of games is played at once by the engine, so that compiled steps are few. `FEW` games of each pool are played
here; `pytest -m sweep` plays many.
"""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np
import pytest
from pocket_table import random_game

from families.tcgjax.verify.snapshots import from_snapshot, to_snapshot, to_words
from references.tcg_pocket import actions as reference_actions
from references.tcg_pocket import rules as reference_rules
from references.tcg_pocket.cards import Card, cards
from references.tcg_pocket.snapshot import to_numbers
from tcgjax import actions, chance, rules, state

FIRST_SETS = ("A1", "A1a", "P-A")
FEW, MANY = 24, 4096
FIELDS = {field.name: field.metadata["dtype"] for field in dataclasses.fields(state.Game)}


def without_effects(card: Card) -> bool:
    return card.is_pokemon and not card.ability and not any(attack.operations for attack in card.attacks)


def of_first_sets(card: Card) -> bool:
    return card.id.rpartition("-")[0] in FIRST_SETS


POOLS: dict[str, Callable[[Card], bool]] = {
    "without_effects": without_effects,
    "first_sets": of_first_sets,
    "all": lambda card: True,
}


@pytest.fixture(scope="module")
def step() -> Any:
    """A ply of a batch of games: the games, their masks and who is to act."""

    def one(game: state.Game, action: Any, words: Any, order: Any) -> Any:
        game = rules.step(game, action, chance.Tape(words=words, shuffle=order))
        return game, rules.legal_mask(game), actions.player_to_act(state.unpack(game))

    # XLA's fusion only makes these programs take longer to compile.
    return jax.jit(jax.vmap(one), compiler_options={"xla_disable_hlo_passes": "fusion"})


def compare(game: Any, mine: state.Game, mask: np.ndarray, actor: int, where: str) -> None:
    """Every field, the mask and the player to act are the reference's."""
    over = game.phase == "over"
    legal = range(reference_actions.COUNT) if over else reference_actions.legal_actions(game)
    assert np.flatnonzero(mask).tolist() == list(legal), where
    assert over or actor == reference_actions.player_to_act(game), where
    wanted, found = to_numbers(game), to_snapshot(mine, actor)
    assert wanted.keys() == found.keys()
    wrong = {path: (found[path], wanted[path]) for path in wanted if not np.array_equal(found[path], wanted[path])}
    assert not wrong, f"{where}: {wrong}"


def play_side_by_side(step: Any, pool: Sequence[Card], seeds: Sequence[int]) -> int:
    """Random games to their ends, in both; the number of plies."""
    games, choosers = [random_game(seed, pool) for seed in seeds], [random.Random(seed) for seed in seeds]
    starts = [from_snapshot(to_numbers(game), FIELDS) for game, _ in games]
    mine = state.Game(**{name: np.stack([start[name] for start in starts]) for name in FIELDS})
    plies = 0
    while any(game.phase != "over" for game, _ in games):
        chosen, tapes, labels = [], [], []
        for seed, rng, (game, luck) in zip(seeds, choosers, games, strict=True):
            luck.forget()
            action = reference_actions.WAIT
            labels.append(f"game {seed}, turn {game.turn}, {game.phase}, choice {game.choice}")
            if game.phase != "over":
                action = rng.choice(reference_actions.legal_actions(game))
                reference_rules.play(game, luck, action)
                plies += 1
            chosen.append(action)
            tapes.append(to_words(luck.draws))
        words, orders = (np.stack(part) for part in zip(*tapes, strict=True))
        mine, masks, actors = step(mine, np.array(chosen, np.int32), words, orders)
        shown, masks, actors = jax.device_get((mine, masks, actors))
        for lane, (game, luck) in enumerate(games):
            one = jax.tree.map(lambda leaf, lane=lane: leaf[lane], shown)
            where = f"{labels[lane]}, action {chosen[lane]}, draws {luck.draws}"
            compare(game, one, masks[lane], int(actors[lane]), where)
    return plies


@pytest.mark.parametrize("name", POOLS)
def test_random_games_are_the_same(step: Any, name: str) -> None:
    pool = [card for card in cards() if POOLS[name](card)]
    assert play_side_by_side(step, pool, range(FEW)) > 20 * FEW


@pytest.mark.sweep
@pytest.mark.parametrize("name", POOLS)
def test_many_random_games_are_the_same(step: Any, name: str, commit_seed: int) -> None:
    pool = [card for card in cards() if POOLS[name](card)]
    for start in range(0, MANY, 256):
        play_side_by_side(step, pool, range(commit_seed + start, commit_seed + start + 256))
