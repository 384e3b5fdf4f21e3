"""The template's words under another name."""

from __future__ import annotations

import ast
import dataclasses
import re
import sys
from collections.abc import Mapping, Sequence

_TEMPLATE = "families.new.template"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Words:
    """Words for the template's: `title` for its class, folders for its modules, `commands` by their token."""

    name: str
    title: str
    package: str
    reference: str
    family: str
    commands: Mapping[str, str]

    def put_into(self, text: str) -> str:
        """The text of one file."""
        for part in ("package", "reference", "family"):
            folder: str = getattr(self, part)
            text = re.sub(rf"{re.escape(_TEMPLATE)}\.{part}\b", folder.replace("/", "."), text)
            text = text.replace(f"${part.upper()}/", f"{folder}/")
        for token, command in self.commands.items():
            text = text.replace(f"${token} ", f"{command} ")
        text = re.sub(r"\bRover(?=[A-Z]|\b)", self.title, text)
        return re.sub(r"\btemplate\b", self.name, text)


def sort_imports(text: str, first_party: Sequence[str]) -> str:
    """A module with each block of imports in the order of isort: future, standard library, others, own."""
    lines = text.splitlines(keepends=True)
    for block in reversed(_blocks(ast.parse(text).body)):
        begin, end = block[0].lineno - 1, block[-1].end_lineno
        sections: dict[int, list[tuple[tuple[object, ...], str]]] = {}
        for node in block:
            module = node.names[0].name if isinstance(node, ast.Import) else node.module or ""
            key = (isinstance(node, ast.ImportFrom), _natural(module))
            source = "".join(lines[node.lineno - 1 : node.end_lineno])
            sections.setdefault(_section(module, first_party), []).append((key, source))
        ordered = [sorted(sections[section], key=lambda pair: pair[0]) for section in sorted(sections)]
        lines[begin:end] = ["\n".join("".join(source for _, source in section) for section in ordered)]
    return "".join(lines)


def _blocks(body: Sequence[ast.stmt]) -> list[list[ast.Import | ast.ImportFrom]]:
    """Imports of a module that nothing else stands between."""
    blocks: list[list[ast.Import | ast.ImportFrom]] = []
    inside = False
    for node in body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            blocks = blocks if inside else [*blocks, []]
            blocks[-1].append(node)
        inside = isinstance(node, ast.Import | ast.ImportFrom)
    return blocks


def _section(module: str, first_party: Sequence[str]) -> int:
    top = module.partition(".")[0]
    if top == "__future__":
        return 0
    if top in sys.stdlib_module_names:
        return 1
    return 3 if top in first_party else 2


def _natural(module: str) -> list[tuple[int, int, str]]:
    """Numbers inside a name count as numbers."""
    return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in re.split(r"(\d+)", module) if part]
