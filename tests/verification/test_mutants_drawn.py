"""Random mutants: what the rules make, how they are drawn, planted and told from the original."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import random
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import toy_drawn

from verification.mutants.drawn import data, figures
from verification.mutants.drawn.discover import Targets
from verification.mutants.drawn.edits import RAN, Edit, changes_program
from verification.mutants.drawn.pool import draw
from verification.mutants.drawn.program import batched, digest
from verification.mutants.drawn.rules import edits_of
from verification.mutants.drawn.tree import Tree, probed
from verification.mutants.mutant import MutantError


@pytest.fixture
def game(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    toy_drawn.write(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    for name in ("drawn_game", "drawn_game.rules", "drawn_plugin"):
        sys.modules.pop(name, None)


TARGETS = Targets(
    ["drawn_game"], {"drawn_game.rules": "drawn_game/rules.py"}, data=["drawn_game/steps.json"]
)  # fmt: skip


def made(source: str) -> set[tuple[str, str]]:
    """(operator, changed source) of each change by rule."""
    return {(edit.operator, edit.applied(source)) for edit in edits_of("m", "m.py", source)}


@pytest.mark.parametrize(
    ("source", "operator", "changed"),
    [
        ("x = 7", "constant", {"x = 8", "x = 6"}),
        ("x = 0.5", "constant", {"x = 0.55", "x = 0.25"}),
        ("x = True", "constant", {"x = False"}),
        ("a < b", "comparison", {"a <= b", "a > b"}),
        ("(a) == b", "comparison", {"a != b"}),
        ("a in b", "comparison", {"a not in b"}),
        ("a and b", "term dropped", {"a", "b"}),
        ("a and b", "boolean operator", {"(a or b)"}),
        ("a & ~b", "term dropped", {"a", "(~b)"}),
        ("a & ~b", "negated", {"(a & ~(~b))", "a & b"}),
        ("-a", "sign", {"a"}),
        ("x = a - b * c", "operands swapped", {"x = ((b * c) - a)"}),
        ("x = (a + b) - c", "operands swapped", {"x = (c - (a + b))"}),
        ("x = a << b", "arithmetic", {"x = (a >> b)"}),
        ("x += y", "arithmetic", {"x -= y"}),
        ("x = f(a, (b + c), k=d)", "arguments swapped", {"x = f((b + c), a, k=d)"}),
        ("x = f(a, k=d)", "argument dropped", {"x = f(a)"}),
        ("x = f(k=d)", "argument dropped", {"x = f()"}),
        ("x = jnp.where(c, a, b)", "branches exchanged", {"x = jnp.where(c, b, a)", "x = jnp.where(a, c, b)"}),
        ("x = a if c else b", "branches exchanged", {"x = (b if c else a)"}),
        ("x = jnp.minimum(a, b)", "function", {"x = jnp.maximum(a, b)"}),
        ("x = t[i]", "index", {"x = t[i + 1]", "x = t[i - 1]"}),
        ("if c:\n    f(x)\n", "negated", {"if not c:\n    f(x)\n"}),
        ("if c:\n    f(x)\n", "statement dropped", {"if c:\n    pass\n"}),
        ("s.x = a", "statement dropped", {"pass"}),
        ("x, y = y, x", "statement dropped", {"pass"}),
        ("x = f(y)", "statement dropped", set()),  # x would not be defined
        ("if c:\n    raise ValueError(1)\n", "statement dropped", {"if c:\n    pass\n"}),
    ],
)
def test_each_rule_makes_what_it_says(source: str, operator: str, changed: set[str]) -> None:
    found = made(source)
    assert {text for name, text in found if name == operator} == changed
    for _, text in found:
        compile(text, "m", "exec")


def test_text_annotations_imports_and_words_of_errors_are_left_alone() -> None:
    source = (
        '"""Text 1 + 1."""\nimport a\nfrom b import c\nif TYPE_CHECKING:\n    import d\n'
        '@cache(1)\ndef f(x: t[1]) -> u[2]:\n    """Text 3."""\n    assert x == 4\n    g = f"{x + 5}"\n'
    )
    assert made(source) == set()


def test_letters_of_several_bytes_do_not_move_a_change() -> None:
    source = 'name = "Pokémon → é"\nx = a + 1\n'
    assert ("constant", 'name = "Pokémon → é"\nx = a + 2\n') in made(source)


def test_a_change_that_means_the_same_is_none() -> None:
    same = Edit("m", "m.py", "arguments swapped", "module", 6, 10, "a, a", 1)
    assert not changes_program(same, "x = f(a, a)\n")
    broken = Edit("m", "m.py", "constant", "module", 4, 5, "(", 1)
    assert not changes_program(broken, "x = 1\n")


def test_an_id_stays_while_other_lines_change() -> None:
    source = "def f(x):\n    y = x + 1\n    y = x + 1\n    return y\n"
    later = "import os\n\n\n" + source
    first, second = ([e for e in edits_of("m", "m.py", source) if e.new == "2"])[:2]
    moved = [e for e in edits_of("m", "m.py", later) if e.new == "2"]
    assert first.id(source) == moved[0].id(later) != second.id(source) == moved[1].id(later)


def test_a_seed_draws_the_same_and_a_longer_draw_goes_on(game: Path) -> None:
    ten = draw(TARGETS, 10, seed=3)
    assert ten == draw(TARGETS, 10, seed=3) != draw(TARGETS, 10, seed=4)
    assert ten[:4] == draw(TARGETS, 4, seed=3)
    assert len({one.id for one in ten}) == 10 and {one.kind for one in ten} == {"environment", "data"}
    lines = [one.edit.line for one in ten if one.kind == "environment"]
    assert len(lines) == len(set(lines))
    without = Targets(TARGETS.packages, TARGETS.modules)
    with pytest.raises(MutantError, match="99 random mutants asked for, but the 1 files hold lines for"):
        draw(without, 99, seed=3)


def test_a_value_of_a_table_changes_and_no_other(tmp_path: Path) -> None:
    arrays = {"rows": np.array([[1, 255], [0, 7]], np.uint8), "flags": np.array([True]), "words": np.array(["a"])}
    for seed in range(30):
        np.savez(tmp_path / "t.npz", **arrays)
        edit = data.draw_change(random.Random(seed), tmp_path, "t.npz")
        data.apply(tmp_path / "t.npz", edit)
        with np.load(tmp_path / "t.npz") as found:
            assert {name: found[name].dtype for name in found.files} == {n: a.dtype for n, a in arrays.items()}
            assert sum(int((found[name] != arrays[name]).sum()) for name in arrays) == 1
    (tmp_path / "t.json").write_text('{"a": [1, {"b": true}], "c": "x"}')
    edit = data.draw_change(random.Random(1), tmp_path, "t.json")
    data.apply(tmp_path / "t.json", edit)
    assert (tmp_path / "t.json").read_text() != '{"a": [1, {"b": true}], "c": "x"}' and edit.is_data
    (tmp_path / "empty.json").write_text('{"a": "b"}')
    with pytest.raises(ValueError, match=r"empty\.json holds no number to change"):
        data.draw_change(random.Random(1), tmp_path, "empty.json")


def test_a_planted_change_is_there_for_a_while_only(game: Path, tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    tree = Tree(tmp_path / "run" / "tree", ["drawn_game"])
    path = tree.folder / "drawn_game" / "rules.py"
    edit = next(one.edit for one in draw(TARGETS, 10, seed=3) if one.kind == "environment")
    cached = Path(importlib.util.cache_from_source(str(path)))
    cached.parent.mkdir()
    cached.write_text("old")
    with tree.planted(edit):
        assert ast.dump(ast.parse(path.read_text())) == ast.dump(ast.parse(probed(edit, toy_drawn.RULES)))
        assert not cached.exists()
    assert path.read_text() == toy_drawn.RULES == (game / "drawn_game" / "rules.py").read_text()
    assert tree.environment()["PYTHONPATH"].startswith(str(tree.folder))


@pytest.mark.parametrize(
    ("source", "line", "marked"),
    [
        ("def f():\n    return 1 + 2\n", 2, 2),
        ("if a:\n    x = 1\nelif b == 3:\n    x = 2\n", 3, 1),
        ("x = (\n    1,\n    2,\n)\n", 3, 1),
        ("@g\ndef f(x=1):\n    return x\n", 2, 1),
        ("class A:\n    x: int = 1\n", 2, 2),
        ("if a: x = 1\n", 1, 1),
    ],
)
def test_the_mark_stands_before_the_changed_statement(source: str, line: int, marked: int) -> None:
    edit = Edit("m", "m.py", "constant", "module", 0, 0, "", line)
    found = probed(edit, source).splitlines()
    assert RAN in found[marked - 1] and [text for text in found if RAN not in text] == source.splitlines()
    compile("\n".join(found), "m", "exec")


def test_programs_are_the_same_whatever_they_are_called_and_leave_unused() -> None:
    def adding(numbers: list[float]) -> Callable[[jax.Array], jax.Array]:
        table = np.array(numbers, np.float32)

        def one(x: jax.Array) -> jax.Array:
            return jax.lax.cond(x[0] > 0, lambda y: y + table, lambda y: y, x)

        return one

    def renamed(value: jax.Array) -> jax.Array:
        _ = value * 3
        return jax.lax.cond(value[0] > 0, lambda z: z + np.arange(4, dtype=np.float32), lambda z: z, value)

    def other(x: jax.Array) -> jax.Array:
        return jax.lax.cond(x[0] >= 0, lambda y: y + np.arange(4, dtype=np.float32), lambda y: y, x)

    def of(function: Callable[..., Any]) -> bytes:
        return digest(jax.make_jaxpr(jax.jit(function))(jnp.zeros(4)))

    assert of(adding([0, 1, 2, 3])) == of(renamed)
    assert of(adding([0, 1, 2, 4])) != of(renamed)
    assert of(other) != of(renamed)
    assert of(jnp.sin) != of(jnp.cos)


def test_a_rule_of_vmap_is_part_of_the_program() -> None:
    def doubled(batched_by: float) -> Callable[[jax.Array], jax.Array]:
        @jax.custom_batching.custom_vmap
        def double(x: jax.Array) -> jax.Array:
            return x * 2.0

        @double.def_vmap
        def _(size: int, in_batched: list[bool], x: jax.Array) -> tuple[jax.Array, bool]:
            return x * batched_by, in_batched[0]

        return double

    assert batched(doubled(2.0), (jnp.float32(1),)) == batched(doubled(2.0), (jnp.float32(1),))
    assert batched(doubled(2.0), (jnp.float32(1),)) != batched(doubled(3.0), (jnp.float32(1),))


def row(id: str, outcome: str, **more: object) -> dict[str, object]:
    base = {"id": id, "kind": "environment", "module": "m.a", "outcome": outcome, "operator": "constant"}
    return {**base, "place": "f", "ran": True, "patch": "-a\n+b\n", **more}


def test_rates_leave_out_what_does_not_compile_and_what_is_equivalent() -> None:
    rows = [
        row("1", "killed", level="L0", suspects=["m.b", "m.a"]),
        row("2", "killed", level="L1", suspects=["m.b"]),
        row("3", "survived"),
        row("4", "survived"),
        row("5", "does not compile"),
        row("6", "same program"),
    ]
    found = figures.summary(rows, ("L0", "L1"), {"4": "the same for every state that there is", "1": "stale"})
    assert (found["mutants"], found["judged"], found["killed"], found["survived"]) == (6, 3, 2, 1)
    assert found["rate"] == 2 / 3 and found["rate_with_equivalents"] == 0.5
    low, high = found["rate_ci95"]
    assert 0.2 < low < 2 / 3 < high < 0.95
    assert (found["does_not_compile"], found["same_program"], found["equivalent"]) == (1, 1, 1)
    assert found["by_level"]["L0"]["killed_first"] == found["by_level"]["L1"]["killed_first"] == 1
    assert found["localisation"] == {"top1": 0.0, "top3": 0.5}
    text = "\n".join(figures.lines("env", found))
    assert "killed 2 of 3: 66.7 %" in text and "with the 1 that were decided to be equivalent: 50.0 %" in text
    assert "survives: 3" in text and "survives: 4" not in text and "    +b" in text
    busy = figures.summary([*rows, row("7", "not run")], ("L0", "L1"), {})
    assert (busy["judged"], busy["killed"], busy["not_run"]) == (4, 2, 1)
    assert "1 gave no result in time" in "\n".join(figures.lines("env", busy))
    nothing = figures.summary(rows[4:], ("L0",), {})
    assert nothing["rate"] is None and "no rate" in "\n".join(figures.lines("env", nothing))
