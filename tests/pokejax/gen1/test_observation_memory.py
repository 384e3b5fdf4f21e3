"""Knowledge of the foe's moves that Mimic and Transform give, from the battle before and after a step."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from pokejax.env import battle
from pokejax.gen1.dex import Status, move_number, species_number
from pokejax.gen1.observation import first_memory, remember
from pokejax.gen1.state import pack

MOVES = ("Surf", "Peck", "Mimic", "Rest")
TEAM = "Articuno\n" + "".join(f"- {name}\n" for name in MOVES)


@pytest.fixture(scope="module")
def start() -> Any:
    return battle(TEAM, TEAM, 1, format="free").battle


def with_seats(state: Any, *changes: dict[str, Any]) -> Any:
    """The battle with fields of both seats replaced."""
    seats = []
    for seat, change in zip(state.seats, changes, strict=True):
        cast = {name: jnp.asarray(value).astype(getattr(seat, name).dtype) for name, value in change.items()}
        seats.append(seat.replace(**cast))
    return state.replace(seats=tuple(seats))


remembered = jax.jit(remember)


def known(before: Any, after: Any) -> list[bool]:
    """Moves of p1's active Pokémon that p2's player knows after the step."""
    return np.asarray(remembered(first_memory(), pack(before), pack(after)).moves)[0, 0].tolist()


def copy_of(name: str) -> dict[str, Any]:
    """A seat in whose third place Mimic has put a move."""
    moves = [move_number(move) for move in MOVES]
    moves[2] = move_number(name)
    return {"moves": moves, "virtual": [False, False, True, False]}


def test_mimic_tells_a_move(start: Any) -> None:
    assert known(start, with_seats(start, {}, copy_of("Peck"))) == [False, True, False, False]


def test_mimic_tells_nothing_of_a_move_that_may_be_a_copy(start: Any) -> None:
    """The target has Peck twice: nobody sees which of the two was copied."""
    twice = with_seats(start, copy_of("Peck"), {})
    assert known(twice, with_seats(start, copy_of("Peck"), copy_of("Peck"))) == [False] * 4
    assert known(twice, with_seats(start, copy_of("Peck"), copy_of("Surf"))) == [True, False, False, False]


def test_a_second_transform_tells_moves_that_were_there_before(start: Any) -> None:
    """In the same places: they have PP anew, and the Pokémon is now as the one that it stands against."""
    copied = {"transformed": True, "virtual": [True] * 4, "pp": [5] * 4, "species": species_number("Articuno")}
    last = {"side_last_move": move_number("Transform"), "last_move": move_number("Transform")}
    earlier = with_seats(start, {}, {**copied, "pp": [5, 4, 5, 5], "species": species_number("Mew")})
    assert known(earlier, with_seats(start, {}, {**copied, **last})) == [True] * 4
    assert known(with_seats(start, {}, copy_of("Mimic")), with_seats(start, {}, copied)) == [True] * 4
    assert known(earlier, with_seats(start, {}, {**copied, "pp": [5, 3, 5, 5]})) == [False] * 4


def test_what_held_a_transformed_pokemon_tells_of_no_second_transform(start: Any) -> None:
    """All its PP are new and its last move was Transform, but it slept, was frozen or was trapped in this step."""
    last = {"side_last_move": move_number("Transform"), "last_move": move_number("Transform")}
    copied = {"transformed": True, "virtual": [True] * 4, "pp": [5] * 4, "species": species_number("Articuno"), **last}
    assert known(with_seats(start, {}, copied), with_seats(start, {}, copied)) == [True] * 4
    for held in ({"status": Status.SLP}, {"status": Status.FRZ}, {"trapped_turns": 1}):
        stays = {**copied, **held}
        assert known(with_seats(start, {}, stays), with_seats(start, {}, stays)) == [False] * 4
    asleep = {**copied, "status": Status.SLP, "last_move": 0}
    assert known(with_seats(start, {}, copied), with_seats(start, {}, asleep)) == [False] * 4


def test_mimic_into_a_slot_that_another_mimic_filled_alike(start: Any) -> None:
    used = {"side_last_move": move_number("Mimic"), "pp": [1, 1, 0, 1]}
    before = with_seats(start, {}, {**copy_of("Mimic"), "pp": [1, 1, 1, 1]})
    assert known(before, with_seats(start, {}, {**copy_of("Mimic"), **used})) == [False, False, True, False]


def test_the_copy_of_one_that_has_fainted_since_is_not_its_own(start: Any) -> None:
    copies = {"transformed": True, "virtual": [True] * 4}
    fainted = with_seats(start, {"hp": 0}, copy_of("Surf"))
    assert known(with_seats(start, copies, {}), fainted) == [False] * 4
    assert known(start, fainted) == [True, False, False, False]


def test_a_thaw_repeats_a_move_that_was_chosen_for_another(start: Any) -> None:
    """The slot that pays is not that of the move that is named."""
    frozen = {"status": Status.FRZ, "base_pp": [9, 9, 9, 9], "last_selected_move": move_number("Cut")}
    thawed = {**frozen, "status": 0, "base_pp": [9, 8, 9, 9], "side_last_move": move_number("Cut")}
    assert known(with_seats(start, frozen, {}), with_seats(start, thawed, {})) == [False] * 4
    own = {"last_selected_move": move_number("Peck"), "side_last_move": move_number("Peck")}
    peck = with_seats(start, {**thawed, **own}, {})
    assert known(with_seats(start, {**frozen, **own}, {}), peck) == [False, True, False, False]
