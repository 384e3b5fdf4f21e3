"""The fingerprint of an environment, and a rollout that starts without tracing it."""

from __future__ import annotations

import ast
import dataclasses
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from toys import Walk

import jaxenv
from jaxenv import fingerprint as module
from jaxenv.builtin import BUILT_IN
from jaxenv.environment import Environment
from jaxenv.fingerprint import fingerprint
from jaxlanes.runtime import source_hash
from pongjax.env import PufferPong

TOOLS: dict[str, set[str]] = {
    "jaxenv": {"adapters", "commands", "testing.py"},
    "jaxlanes": {"__main__.py", "tools", "cuda", "runtime/kernel_index.py"},
    "pokejax": {"cli"},
    "pongjax": set(),
    "cheetahjax": {"model", "render"},
    "tcgjax": set(),
}
"""Parts of packages that no environment needs to be played."""
FOLDER = Path(jaxenv.__file__).parents[1]


@pytest.fixture
def sources(monkeypatch: pytest.MonkeyPatch) -> list[set[str]]:
    """The packages whose sources were asked for. Somebody may be editing them, and then nothing would be known."""
    asked: list[set[str]] = []

    def hash_of(packages: set[str], since: float) -> str:
        asked.append(set(packages))
        return "the sources"

    monkeypatch.setattr(source_hash, "hash_of", hash_of)
    return asked


class Faster(PufferPong):
    """Somebody's own; the sources of its base say nothing about it."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Odd(Environment):
    """With a field of any kind."""

    sources: ClassVar[tuple[str, ...]] = (__name__,)
    field: Any = None


def test_every_built_in_environment_is_known(sources: list[set[str]]) -> None:
    ids = list(BUILT_IN)
    known = {fingerprint(jaxenv.make(id), jaxenv.make(id).default_params) for id in ids}
    assert None not in known and len(known) == len(ids)
    assert {frozenset(packages) for packages in sources} == {
        frozenset({"jaxenv", "jaxlanes", family}) for family in ("pokejax", "pongjax", "cheetahjax", "tcgjax")
    }


def test_what_changes_it(sources: list[set[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    env = PufferPong()
    known = [fingerprint(env), fingerprint(PufferPong(frame_skip=4)), fingerprint(PufferPong(continuous=True))]
    assert fingerprint(PufferPong()) == known[0]
    monkeypatch.setattr(source_hash, "hash_of", lambda packages, since: "others")
    known.append(fingerprint(env))
    known += [fingerprint(Odd(field=field)) for field in (None, 0, 0.0, "0", (0,))]
    assert None not in known and len(set(known)) == len(known)


def test_what_is_not_known(sources: list[set[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    assert fingerprint(Walk()) is None, "names no sources"
    assert fingerprint(Faster()) is None, "is defined elsewhere"
    assert fingerprint(PufferPong(), Walk().default_params) is None, "params of another package"
    for field in (lambda: 0, np.zeros(2), Path("table.npz"), object(), Walk()):
        assert fingerprint(Odd(field=field)) is None


def test_a_file_touched_since_the_import(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_IMPORTED", 0.0)
    assert fingerprint(PufferPong()) is None


def test_sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "somepackage"
    (folder / "data").mkdir(parents=True)
    (folder / "__init__.py").write_text("")
    (folder / "data" / "table.txt").write_text("1")
    monkeypatch.syspath_prepend(tmp_path)
    __import__("somepackage")
    with pytest.raises(source_hash.UnknownSourcesError, match=r"__init__.py was touched after this process"):
        source_hash.hash_of(["somepackage"])
    monkeypatch.setattr(source_hash, "_IMPORTED", float("inf"))
    monkeypatch.setattr(source_hash, "_process_start", lambda: None)
    found = [source_hash.hash_of(["somepackage"]), source_hash.hash_of(["somepackage", "jaxenv"])]
    for path, text in (("data/table.txt", "2"), ("data/another.txt", ""), ("__init__.py", "x = 1")):
        (folder / path).write_text(text)
        found.append(source_hash.hash_of(["somepackage"]))
    assert len(set(found)) == len(found)
    (folder / "__pycache__").mkdir(exist_ok=True)
    (folder / "__pycache__" / "x.pyc").write_text("")
    assert source_hash.hash_of(["somepackage"]) == found[-1]
    with pytest.raises(source_hash.UnknownSourcesError, match="nowhere is not imported from one folder"):
        source_hash.hash_of(["nowhere"])


@pytest.mark.parametrize("package", TOOLS)
def test_built_in_packages_import_nothing_that_is_not_hashed(package: str) -> None:
    """`jaxlanes` has the versions of jax and numpy in its key."""
    allowed = {*sys.stdlib_module_names, "jax", "numpy", "jaxenv", "jaxlanes", package}
    foreign = {
        (name, path.relative_to(FOLDER).as_posix())
        for path in (FOLDER / package).rglob("*.py")
        for node in _executed(ast.parse(path.read_text()))
        for name in _imported(node)
        if name not in allowed
    }
    tools = tuple(f"{package}/{tool}" for tool in TOOLS[package])
    assert not {(name, path) for name, path in foreign if not path.startswith(tools)}


def _executed(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a file, but for those that only type checkers read."""
    yield node
    typing_only = isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    for child in node.orelse if typing_only else ast.iter_child_nodes(node):
        yield from _executed(child)


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [name.name.partition(".")[0] for name in node.names]
    if isinstance(node, ast.ImportFrom) and not node.level:
        return [(node.module or "").partition(".")[0]]
    return []


