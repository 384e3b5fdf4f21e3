"""The table of nodes: each is made once, found again and numbered."""

from __future__ import annotations

from typing import Any

import numpy as np

from jaxlanes.ir import BOOL, FLOAT, LIMITS, Block, Node


class Nodes:
    """`block` is where operations go now; `root` the outermost one."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self.block = Block()
        self.root = self.block
        self._phis = 0
        self._constants: dict[Any, int] = {}

    def constant(self, value: Any, type_: str) -> int:
        if type_ == FLOAT:
            value = np.float32(value)
            key = (type_, value.view(np.uint32).item())
            low = high = 0
        else:
            value = bool(value) if type_ == BOOL else int(value)
            low = high = int(value)
            key = (type_, value)
        found = self._constants.get(key)
        if found is None:
            found = self._constants[key] = len(self.nodes)
            self.nodes.append(Node("const", type_, (), value, low, high))
        return found

    def node(
        self, kind: str, type_: str, args: tuple[int, ...], attribute: Any = None, bounds: tuple[int, int] | None = None
    ) -> int:
        """The operation as it stands; prefer the methods below, which simplify."""
        key = (kind, type_, args, attribute)
        found = self.block.find(key)
        if found is None:
            low, high = self._clip(bounds, type_)
            found = self.block.known[key] = len(self.nodes)
            self.nodes.append(Node(kind, type_, args, attribute, low, high))
            self.block.items.append(found)
        return found

    def phi(self, type_: str, bounds: tuple[int, int] | None = None) -> int:
        """A value that a branch or loop gives; no operation."""
        self._phis += 1
        low, high = self._clip(bounds, type_)
        self.nodes.append(Node("phi", type_, (), self._phis, low, high))
        return len(self.nodes) - 1

    def free(self, kind: str, type_: str, attribute: Any, bounds: tuple[int, int] | None = None) -> int:
        """A value that is there before everything else: an element of an argument."""
        key = (kind, type_, (), attribute)
        found = self.root.known.get(key)
        if found is None:
            low, high = self._clip(bounds, type_)
            found = self.root.known[key] = len(self.nodes)
            self.nodes.append(Node(kind, type_, (), attribute, low, high))
        return found

    def value_of(self, node: int) -> Any:
        """Its constant, or None."""
        found = self.nodes[node]
        return found.attribute if found.kind == "const" else None

    def is_constant(self, node: int) -> bool:
        return self.nodes[node].kind == "const"

    @staticmethod
    def _clip(bounds: tuple[int, int] | None, type_: str) -> tuple[int, int]:
        limits = LIMITS[type_]
        if bounds is None or bounds[0] < limits[0] or bounds[1] > limits[1]:
            return limits
        return bounds
