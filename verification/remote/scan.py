"""Reads a candidate's source without running it: what has no place in an environment's rules, with file and line.

A scan is evidence, not a wall: it is easy to get around, so the sandbox makes the same things impossible or useless.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from verification.remote.guard import Violation, tree_files


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_MODULES = _words(
    "subprocess socket ctypes importlib inspect multiprocessing signal pickle marshal gc builtins shutil pathlib "
    "tempfile glob urllib http requests mmap fcntl resource pty runpy code codeop zipimport pkgutil site cffi"
)
_CALLS = _words("open eval exec compile __import__ globals breakpoint input")
_CALLBACKS = _words("pure_callback io_callback host_callback call_tf debug_callback")
_INTERNALS = _words("__builtins__ __subclasses__ __globals__ __code__ __closure__ __dict__ f_back f_locals")
_OF_MODULES = {
    "os": _words("environ environb getenv putenv system popen fork getppid open read write dup dup2 listdir scandir"),
    "sys": _words("argv orig_argv stdin modules meta_path path_hooks settrace setprofile _getframe addaudithook"),
    "jax.debug": _words("callback"),
}
_ENV_METHODS = _words("reset step snapshot legal restore restore_many step_many legal_many use_tape draws coverage")
_STARTUP = ("sitecustomize.py", "usercustomize.py", "conftest.py")
_LARGEST_TEXT, _LARGEST_TABLE = 4096, 1024


def scan(source: Path, deny: Sequence[str] = ()) -> list[Violation]:
    """Everything found below `source`; warnings are not `severe`. `deny`: top-level modules of the reference."""
    found: list[Violation] = []
    if source.is_dir():
        found += [
            Violation("links", str(path.relative_to(source))) for path in sorted(source.rglob("*")) if path.is_symlink()
        ]
    own = frozenset(name.partition("/")[0].removesuffix(".py") for name, _ in tree_files(source))
    for name, path in tree_files(source):
        if path.name in _STARTUP or path.suffix == ".pth":
            found.append(Violation("runs by itself", name, "Python or pytest would load this file unasked"))
        elif path.suffix in (".so", ".pyd", ".pyc", ".pkl", ".pickle"):
            found.append(Violation("machine code or pickle", name, "only readable source can be judged"))
        elif path.suffix == ".py":
            found += scan_text(path.read_bytes(), name, deny, own)
        else:
            found.append(Violation("data file", name, "data must come from the environment's rules", severe=False))
    return found


def scan_text(text: bytes, name: str, deny: Sequence[str] = (), own: Collection[str] = frozenset()) -> list[Violation]:
    """As `scan`, for one file; `own`: the candidate's own top-level modules, whose names it may set."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return [Violation("does not parse", name, str(error))]
    found = [
        Violation(rule, f"{name}:{line}", message, severe)
        for rule, line, message, severe in _Scan(tree, deny, own).run()
    ]
    return list(dict.fromkeys(found))


_Hit = tuple[str, int, str, bool]


class _Scan:
    def __init__(self, tree: ast.Module, deny: Sequence[str], own: Collection[str]) -> None:
        self.tree, self.deny, self.own = tree, frozenset(deny), own
        self.imported: dict[str, str] = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    bound = alias.asname or alias.name.partition(".")[0]
                    self.imported[bound] = alias.name if alias.asname else bound
            elif isinstance(node, ast.ImportFrom):
                for alias in node.names:
                    self.imported[alias.asname or alias.name] = f"{node.module or ''}.{alias.name}"

    def run(self) -> Iterator[_Hit]:
        for node in ast.walk(self.tree):
            match node:
                case ast.Import(names=names):
                    for alias in names:
                        yield from self._module(alias.name, node.lineno)
                case ast.ImportFrom(module=module, names=names):
                    yield from self._module(module or "", node.lineno)
                    for alias in names:
                        yield from self._attribute(module or "", alias.name, node.lineno)
                case ast.Call(func=ast.Name(id=called)):
                    yield from self._call(called, node)
                case ast.Attribute(value=value, attr=attribute):
                    yield from self._attribute(self._root(value), attribute, node.lineno)
                    if not isinstance(node.ctx, ast.Load) and self._is_module(value):
                        yield "patches a module", node.lineno, f"{self._root(value)}.{attribute}", True
                case ast.Name(id="__builtins__" | "__loader__" | "__spec__"):
                    yield "reaches into the interpreter", node.lineno, node.id, True
                case ast.FunctionDef() | ast.AsyncFunctionDef():
                    yield from self._handlers(node)
                case ast.Constant(value=str() | bytes() as value):
                    if len(value) > _LARGEST_TEXT:
                        yield "large literal", node.lineno, f"{len(value)} characters: a table of answers?", False
                    elif isinstance(value, str) and value.startswith("/proc/"):
                        yield "leaves its rules", node.lineno, value[:40], True
                case ast.List(elts=items) | ast.Tuple(elts=items) | ast.Set(elts=items):
                    yield from self._table(len(items), node)
                case ast.Dict(keys=keys):
                    yield from self._table(len(keys), node)

    def _module(self, name: str, line: int) -> Iterator[_Hit]:
        top = name.partition(".")[0]
        if top in self.deny:
            yield "imports the reference", line, name, True
        elif top in _MODULES:
            yield "imports", line, f"{name}, which no environment needs", True

    def _call(self, called: str, node: ast.Call) -> Iterator[_Hit]:
        if called in _CALLS and called not in self.imported:
            yield "calls", node.lineno, f"{called}()", True
        if called in ("setattr", "delattr") and node.args and self._is_module(node.args[0]):
            yield "patches a module", node.lineno, ast.unparse(node)[:60], True

    def _attribute(self, owner: str, attribute: str, line: int) -> Iterator[_Hit]:
        if attribute in _OF_MODULES.get(owner, ()):
            yield "leaves its rules", line, f"{owner}.{attribute}", True
        elif attribute in _CALLBACKS:
            yield "calls back into Python", line, attribute, True
        elif attribute in _INTERNALS:
            yield "reaches into the interpreter", line, f"{owner}.{attribute}", True

    def _table(self, items: int, node: ast.expr) -> Iterator[_Hit]:
        if items > _LARGEST_TABLE:
            yield "large literal", node.lineno, f"{items} entries: a table of answers?", False

    def _handlers(self, function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[_Hit]:
        """`try` in what the verifier calls: catching everything and going on hides a crash behind made-up results."""
        for node in ast.walk(function):
            if not isinstance(node, ast.Try):
                continue
            for handler in node.handlers:
                names = (
                    {part.id for part in ast.walk(handler.type) if isinstance(part, ast.Name)}
                    if handler.type
                    else set()
                )
                broad = handler.type is None or names & {"Exception", "BaseException"}
                goes_on = not any(isinstance(part, ast.Raise) for part in ast.walk(handler))
                if broad and goes_on and function.name in _ENV_METHODS:
                    yield "swallows exceptions", handler.lineno, f"in {function.name}", True
                else:
                    yield "handles exceptions", handler.lineno, f"in {function.name}", False

    def _root(self, node: ast.expr) -> str:
        """The dotted name of what an attribute is taken of, with import aliases resolved; "" for anything else."""
        if isinstance(node, ast.Name):
            return self.imported.get(node.id, "")
        if isinstance(node, ast.Attribute):
            owner = self._root(node.value)
            return f"{owner}.{node.attr}" if owner else ""
        return ""

    def _is_module(self, node: ast.expr) -> bool:
        root = self._root(node)
        return bool(root) and root.partition(".")[0] not in self.own
