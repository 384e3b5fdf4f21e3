"""Source of a candidate, read without running it: the verifier's scan, and only the imports that rules need.

A list of what is allowed does not have to know every trick. The scan stays evidence; the sandbox is the wall.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from pathlib import Path

from verification.remote import scan
from verification.remote.guard import Violation, tree_files
from verification.remote.sandbox import denied

ALLOWED = frozenset(
    [
        "__future__",
        "abc",
        "collections",
        "dataclasses",
        "enum",
        "functools",
        "itertools",
        "jax",
        "jaxenv",
        "jaxlanes",
        "jaxtyping",
        "math",
        "numpy",
        "operator",
        "typing",
        "typing_extensions",
    ]
)
"""Top-level modules that a candidate may import beside its own."""
_SEVERE_HERE = ("large literal", "data file")
"""Remarks of the scan that a translation has no reason for: answers must come from rules."""


def check(candidate: Path, imports: Sequence[str] = ()) -> list[Violation]:
    """Rules that the files below `candidate` break. `imports`: top-level modules allowed beside the usual ones."""
    found = [
        violation for violation in scan.scan(candidate, denied()) if violation.severe or violation.rule in _SEVERE_HERE
    ]
    own = {name.partition("/")[0].removesuffix(".py") for name, _ in tree_files(candidate)}
    for name, path in tree_files(candidate):
        if path.suffix == ".py":
            found += _imports(path.read_bytes(), name, {*ALLOWED, *imports, *own})
    return list(dict.fromkeys(found))


def _imports(text: bytes, name: str, allowed: set[str]) -> list[Violation]:
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []  # which the scan has told
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            modules = [node.module or ""]
        else:
            continue
        for module in modules:
            if module.partition(".")[0] not in allowed:
                found.append(Violation("imports", f"{name}:{node.lineno}", f"{module}, which rules do not need"))
    return found
