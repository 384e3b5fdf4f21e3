"""`examples/ppo.py`: short, on jax, flax and optax alone, and it learns."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

FILE = Path(__file__).parents[2] / "examples" / "ppo.py"


def run(*arguments):
    done = subprocess.run([sys.executable, str(FILE), *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_it_is_short_and_stands_on_little():
    text = FILE.read_text()
    assert len(text.splitlines()) <= 200
    nodes = list(ast.walk(ast.parse(text)))
    imported = {name.name.partition(".")[0] for node in nodes if isinstance(node, ast.Import) for name in node.names}
    imported |= {str(node.module).partition(".")[0] for node in nodes if isinstance(node, ast.ImportFrom)}
    assert imported - set(sys.stdlib_module_names) == {"flax", "jax", "numpy", "optax", "jaxenv", "jaxlanes"}


@pytest.mark.parametrize(
    ("env", "steps", "least"),
    [
        ("pongjax/puffer_pong", 850_000, 20.0),
        pytest.param("cheetahjax/Hopper-v5", 330_000, 150.0, marks=pytest.mark.sweep),
    ],
)
def test_it_learns(env, steps, least):
    lines = run(env, "--steps", str(steps))
    assert lines[-1]["return"] > least > lines[0]["return"]


@pytest.mark.sweep
def test_a_game_of_two_is_learned_by_self_play():
    lines = run("pokejax/gen1randombattle", "--steps", "230000")
    assert lines[-1]["return"] > 0.3 > lines[0]["return"], "against random play"
