"""The conditions that held in a batch of steps: an interpreter of the step's jaxpr for all lanes, without compiling.

A branch of a `cond` is evaluated for the lanes that take it, a `while` for those that go on.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.core import Literal
from numpy.typing import NDArray

from verification.meetings.primitives import evaluate
from verification.meetings.program import Collected, Scope, body_of

_MOST_ROUNDS = 10_000
TRUE, FALSE = 0, 1


class Evaluator:
    """Evaluates a closed jaxpr, whose conditions are `collected`, for many lanes."""

    def __init__(self, closed: Any, collected: Collected) -> None:
        self._closed, self._collected = closed, collected
        self._fixed: dict[int, Any] = {}
        self._literals: dict[int, Any] = {}
        self._constants: dict[tuple[int, ...], list[Any]] = {}
        self._bits: NDArray[np.bool_] = np.zeros((0, 0, 0, 0), bool)
        self._results: list[Any] = []

    def results(self, leaves: Sequence[Any]) -> list[Any]:
        """The program's own results, which tell whether it is evaluated rightly."""
        self.bits(leaves)
        axes = [len(aval.shape) for aval in self._closed.out_avals]
        return [_spread(value, n, len(leaves[0])) for value, n in zip(self._results, axes, strict=True)]

    def bits(self, leaves: Sequence[Any]) -> NDArray[np.bool_]:
        """Bool [2, slots, N, rounds]: the condition of that slot was true, and it was false, in each round of a step.

        `leaves`: the arguments' leaves, with N lanes first. In a branch that is not taken both are False. A value that
        is in no short loop is the same in every round; of a longer loop, or of an array, both may be True.
        """
        lanes = len(leaves[0])
        self._bits = np.zeros((2, self._collected.slots, lanes, self._collected.rounds), bool)
        where = np.arange(lanes)
        consts = self._constants_of(self._closed.consts)
        self._results = self._run(self._closed.jaxpr, consts, list(leaves), where, None, self._collected.scope)
        return self._bits

    def _run(
        self,
        jaxpr: Any,
        consts: Sequence[Any],
        args: Sequence[Any],
        where: NDArray[Any],
        turn: int | None,
        scope: Scope,
    ) -> list[Any]:
        """The results for the lanes `where`, in round `turn` of a short loop, if in one."""
        values: dict[Any, Any] = dict(zip([*jaxpr.constvars, *jaxpr.invars], [*consts, *args], strict=True))

        def read(atom: Any) -> Any:
            return self._literal(atom) if isinstance(atom, Literal) else values[atom]

        for number, equation in enumerate(jaxpr.eqns):
            operands = [read(atom) for atom in equation.invars]
            inner = scope.inner.get(number)
            if inner is None:
                results = self._plain(equation, operands, len(where))
            else:
                results = self._call(equation, operands, where, turn, inner)
            values.update(zip(equation.outvars, results, strict=True))
        for variable, slot in scope.watched.items():
            self._note(slot, values[variable], len(variable.aval.shape), where, turn)
        return [read(atom) for atom in jaxpr.outvars]

    def _note(self, slot: int, held: Any, axes: int, where: NDArray[Any], turn: int | None) -> None:
        held = np.asarray(held)
        if held.ndim == axes:
            held = np.broadcast_to(held, (len(where), *held.shape))
        flat = held.reshape(len(where), -1)
        rounds = slice(None) if turn is None else slice(turn, turn + 1)
        self._bits[TRUE, slot, where, rounds] |= flat.any(axis=1)[:, None]
        self._bits[FALSE, slot, where, rounds] |= ~flat.all(axis=1)[:, None]

    def _literal(self, atom: Any) -> Any:
        if id(atom) not in self._literals:
            self._literals[id(atom)] = self._fix(np.asarray(atom.val, atom.aval.dtype))
        return self._literals[id(atom)]

    def _constants_of(self, values: Sequence[Any]) -> list[Any]:
        for value in values:
            if id(value) not in self._literals:
                self._literals[id(value)] = self._fix(_constant(value))
        return [self._literals[id(value)] for value in values]

    def _fix(self, value: Any) -> Any:
        self._fixed[id(value)] = value
        return value

    def _plain(self, equation: Any, operands: list[Any], lanes: int) -> list[Any]:
        """An equation's results. Those of literals and constants alone are kept.

        A function's body is one object in all of its calls and rounds, so the operands belong to the key.
        """
        if not operands or not all(id(value) in self._fixed for value in operands):
            return evaluate(equation, operands, lanes)
        key = (id(equation), *map(id, operands))
        if key not in self._constants:
            self._constants[key] = [self._fix(value) for value in evaluate(equation, operands, lanes)]
        return self._constants[key]

    def _call(
        self, equation: Any, operands: list[Any], where: NDArray[Any], turn: int | None, inner: list[Scope]
    ) -> list[Any]:
        name, params = equation.primitive.name, equation.params
        if name == "cond":
            return self._branches(equation, operands, where, turn, inner)
        if name == "scan":
            return self._scan(params, operands, where, turn, inner[0])
        if name == "while":
            return self._while(params, operands, where, turn, inner[0])
        body = body_of(equation)
        assert body is not None
        return self._run(body[0], self._constants_of(body[1]), operands, where, turn, inner[0])

    def _branches(
        self, equation: Any, operands: list[Any], where: NDArray[Any], turn: int | None, inner: list[Scope]
    ) -> list[Any]:
        branches = equation.params["branches"]
        lanes, avals = len(where), [atom.aval for atom in equation.invars]
        index = np.clip(_spread(operands[0], 0, lanes).astype(np.int64), 0, len(branches) - 1)
        outputs: list[Any] = [None] * len(equation.outvars)
        rounds = slice(None) if turn is None else slice(turn, turn + 1)
        for number, (closed, scope) in enumerate(zip(branches, inner, strict=True)):
            taken = np.flatnonzero(index == number)
            assert scope.ran is not None
            self._bits[TRUE, scope.ran, where[taken], rounds] = True
            if not len(taken):
                continue
            args = [
                value[taken] if np.ndim(value) > len(aval.shape) else value
                for value, aval in zip(operands[1:], avals[1:], strict=True)
            ]
            consts = self._constants_of(closed.consts)
            results = self._run(closed.jaxpr, consts, args, where[taken], turn, scope)
            for place, (value, atom) in enumerate(zip(results, equation.outvars, strict=True)):
                axes = len(atom.aval.shape)
                if len(taken) == lanes:
                    outputs[place] = value
                    continue
                value = _spread(value, axes, len(taken))
                if outputs[place] is None:
                    outputs[place] = np.zeros((lanes, *value.shape[1:]), value.dtype)
                outputs[place][taken] = value
        return outputs

    def _scan(self, params: Any, operands: list[Any], where: NDArray[Any], turn: int | None, scope: Scope) -> list[Any]:
        consts, carried = params["num_consts"], params["num_carry"]
        fixed, carry, over = operands[:consts], operands[consts : consts + carried], operands[consts + carried :]
        closed = params["jaxpr"]
        shapes = [len(atom.aval.shape) for atom in closed.jaxpr.invars[consts + carried :]]
        constants = self._constants_of(closed.consts)
        order = range(params["length"])
        rows: list[list[Any]] = []
        for number in reversed(order) if params["reverse"] else order:
            each = [
                value[:, number] if np.ndim(value) > axes + 1 else value[number]
                for value, axes in zip(over, shapes, strict=True)
            ]
            now = number if scope.rounds else turn
            results = self._run(closed.jaxpr, constants, [*fixed, *carry, *each], where, now, scope)
            carry = results[:carried]
            rows.append(results[carried:])
        if params["reverse"]:
            rows.reverse()
        stacked = []
        for place, atom in enumerate(closed.jaxpr.outvars[carried:]):
            axes = len(atom.aval.shape)
            stacked.append(np.stack([_spread(row[place], axes, len(where)) for row in rows], axis=1))
        return [*carry, *stacked]

    def _while(
        self, params: Any, operands: list[Any], where: NDArray[Any], turn: int | None, scope: Scope
    ) -> list[Any]:
        asked, fixed = params["cond_nconsts"], params["body_nconsts"]
        question, body = operands[:asked], operands[asked : asked + fixed]
        closed, lanes = params["body_jaxpr"], len(where)
        axes = [len(atom.aval.shape) for atom in closed.jaxpr.outvars]
        carry = [_spread(v, n, lanes).copy() for v, n in zip(operands[asked + fixed :], axes, strict=True)]
        wanted, constants = params["cond_jaxpr"], self._constants_of(closed.consts)
        going = np.arange(lanes)

        def rows(values: Sequence[Any], atoms: Sequence[Any]) -> list[Any]:
            return [v[going] if np.ndim(v) > len(a.aval.shape) else v for v, a in zip(values, atoms, strict=True)]

        for _ in range(_MOST_ROUNDS):
            state = [value[going] for value in carry]
            asks = rows(question, wanted.jaxpr.invars[:asked])
            consts = self._constants_of(wanted.consts)
            (goes,) = self._run(wanted.jaxpr, consts, [*asks, *state], where[going], turn, _NOTHING)
            going = going[_spread(goes, 0, len(going)).astype(bool)]
            if not len(going):
                break
            state = [value[going] for value in carry]
            own = rows(body, closed.jaxpr.invars[:fixed])
            results = self._run(closed.jaxpr, constants, [*own, *state], where[going], turn, scope)
            for place, (value, n) in enumerate(zip(results, axes, strict=True)):
                carry[place][going] = _spread(value, n, len(going))
        return carry


class _Silent(Scope):
    """A scope that watches nothing, whatever is in it."""


_NOTHING = _Silent()


def _spread(value: Any, axes: int, lanes: int) -> Any:
    """The value with its lanes first."""
    value = np.asarray(value)
    return value if value.ndim > axes else np.broadcast_to(value, (lanes, *value.shape))


def _constant(value: Any) -> Any:
    keyed = hasattr(value, "dtype") and jnp.issubdtype(value.dtype, jax.dtypes.extended)
    return value if keyed else np.asarray(value)
