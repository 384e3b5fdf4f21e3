"""Values of a program by how they are computed: equal expressions are one number, and know what they depend on."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

LITERAL, INPUT, OPAQUE = "literal", "input", "opaque"
AND, OR, NOT = "and", "or", "not"
_COMPARED = ("eq", "ne", "lt", "le", "gt", "ge")
_SWAPPED = {"eq": "eq", "ne": "ne", "lt": "gt", "le": "ge", "gt": "lt", "ge": "le"}
_SAME = ("convert_element_type", "broadcast_in_dim", "reshape", "squeeze", "copy")


class Expressions:
    """Interned expressions. Each is an int; `kind[e]` is its operation and `operands[e]` are the expressions in it.

    `inputs[e]`: a set of bits, one for each input of the program that the value depends on.
    """

    def __init__(self) -> None:
        self.kind: list[str] = []
        self.operands: list[tuple[int, ...]] = []
        self.inputs: list[int] = []
        self.value: list[Any] = []
        self._known: dict[Any, int] = {}

    def _intern(self, key: Any, kind: str, operands: Sequence[int], inputs: int, value: Any = None) -> int:
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = len(self.kind)
            self.kind.append(kind)
            self.operands.append(tuple(operands))
            self.inputs.append(inputs)
            self.value.append(value)
        return found

    def literal(self, value: Any) -> int:
        """A constant: by its value if it is one number, else by what it is."""
        kind = getattr(value, "dtype", np.asarray(value).dtype if isinstance(value, bool | int | float) else None)
        one = np.ndim(value) == 0 and isinstance(kind, np.dtype) and kind.kind in "biuf"
        plain = np.asarray(value).item() if one else None
        key = (LITERAL, str(kind), repr(plain)) if one else (LITERAL, id(value))
        return self._intern(key, LITERAL, (), 0, plain if plain is not None else value)

    def input(self, number: int, leaf: int) -> int:
        """Leaf number `leaf` of the program's arguments, which belongs to its input `number`."""
        return self._intern((INPUT, leaf), INPUT, (), 1 << number)

    def opaque(self, operands: Sequence[int]) -> int:
        """A value of which only what it depends on is known, equal to no other."""
        return self._intern((OPAQUE, len(self.kind)), OPAQUE, (), self._joined(operands))

    def apply(self, name: str, params: str, operands: Sequence[int], output: int, scalar: bool) -> int:
        """Result number `output` of an operation. `scalar`: it is a cast or a change of form that keeps the number.

        Such a one is its operand here: comparisons of the same number with constants are then seen as such.
        """
        if name in _SAME and scalar and len(operands) == 1:
            return operands[0]
        if name in _COMPARED and all(self._number(operand) for operand in operands):
            first, second = (self.value[operand] for operand in operands)
            return self.literal(bool(getattr(operator, name)(first, second)))
        key = (name, params, tuple(operands), output)
        return self._intern(key, name, operands, self._joined(operands))

    def _number(self, e: int) -> bool:
        return self.kind[e] == LITERAL and isinstance(self.value[e], bool | int | float)

    def _joined(self, operands: Sequence[int]) -> int:
        found = 0
        for operand in operands:
            found |= self.inputs[operand]
        return found

    def comparison(self, e: int) -> tuple[int, str, float] | None:
        """(operand, relation, constant) of a comparison with a constant number; None for any other expression."""
        if self.kind[e] not in _COMPARED:
            return None
        first, second = self.operands[e]
        for operand, other, relation in ((first, second, self.kind[e]), (second, first, _SWAPPED[self.kind[e]])):
            if self._number(other):
                return operand, relation, float(self.value[other])
        return None
