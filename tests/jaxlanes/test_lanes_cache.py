"""Kernels on disk: made once, private, and made again when they are not what was written."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

import jaxlanes
from jaxlanes.runtime import cache


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("JAXLANES_CACHE", str(tmp_path / "kernels"))
    return tmp_path / "kernels"


def write(text: bytes, counter: list[int]):
    def build(path: Path) -> None:
        counter.append(1)
        path.write_bytes(text)

    return build


def test_built_once(folder: Path) -> None:
    built: list[int] = []
    first = cache.library("k", write(b"code", built))
    assert first.read_bytes() == b"code" and cache.library("k", write(b"other", built)) == first and len(built) == 1
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert not list(folder.glob(".build-*"))


@pytest.mark.parametrize("damage", ["library", "hash", "no hash"])
def test_a_corrupt_entry_is_built_again(folder: Path, damage: str) -> None:
    built: list[int] = []
    path = cache.library("k", write(b"code", built))
    if damage == "library":
        path.write_bytes(b"cod")
    elif damage == "hash":
        path.with_suffix(".sha256").write_text("0" * 64)
    else:
        path.with_suffix(".sha256").unlink()
    assert cache.library("k", write(b"code", built)).read_bytes() == b"code" and len(built) == 2


def test_a_build_that_fails_leaves_nothing(folder: Path) -> None:
    def build(path: Path) -> None:
        path.write_bytes(b"half")
        raise RuntimeError("interrupted")

    with pytest.raises(RuntimeError, match="interrupted"):
        cache.library("k", build)
    assert not (folder / "k.so").exists() and not list(folder.glob(".build-*"))


@pytest.mark.parametrize("mode", [0o777, 0o770, 0o702])
def test_a_folder_that_others_can_write_is_refused(folder: Path, mode: int) -> None:
    folder.mkdir()
    folder.chmod(mode)
    with pytest.raises(jaxlanes.CacheError, match=f"mode {mode:o}.*chmod 700"):
        cache.cache_folder()
    with pytest.raises(jaxlanes.CacheError):
        jaxlanes.vmap(lambda x: x + 41, backend="simd")(np.arange(4, dtype=np.int32))


def test_a_folder_of_somebody_else_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache.cache_folder()
    owner = os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: owner + 1)
    with pytest.raises(jaxlanes.CacheError, match=f"belongs to user {owner}"):
        cache.cache_folder()


def test_a_path_that_is_no_folder(folder: Path) -> None:
    folder.write_text("a file")
    with pytest.raises(jaxlanes.CacheError, match="cannot be made"):
        cache.cache_folder()


def test_threads_that_want_the_same_build_it_once(folder: Path) -> None:
    built: list[int] = []
    threads = [threading.Thread(target=cache.library, args=("k", write(b"code", built))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(built) == 1


def test_processes_that_race(folder: Path) -> None:
    program = (
        "import numpy as np, jaxlanes\n"
        "x = np.arange(40, dtype=np.int32)\n"
        "assert (np.asarray(jaxlanes.vmap(lambda v: v * 7 + 1, backend='simd')(x)) == x * 7 + 1).all()\n"
    )
    racers = [subprocess.Popen([sys.executable, "-c", program], stderr=subprocess.PIPE) for _ in range(2)]
    assert [(racer.wait(), racer.communicate()[1]) for racer in racers] == [(0, b"")] * 2
    assert len(list(folder.glob("*.so"))) == 1
    library = next(folder.glob("*.so"))
    library.write_bytes(library.read_bytes()[:1000])  # corrupt: built again, not loaded
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