ENVIRONMENT = """
import dataclasses
from typing import ClassVar
import jax, jax.numpy as jnp
from jaxenv import Environment, EnvSpec, ObsField, ObsSpec, struct

@struct.dataclass
class State:
    at: jax.Array

@struct.dataclass
class Params:
    max_steps_in_episode: int = 9

@dataclasses.dataclass(frozen=True, kw_only=True)
class Env(Environment):
    sources: ClassVar = ("tinyenv",)

    @property
    def spec(self):
        return EnvSpec(id="tiny", version="1", players=1, dynamics="single", information="perfect", num_actions=3,
                       reward_range=(0.0, 1.0), horizon=9)

    @property
    def default_params(self):
        return Params()

    def reset_env(self, key, params):
        state = State(jax.random.randint(key, (), 0, 5, "int32"))
        return self.observe(state, params), state

    def step_env(self, key, state, action, params):
        at = state.at + action * 1
        reward = (at % 7).astype(jnp.float32)
        return self.observe(State(at), params), State(at), reward, at > 20, jnp.bool_(False), {}

    def observe(self, state, params):
        print("traced")
        return {"at": state.at}
"""
PROGRAM = """
import time
import jax
from jaxenv.rollouts import rollout
import tinyenv
play = rollout(tinyenv.Env(), 64, 10, backend="simd")
key = jax.random.key(0).block_until_ready()
started = time.perf_counter()
_, summary = jax.block_until_ready(play(key))
print(time.perf_counter() - started)
print(int(summary.checksum), float(summary.return_sum))
"""


def test_another_process_traces_only_what_is_new(tmp_path: Path) -> None:
    for copied in ("jaxenv", "jaxlanes"):  # somebody may be editing these
        shutil.copytree(FOLDER / copied, tmp_path / copied)
    package, name = tmp_path / "tinyenv", "__init__.py"
    package.mkdir()
    (package / name).write_text(ENVIRONMENT)

    def start() -> tuple[bool, float, str]:
        """Traced or not, seconds to the first result, the result."""
        time.sleep(0.1)  # the system says when a process started to a hundredth of a second
        surroundings = {"PYTHONPATH": str(tmp_path), "JAXLANES_CACHE": str(tmp_path / "kernels")}
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM],
            cwd=tmp_path,
            env={**os.environ, **surroundings, "JAX_PLATFORMS": "cpu"},
            capture_output=True,
            text=True,
            check=True,
        )
        *traced, seconds, result = done.stdout.splitlines()
        return bool(traced), float(seconds), result

    traced, _, first = start()
    assert traced
    traced, seconds, again = start()
    assert not traced and again == first and seconds < 5
    (package / name).write_text(ENVIRONMENT.replace("action * 1", "action * 2"))
    traced, _, edited = start()
    assert traced and edited != first
