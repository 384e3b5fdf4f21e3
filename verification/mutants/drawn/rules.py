"""Changes by rule of a module's source, at every place where one applies.

Left alone: annotations, decorators, imports, docstrings and other text, and what only words an error.
"""

# ruff: noqa: N802 (libcst names the methods)

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import libcst as cst
from libcst.metadata import ByteSpanPositionProvider, MetadataWrapper, PositionProvider

from verification.mutants.drawn.edits import Edit

_COMPARISONS: dict[type, tuple[str, ...]] = {
    cst.LessThan: ("<=", ">"),
    cst.LessThanEqual: ("<", ">="),
    cst.GreaterThan: (">=", "<"),
    cst.GreaterThanEqual: (">", "<="),
    cst.Equal: ("!=",),
    cst.NotEqual: ("==",),
    cst.Is: ("is not",),
    cst.IsNot: ("is",),
    cst.In: ("not in",),
    cst.NotIn: ("in",),
}
_ARITHMETIC: dict[type, str] = {
    cst.Add: "-",
    cst.Subtract: "+",
    cst.Multiply: "/",
    cst.Divide: "*",
    cst.FloorDivide: "*",
    cst.Modulo: "//",
    cst.LeftShift: ">>",
    cst.RightShift: "<<",
    cst.BitAnd: "|",
    cst.BitOr: "&",
    cst.BitXor: "|",
}
_ONE_SIDED = (cst.Subtract, cst.Divide, cst.FloorDivide, cst.Modulo, cst.LeftShift, cst.RightShift, cst.Power)
_AUGMENTED = {"+=": "-=", "-=": "+=", "*=": "/=", "/=": "*=", "|=": "&=", "&=": "|=", "<<=": ">>=", ">>=": "<<="}
_NAMES = {
    "minimum": "maximum",
    "maximum": "minimum",
    "min": "max",
    "max": "min",
    "any": "all",
    "all": "any",
    "floor": "ceil",
    "ceil": "floor",
    "argmin": "argmax",
    "argmax": "argmin",
    "logical_and": "logical_or",
    "logical_or": "logical_and",
    "sin": "cos",
    "cos": "sin",
    "zeros": "ones",
    "ones": "zeros",
    "zeros_like": "ones_like",
    "ones_like": "zeros_like",
}
_ATOMS = (cst.Name, cst.Attribute, cst.Call, cst.Subscript, cst.Integer, cst.Float)


def edits_of(module: str, file: str, source: str) -> list[Edit]:
    """Every change that a rule makes of a module's source, in the order of the source."""
    wrapper = MetadataWrapper(cst.parse_module(source), unsafe_skip_copy=True)
    visitor = _Places(module, file, source)
    wrapper.visit(visitor)
    return sorted(visitor.found, key=lambda edit: (edit.start, edit.end, edit.operator, edit.new))


