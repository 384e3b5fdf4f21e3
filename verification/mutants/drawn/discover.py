"""Find the files that decide what an environment does: ``python -m verification.mutants.drawn.discover JSON``.

In a process of its own, because only files that are loaded while the environment is made and traced count.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import json
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from verification.mutants.drawn.data import READABLE

CONTRACT = "jaxenv"
"""Package of the contract's base class."""


@dataclass
class Targets:
    """Files to change, by their path under the folder that holds the package.

    `modules`: of the environment's packages. `contract`: of the base class and what it uses. Both name → file.
    `data`: files of the packages that can be changed and are read.
    """

    packages: list[str]
    modules: dict[str, str] = field(default_factory=dict)
    contract: dict[str, str] = field(default_factory=dict)
    data: list[str] = field(default_factory=list)


def root_of(package: str) -> Path:
    """Folder that holds a top-level package or module. `ModuleNotFoundError` if there is none."""
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.origin:
        raise ModuleNotFoundError(f"there is no package {package!r} with sources", name=package)
    origin = Path(spec.origin).absolute()
    return origin.parents[1] if spec.submodule_search_locations else origin.parent


def discover(env: str, env_id: str | None, packages: list[str]) -> Targets:
    """Load the environment (or the candidate of plugin `env`) and see what it reads."""
    opened: list[str] = []
    sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event == "open" and args else None)
    contract: list[str] = []
    if env_id is not None:
        import jaxenv
        from verification.mutants.drawn.program import fingerprint

        made = jaxenv.make(env_id)
        packages = packages or [type(made).__module__.partition(".")[0]]
        fingerprint(env_id)
        contract = _uses([base.__module__ for base in type(made).__mro__])
    else:
        from verification.registry import load_plugin

        load_plugin(env).sides.candidate().reset(0, None)
    found = Targets(packages, contract={name: _file(name) for name in contract})
    for name in sorted(sys.modules):
        if name.partition(".")[0] in packages and str(getattr(sys.modules[name], "__file__", "")).endswith(".py"):
            found.modules[name] = _file(name)
    for package in packages:
        root = root_of(package)
        inside = {Path(os.path.abspath(path)) for path in opened if path.endswith(READABLE)}
        found.data += sorted(str(path.relative_to(root)) for path in inside if (root / package) in path.parents)
    return found


def _file(name: str) -> str:
    path = Path(str(sys.modules[name].__file__)).absolute()
    return str(path.relative_to(root_of(name.partition(".")[0])))


def _uses(modules: list[str]) -> list[str]:
    """The contract's modules among these, and all of its package that they import."""
    waiting = [name for name in modules if name.partition(".")[0] == CONTRACT]
    found: list[str] = []
    while waiting:
        name = waiting.pop()
        if name in found or not str(getattr(sys.modules.get(name), "__file__", "")).endswith(".py"):
            continue
        found.append(name)
        tree = ast.parse(Path(str(sys.modules[name].__file__)).read_text("utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == CONTRACT:
                waiting += [str(node.module), *(f"{node.module}.{alias.name}" for alias in node.names)]
    return sorted(name for name in found if name != CONTRACT)


def main(arguments: list[str]) -> int:
    """Print the targets as JSON."""
    import families

    families.adopt()
    asked: dict[str, Any] = json.loads(arguments[0])
    try:
        found = discover(asked["env"], asked["env_id"], asked["packages"])
    except ModuleNotFoundError as error:
        print(f"{error}", file=sys.stderr)
        return 3
    print(json.dumps(vars(found)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
