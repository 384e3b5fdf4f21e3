"""The compiled part of emurust for tests, built once into the user's cache folder."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from references.cache import cache_root, installing

CRATE = Path(__file__).resolve().parents[2] / "emurust"
_LIBRARY = {"darwin": "libemurust.dylib", "win32": "emurust.dll"}.get(sys.platform, "libemurust.so")


def _cargo(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYO3_PYTHON": sys.executable}
    return subprocess.run(
        ["cargo", *arguments], cwd=CRATE, env=environment, capture_output=True, text=True, check=False
    )


def built() -> Path:
    """The library of exactly these sources. Skips without Rust or its packages; a build that fails is an error."""
    if shutil.which("cargo") is None:
        pytest.skip("emurust needs Rust: cargo is not on the path")
    sources = [CRATE / "Cargo.toml", *sorted((CRATE / "src").rglob("*.rs"))]
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()[:16]
    target = cache_root() / f"emurust-{digest}.so"
    if not target.exists():
        with installing("emurust", target):
            if not target.exists():
                fetched = _cargo("fetch")
                if fetched.returncode:
                    pytest.skip(f"emurust's Rust packages cannot be fetched: {fetched.stderr.strip()[-300:]}")
                folder = cache_root() / "emurust-target"
                features = ("--features", "extension-module")
                build = _cargo("build", "--release", "--jobs", "1", "--target-dir", str(folder), *features)
                assert build.returncode == 0, build.stderr
                shutil.copy(folder / "release" / _LIBRARY, target.with_suffix(".new"))
                target.with_suffix(".new").replace(target)
    return target


def load() -> ModuleType:
    """`emurust._native`, so that `GameBoy` and `GameBoyVectorEnv` can be imported."""
    import emurust

    spec = importlib.util.spec_from_file_location("emurust._native", built())
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    sys.modules["emurust._native"] = emurust._native = module  # type: ignore[attr-defined]
    return module


def installed(folder: Path) -> Path:
    """A copy of the package in `folder`, with its compiled part, for other processes to find by PYTHONPATH."""
    source = CRATE / "python" / "emurust"
    shutil.copytree(source, folder / "emurust", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(built(), folder / "emurust" / "_native.abi3.so")
    return folder