class _Places(cst.CSTVisitor):
    METADATA_DEPENDENCIES = (ByteSpanPositionProvider, PositionProvider)

    def __init__(self, module: str, file: str, source: str) -> None:
        super().__init__()
        self.module, self.file, self.source = module, file, source
        self.bytes = source.encode()
        self.ascii = len(self.bytes) == len(source)
        self.names: list[str] = []
        self.found: list[Edit] = []

    # ---- what is left alone

    def visit_Annotation(self, node: cst.Annotation) -> bool:
        return False

    def visit_Decorator(self, node: cst.Decorator) -> bool:
        return False

    def visit_Import(self, node: cst.Import) -> bool:
        return False

    def visit_ImportFrom(self, node: cst.ImportFrom) -> bool:
        return False

    def visit_FormattedString(self, node: cst.FormattedString) -> bool:
        return False

    def visit_Assert(self, node: cst.Assert) -> bool:
        return False

    def visit_If(self, node: cst.If) -> bool:
        if "TYPE_CHECKING" in self.text(node.test):
            return False
        if not isinstance(node.test, cst.Comparison):
            self.replace(node.test, "negated", f"not {self.whole(node.test)}")
        return True

    def visit_Raise(self, node: cst.Raise) -> bool:
        self.replace(node, "statement dropped", "pass")
        return False

    # ---- where they are

    def visit_FunctionDef(self, node: cst.FunctionDef) -> None:
        self.names.append(node.name.value)

    def leave_FunctionDef(self, original_node: cst.FunctionDef) -> None:
        self.names.pop()

    def visit_ClassDef(self, node: cst.ClassDef) -> None:
        self.names.append(node.name.value)

    def leave_ClassDef(self, original_node: cst.ClassDef) -> None:
        self.names.pop()

    # ---- constants

    def visit_Integer(self, node: cst.Integer) -> None:
        value = node.evaluated_value
        self.replace(node, "constant", str(value + 1))
        self.replace(node, "constant", str(value - 1) if value else "(-1)")

    def visit_Float(self, node: cst.Float) -> None:
        value = node.evaluated_value
        for other in (value * 1.1, value * 0.5) if value else (1.0,):
            self.replace(node, "constant", repr(other))

    def visit_Name(self, node: cst.Name) -> None:
        if node.value in ("True", "False"):
            self.replace(node, "constant", "False" if node.value == "True" else "True")

    # ---- comparisons and conditions

    def visit_Comparison(self, node: cst.Comparison) -> None:
        if len(node.comparisons) > 1:
            return
        (target,) = node.comparisons
        left, right = self.whole(node.left), self.whole(target.comparator)
        for other in _COMPARISONS.get(type(target.operator), ()):
            self.replace(node, "comparison", f"{left} {other} {right}")

    def visit_BooleanOperation(self, node: cst.BooleanOperation) -> None:
        left, right = self.whole(node.left), self.whole(node.right)
        self.replace(node, "term dropped", left)
        self.replace(node, "term dropped", right)
        other = "or" if isinstance(node.operator, cst.And) else "and"
        self.replace(node, "boolean operator", f"({left} {other} {right})")

    def visit_UnaryOperation(self, node: cst.UnaryOperation) -> None:
        if isinstance(node.operator, cst.Not | cst.BitInvert | cst.Minus):
            kind = "sign" if isinstance(node.operator, cst.Minus) else "negated"
            self.replace(node, kind, self.whole(node.expression))

    def visit_IfExp(self, node: cst.IfExp) -> None:
        test, body, other = (self.whole(part) for part in (node.test, node.body, node.orelse))
        self.replace(node, "branches exchanged", f"({other} if {test} else {body})")

    # ---- arithmetic

    def visit_BinaryOperation(self, node: cst.BinaryOperation) -> None:
        left, right, kind = self.whole(node.left), self.whole(node.right), type(node.operator)
        if kind in _ARITHMETIC:
            name = "boolean operator" if kind in (cst.BitAnd, cst.BitOr) else "arithmetic"
            self.replace(node, name, f"({left} {_ARITHMETIC[kind]} {right})")
        if kind in (cst.BitAnd, cst.BitOr):
            self.replace(node, "term dropped", left)
            self.replace(node, "term dropped", right)
            self.replace(node, "negated", f"({left} {self.text(node.operator).strip()} ~{right})")
        if kind in (cst.Add, cst.Subtract):
            self.replace(node, "term dropped", left)
        if kind in _ONE_SIDED:
            self.replace(node, "operands swapped", f"({right} {self.text(node.operator).strip()} {left})")

    def visit_AugAssign(self, node: cst.AugAssign) -> None:
        written = self.text(node.operator).strip()
        if written in _AUGMENTED:
            self.replace(node.operator, "arithmetic", _AUGMENTED[written])

    # ---- calls, indices

    def visit_Call(self, node: cst.Call) -> None:
        plain = [arg for arg in node.args if not arg.star and arg.keyword is None]
        for first, second in itertools.pairwise(plain):
            between = self.slice(self.outer(first.value)[1], self.outer(second.value)[0])
            new = self.whole(second.value) + between + self.whole(first.value)
            start, end = self.outer(first.value)[0], self.outer(second.value)[1]
            exchanged = "branches exchanged" if self.text(node.func).endswith(("where", "cond", "select")) else ""
            self.add(node, exchanged or "arguments swapped", start, end, new)
        if node.args and node.args[-1].keyword is not None:
            start = self.outer(node.args[-2].value)[1] if len(node.args) > 1 else self.span(node.args[-1])[0]
            self.add(node.args[-1], "argument dropped", start, self.outer(node.args[-1].value)[1], "")
        name = node.func.attr if isinstance(node.func, cst.Attribute) else node.func
        if isinstance(name, cst.Name) and name.value in _NAMES:
            self.replace(name, "function", _NAMES[name.value])

    def visit_SubscriptElement(self, node: cst.SubscriptElement) -> None:
        if isinstance(node.slice, cst.Index) and not isinstance(node.slice.value, cst.Integer | cst.SimpleString):
            value = self.whole(node.slice.value)
            self.replace(node.slice.value, "index", f"{value} + 1")
            self.replace(node.slice.value, "index", f"{value} - 1")

    # ---- statements

    def visit_SimpleStatementLine(self, node: cst.SimpleStatementLine) -> None:
        for small in node.body:
            called = isinstance(small, cst.Expr) and isinstance(small.value, cst.Call)
            plain = isinstance(small, cst.AugAssign | cst.Continue | cst.Break | cst.Del)
            if called or plain or (isinstance(small, cst.Assign) and self._leaves_defined(small)):
                self.replace(small, "statement dropped", "pass")

    def _leaves_defined(self, node: cst.Assign) -> bool:
        """Without the statement its target is still there: it is an attribute or an item, or is read on the right."""
        target = node.targets[0].target
        if isinstance(target, cst.Attribute | cst.Subscript):
            return True
        read = _names_in(node.value)
        parts = [target] if isinstance(target, cst.Name) else []
        if isinstance(target, cst.Tuple):
            parts = [element.value for element in target.elements]
        return bool(parts) and all(isinstance(part, cst.Name) and part.value in read for part in parts)

    # ---- text

    def span(self, node: cst.CSTNode) -> tuple[int, int]:
        """First and last position of a node in characters, its own parentheses not counted."""
        found: Any = self.get_metadata(ByteSpanPositionProvider, node)
        start, end = found.start, found.start + found.length
        if self.ascii:
            return start, end
        return len(self.bytes[:start].decode()), len(self.bytes[:end].decode())

    def outer(self, node: cst.CSTNode) -> tuple[int, int]:
        """As `span`, with the parentheses."""
        start, end = self.span(node)
        for _ in getattr(node, "lpar", ()):
            start = self.source.rindex("(", 0, start)
            end = self.source.index(")", end) + 1
        return start, end

    def slice(self, start: int, end: int) -> str:
        return self.source[start:end]

    def text(self, node: cst.CSTNode) -> str:
        return self.slice(*self.span(node))

    def whole(self, node: cst.BaseExpression) -> str:
        """The text of an operand, in parentheses where it needs them."""
        return self.text(node) if isinstance(node, _ATOMS) else f"({self.text(node)})"

    def replace(self, node: cst.CSTNode, operator: str, new: str) -> None:
        self.add(node, operator, *self.span(node), new)

    def add(self, node: cst.CSTNode, operator: str, start: int, end: int, new: str) -> None:
        line = self.source.count("\n", 0, start) + 1
        place = ".".join(self.names) or "module"
        self.found.append(Edit(self.module, self.file, operator, place, start, end, new, line))


def _names_in(node: cst.CSTNode) -> set[str]:
    found: set[str] = set()

    class Names(cst.CSTVisitor):
        def visit_Name(self, node: cst.Name) -> None:
            found.add(node.value)

    node.visit(Names())
    return found


def lines_of(edits: Sequence[Edit]) -> Iterator[list[Edit]]:
    """The changes of each line that has any."""
    by_line: dict[int, list[Edit]] = {}
    for edit in edits:
        by_line.setdefault(edit.line, []).append(edit)
    yield from by_line.values()
