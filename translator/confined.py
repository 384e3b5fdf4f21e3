"""Package that lets a sandbox run a class of the environment contract: the verifier's adapter, without the verifier.

Inside a sandbox `verification` and `references` may not be imported. The adapter's few modules are copied there under
another name, and beside them a module that makes the environment from the candidate's entry.
"""

from __future__ import annotations

import re
from pathlib import Path

import jaxenv
import jaxlanes
from translator.project import Candidate
from verification import remote

PACKAGE = "translated"
ENTRY = f"{PACKAGE}.entry:make"
_MODULES = {
    "references/protocol.py": "protocol",
    "verification/backends.py": "backends",
    "verification/fields.py": "fields",
    "verification/adapters/public.py": "public",
    "verification/adapters/episodes.py": "episodes",
    "verification/adapters/jaxenv.py": "adapter",
}
_INSIDE = Path(__file__).resolve().parent / "inside" / "confined_candidate.py"
_TEXT = '''"""Written for one evaluation: the candidate's environment as the verifier wants it."""

from {module} import {name}
from {package}.candidate import ConfinedCandidate


def make():
    return ConfinedCandidate({name}(), episode={episode!r}, lanes={lanes!r})
'''


def write_package(folder: Path, candidate: Candidate, lanes: tuple[int, ...]) -> Path:
    """Write the package below `folder`; returns its own folder, which a sandbox mounts beside the candidate."""
    root = Path(remote.__file__).resolve().parents[2]
    package = folder / PACKAGE
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("", "utf-8")
    for name, inside in _MODULES.items():
        (package / f"{inside}.py").write_text(_renamed((root / name).read_text("utf-8")), "utf-8")
    (package / "candidate.py").write_text(_renamed(_INSIDE.read_text("utf-8")), "utf-8")
    module, _, name = candidate.entry.partition(":")
    text = _TEXT.format(module=module, name=name, package=PACKAGE, episode=candidate.episode, lanes=lanes)
    (package / "entry.py").write_text(text, "utf-8")
    return package


def packages(package: Path) -> tuple[str | Path, ...]:
    """Everything that a candidate may import beside its own files and Python."""
    own = [Path(str(module.__file__)).resolve().parent for module in (jaxenv, jaxlanes)]
    return ("jax", "numpy", "flatbuffers", *own, package)


def _renamed(text: str) -> str:
    for name, inside in _MODULES.items():
        module = name.removesuffix(".py").replace("/", ".")
        folder, _, last = module.rpartition(".")
        text = re.sub(rf"\b{re.escape(module)}\b", f"{PACKAGE}.{inside}", text)
        text = text.replace(f"from {folder} import {last}\n", f"from {PACKAGE} import {inside}\n")
    return text
