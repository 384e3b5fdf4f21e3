"""XLA's compiled programs, kept on disk."""

import os
import subprocess
import sys
from pathlib import Path

import jax
import pytest
from faults import forbidden, unprivileged

import jaxenv
from jaxenv import cache

_PROGRAM = """
import sys, jax, jax.numpy as jnp, jaxenv
jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
jax.jit(lambda x: x + 1)(1)  # JAX has looked at the setting before
folder = jaxenv.enable_compilation_cache(*sys.argv[1:])
jax.jit(lambda x: jnp.sin(x) * 3)(1.0)
print(folder)
"""


@pytest.fixture(autouse=True)
def setting():
    before = jax.config.jax_compilation_cache_dir
    jax.config.update("jax_compilation_cache_dir", None)
    yield
    jax.config.update("jax_compilation_cache_dir", before)
    cache.compilation_cache.reset_cache()


def run(*arguments, before=(), **environment):
    command = [*before, sys.executable, "-c", _PROGRAM]
    kept = {name: value for name, value in os.environ.items() if "CACHE" not in name}
    return subprocess.run(
        [*command, *arguments], env=kept | environment, capture_output=True, text=True, check=False, timeout=120
    )


def test_the_users_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("POKEJAX_CACHE_DIR", str(tmp_path / "here"))
    assert cache.user_cache_folder() == tmp_path / "here"
    monkeypatch.setenv("POKEJAX_CACHE_DIR", "~/there")
    assert cache.user_cache_folder() == Path.home() / "there"
    monkeypatch.delenv("POKEJAX_CACHE_DIR")
    monkeypatch.setattr(cache.sys, "platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache.user_cache_folder() == tmp_path / "xdg" / "pokejax"


def test_a_folder_that_was_chosen_stays(monkeypatch, tmp_path):
    monkeypatch.setenv("POKEJAX_CACHE_DIR", str(tmp_path))
    assert jaxenv.enable_compilation_cache() == tmp_path / "compiled"
    assert jax.config.jax_compilation_cache_dir == str(tmp_path / "compiled")
    jax.config.update("jax_compilation_cache_dir", str(tmp_path / "mine"))
    assert jaxenv.enable_compilation_cache() == tmp_path / "mine"
    assert jaxenv.enable_compilation_cache(tmp_path / "other") == tmp_path / "other"
    assert jax.config.jax_compilation_cache_dir == str(tmp_path / "other")


@pytest.mark.parametrize("by_argument", [True, False])
def test_programs_are_kept(tmp_path, by_argument):
    arguments, environment = ([str(tmp_path / "a")], {}) if by_argument else ([], {"POKEJAX_CACHE_DIR": str(tmp_path)})
    done = run(*arguments, **environment)
    assert done.returncode == 0 and not done.stderr, done.stderr
    folder = Path(done.stdout.strip())
    assert folder == tmp_path / ("a" if by_argument else "compiled")
    assert any("jit" in file.name for file in folder.iterdir())


def test_a_folder_that_cannot_be_written(tmp_path):
    with forbidden(tmp_path):
        done = run(before=unprivileged(), POKEJAX_CACHE_DIR=str(tmp_path / "unwritable"))
    assert done.returncode == 0 and done.stdout.strip() == "None"
    assert "CacheWarning: compiled programs are not kept" in done.stderr
    assert "name a folder in JAX_COMPILATION_CACHE_DIR or POKEJAX_CACHE_DIR" in done.stderr


def test_a_file_where_the_folder_should_be(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.warns(cache.CacheWarning, match="file/x cannot be written .*JAX_COMPILATION_CACHE_DIR"):
        assert jaxenv.enable_compilation_cache(tmp_path / "file" / "x") is None
    assert jax.config.jax_compilation_cache_dir is None
