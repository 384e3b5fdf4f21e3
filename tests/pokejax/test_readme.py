"""The documents hold: the example runs, the commands parse, the files exist."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import numpy as np
import pytest
from compiled_quickly import compiled_quickly  # noqa: F401 (a fixture)

from families.pokejax_gen1.quickstart.options import parser as quickstart_parser
from families.pokejax_gen1.replay.options import parser as replay_parser

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "ERRATA.md")]
DOCUMENTS += sorted((ROOT / "docs").glob("*.md"))
README = (ROOT / "README.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, flags=re.M | re.S)


def test_the_example_runs():
    example, battle = blocks("python")
    assert len([line for line in example.splitlines() if line.strip()]) <= 15
    names: dict = {}
    exec(compile(example, "README.md", "exec"), names)
    assert names["legal"].shape == (64, 2, 11)
    assert bool(names["legal"][np.arange(64)[:, None], np.arange(2), names["actions"]].all())
    assert not bool(names["info"]["illegal"].any())
    assert names["reward"].shape == (64, 2) and not bool(names["terminated"].any())
    exec(compile(battle, "README.md", "exec"), names)
    assert names["battle"].turn == 2
    assert names["env"].legal_actions(names["battle"].state, names["params"])[:, 6:10].all()


def test_the_two_set_up_commands_stand_there():
    first = blocks("sh")[0].splitlines()
    assert first == ["pip install uv && uv run pokejax quickstart", "pip install uv && uv run pytest"]
    assert first[1] in (ROOT / ".ci" / "run").read_text("utf-8")


def test_its_pokejax_commands_parse():
    lines = [line for block in blocks("sh") for line in block.splitlines()]
    commands = [shlex.split(line, comments=True) for line in lines]
    parsers = {"quickstart": quickstart_parser(), "replay": replay_parser()}
    found = set()
    for command in commands:
        after = command[command.index("pokejax") + 1 :] if "pokejax" in command else []
        if after:  # not `pip install pokejax`
            name, *arguments = after
            parsers[name].parse_args(arguments)
            found.add(name)
    assert found == set(parsers)


def test_its_verification_and_bench_commands_parse():
    from leaderboard.__main__ import parser as leaderboard_parser
    from verification.cli import parser as verification_parser

    parsers = {"verification": verification_parser(), "leaderboard": leaderboard_parser()}
    commands = [shlex.split(line) for block in blocks("sh") for line in block.splitlines() if "python -m" in line]
    found = set()
    for command in commands:
        module, *arguments = command[command.index("-m") + 1 :]
        if module in parsers:
            parsers[module].parse_args(arguments)
            found.add(module)
    assert found == set(parsers)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(document: Path):
    text = document.read_text("utf-8")
    for target in re.findall(r"\]\(([^)#]+)", text):
        if not target.startswith("https://"):
            assert (document.parent / target).exists(), target


def test_every_rule_file_is_in_the_list_of_quirks():
    text = (ROOT / "docs" / "pokejax_gen1.md").read_text("utf-8")
    named = set(re.findall(r"`(\w+\.py)`", text))
    files = {path.name for path in (ROOT / "pokejax" / "gen1").glob("*.py")}
    assert named <= files | {path.name for path in (ROOT / "pokejax" / "common").glob("*.py")}
    # State's layout, small tools, ids, the drawing of teams for tests and of pictures hold no rule.
    assert files - named <= {
        "__init__.py",
        "arrays.py",
        "state.py",
        "view.py",
        "move_ids.py",
        "team_sampling.py",
        "picture.py",
    }
