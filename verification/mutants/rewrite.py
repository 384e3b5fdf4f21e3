"""Copies of packages in which every mutant of a catalogue is one call of a switch away."""

from __future__ import annotations

import ast
import importlib
import itertools
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from types import ModuleType

from verification.mutants.imports import PackageCopies, parse_module
from verification.mutants.mutant import Mutant, MutantError, check_mutants
from verification.mutants.points import SWITCH, find_point, insert_points
from verification.mutants.switch import Switch

_copies_made = itertools.count(1)


@dataclass(frozen=True)
class MutatedPackages:
    """Copies of packages with a switch at every mutation point; the originals are untouched beside them."""

    mutants: tuple[Mutant, ...]
    switch: Switch
    copies: PackageCopies

    def module(self, name: str) -> ModuleType:
        """The copy of the module of that (original) name, imported on first use."""
        return importlib.import_module(f"{self.copies.prefix}.{name}")

    def unload(self) -> None:
        """Forget the copied modules; objects made from them go on working."""
        self.copies.unload()


def find_points(mutants: Sequence[Mutant]) -> dict[str, ast.Module]:
    """The rewritten tree of every module that a mutant changes; nothing is run.

    A `MutantError` names the first mutant whose place is not found, found more than once, or cannot be switched.
    """
    check_mutants(mutants)
    trees: dict[str, ast.Module] = {}
    for name in dict.fromkeys(mutant.module for mutant in mutants):
        try:
            tree = parse_module(name)
        except ImportError as error:
            first = next(mutant for mutant in mutants if mutant.module == name)
            raise MutantError(f"mutant {first.id}: {error}") from error
        points = [find_point(tree, i, mutant) for i, mutant in enumerate(mutants, 1) if mutant.module == name]
        trees[name] = insert_points(tree, points)
    return trees


def load_mutated(mutants: Sequence[Mutant], packages: Sequence[str]) -> MutatedPackages:
    """Copy `packages` (dotted names, with all that is in them) under a new name, every mutant a switch away.

    Imports among the copied packages go to the copies; everything else is shared with the originals. All mutants are
    looked up now, modules are run when they are first imported through the result. No mutant is at work at first.
    """
    switch = Switch(mutants)
    trees = find_points(mutants)
    prefix = f"mutated_{next(_copies_made)}"

    def tree_of(name: str) -> ast.Module:
        return trees[name] if name in trees else parse_module(name)

    copies = PackageCopies(prefix, packages, tree_of, {SWITCH: switch})
    for mutant in mutants:
        if not copies.covers(mutant.module):
            raise MutantError(f"mutant {mutant.id}: {mutant.module} is in none of the packages {tuple(packages)}")
    sys.meta_path.insert(0, copies)
    return MutatedPackages(tuple(mutants), switch, copies)
