"""The structure of the package: layers, imports without cycles, names of modules, no record that grows for ever."""

from __future__ import annotations

import ast
import gc
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import jax
import numpy as np
import pytest

import jaxlanes
from jaxlanes.runtime import kernel
from jaxlanes.runtime.recent import Log, Recent

PACKAGE = Path(jaxlanes.__file__).parent
MODULES = {
    ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__"): path
    for path in PACKAGE.rglob("*.py")
}
LAYERS = ("errors", "ir", "passes", "lower", "trace", "emit", "runtime", "cuda", "api", "tools")
"""Each part of the package imports those before it."""
REGISTRIES = {
    ("jaxlanes.lower.context", "RULES"),
    ("jaxlanes.lower.context", "WITH_BODIES"),
    ("jaxlanes.tools.fuzz.classes", "CLASSES"),
}
"""Filled while their modules are imported, and never again."""


def _tree(module: str) -> ast.Module:
    return ast.parse(MODULES[module].read_text())


def _imports(module: str) -> set[str]:
    """Modules of the package that a module imports, inside functions too, but for types alone."""
    found: set[str] = set()
    pending: list[ast.AST] = [_tree(module)]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        pending += ast.iter_child_nodes(node)
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            below = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= below & set(MODULES) or {node.module}
    return found & set(MODULES) - {module}


def test_no_import_leads_back() -> None:
    imports = {module: _imports(module) for module in MODULES}
    changed = True
    while changed:  # leaves go, again and again; what stays leads back to itself
        leaves = {module for module, targets in imports.items() if not targets}
        imports = {module: targets - leaves for module, targets in imports.items() if module not in leaves}
        changed = bool(leaves)
    assert imports == {}


def test_layers() -> None:
    def layer(module: str) -> int:
        return LAYERS.index(module.split(".")[1])

    entries = {"jaxlanes", "jaxlanes.__main__", "jaxlanes.cuda.__main__"}
    lazily = {("jaxlanes.api", "jaxlanes.cuda")}
    wrong = [
        (module, target)
        for module in set(MODULES) - entries
        for target in _imports(module) - entries
        if layer(target) > layer(module) and (module, target) not in lazily
    ]
    assert wrong == []


@pytest.mark.parametrize("module", sorted(MODULES))
def test_a_module_says_what_it_is(module: str) -> None:
    text = ast.get_docstring(_tree(module))
    assert text and not re.match(r"(What|Whether|How|Which|Who|Where|Why)\b", text)


def _containers(tree: ast.Module) -> Iterator[str]:
    """Names of lists, sets and dicts of a module."""
    for node in tree.body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            value = node.value
            called = isinstance(value, ast.Call) and ast.unparse(value.func).split(".")[-1] in (
                "dict", "list", "set", "defaultdict", "OrderedDict", "Counter", "deque"
            )  # fmt: skip
            if called or isinstance(value, ast.Dict | ast.List | ast.Set | ast.DictComp | ast.ListComp | ast.SetComp):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                yield from (target.id for target in targets if isinstance(target, ast.Name))


def _grown(tree: ast.Module) -> Iterator[str]:
    """Names to which something is added."""
    adds = ("append", "add", "update", "setdefault", "extend")
    for node in ast.walk(tree):
        stores = isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store)
        if stores or (isinstance(node, ast.Attribute) and node.attr in adds):
            yield ast.unparse(node.value)  # type: ignore[attr-defined]


@pytest.mark.parametrize("module", sorted(MODULES))
def test_nothing_of_a_process_grows_for_ever(module: str) -> None:
    tree = _tree(module)
    grown = set(_containers(tree)) & set(_grown(tree))
    assert {(module, name) for name in grown} <= REGISTRIES
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            for decorator in map(ast.unparse, node.decorator_list):
                assert "functools.cache" not in decorator, f"{node.name}: bound it with lru_cache(maxsize=...)"
                assert "lru_cache" not in decorator or re.search(r"maxsize=(?!None)", decorator), node.name


def test_the_most_recent_are_kept() -> None:
    recent: Recent[int, str] = Recent(3)
    for number in range(5):
        recent[number] = str(number)
        assert recent.get(2) in (None, "2")  # used, and so kept
    assert len(recent) == 3 and [recent.get(i) for i in range(5)] == [None, None, "2", "3", "4"]


def test_a_log_counts_from_its_first_entry() -> None:
    log: Log[int] = Log(3)
    for number in range(10):
        log.append(number)
    assert len(log) == 10 and list(log) == [7, 8, 9] and log[-1] == 9 and log[7] == 7
    assert log[5:] == [7, 8, 9] and log[8:9] == [8] and log[20:] == []
    with pytest.raises(IndexError, match="entry 6 of a log of 10, of which the last 3 are kept"):
        log[6]


def test_a_library_that_nothing_uses_is_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAXLANES_CACHE", str(tmp_path / "kernels"))
    x = np.arange(4, dtype=np.int32)

    def run() -> None:
        assert np.array_equal(jaxlanes.vmap(lambda v: v * 5 + 17, backend="simd")(x), x * 5 + 17)

    before = set(kernel._loaded)
    run()
    (key,) = set(kernel._loaded) - before
    first = kernel._loaded[key].name
    run()  # without the disk
    assert kernel._loaded[key].name == first

    def forget() -> None:
        kernel._last_loaded.clear()
        jax.clear_caches()
        gc.collect()
        assert key not in kernel._loaded

    forget()
    run()  # the same file: XLA has its handler
    assert kernel._loaded[key].name == first
    forget()
    monkeypatch.setenv("JAXLANES_CACHE", str(tmp_path / "others"))
    run()  # another file: its handler gets a name of its own
    assert kernel._loaded[key].name != first


def test_the_wheel_leaves_the_fuzzer_and_the_bench_out(tmp_path: Path) -> None:
    uv = shutil.which("uv")
    assert uv, "the wheel is built with uv, which is not on PATH. Remedy: pip install uv"
    built = subprocess.run([uv, "build", "--wheel", "--out-dir", tmp_path, PACKAGE.parent], capture_output=True,
                           text=True, check=False)  # fmt: skip
    assert built.returncode == 0, built.stderr
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "installed")
    installed = {path.relative_to(tmp_path / "installed").as_posix() for path in (tmp_path / "installed").rglob("*")}
    assert "jaxlanes/tools/explain.py" in installed
    assert not [
        name
        for name in installed
        if name.startswith(("jaxlanes/tools/fuzz", "jaxlanes/tools/bench", "jaxlanes/tools/census"))
    ]
    for command, tool in ((["jaxlanes", "fuzz", "--minutes", "1"], "the fuzzer"),
                          (["jaxlanes.cuda", "bench", "os:getcwd"], "the GPU bench")):  # fmt: skip
        done = subprocess.run([sys.executable, "-m", *command], cwd=tmp_path / "installed", capture_output=True,
                              text=True, check=False)  # fmt: skip
        assert done.returncode == 2 and f"{tool} is not part of the installed package" in done.stderr
        assert "in a checkout of the repository" in done.stderr and done.stderr.count("\n") == 1
