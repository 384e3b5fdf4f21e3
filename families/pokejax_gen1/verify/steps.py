"""Single steps in PokeJAX: any state that a record describes is restored, and one joint choice is played."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from families.pokejax_gen1.verify.record import named_fields
from families.pokejax_gen1.verify.restore import from_record, named
from pokejax.common.rng import Rng
from pokejax.gen1.party import parties_from_wire
from pokejax.gen1.state import Party, pack, unpack
from pokejax.gen1.turn import start, step
from references.showdown.gen1.fields import field_names
from references.showdown.gen1.record_check import check_records
from verification.backends import Vmap, alone

LANES = 1024
"""States side by side. Fixed, so that one compiled program serves any number of them."""


def _battle(row: jax.Array, sides: Party) -> Any:
    first, second = (jax.tree.map(operator.itemgetter(side), sides) for side in range(2))
    # Through storage and back: a number that its field cannot hold shows as a difference.
    return unpack(pack(from_record(named(row), (first, second))))


def _record(battle: Any) -> jax.Array:
    fields = named_fields(unpack(pack(battle)))
    return jnp.stack([fields[name] for name in field_names()])


def _begin(seed: jax.Array, sides: Party) -> jax.Array:
    first, second = (jax.tree.map(operator.itemgetter(side), sides) for side in range(2))
    return _record(start(Rng(hi=seed[0], lo=seed[1]), (first, second)))


def _restore(row: jax.Array, sides: Party) -> jax.Array:
    return _record(_battle(row, sides))


def _step(row: jax.Array, sides: Party, actions: jax.Array) -> jax.Array:
    after, _ = step(_battle(row, sides), actions)
    return _record(after)


@functools.cache
def _programs(vmap: Vmap) -> tuple[Callable[..., Any], ...]:
    """Starts, restored states and steps of many, and steps of one.

    One object a program, so that instances compiled in the same way share what `jax.jit` keeps of it.
    """
    return vmap(_begin), vmap(_restore), vmap(_step), alone(vmap, _step)


class Gen1Steps:
    """PokeJAX's Gen 1 engine, one step at a time from given states.

    `jit`: compiles a function of arrays, when it is first called. `vmap` makes the program of many.
    """

    def __init__(self, jit: Callable[..., Callable[..., Any]] = jax.jit, vmap: Vmap = jax.vmap) -> None:
        begin, restore, many, one = _programs(vmap)
        self._begin = jit(begin)
        self._restore = jit(restore)
        self._step = jit(many)
        self._step_one = jit(one)

    def begin_many(self, seeds: NDArray[np.uint32], teams: NDArray[np.uint16]) -> NDArray[np.int32]:
        """Records [N, F] of battles at their first decision point, from seeds [N, 2] (high and low word) and teams."""
        if seeds.shape != (len(teams), 2):
            raise ValueError(f"seeds have shape {seeds.shape}, expected {(len(teams), 2)}: two words for each battle")
        return self._in_lanes(self._begin, teams, seeds)

    def step_many(
        self, teams: NDArray[np.uint16], records: NDArray[np.int32], actions: NDArray[np.uint8]
    ) -> NDArray[np.int32]:
        """Records [N, F], in the reference's order, after one joint choice from each state.

        `teams` [N, 2, 6, 16], `records` [N, F], `actions` [N, 2]. A `ValueError` names the first row and field whose
        value no battle can have.
        """
        if actions.shape != (len(records), 2):
            raise ValueError(f"actions have shape {actions.shape}, expected {(len(records), 2)}: two for each record")
        check_records(teams, records)
        return self._in_lanes(self._step, teams, records, actions.astype(np.int32))

    def step_one(
        self, teams: NDArray[np.uint16], record: NDArray[np.int32], actions: NDArray[np.uint8]
    ) -> NDArray[np.int32]:
        """Like `step_many` for one state without a leading axis, by a program of its own: one battle, not a batch."""
        check_records(teams[None], record[None])
        return np.asarray(self._step_one(record, parties_from_wire(teams), actions.astype(np.int32)))

    def restore_many(self, teams: NDArray[np.uint16], records: NDArray[np.int32]) -> NDArray[np.int32]:
        """The records [N, F] of states as the engine gives them back, nothing played. Errors as in `step_many`."""
        check_records(teams, records)
        return self._in_lanes(self._restore, teams, records)

    def _in_lanes(
        self, program: Callable[..., jax.Array], teams: NDArray[np.uint16], first: np.ndarray, *more: np.ndarray
    ) -> NDArray[np.int32]:
        parts = [np.zeros((0, len(field_names())), np.int32)]
        for begin in range(0, len(teams), LANES):
            # The last lanes are filled up with copies of the last state.
            lanes = np.minimum(np.arange(begin, begin + LANES), len(teams) - 1)
            answer = program(first[lanes], parties_from_wire(teams[lanes]), *(array[lanes] for array in more))
            parts.append(np.asarray(answer)[: len(teams) - begin])
        return np.concatenate(parts)
