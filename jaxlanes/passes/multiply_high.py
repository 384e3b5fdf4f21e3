"""Recognition of multiply-high: the high word of a 32-bit product by a constant, built from 16-bit halves.

A program without 64-bit integers builds it so. With l and h the halves of x, and c = (d << 16) + e: x * c >> 32 is
h d + (l d >> 16) + (h e >> 16) + (m >> 16), where m is (l e >> 16) + (l d & 65535) + (h e & 65535). Processors have an
instruction for it.
"""

from __future__ import annotations

from jaxlanes.ir import UINT, Node, Program, walk

_HALF = 2**16 - 1


def find_high_products(program: Program) -> None:
    """Turn such sums into operations `mulhi`, in place; what only they needed is left for `remove_dead_code`."""
    finder = _Finder(program.nodes)
    for item in walk(program.body):
        if isinstance(item, int):
            found = finder.match(item)
            if found is not None:
                x, factor = found
                program.nodes.append(Node("const", UINT, (), factor, factor, factor))
                old = program.nodes[item]
                program.nodes[item] = old._replace(kind="mulhi", args=(x, len(program.nodes) - 1))


class _Finder:
    def __init__(self, nodes: list[Node]) -> None:
        self.nodes = nodes

    def terms(self, number: int, count: int) -> list[int] | None:
        """The terms of a sum of exactly `count` terms, else None."""
        pending, found = [number], []
        while pending:
            top = pending.pop()
            if self.nodes[top].kind == "add":
                pending += self.nodes[top].args
            else:
                found.append(top)
            if len(pending) + len(found) > count:
                return None
        return found if len(found) == count else None

    def with_constant(self, kind: str, number: int, value: int | None = None) -> tuple[int, int] | None:
        """`(x, c)` of an operation of this kind on x and a constant c, which is `value` if given."""
        node = self.nodes[number]
        if node.kind != kind or self.nodes[node.args[1]].kind != "const":
            return None
        constant = int(self.nodes[node.args[1]].attribute)
        return (node.args[0], constant) if value in (None, constant) else None

    def match(self, number: int) -> tuple[int, int] | None:
        """`x` and the constant whose product's high word the node is."""
        node = self.nodes[number]
        terms = self.terms(number, 4) if node.kind == "add" and node.type == UINT else None
        if terms is None:
            return None
        highs = [found for found in (self.with_constant("mul", term) for term in terms) if found]
        shifted = [found[0] for found in (self.with_constant("shr", term, 16) for term in terms) if found]
        if len(highs) != 1 or len(shifted) != 3:
            return None
        (high, d) = highs[0]
        whole = self.with_constant("shr", high, 16)
        sums = [part for part in shifted if self.nodes[part].kind == "add"]
        crosses = [part for part in shifted if self.nodes[part].kind != "add"]
        if whole is None or len(sums) != 1:
            return None
        products = [self.with_constant("mul", part) for part in crosses]
        of_high = [found for found in products if found and found[0] == high]
        of_low = [found for found in products if found and found[0] != high]
        if len(of_high) != 1 or len(of_low) != 1 or of_low[0][1] != d:
            return None
        low, e = of_low[0][0], of_high[0][1]
        if self.with_constant("and", low, _HALF) != (whole[0], _HALF) or max(d, e) > _HALF:
            return None
        return (whole[0], (d << 16) + e) if self.is_middle(sums[0], low, e, crosses) else None

    def is_middle(self, number: int, low: int, e: int, crosses: list[int]) -> bool:
        terms = self.terms(number, 3) or []
        halves = {found[0] for found in (self.with_constant("and", term, _HALF) for term in terms) if found}
        tops = [found[0] for found in (self.with_constant("shr", term, 16) for term in terms) if found]
        return halves == set(crosses) and len(tops) == 1 and self.with_constant("mul", tops[0]) == (low, e)
