"""Type checkers know the environments."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("pyright", reason="pyright is not installed: uv sync")

_ROOT = Path(__file__).parents[2]
_README = (_ROOT / "README.md").read_text("utf-8")

_CLASSES = """
import jax
import jaxenv

reacher = jaxenv.make("cheetahjax/Reacher-v5", frame_skip=3)
obs, state = reacher.reset(jax.random.key(0))
reveal_type(reacher)
reveal_type(state)
reveal_type(reacher.observe(state, reacher.default_params))
reveal_type(reacher.observe(state.env_state, reacher.default_params))
reveal_type(jaxenv.make("pokejax/gen1ou").default_params)
reveal_type(jaxenv.make("pokejax/gen1ou").reset_env)
chosen: str = input()
reveal_type(jaxenv.make(chosen))
reveal_type(jaxenv.make(chosen).reset(jax.random.key(0))[1])
"""


def check(program: str, folder: Path) -> list[dict]:
    """Strict pyright's findings in a program."""
    (folder / "program.py").write_text(program, "utf-8")
    settings = {"typeCheckingMode": "strict", "pythonVersion": "3.11", "include": ["program.py"]}
    (folder / "pyrightconfig.json").write_text(json.dumps(settings), "utf-8")
    command = [sys.executable, "-m", "pyright", "--outputjson", "--pythonpath", sys.executable, "-p", str(folder)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300, check=False)
    return json.loads(done.stdout)["generalDiagnostics"]


def test_the_readme_is_strictly_typed(tmp_path):
    programs = re.findall(r"^```python\n(.*?)^```", _README, flags=re.M | re.S)
    assert programs and "jaxenv.make(" in programs[0]
    for program in programs:
        found = [f"{one['range']['start']['line'] + 1}: {one['message']}" for one in check(program, tmp_path)]
        assert not found, "\n".join(found)


def test_make_gives_the_class_of_the_id(tmp_path):
    said = check(_CLASSES, tmp_path)
    assert {one["severity"] for one in said} == {"information"}, said
    assert [re.findall(r'is "(.*)"', one["message"])[0] for one in said] == [
        "Reacher",
        "AutoResetState[ReacherState]",
        "dict[str, Array]",
        "dict[str, Array]",
        "Gen1Params",
        "(key: Array, params: Gen1Params) -> tuple[Observation, Gen1State]",
        "Environment[Any, Any, Any]",
        "AutoResetState[Any]",
    ]


def test_a_wrong_state_is_an_error(tmp_path):
    program = _CLASSES + 'reacher.observe(jaxenv.make("pokejax/gen1ou").reset(jax.random.key(0))[1], params=None)\n'
    assert any(one["severity"] == "error" for one in check(program, tmp_path))
