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

from families.tcgjax.verify.observations import to_arrays
from families.tcgjax.verify.snapshots import from_snapshot, to_snapshot, to_words
from references.tcg_pocket import actions as reference_actions
from references.tcg_pocket import rules as reference_rules
from references.tcg_pocket.cards import Card, cards
from references.tcg_pocket.observation import observe as reference_observe
from references.tcg_pocket.snapshot import to_numbers
from references.tcg_pocket.state import Options
from tcgjax import actions, chance, rules, state
from tcgjax.observation import OBS_SPEC, observe

FIRST_SETS = ("A1", "A1a", "P-A")
FEW, MANY = 24, 4096
OPTIONS = (Options(), Options(first_player_draws=False), Options(turn_limit=12))
"""Rulings of the games, in turns."""
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
    """A ply of a batch of games: the games, their masks, who is to act, and what both players see."""

    def one(game: state.Game, action: Any, words: Any, order: Any) -> Any:
        game = rules.step(game, action, chance.Tape(words=words, shuffle=order))
        return game, rules.legal_mask(game), actions.player_to_act(state.unpack(game)), observe(game)

    # The games are few: what matters is the time to compile.
    quickly = {
        "xla_disable_hlo_passes": "fusion",
        "xla_backend_optimization_level": 0,
        "xla_llvm_disable_expensive_passes": True,
    }
    return jax.jit(jax.vmap(one), compiler_options=quickly)


def compare(game: Any, mine: state.Game, mask: np.ndarray, actor: int, views: Any, where: str) -> None:
    """Every field, the mask, the player to act and both observations are the reference's."""
    over = game.phase == "over"
    legal = range(reference_actions.COUNT) if over else reference_actions.legal_actions(game)
    assert np.flatnonzero(mask).tolist() == list(legal), where
    assert over or actor == reference_actions.player_to_act(game), where
    wanted, found = to_numbers(game), to_snapshot(mine, actor)
    assert wanted.keys() == found.keys()
    wrong = {path: (found[path], wanted[path]) for path in wanted if not np.array_equal(found[path], wanted[path])}
    assert not wrong, f"{where}: {wrong}"
    for player in range(2):
        wanted = to_arrays(reference_observe(game, player))
        found = {field.name: getattr(views, field.name)[player] for field in OBS_SPEC.fields}
        assert wanted.keys() == found.keys()
        wrong = {name: (found[name], wanted[name]) for name in wanted if not np.array_equal(found[name], wanted[name])}
        assert not wrong, f"{where}, seen by player {player}: {wrong}"


def play_side_by_side(step: Any, pool: Sequence[Card], seeds: Sequence[int]) -> int:
    """Random games to their ends, in both; the number of plies."""
    games, choosers = (
        [random_game(seed, pool, OPTIONS[seed % len(OPTIONS)]) for seed in seeds],
        [random.Random(seed) for seed in seeds],
    )
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
        mine, *rest = step(mine, np.array(chosen, np.int32), words, orders)
        shown, masks, actors, views = jax.device_get((mine, *rest))
        for lane, (game, luck) in enumerate(games):
            one, seen = jax.tree.map(lambda leaf, lane=lane: leaf[lane], (shown, views))
            where = f"{labels[lane]}, action {chosen[lane]}, draws {luck.draws}"
            compare(game, one, masks[lane], int(actors[lane]), seen, where)
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
