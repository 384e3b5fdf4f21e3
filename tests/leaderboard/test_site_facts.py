"""`leaderboard facts`: pages of environments say what the environments say, and what is wrong is named."""

from __future__ import annotations

from pathlib import Path

import pytest

import jaxenv
from jaxenv.builtin import BUILT_IN, HOST
from leaderboard.__main__ import main
from leaderboard.site import facts
from leaderboard.site.described import Description, describe, describe_class

PAGES = Path(__file__).resolve().parents[2] / "docs" / "environments"
MARKED = sorted(str(path) for path in PAGES.glob("*.md") if path.stem != "index")
FIELD = {"name": "x", "type": "bool", "range": "0 to 1", "meaning": "a|b"}
TOY = Description(facts=(("Version", "1"),), fields=(FIELD,))


def test_pages_have_the_facts_of_the_environments(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["facts", *MARKED, "--check"]) == 0, capsys.readouterr().err


def test_every_environment_is_on_a_page() -> None:
    pages = "\n".join(Path(path).read_text("utf-8") for path in MARKED)
    missing = [name for name in (*BUILT_IN, *HOST) if f"`{name}`" not in pages and f"facts {name} " not in pages]
    assert not missing
    index = (PAGES / "index.md").read_text("utf-8")
    assert all(f"({Path(path).name})" in index for path in MARKED)


def test_every_field_stands_in_the_table() -> None:
    page = (PAGES / "pokejax_gen1.md").read_text("utf-8")
    for field in jaxenv.make("pokejax/gen1randombattle").obs_spec.fields:
        assert f"| `{field.name}` | " in page and field.meaning.replace("|", "\\|") in page


def test_tables_are_written_between_the_marks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- facts pongjax/puffer_pong -->\nold\n<!-- /facts -->\nafter\n", "utf-8")
    assert main(["facts", str(page), "--check"]) == 1
    assert f"write them by `python -m leaderboard facts {page}`" in capsys.readouterr().err
    assert main(["facts", str(page)]) == 0
    text = page.read_text("utf-8")
    assert text.startswith("before\n<!-- facts ") and text.endswith("<!-- /facts -->\nafter\n") and "old" not in text
    assert "| Reference | pufferlib puffer_pong 3.0.0, MIT |" in text and "| `ball_vx` | float32 | 0 to 1 | " in text
    assert main(["facts", str(page), "--check"]) == 0


def test_a_bar_does_not_end_a_cell() -> None:
    assert facts.markdown(TOY).splitlines()[-1] == "| `x` | bool | 0 to 1 | a\\|b |"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("no marks\n", "0 lines begin facts and 0 end them"),
        ("<!-- facts a/b -->\n", "1 lines begin facts and 0 end them"),
        ("<!-- facts a/b -->\n<!-- facts c/d -->\n<!-- /facts -->\n", "2 lines begin facts and 1 end them"),
        ("<!-- facts pongjax/pufer_pong -->\n<!-- /facts -->\n", "did you mean pongjax/puffer_pong?"),
        ("<!-- facts no.module:Thing -->\n<!-- /facts -->\n", "cannot make no.module:Thing"),
    ],
)
def test_wrong_documents_are_refused(tmp_path: Path, text: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "page.md"
    page.write_text(text, "utf-8")
    assert main(["facts", str(page)]) == 2
    told = capsys.readouterr().err
    assert str(page) in told and said in told
    assert page.read_text("utf-8") == text


def test_continuous_actions_are_counted() -> None:
    assert dict(describe("cheetahjax/InvertedPendulum-v5").facts)["Actions"] == "1 number, -3 to 3"
    assert dict(describe("pongjax/puffer_pong").facts)["Actions"] == "3"
    assert dict(describe_class("families.cartpole.env:CartPole").facts)["Longest episode"] == "500 steps"
