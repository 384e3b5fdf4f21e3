"""XLA's options: read, handed on, chosen by the environment, recorded."""

import json

import pytest

from leaderboard import compiler
from leaderboard.__main__ import main
from leaderboard.program import Program

FUSION = {"xla_disable_hlo_passes": "fusion"}


def run(*arguments):
    return main(
        ["bench", "toys/walk", "--batch", "4", "--no-reference", "--samples", "1", "--seconds", "0.01", *arguments]
    )


def test_options_are_read():
    assert compiler.parse(()) == compiler.parse(("none",)) == {}
    assert compiler.parse(("a=x,y", "b=3", "c=0.5", "d=true", "e=false", "f=p=q")) == {
        **{"a": "x,y", "b": 3, "c": 0.5, "d": True, "e": False, "f": "p=q"}
    }


@pytest.mark.parametrize(
    ("texts", "complaint"),
    [
        (("xla_foo",), "write it as option=value"),
        (("=1",), "write it as option=value"),
        (("none", "a=1"), "write it as option=value, .* or --xla-option none by itself"),
        (("a=1", "a=2"), "a is set twice"),
    ],
)
def test_bad_options(texts, complaint):
    with pytest.raises(ValueError, match=complaint):
        compiler.parse(texts)


@pytest.mark.usefixtures("toys")
def test_options_reach_xla_and_the_row(tmp_path, capsys):
    out = tmp_path / "rows.json"
    assert run("--xla-option", "xla_disable_hlo_passes=fusion", "--json", str(out)) == 0
    assert json.loads(out.read_text())["rows"][0]["compiler_options"] == FUSION
    for text in ("xla_no_such_option=1", "xla_cpu_enable_fast_math=perhaps"):
        assert run("--xla-option", text) == 2
        assert f"XLA refuses its options {text} (--xla-option" in capsys.readouterr().err


@pytest.mark.usefixtures("toys")
def test_environment_asks_for_options():
    from toys import Walk  # pyright: ignore[reportMissingImports]

    class Asking(Walk):
        def compiler_options(self, backend, lanes):
            return FUSION if (backend, lanes) == ("cpu", 8) else {}

    env = Asking()
    assert compiler.chosen(env, (), 8) == FUSION
    assert compiler.chosen(env, (), 4) == compiler.chosen(env, ("none",), 8) == compiler.chosen(Walk(), (), 8) == {}
    assert compiler.chosen(env, ("a=1",), 8) == {"a": 1}
    asked = Program(env, env.default_params, 16, chunk=8, devices=1)  # 8 lanes run together
    refused = Program(env, env.default_params, 16, chunk=8, devices=1, xla=("none",))
    assert asked.compiler_options == FUSION and refused.compiler_options == {}
    assert "fused_computation" in refused._run.as_text() and "fused_computation" not in asked._run.as_text()
