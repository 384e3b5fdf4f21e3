"""Decisions as formulas over atoms (what no `and`, `or`, `not` makes), and proofs that one cannot come true."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from verification.meetings.expressions import AND, LITERAL, NOT, OR
from verification.meetings.program import Collected

_MOST_NODES = 100
Packed = NDArray[np.uint8]


def atoms(collected: Collected, expression: int) -> list[int]:
    """The atoms of a bool scalar's formula, each once, in the order of the source; constants left out."""
    found: dict[int, None] = {}
    seen: set[int] = set()

    def walk(e: int) -> None:
        if e in seen:
            return
        seen.add(e)
        if is_formula(collected, e):
            for operand in collected.expressions.operands[e]:
                walk(operand)
        elif collected.expressions.kind[e] != LITERAL:
            found[e] = None

    walk(expression)
    return list(found)


def is_formula(collected: Collected, e: int) -> bool:
    """True for an `and`, `or` or `not` of bool scalars."""
    return collected.expressions.kind[e] in (AND, OR, NOT) and e in collected.scalars


def evaluated(collected: Collected, expression: int, values: Mapping[int, Packed], ones: Packed) -> Packed:
    """The formula's value from those of its atoms: bits of many cases, packed in bytes."""
    known: dict[int, Packed] = dict(values)

    def of(e: int) -> Packed:
        if e not in known:
            kind, operands = collected.expressions.kind[e], collected.expressions.operands[e]
            if kind == LITERAL:
                known[e] = ones if collected.expressions.value[e] else ~ones
            elif kind == NOT:
                known[e] = ~of(operands[0])
            else:
                known[e] = of(operands[0]) & of(operands[1]) if kind == AND else of(operands[0]) | of(operands[1])
        return known[e]

    return of(expression)


class Prover:
    """Proves that formulas exclude each other: by their structure, and by what comparisons of one number with constants
    allow. It knows nothing of the game: what it does not prove may be impossible all the same.
    """

    def __init__(self, collected: Collected) -> None:
        self._collected, self._expressions = collected, collected.expressions
        self._value: Callable[[int, Mapping[int, bool]], bool | None] = self._three_valued

    def never_together(self, expressions: Sequence[int]) -> bool:
        """True if it is proved that not all of these can be true at once."""
        names = list(dict.fromkeys(atom for e in expressions for atom in atoms(self._collected, e)))

        def judge(given: Mapping[int, bool]) -> bool | None:
            found = [self._value(e, given) for e in expressions]
            return False if False in found else None if None in found else True

        return self._refuted(names, judge, {})

    def never_decides(self, decision: int, atom: int, held: bool, guards: Sequence[int]) -> bool:
        """True if it is proved that `atom`, being `held`, never decides `decision` alone where `guards` hold."""
        everything = [decision, *guards]
        names = list(dict.fromkeys(found for e in everything for found in atoms(self._collected, e) if found != atom))

        def judge(given: Mapping[int, bool]) -> bool | None:
            guarded = [self._value(e, given) for e in guards]
            if False in guarded:
                return False
            both = [self._value(decision, {**given, atom: value}) for value in (True, False)]
            if None in both or None in guarded:
                return None
            return both[0] != both[1]

        return self._refuted(names, judge, {atom: held})

    def _refuted(
        self, names: Sequence[int], judge: Callable[[Mapping[int, bool]], bool | None], given: dict[int, bool]
    ) -> bool:
        """True if no assignment of the atoms satisfies `judge`; False if one does, or the search is too long."""
        nodes = 0

        def search(given: dict[int, bool], left: int) -> bool:
            nonlocal nodes
            nodes += 1
            judged = judge(given)
            if nodes > _MOST_NODES or judged is True:
                return True
            if judged is False:
                return False
            while left < len(names) and names[left] in given:
                left += 1
            if left == len(names):
                return True
            for value in (True, False):
                further = {**given, names[left]: value}
                if self._possible(further, names[left]) and search(further, left + 1):
                    return True
            return False

        return not search(given, 0)

    def _three_valued(self, expression: int, given: Mapping[int, bool]) -> bool | None:
        known: dict[int, bool | None] = dict(given)

        def of(e: int) -> bool | None:
            if e in known:
                return known[e]
            kind, operands = self._expressions.kind[e], self._expressions.operands[e]
            found: bool | None = None
            if kind == LITERAL:
                found = bool(self._expressions.value[e])
            elif is_formula(self._collected, e):
                values = [of(operand) for operand in operands]
                if kind == NOT:
                    found = None if values[0] is None else not values[0]
                elif kind == AND:
                    found = False if False in values else None if None in values else True
                else:
                    found = True if True in values else None if None in values else False
            known[e] = found
            return found

        return of(expression)

    def _possible(self, given: Mapping[int, bool], last: int) -> bool:
        """The comparisons among `given` of the number that `last` compares can be as they are."""
        compared = self._expressions.comparison(last)
        if compared is None:
            return True
        operand = compared[0]
        whole = operand in self._collected.integers
        low, high, excluded = -math.inf, math.inf, set()
        open_low = open_high = False
        for atom, held in given.items():
            other = self._expressions.comparison(atom)
            if other is None or other[0] != operand:
                continue
            relation, constant = (other[1] if held else _NEGATED[other[1]]), other[2]
            if relation == "ne":
                excluded.add(constant)
            if relation in ("eq", "ge", "gt"):
                bound = constant + 1 if whole and relation == "gt" and constant == int(constant) else constant
                is_open = relation == "gt" and bound == constant
                if bound > low or (bound == low and is_open):
                    low, open_low = bound, is_open
            if relation in ("eq", "le", "lt"):
                bound = constant - 1 if whole and relation == "lt" and constant == int(constant) else constant
                is_open = relation == "lt" and bound == constant
                if bound < high or (bound == high and is_open):
                    high, open_high = bound, is_open
        if whole:
            while low in excluded and low <= high:
                low += 1
        return not (low > high or (low == high and (open_low or open_high or low in excluded)))


_NEGATED: dict[str, Any] = {"eq": "ne", "ne": "eq", "lt": "ge", "ge": "lt", "gt": "le", "le": "gt"}
