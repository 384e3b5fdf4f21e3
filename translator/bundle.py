"""A run's folder as evidence: its candidate verified again, and single counterexamples played again."""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec

from translator import starting
from translator.errors import TranslationError
from translator.evaluation import CANDIDATE
from translator.guards import source
from translator.judging import Judge
from translator.project import Project
from translator.run import read
from translator.verifier import Outcome
from verification import cases
from verification.remote.frames import RemoteError


def verify(folder: Path) -> Outcome:
    """Guards, every level of the project, and held-out seeds of a new secret, on the candidate as it lies there."""
    project = _project(folder)
    tree = _tree(folder)
    broken = tuple(map(str, source.check(tree / CANDIDATE, project.candidate.imports)))
    if broken:
        return Outcome("fail", violations=broken)
    levels = tuple(level for level in project.verify.levels if level != "L4")
    secret = hashlib.sha256(b"verify-bundle" + str(folder.stat().st_mtime_ns).encode()).digest()
    with Judge(project, folder / "cases") as judge:
        first = judge.check(tree, levels, None, 2, project.verify.full)
        found = [first, judge.held_out(tree, secret, 1)]
        if "L4" in project.verify.levels:
            found.append(judge.transfer(tree, secret + b"transfer"))
    return Outcome(
        "pass" if all(one.verdict == "pass" for one in found) else "fail",
        tuple(failure for one in found for failure in one.failures),
        tuple(told for one in found for told in one.violations),
        {level: verdict for one in reversed(found) for level, verdict in one.levels.items()},
        {name: count for one in found for name, count in one.counts.items()},
        tuple(dict.fromkeys(note for one in found for note in one.notes)),
        sum(one.seconds for one in found),
    )


def play_case(folder: Path, file: Path) -> tuple[list[str], bool]:
    """Results of a counterexample on the candidate now, in lines; True where it is equal."""
    project, tree = _project(folder), _tree(folder)
    path = file if file.is_file() else folder / file
    try:
        case = cases.load(path)
        with Judge(project, folder / "cases") as judge:
            env = judge.candidate(tree)
            table = judge.plugin.table()
            found = cases.play(judge.plugin, table, judge.paths(), judge.reference, env, case)
    except (cases.CaseFileError, RemoteError) as error:
        raise TranslationError(f"{path}: {error}") from error
    if found is None:
        return ["equal"], True
    step, differences, message = found
    lines = [f"step {step} differs {message}".rstrip()]
    lines += [f"{one.name}: expected {one.reference}, actual {one.candidate} ({one.module})" for one in differences]
    return lines, False


def _project(folder: Path) -> Project:
    project = read(folder).project
    kind = "auto" if project.sandbox.kind == "bwrap" and not starting.bwrap_works() else project.sandbox.kind
    return msgspec.structs.replace(project, sandbox=msgspec.structs.replace(project.sandbox, kind=kind))


def _tree(folder: Path) -> Path:
    tree = folder / "tree"
    if not (tree / CANDIDATE).is_dir():
        raise TranslationError(f"{folder}: its tree has no {CANDIDATE}/ yet; run it first")
    return tree
