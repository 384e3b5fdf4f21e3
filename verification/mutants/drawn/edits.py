"""One change of one file, as text: where it stands, what it becomes, and its stable id."""

from __future__ import annotations

import ast
import difflib
import hashlib
from dataclasses import asdict, dataclass
from typing import Any

RAN = "__mutation_ran__"
"""Attribute of `builtins` that is there once a changed line has run; `tree` plants what sets it."""


@dataclass(frozen=True)
class Edit:
    """A change of the source of a module, or of a value in a data file.

    * `module`: dotted name of the module; of a data file its path in the package, "game/data/table.npz".
    * `file`: path of the file under the folder that holds the package.
    * `operator`: name of the rule. `place`: function, or the value's place in the data.
    * `start`, `end`, `new`: the text of the source that is replaced, in characters, and by what.
    * `line`: from 1; 0 in data. `value`: what the data's value becomes, None in source.
    """

    module: str
    file: str
    operator: str
    place: str
    start: int = 0
    end: int = 0
    new: str = ""
    line: int = 0
    value: Any = None

    @property
    def is_data(self) -> bool:
        """The change is one of a data file."""
        return self.line == 0

    def applied(self, source: str) -> str:
        """The changed source."""
        return source[: self.start] + self.new + source[self.end :]

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)

    def patch(self, source: str) -> str:
        """The unified diff of a change of source; of data, one line."""
        if self.is_data:
            return f"--- a/{self.file}\n+++ b/{self.file}\n{self.place}: {self.new}\n"
        before, after = source.splitlines(keepends=True), self.applied(source).splitlines(keepends=True)
        return "".join(difflib.unified_diff(before, after, f"a/{self.file}", f"b/{self.file}", n=2))

    def id(self, source: str) -> str:
        """Twelve digits that stay the same while other lines of the file change."""
        if self.is_data:
            return _digest(self.module, self.place, self.new)
        patch = [line.rstrip() for line in self.patch(source).splitlines()[2:]]
        changed = [line for line in patch if line.startswith(("-", "+"))]
        return _digest(self.module, self.place, *changed, str(self._occurrence(source)))

    def _occurrence(self, source: str) -> int:
        """The number of same lines of the file before this one."""
        lines = source.splitlines()
        own = lines[self.line - 1].strip()
        return sum(line.strip() == own for line in lines[: self.line - 1])


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


def changes_program(edit: Edit, source: str) -> bool:
    """The changed source can be compiled and means something else."""
    try:
        changed = ast.parse(edit.applied(source))
        compile(changed, edit.file, "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return False
    return ast.dump(changed) != ast.dump(ast.parse(source))
