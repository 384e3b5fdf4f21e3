"""Fetching and compiling PufferLib's Pong: what is missing is named with its remedy, and nothing half done stays."""

from __future__ import annotations

import hashlib
import importlib.util
import io
import json
import os
import re
import stat
import subprocess
import sys
import tarfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import faults
import pytest

from references.puffer_pong import compiler
from references.puffer_pong import install as module
from references.puffer_pong.compiler import compiled, compiler_command
from references.puffer_pong.install import LOCAL_COPY, ReferenceUnavailableError, cache_folder, install

ROOT = Path(module.__file__).parents[2]
HEADER_TEXT = b"/* not Pong */\n"


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, and a pip that looks in the folder "links" only."""
    (tmp_path / "links").mkdir()
    monkeypatch.setenv("POKEJAX_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "links"))
    monkeypatch.delenv(LOCAL_COPY, raising=False)
    return tmp_path / "cache"


def _sdist(path: Path) -> Path:
    """Something that pip takes for PufferLib's source distribution; its setup.py must not run."""
    files = {
        "PKG-INFO": b"Metadata-Version: 2.1\nName: pufferlib\nVersion: 3.0.0\n",
        "pyproject.toml": b'[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n',
        "setup.py": b"raise SystemExit('setup.py was run')\n",
        "LICENSE": b"a licence\n",
        "pufferlib/ocean/pong/pong.h": HEADER_TEXT,
    }
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(f"pufferlib-3.0.0/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def _accept(monkeypatch: pytest.MonkeyPatch, sdist: Path) -> None:
    monkeypatch.setattr(module, "SDIST_SHA256", hashlib.sha256(sdist.read_bytes()).hexdigest())
    monkeypatch.setattr(module, "HEADER_SHA256", hashlib.sha256(HEADER_TEXT).hexdigest())


def _left_behind(cache: Path) -> list[str]:
    return [path.name for path in cache.iterdir() if path.suffix != ".lock"]


@pytest.mark.parametrize("made", ["", "the header"])
def test_a_cache_that_cannot_be_written_is_named_with_the_remedy(cache: Path, made: str) -> None:
    cache.mkdir()
    program = "from references.puffer_pong import compiler, install as module; "
    if made:
        folder = cache_folder()
        folder.mkdir()
        (folder / "pong.h").write_bytes(HEADER_TEXT)
        program += f"module.HEADER_SHA256 = {hashlib.sha256(HEADER_TEXT).hexdigest()!r}; "
        program += f"module.cache_folder = lambda: module.Path({str(folder)!r}); "
    command = [*faults.unprivileged(), sys.executable, "-c", f"{program}compiler.compiled('exact')"]
    with faults.forbidden(cache_folder() if made else cache):
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert re.search(
        rf"ReferenceUnavailableError: .*Pong cannot be installed in {cache}.*Permission denied.*POKEJAX_CACHE_DIR",
        done.stderr,
    ), done.stderr


def test_pip_fetches_from_the_users_own_mirror_without_running_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _accept(monkeypatch, _sdist(tmp_path / "links" / module.SDIST))
    folder = install()
    assert folder == cache_folder() and folder.parent == cache
    assert {path.name for path in folder.iterdir()} == {"pong.h", "LICENSE"}
    assert (folder / "pong.h").read_bytes() == HEADER_TEXT
    assert _left_behind(cache) == [folder.name]
    shown = capsys.readouterr().err
    assert "Fetching PufferLib 3.0.0" in shown and "setup.py was run" not in shown


def test_a_pip_that_finds_nothing_is_quoted_and_leaves_nothing_behind(cache: Path) -> None:
    with pytest.raises(
        ReferenceUnavailableError, match=r"No matching distribution found for pufferlib==3\.0\.0"
    ) as info:
        install()
    assert "Remedy: check that pip reaches a package index (its settings apply: `pip config list`)" in str(info.value)
    assert LOCAL_COPY in str(info.value)
    assert _left_behind(cache) == []


def test_a_python_without_pip_is_told_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ReferenceUnavailableError, match=r"pip is needed .* Remedy: `uv sync`"):
        install()


def test_another_source_distribution_is_refused(tmp_path: Path, cache: Path) -> None:
    sdist = _sdist(tmp_path / "links" / module.SDIST)
    found = hashlib.sha256(sdist.read_bytes()).hexdigest()
    with pytest.raises(ReferenceUnavailableError, match=rf"its sha256 is {found}, expected {module.SDIST_SHA256}"):
        install()
    assert _left_behind(cache) == []


def test_another_header_in_the_right_archive_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cache: Path
) -> None:
    sdist = _sdist(tmp_path / module.SDIST)
    expected = module.HEADER_SHA256
    _accept(monkeypatch, sdist)
    monkeypatch.setattr(module, "HEADER_SHA256", expected)
    monkeypatch.setenv(LOCAL_COPY, str(sdist))
    found = hashlib.sha256(HEADER_TEXT).hexdigest()
    with pytest.raises(ReferenceUnavailableError, match=rf"its sha256 is {found}, expected {expected}"):
        install()
    assert _left_behind(cache) == []


def test_a_local_copy_is_taken_instead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sdist = _sdist(tmp_path / "local.tar.gz")
    _accept(monkeypatch, sdist)
    monkeypatch.setenv(LOCAL_COPY, str(sdist))
    assert (install() / "pong.h").read_bytes() == HEADER_TEXT


