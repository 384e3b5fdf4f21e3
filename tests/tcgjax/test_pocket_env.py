"""The environment's hooks and the contract."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxenv
from families.tcgjax.cards import pool
from jaxenv.testing import check_env
from tcgjax import actions, decks, library, state
from tcgjax.env import Pocket

GRASS = decks.check(
    [
        *("A1-001", "A1-001", "A1-002", "A1-002", "A1-004", "A1-004", "A1-021", "A1-021", "A1-023", "A1-023"),
        *("A1-024", "A1-024", "A1-219", "A1-219", "P-A-001", "P-A-001", "P-A-005", "P-A-005", "P-A-007", "P-A-007"),
    ],
    ["grass"],
)
FIRE = decks.check(
    [
        *("A1-033", "A1-033", "A1-034", "A1-034", "A1-036", "A1-036", "A1-044", "A1-044", "A1-046", "A1-046"),
        *("A1-047", "A1-221", "A1-221", "P-A-001", "P-A-001", "P-A-005", "P-A-005", "P-A-007", "P-A-007", "A1-225"),
    ],
    ["fire"],
)


@pytest.fixture(scope="module")
def env() -> Pocket:
    return Pocket(decks=(GRASS, FIRE))


@pytest.fixture(scope="module")
def step(env: Pocket) -> Any:
    # One step is played now and then: what matters is the time to compile.
    quickly = {
        "xla_disable_hlo_passes": "fusion",
        "xla_backend_optimization_level": 0,
        "xla_llvm_disable_expensive_passes": True,
    }
    return jax.jit(env.step_env, compiler_options=quickly)


@pytest.mark.sweep  # it compiles the step several times
def test_the_environment_keeps_the_contract(env: Pocket) -> None:
    params = dataclasses.replace(env.default_params, max_steps_in_episode=24)
    check_env(env, params, steps=32, batch=4, backends=("xla",))


def test_an_illegal_action_becomes_the_first_legal_one(env: Pocket, step: Any) -> None:
    params = env.default_params
    _, start = jax.jit(env.reset_env)(jax.random.key(3), params)
    mask = np.asarray(env.legal_actions(start, params))
    assert mask[1].nonzero()[0].tolist() == [actions.WAIT]
    legal = int(mask[0].nonzero()[0][0])
    after = [step(jax.random.key(4), start, jnp.array(played), params) for played in ([0, 0], [legal, 0], [0, 142])]
    assert [info["illegal"].tolist() for *_, info in after] == [[True, False], [False, False], [True, True]]
    for _, found, *_ in after[1:]:
        jax.tree.map(np.testing.assert_array_equal, found, after[0][1])


def test_the_winner_is_paid_once(env: Pocket, step: Any) -> None:
    params = env.default_params
    _, start = jax.jit(env.reset_env)(jax.random.key(3), params)
    nearly = start.game.replace(
        phase=jnp.int8(state.MAIN),
        turn=jnp.int8(5),
        points=jnp.array([0, 2], jnp.int8),
        cards=start.game.cards.at[:, 0, 0].set(start.game.hand[:, 0]),
        poisoned=start.game.poisoned.at[0, 0].set(True),
    )
    # The current player, 0, is poisoned, and gives the third point at the end of the turn.
    nearly = nearly.replace(damage=nearly.damage.at[0, 0].set(290))
    first = step(jax.random.key(4), start.replace(game=nearly), jnp.array([actions.END, 0]), params)
    again = step(jax.random.key(5), first[1], jnp.array([0, 0]), params)
    assert first[2].tolist() == [-1.0, 1.0] and bool(first[3]) and first[0].result.tolist() == [-1, 1]
    assert again[2].tolist() == [0.0, 0.0] and bool(again[3])


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"decks": [GRASS]}, "decks must be a tuple of deck lists"),
        ({"decks": (3,)}, "deck 0 must be a deck list as text, or a Deck, got 3"),
        ({"decks": ("2 Bulbasaur A1-001",)}, "deck 0: it has no energy type"),
        ({"pool": "a9"}, "there is no pool 'a9'; allowed are 'a1'"),
        ({"pool": "a1", "decks": (GRASS,)}, "give one of the two"),
    ],
)
def test_decks_that_cannot_be_played_are_refused(wrong: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Pocket(**wrong)


def test_decks_are_given_as_text_or_drawn_from_the_pool() -> None:
    assert Pocket(decks=(GRASS.text(), FIRE)) == Pocket(decks=(GRASS, FIRE))
    sample, many = jaxenv.make("tcgjax/pocket"), jaxenv.make("tcgjax/pocket-a1")
    assert sample.default_params.decks.shape == (2, 20) and many.default_params.decks.shape == (256, 20)
    assert [deck.ids[4] for deck in sample.played] == ["A1-036", "A1-209"]


def test_the_pool_is_the_one_of_the_script() -> None:
    made = pool.make()
    assert library.POOL_PATH.read_text("utf-8") == pool.text(made)
    assert len({json.dumps(deck["cards"]) for deck in made}) == len(made) == 256
    for deck in decks.pool():
        rows = [library.kinds()[kind] for kind in deck.kinds]
        names = {row["name"] for row in rows}
        assert decks.check(deck.ids, deck.energy) == deck
        assert all(row["evolves_from"] in names for row in rows if "evolves_from" in row)
        assert all(pool.pays(row, deck.energy) for row in rows if row["category"] == "pokemon")


def test_a_deck_that_is_too_small_is_refused() -> None:
    with pytest.raises(decks.DeckError, match="deck 1: 19 cards; allowed are exactly 20"):
        Pocket(decks=(GRASS, decks.Deck(GRASS.ids[1:], GRASS.energy)))
