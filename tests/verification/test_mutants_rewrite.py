"""Copies of packages with a switch at every mutation point: imports, thunks, traced numbers, errors."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from verification.mutants.mutant import Mutant, MutantError
from verification.mutants.rewrite import MutatedPackages, load_mutated

FILES = {
    "toyland/__init__.py": "",
    "toyland/data/prices.txt": "3 5 8",
    "toyland/tables.py": '''
"""Data beside the package."""
from __future__ import annotations

import functools
from pathlib import Path


@functools.cache
def prices() -> list[int]:
    return [int(word) for word in (Path(__file__).parent / "data" / "prices.txt").read_text().split()]
''',
    "toyland/loops.py": """
from __future__ import annotations

from jax import lax


def below(count):
    return count < 10


def up(start):
    return lax.while_loop(below, lambda count: count + 3, start)


def up_many(starts):
    return lax.map(up, starts)
""",
    "toyland/rules.py": '''
from __future__ import annotations

import dataclasses

import jax.numpy as jnp

from . import tables
from toyland.tables import prices as listed


@dataclasses.dataclass
class Shop:
    """A till."""

    sold: int = 0

    def sell(self, count):
        self.sold += count
        if count > 1:
            self.sold = self.sold - 1
        return self.sold

    def place(self):
        return __name__


def price(index, extra=0):
    cost = tables.prices()[index] + extra
    cost = cost * 2
    return cost + 1


def total(values):
    def rounded(value):
        return jnp.maximum(value, 0) + jnp.maximum(value, 1)

    return jnp.sum(rounded(values), dtype=jnp.int32)


def pair(x, y):
    return x, {"y": y * 2}


def shapes(x):
    return x + 1


def count_listed():
    from toyland.rules import price as same

    return len(listed()), same is price
''',
    "toyland/dotted.py": "import toyland.rules\n",
    "toyland/yields.py": "def twice(x):\n    while x < 10:\n        got = yield x\n        x = x + 1\n",
}


def mutant(id: str = "T1", function: str = "price", old: str = "cost + 1", new: str = "cost + 2", **more) -> Mutant:
    values = {"module": "toyland.rules", "changes": "a toy's bug", "expected": "L1", **more}
    return Mutant(id=id, function=function, old=old, new=new, **values)


@pytest.fixture
def toyland(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    before = list(sys.meta_path)
    yield
    sys.meta_path[:] = before
    for name in [name for name in sys.modules if "toyland" in name]:
        del sys.modules[name]


def load(*mutants: Mutant) -> MutatedPackages:
    return load_mutated(mutants, ["toyland"])


@pytest.mark.usefixtures("toyland")
class TestCopies:
    def test_original_and_copy_live_side_by_side(self) -> None:
        copy = load(mutant())
        rules, original = copy.module("toyland.rules"), importlib.import_module("toyland.rules")
        assert rules.price is not original.price and rules.Shop is not original.Shop
        copy.switch.select("T1")
        assert (rules.price(0), original.price(0)) == (8, 7)
        copy.switch.select(0)
        assert rules.price(0) == 7

    def test_imports_among_the_copies_stay_among_them(self) -> None:
        copy = load(mutant())
        rules = copy.module("toyland.rules")
        assert rules.tables is copy.module("toyland.tables")
        assert rules.listed is copy.module("toyland.tables").prices
        assert rules.tables is not importlib.import_module("toyland.tables")
        assert rules.count_listed() == (3, True)
        assert rules.Shop().place() == rules.__name__ == f"{copy.copies.prefix}.toyland.rules"

    def test_data_and_tracebacks_point_at_the_original_files(self, tmp_path: Path) -> None:
        copy = load(mutant(new="cost + undefined_name"))
        rules = copy.module("toyland.rules")
        assert rules.tables.prices() == [3, 5, 8] and Path(rules.__file__) == tmp_path / "toyland" / "rules.py"
        with copy.switch.active("T1"), pytest.raises(NameError) as error:
            rules.price(1)
        line = (tmp_path / "toyland" / "rules.py").read_text().splitlines()[error.traceback[-1].lineno]
        assert line.strip() == "return cost + 1"

    def test_two_copies_do_not_share_their_switch(self) -> None:
        one, two = load(mutant()), load(mutant())
        one.switch.select(1)
        assert [copy.module("toyland.rules").price(0) for copy in (one, two)] == [8, 7]
        one.unload()
        with pytest.raises(ModuleNotFoundError):
            one.module("toyland.tables")
        assert two.module("toyland.rules").price(0) == 7

    def test_a_plain_dotted_import_is_refused(self) -> None:
        with pytest.raises(ImportError, match=r"toyland\.dotted, line 1: `import toyland\.rules`.*from toyland import"):
            load(mutant()).module("toyland.dotted")

    def test_a_module_outside_the_packages_is_not_found(self) -> None:
        with pytest.raises(ModuleNotFoundError, match="json is not among the copied packages"):
            load(mutant()).module("json")


@pytest.mark.usefixtures("toyland")
class TestPoints:
    def test_nested_points_and_two_at_one_place(self) -> None:
        whole = "tables.prices()[index] + extra"
        copy = load(
            mutant("outer", old=whole, new="100"),
            mutant("inner", old="tables.prices()[index]", new="tables.prices()[-1]"),
            mutant("again", old=whole, new="tables.prices()[index] - extra"),
        )
        price = copy.module("toyland.rules").price
        found = []
        for number in range(4):
            copy.switch.select(number)
            found.append(price(0, 1))
        assert found == [9, 201, 19, 5]

    def test_occurrence_picks_one_of_several(self) -> None:
        def counting(occurrence: int) -> int:
            copy = load(
                mutant(function="total.rounded", old="value", new="value + 10", occurrence=occurrence),
            )
            copy.switch.select(1)
            return int(copy.module("toyland.rules").total(jnp.arange(2)))

        assert [counting(1), counting(2)] == [1 + 2 + 20, 1 + 2 + 10 + 11 - 2]

    def test_assignments_can_be_dropped_and_changed_while_traced(self) -> None:
        copy = load(
            mutant("dropped", old="cost = cost * 2", new="pass"),
            mutant("changed", old="cost = cost * 2", new="cost = cost * 3"),
        )
        traced = copy.switch.jit(lambda extra: copy.module("toyland.rules").price(0, extra))
        found = []
        for number in range(3):
            copy.switch.select(number)
            found.append(int(traced(jnp.int32(0))))
        assert found == [7, 4, 10] and traced.compilations() == 1

    def test_whole_statements_switch_in_plain_python_only(self) -> None:
        copy = load(mutant("if", "Shop.sell", "if count > 1:\n    self.sold = self.sold - 1", "self.sold += 5"))
        rules = copy.module("toyland.rules")
        assert rules.Shop().sell(2) == 1
        with copy.switch.active("if"):
            assert rules.Shop().sell(2) == 7
        with pytest.raises(MutantError, match=r"mutant if .*a whole statement cannot be switched while tracing"):
            copy.switch.jit(lambda: rules.Shop().sell(2))()

    def test_errors_name_the_mutant_the_place_and_what_was_found(self) -> None:
        many = {"function": "total.rounded", "old": "value", "new": "0"}
        for wrong, message in (
            (mutant(old="cost + 3"), r"T1: toyland\.rules\.price holds no expression 'cost \+ 3'; closest: cost \+ 1"),
            (mutant(**many), r"T1: toyland\.rules\.total\.rounded holds 'value' 2 times \(lines \d+, \d+\)"),
            (mutant(**many, occurrence=3), "T1: occurrence 3 of 2"),
            (mutant(function="prize"), r"T1: no function toyland\.rules\.prize; there are price"),
            (mutant(module="toyland.rulez"), "T1: no module named 'toyland.rulez'"),
            (
                mutant(module="references.showdown.lcg", function="step", old="state", new="0"),
                "T1: references.showdown.lcg is in none of",
            ),
            (mutant(old="cost +", new="cost"), "T1: old and new must be two expressions, or one statement"),
            (mutant(old="return cost + 1", new="yield cost"), "T1: yield, await and := cannot be switched"),
            (
                mutant(module="toyland.tables", function="prices", old="int(word)", new="0"),
                r"T1: toyland\.tables\.prices is cached: it is computed once, before any mutant is chosen",
            ),
        ):
            with pytest.raises(MutantError, match=message):
                load(wrong)

    def test_registry_errors(self) -> None:
        for wrong, message in (
            ([mutant(), mutant()], r"two mutants are called 'T1' \(toyland\.rules\.price and"),
            ([mutant(expected="L9")], "unknown level 'L9'"),
            ([mutant(new="cost  + 1")], "old and new are the same"),
            ([mutant(occurrence=0)], "occurrence counts from 1, got 0"),
        ):
            with pytest.raises(MutantError, match=message):
                load(*wrong)


@pytest.mark.usefixtures("toyland")
class TestSwitch:
    def test_a_traced_number_selects_leaf_by_leaf_under_vmap_and_loops(self) -> None:
        copy = load(
            mutant("tree", "pair", "(x, {'y': y * 2})", "(x + 1, {'y': y})"),
            mutant("cast", "shapes", "x + 1", "jnp.float32(2.6)"),
        )
        rules = copy.module("toyland.rules")

        def program(x: jax.Array) -> jax.Array:
            def body(_: int, carry: jax.Array) -> jax.Array:
                first, second = rules.pair(carry, carry)
                return first + second["y"]

            looped = jax.vmap(lambda each: jax.lax.fori_loop(0, 2, body, each))(x)
            return rules.shapes(looped)

        compiled = copy.switch.jit(program)
        found = []
        for number in range(3):
            copy.switch.select(number)
            with_jit = compiled(jnp.arange(3))
            if number < 2:  # a Python number casts nothing
                np.testing.assert_array_equal(with_jit, program(jnp.arange(3)))
            assert with_jit.dtype == jnp.int32
            found.append(with_jit.tolist())
        assert found == [[1, 10, 19], [4, 8, 12], [2, 2, 2]] and compiled.compilations() == 1

    def test_weakly_typed_arrays_stay_so(self) -> None:
        copy = load(mutant(function="shapes", old="x + 1", new="x + 2"))

        def program(up: jax.Array) -> jax.Array:
            return jnp.float16(1) + copy.module("toyland.rules").shapes(jnp.where(up, 3.0, -3.0))

        compiled = copy.switch.jit(program)
        for number, sum_of_all in ((0, 5), (1, 6)):
            copy.switch.select(number)
            assert compiled(True).dtype == jnp.float16 and compiled(True) == sum_of_all

    def test_a_compiled_program_may_call_another(self) -> None:
        copy = load(mutant())
        inner = copy.switch.jit(lambda extra: copy.module("toyland.rules").price(0, extra))
        outer = copy.switch.jit(lambda extra: inner(extra) * 10)
        copy.switch.select(1)
        assert int(outer(jnp.int32(0))) == 80
        copy.switch.select(0)
        assert int(outer(jnp.int32(0))) == 70

    def test_jit_keeps_static_and_donated_arguments_in_place(self) -> None:
        copy = load(mutant())

        def scaled(extra: jax.Array, times: int, *, shift: int = 0) -> jax.Array:
            return copy.module("toyland.rules").price(0, extra) * len(range(times)) + len(range(shift))

        for options in ({"static_argnums": 1, "static_argnames": "shift"}, {"static_argnames": ("times", "shift")}):
            assert int(copy.switch.jit(scaled, **options)(jnp.int32(0), 2, shift=3)) == 17
        given = jnp.zeros(4, jnp.int32)
        copy.switch.jit(lambda keep, gone: keep + gone, donate_argnums=1)(jnp.ones(4, jnp.int32), given)
        assert given.is_deleted()
        with pytest.raises(TypeError, match="unsupported in_shardings"):
            copy.switch.jit(scaled, in_shardings=None)

    def test_structures_and_shapes_must_agree(self) -> None:
        for new, message in (
            ("(x, x)", r"mutant T1 \(toyland\.rules\.shapes\).*old is a .*, new a "),
            ("jnp.zeros(7)", r"mutant T1 .*old has shape \(3,\), new \(7,\)"),
            ("'text'", "mutant T1 .*no arrays to select from"),
        ):
            copy = load(mutant(function="shapes", old="x + 1", new=new))
            with pytest.raises(MutantError, match=message):
                copy.switch.jit(copy.module("toyland.rules").shapes)(jnp.arange(3))

    def test_unknown_mutants_are_refused_and_the_choice_is_kept(self) -> None:
        copy = load(mutant())
        with pytest.raises(MutantError, match="no mutant 'T2'; did you mean T1"):
            copy.switch.select("T2")
        with pytest.raises(MutantError, match="no mutant number 2; there are 1, and 0 is none"):
            copy.switch.select(2)
        with pytest.raises(ZeroDivisionError), copy.switch.active("T1"):
            raise ZeroDivisionError
        assert copy.switch.current == 0


def test_one_copy_serves_several_programs(toyland: None) -> None:
    """JAX keeps what it traced of `below`; the mutant's tracer of one program must not turn up in another."""
    copies = load(mutant(module="toyland.loops", function="below", old="count < 10", new="count <= 12"))
    loops, switch = copies.module("toyland.loops"), copies.switch
    one, many, again = switch.jit(loops.up), switch.jit(loops.up_many), switch.jit(loops.up)
    for number, expected in ((0, 12), (1, 15), (0, 12)):
        switch.select(number)
        assert int(one(jnp.int32(0))) == int(again(jnp.int32(0))) == expected
        assert many(jnp.zeros(3, jnp.int32)).tolist() == [expected] * 3
        assert many(jnp.zeros(2, jnp.int32)).tolist() == [expected] * 2