def test_a_local_header_is_taken_instead_if_it_is_the_right_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cache: Path
) -> None:
    header = tmp_path / "pong.h"
    header.write_bytes(HEADER_TEXT)
    monkeypatch.setenv(LOCAL_COPY, str(header))
    with pytest.raises(ReferenceUnavailableError, match=rf"^{header} is not PufferLib 3\.0\.0's"):
        install()
    assert _left_behind(cache) == []
    monkeypatch.setattr(module, "HEADER_SHA256", hashlib.sha256(HEADER_TEXT).hexdigest())
    assert (install() / "pong.h").read_bytes() == HEADER_TEXT


def test_a_local_copy_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(LOCAL_COPY, "/nowhere/pufferlib.tar.gz")
    with pytest.raises(ReferenceUnavailableError, match=rf"{LOCAL_COPY}=/nowhere/pufferlib\.tar\.gz is no file"):
        install()


@pytest.mark.parametrize(("damage", "message"), [("edit", "its sha256 is"), ("remove", "is missing")])
def test_a_damaged_cache_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: str, message: str) -> None:
    sdist = _sdist(tmp_path / "local.tar.gz")
    _accept(monkeypatch, sdist)
    monkeypatch.setenv(LOCAL_COPY, str(sdist))
    header = install() / "pong.h"
    header.write_bytes(b"edited") if damage == "edit" else header.unlink()
    with pytest.raises(ReferenceUnavailableError, match=rf"{message}.*Remedy: delete the folder {header.parent}"):
        install()


def test_threads_that_start_together_fetch_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _accept(monkeypatch, _sdist(tmp_path / "links" / module.SDIST))
    with ThreadPoolExecutor(4) as threads:
        assert set(threads.map(lambda _: install(), range(4))) == {cache_folder()}
    assert capsys.readouterr().err.count("Fetching PufferLib") == 1


# ---- the compiler


def _program(path: Path, text: str) -> Path:
    path.write_text(f"#!{sys.executable}\n{text}")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


@pytest.fixture
def header(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache that holds a header; returns its folder."""
    sdist = _sdist(tmp_path / "local.tar.gz")
    _accept(monkeypatch, sdist)
    monkeypatch.setenv(LOCAL_COPY, str(sdist))
    return install()


def test_without_a_compiler_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("CC", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ReferenceUnavailableError, match=r"A C compiler is needed .* Remedy: install gcc or clang"):
        compiled("exact")


def test_the_compiler_is_cc_the_variable_then_cc_gcc_clang(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("CC", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    for name in ("clang", "gcc", "cc"):
        _program(tmp_path / name, "")
        assert compiler_command() == [name]
    monkeypatch.setenv("CC", "gcc -m64")
    assert compiler_command() == ["gcc", "-m64"]
    monkeypatch.setenv("CC", "no-such-compiler")
    with pytest.raises(ReferenceUnavailableError, match=r"CC=no-such-compiler names no program\. Remedy: set CC"):
        compiler_command()


def test_a_compiler_that_fails_is_quoted_and_leaves_nothing_behind(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, header: Path
) -> None:
    refuse = _program(tmp_path / "refuse", "import sys; sys.exit('no such flag')")
    monkeypatch.setenv("CC", str(refuse))
    with pytest.raises(ReferenceUnavailableError, match=r"does not take the flags .*\nno such flag\nRemedy: set CC"):
        compiled("fast")
    fail = _program(tmp_path / "fail", "import sys; sys.exit(0 if '-dM' in sys.argv else 'driver.c: too hard')")
    monkeypatch.setenv("CC", str(fail))
    with pytest.raises(ReferenceUnavailableError, match=r"failed with status 1:\ndriver\.c: too hard\nRemedy: set CC"):
        compiled("fast")
    assert {path.name for path in header.iterdir()} == {"pong.h", "LICENSE", "compiling.lock"}


def test_another_compiler_flag_or_source_is_another_library(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, header: Path
) -> None:
    text = "import sys; '-dM' in sys.argv and sys.exit(print('VERSION')); open(sys.argv[-2], 'w').close()"
    monkeypatch.setenv("CC", str(_program(tmp_path / "one", text)))
    found = {compiled("exact"), compiled("exact"), compiled("fast")}
    assert len(found) == 2
    monkeypatch.setenv("CC", str(_program(tmp_path / "two", text)))
    found.add(compiled("exact"))
    _program(tmp_path / "two", text.replace("VERSION", "NEXT VERSION"))
    found.add(compiled("exact"))
    other = tmp_path / "sources"
    other.mkdir()
    for name in ("driver.c", "raylib.h"):
        (other / name).write_text("another")
    monkeypatch.setattr(compiler, "_HERE", other)
    found.add(compiled("exact"))
    assert len(found) == 5 and all(path.parent == header and path.exists() for path in found)


def test_the_command_line_prints_what_is_missing(cache: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "references.puffer_pong.install"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "Remedy: check that pip reaches a package index" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize("command", ["run", "mutants"])
def test_the_verifier_says_what_is_missing_and_runs_nothing(tmp_path, command):
    report = tmp_path / "r.json"
    words = [sys.executable, "-m", "verification", command, "pongjax/puffer_pong", "--levels", "1", "--json", report]
    done = subprocess.run(words, env={**os.environ, "CC": "nope"}, capture_output=True, text=True, check=False)
    assert done.returncode == 3, done.stderr
    assert "CC=nope names no program. Remedy" in done.stderr and "Traceback" not in done.stderr
    assert "CC=nope" in json.loads(report.read_text())["reason"]
