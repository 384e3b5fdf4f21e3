"""The import path of the tools: set by `pokejax.tools` alone, for child processes too, and never by stealth."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def python(script: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", script], cwd=cwd, capture_output=True, text=True, check=False)


def test_import_pokejax_leaves_the_path_alone(tmp_path):
    done = python("import sys; a = list(sys.path); import pokejax, pokejax.cli; assert sys.path == a", tmp_path)
    assert done.returncode == 0, done.stderr


def test_the_tools_come_first_for_child_processes_too(tmp_path):
    for name in ("families", "references"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("")
    child = "import families; print(families.__file__)"
    script = f"""
import subprocess, sys
import pokejax.tools
import families
print(families.__file__, flush=True)
subprocess.run([sys.executable, "-c", {child!r}], cwd="/", check=True)
"""
    done = python(script, tmp_path)
    assert done.returncode == 0, done.stderr
    assert set(done.stdout.split()) == {str(ROOT / "families" / "__init__.py")}


def test_another_package_of_that_name_is_not_replaced(tmp_path):
    (tmp_path / "families.py").write_text("mine = 1")
    done = python("import families, pokejax.tools", tmp_path)
    assert done.returncode == 1
    assert f"another package 'families' has been imported already, from {tmp_path / 'families.py'}" in done.stderr
    assert "Remedy: import pokejax.tools first" in done.stderr
