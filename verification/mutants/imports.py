"""Copies of packages under another name: finding their source, and sending the imports among them to the copies."""

from __future__ import annotations

import ast
import importlib.machinery
import importlib.util
import sys
from collections.abc import Callable, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from types import ModuleType
from typing import Any

SourceTree = Callable[[str], ast.Module]
"""Original module name → the tree to run for its copy."""


def original_spec(name: str) -> ModuleSpec:
    """Path of an importable module's source; `ImportError` if it has none."""
    spec = importlib.util.find_spec(name)
    if spec is None:
        raise ModuleNotFoundError(f"no module named {name!r} to copy", name=name)
    if not spec.origin or not spec.origin.endswith(".py"):
        raise ImportError(f"{name} has no Python source to copy ({spec.origin})", name=name)
    return spec


def parse_module(name: str) -> ast.Module:
    """The syntax tree of an importable module, which is not run."""
    origin = str(original_spec(name).origin)
    return ast.parse(SourceFileLoader(name, origin).get_data(origin), filename=origin)


class PackageCopies(MetaPathFinder):
    """Imports `<prefix>.<name>` as a separate copy of each module `<name>` of `packages`, run from `tree_of(<name>)`.

    What lies outside the packages is shared with the originals. `constants` are put into every copy's globals. Data
    are found where the originals have them: `__file__` and package paths stay. Modules imported by a name in a string
    (`importlib.import_module`) are not redirected.
    """

    def __init__(self, prefix: str, packages: Sequence[str], tree_of: SourceTree, constants: dict[str, Any]) -> None:
        self.prefix, self.packages, self.constants = prefix, tuple(packages), constants
        self._tree_of = tree_of

    def covers(self, name: str) -> bool:
        """The module is in one of the copied packages."""
        return any(name == package or name.startswith(f"{package}.") for package in self.packages)

    def code(self, name: str) -> Any:
        """Compiled code of the copy of module `name`."""
        spec = original_spec(name)
        package = name if spec.submodule_search_locations is not None else name.rpartition(".")[0]
        tree = _Redirect(self, name, package).visit(self._tree_of(name))
        return compile(ast.fix_missing_locations(tree), str(spec.origin), "exec", dont_inherit=True)

    def find_spec(self, fullname: str, path: Any = None, target: ModuleType | None = None) -> ModuleSpec | None:
        """`importlib`'s hook."""
        if fullname != self.prefix and not fullname.startswith(f"{self.prefix}."):
            return None
        original = fullname[len(self.prefix) + 1 :]
        if self.covers(original):
            spec = original_spec(original)
            loader = _CopyLoader(fullname, str(spec.origin), original, self)
            places = spec.submodule_search_locations
            return importlib.util.spec_from_file_location(
                fullname, spec.origin, loader=loader, submodule_search_locations=places
            )
        if not original or any(package.startswith(f"{original}.") for package in self.packages):
            return ModuleSpec(fullname, _EmptyLoader(), is_package=True)
        raise ModuleNotFoundError(f"{original} is not among the copied packages {self.packages}", name=fullname)

    def unload(self) -> None:
        """Forget the copies."""
        sys.meta_path.remove(self)
        for name in [name for name in sys.modules if name == self.prefix or name.startswith(f"{self.prefix}.")]:
            del sys.modules[name]


class _EmptyLoader(Loader):
    """A package that only holds copied packages."""

    def exec_module(self, module: ModuleType) -> None:
        """Nothing to run."""


class _CopyLoader(SourceFileLoader):
    def __init__(self, fullname: str, path: str, original: str, copies: PackageCopies) -> None:
        super().__init__(fullname, path)
        self.original, self.copies = original, copies

    def get_code(self, fullname: str) -> Any:
        # Not through the cache of byte code, which belongs to the original.
        return self.copies.code(self.original)

    def exec_module(self, module: ModuleType) -> None:
        vars(module).update(self.copies.constants)
        super().exec_module(module)


class _Redirect(ast.NodeTransformer):
    """Imports of copied modules, relative ones included, ask for the copies."""

    def __init__(self, copies: PackageCopies, module: str, package: str) -> None:
        self.copies, self.module, self.package = copies, module, package

    def visit_Import(self, node: ast.Import) -> ast.Import:
        for alias in node.names:
            if not self.copies.covers(alias.name):
                continue
            if alias.asname is None and "." in alias.name:
                raise ImportError(
                    f"{self.module}, line {node.lineno}: `import {alias.name}` cannot be sent to a copy; write "
                    f"`from {alias.name.rpartition('.')[0]} import {alias.name.rpartition('.')[2]}`"
                )
            alias.asname = alias.asname or alias.name
            alias.name = f"{self.copies.prefix}.{alias.name}"
        return node

    def visit_ImportFrom(self, node: ast.ImportFrom) -> list[ast.ImportFrom]:
        source = node.module or ""
        if node.level:
            source = importlib.util.resolve_name("." * node.level + source, self.package)
        ours = [alias for alias in node.names if self.copies.covers(f"{source}.{alias.name}")]
        theirs = [alias for alias in node.names if alias not in ours]
        parts = [(f"{self.copies.prefix}.{source}", ours), (source, theirs)]
        return [ast.copy_location(ast.ImportFrom(name, names, 0), node) for name, names in parts if names]
