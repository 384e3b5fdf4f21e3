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
from pokejax.gen1.state import COPIED_ALL, pack, unpack
from pokejax.gen1.turn import step

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


def copy_of(name: str, *, now: bool = False) -> dict[str, Any]:
    """A seat in whose third place Mimic has put a move, ``now``: in the step just played."""
    moves = [move_number(move) for move in MOVES]
    moves[2] = move_number(name)
    return {"moves": moves, "virtual": [False, False, True, False], "copied": 3 if now else 0}


def test_mimic_tells_a_move(start: Any) -> None:
    assert known(start, with_seats(start, {}, copy_of("Peck", now=True))) == [False, True, False, False]


def test_mimic_tells_nothing_of_a_move_that_may_be_a_copy(start: Any) -> None:
    """The target has Peck twice: nobody sees which of the two was copied."""
    twice = with_seats(start, copy_of("Peck"), {})
    assert known(twice, with_seats(start, copy_of("Peck"), copy_of("Peck", now=True))) == [False] * 4
    assert known(twice, with_seats(start, copy_of("Peck"), copy_of("Surf", now=True))) == [True, False, False, False]


def test_mimic_tells_a_move_that_was_in_its_place_before(start: Any) -> None:
    """It has put Mimic where another Mimic had put Mimic; one that missed there leaves the same moves."""
    before = with_seats(start, {}, {**copy_of("Mimic"), "pp": [1, 1, 1, 1]})
    used = {"side_last_move": move_number("Mimic"), "pp": [1, 1, 0, 1]}
    assert known(before, with_seats(start, {}, {**copy_of("Mimic", now=True), **used})) == [False, False, True, False]
    assert known(before, with_seats(start, {}, {**copy_of("Mimic"), **used})) == [False] * 4


def test_a_second_transform_tells_moves_that_were_there_before(start: Any) -> None:
    """Whatever the Pokémon looked like before, and however little its moves and PP have changed."""
    copied = {"transformed": True, "virtual": [True] * 4, "pp": [5] * 4, "species": species_number("Articuno")}
    for earlier in (copied, {**copied, "pp": [5, 4, 5, 5], "species": species_number("Mew")}, copy_of("Mimic")):
        before = with_seats(start, {}, earlier)
        assert known(before, with_seats(start, {}, {**copied, "copied": COPIED_ALL})) == [True] * 4
        assert known(before, with_seats(start, {}, copied)) == [False] * 4


def test_the_copy_of_one_that_has_fainted_since_is_not_its_own(start: Any) -> None:
    copies = {"transformed": True, "virtual": [True] * 4}
    fainted = with_seats(start, {"hp": 0}, copy_of("Surf", now=True))
    assert known(with_seats(start, copies, {}), fainted) == [False] * 4
    assert known(start, fainted) == [True, False, False, False]


def test_what_was_copied_is_forgotten_by_the_next_step() -> None:
    """Of p1's Mew, which becomes p2's, and of a Mimic; both by the rules themselves."""
    mew = "Mew\n- Transform\n- Mimic\n- Rest\n- Splash\n"
    env = battle(mew, mew, 1, format="free")
    state = pack(env.battle)
    play = jax.jit(lambda state, actions: pack(step(unpack(state), actions)[0]))
    seen = []
    for action in (7, 9, 6, 9):
        state = play(state, jnp.array([action, 9]))
        seen.append([int(seat.copied) for seat in state.seats])
    assert seen == [[2, 0], [0, 0], [COPIED_ALL, 0], [0, 0]]


def test_a_thaw_repeats_a_move_that_was_chosen_for_another(start: Any) -> None:
    """The slot that pays is not that of the move that is named."""
    frozen = {"status": Status.FRZ, "base_pp": [9, 9, 9, 9], "last_selected_move": move_number("Cut")}
    thawed = {**frozen, "status": 0, "base_pp": [9, 8, 9, 9], "side_last_move": move_number("Cut")}
    assert known(with_seats(start, frozen, {}), with_seats(start, thawed, {})) == [False] * 4
    own = {"last_selected_move": move_number("Peck"), "side_last_move": move_number("Peck")}
    peck = with_seats(start, {**thawed, **own}, {})
    assert known(with_seats(start, {**frozen, **own}, {}), peck) == [False, True, False, False]
