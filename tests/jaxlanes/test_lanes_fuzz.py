"""The fuzzer: it runs clean, reaches every primitive, finds what is broken on purpose and makes it small."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from jaxlanes.__main__ import main
from jaxlanes.errors import UnsupportedError
from jaxlanes.lower.context import RULES
from jaxlanes.tools.fuzz import campaign
from jaxlanes.tools.fuzz.classes import CLASSES, OTHER_NAMES, missing
from jaxlanes.tools.fuzz.compare import Pair, canonical
from jaxlanes.tools.fuzz.generate import primitive_program, random_program
from jaxlanes.tools.fuzz.oracles import ORACLES, wrong
from jaxlanes.tools.fuzz.programs import Program
from jaxlanes.tools.fuzz.shrink import Case, check, shrink
from jaxlanes.tools.fuzz.values import DTYPES, KEY, Type, draw, literal

# JAX converts constants by NumPy, which warns of NaN.
pytestmark = pytest.mark.filterwarnings("ignore:(invalid value|overflow) encountered:RuntimeWarning")


@pytest.fixture(autouse=True)
def _no_fault_handler(monkeypatch: pytest.MonkeyPatch) -> None:
    """pytest has one of its own, and the captured stderr has no file for another."""
    monkeypatch.setattr("faulthandler.enable", lambda: None)


def test_every_primitive_has_a_generator() -> None:
    assert missing(RULES) == []
    assert set(CLASSES) <= set(RULES)
    assert set(OTHER_NAMES.values()) <= set(CLASSES)
    assert missing({**RULES, "a_new_primitive": None}) == ["a_new_primitive"]


def _lowered(program: Program) -> None:
    error = campaign.refusal(program)
    if error is not None:
        raise AssertionError(program.source()) from error


@pytest.fixture
def reached(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The primitives whose rules have been called."""
    found: set[str] = set()

    def watched(name: str, function: Any) -> Any:
        def rule(*args: Any) -> Any:
            found.add(name)
            return function(*args)

        return rule

    for name, function in list(RULES.items()):
        monkeypatch.setitem(RULES, name, watched(name, function))
    return found


def test_each_class_goes_through_its_rule(reached: set[str]) -> None:
    rng = np.random.default_rng(0)
    absent = [name for name in ("stack", "unstack", "tile") if not hasattr(lax, f"{name}_p")]  # of JAX 0.8
    for name in (name for name in CLASSES if name not in absent):
        reached.clear()
        for _ in range(4):
            _lowered(primitive_program(rng, name))
        for _ in range(12):  # JAX makes slices of some gathers
            if name not in reached:
                _lowered(primitive_program(rng, name))
        assert name in reached


def test_programs_go_through_most_rules(reached: set[str]) -> None:
    rng = np.random.default_rng(0)
    programs = [random_program(rng, campaign.program_size(rng)) for _ in range(60)]
    for program in programs:
        _lowered(program)
    assert all(len(program.outputs) >= 1 and program.size() >= 5 for program in programs)
    wanted = {name for name, its in CLASSES.items() if its.in_programs >= 0.5}
    assert len(wanted - reached) <= 3, wanted - reached
    assert {"cond", "while", "scan", "sort", "gather", "scatter", "threefry2x32"} <= reached


def test_a_short_run_is_clean(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(campaign, "PROGRAMS_AT_ONCE", 8)
    report = tmp_path / "report.json"
    assert main(["fuzz", "--minutes", "0.05", "--seed", "3", "--only", "sin,programs", "--json", str(report),
                 "--out", str(tmp_path)]) == 0  # fmt: skip
    found = json.loads(report.read_text())
    assert found["failures"] == [] and found["next_round"] >= 1
    assert found["classes"][0]["class"] == "sin" and found["classes"][0]["evaluations"] >= 1_000_000
    assert found["programs"] % 8 == 0 and found["rejected_by_xla"] == []
    assert "0 failures" in capsys.readouterr().out


def test_the_command_names_a_class_that_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fuzz", "--minutes", "1", "--only", "addd"]) == 2
    assert "--only addd: no such class" in capsys.readouterr().err


def test_rounds_are_the_same_again() -> None:
    sources = [random_program(np.random.default_rng([7, 3]), 20).source() for _ in range(2)]
    assert sources[0] == sources[1]
    settings = campaign.Settings(1)
    kinds = [campaign.kind_of_round(settings, number) for number in range(2 * len(CLASSES))]
    assert set(kinds) == {*CLASSES, "programs"} and kinds.count("programs") == len(kinds) // campaign.PROGRAMS_EVERY
    few = campaign.Settings(1, classes=("add", "programs"))
    assert [campaign.kind_of_round(few, number) for number in range(4)] == ["add", "programs"] * 2
    assert campaign.kind_of_round(campaign.Settings(1, classes=("add", "sub")), 3) == "sub"


def _first_failure(make: Callable[[], Program]) -> Case:
    """Of programs, until one differs."""
    rng = np.random.default_rng(0)
    for _ in range(10):
        programs = [make() for _ in range(2)]
        pair = Pair(programs, 32, strict=True)
        arguments = [pair.draw(rng, i) for i in range(len(programs))]
        for program, values, found in zip(programs, arguments, pair.differences(arguments), strict=True):
            if found is not None:
                return Case(program, values, "differs", str(found))
    raise AssertionError("nothing differed")


def test_a_wrong_rule_is_found_and_made_small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A shift that is one too far."""
    right = RULES["shift_right_arithmetic"]

    def off_by_one(context: Any, equation: Any, x: Any, y: Any) -> Any:
        return right(context, equation, right(context, equation, x, y), np.ones((), x.dtype))

    monkeypatch.setitem(RULES, "shift_right_arithmetic", off_by_one)
    rng = np.random.default_rng(4)

    def make() -> Program:
        while True:
            program = random_program(rng, 25)
            if any(equation.label == "shift_right_arithmetic" for equation in program.equations):
                return program

    case = _first_failure(make)
    small = shrink(case, strict=True)
    assert small.program.size() <= 5 < case.program.size()
    assert "shift_right_arithmetic" in small.script() and small.lanes == 1
    monkeypatch.undo()
    assert check(small.program, small.arguments, strict=True) is None


def test_a_wrong_rule_inside_a_branch(monkeypatch: pytest.MonkeyPatch) -> None:
    """The branches of a `cond` in the wrong order."""
    right = RULES["cond"]

    def turned(context: Any, equation: Any, which: Any, *operands: Any) -> Any:
        params = {**equation.params, "branches": equation.params["branches"][::-1]}
        return right(context, equation.replace(params=params), which, *operands)

    monkeypatch.setitem(RULES, "cond", turned)
    rng = np.random.default_rng(5)
    small = shrink(_first_failure(lambda: primitive_program(rng, "cond")), strict=True)
    assert small.program.size() <= 5 and ("lax.cond" in small.script() or "lax.switch" in small.script())


def test_a_rule_that_refuses_is_a_failure(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refuse(context: Any, equation: Any, *values: Any) -> Any:
        raise context.unsupported("clz today")

    monkeypatch.setitem(RULES, "clz", refuse)
    said: list[str] = []
    settings = campaign.Settings(0.001, seed=1, classes=("clz",), folder=tmp_path)
    monkeypatch.setattr(campaign, "INSTANCES", 2)
    tally = campaign.run(settings, said.append)
    assert not tally.clean and tally.mismatches["clz"] == 2
    assert UnsupportedError.__name__ in tally.failures[0]["message"]
    script = (tmp_path / tally.failures[0]["file"]).read_text()
    assert "lax.clz" in script and "jaxlanes.vmap(program" in script
    compile(script, "script", "exec")


def test_an_interruption_keeps_what_was_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(campaign, "INSTANCES", 1)
    monkeypatch.setattr(campaign, "CLASS_DRAWS", 1)

    def interrupt(_: campaign.Tally) -> None:
        raise KeyboardInterrupt

    said: list[str] = []
    settings = campaign.Settings(1, start=5, classes=("not",))
    report = campaign.run(settings, said.append, interrupt).report(settings)
    assert said == ["interrupted in round 6"] and report["next_round"] == 6
    assert report["classes"] == [{"class": "not", "evaluations": campaign.CLASS_LANES, "mismatches": 0}]


@pytest.mark.parametrize("dtype", [*DTYPES, KEY])
def test_values(dtype: str) -> None:
    rng = np.random.default_rng(0)
    values = draw(rng, Type(dtype, (2, 3)), 500)
    assert values.shape[:3] == (500, 2, 3)
    if dtype == "float32":
        assert np.isnan(values).any() and np.isinf(values).any() and (np.signbit(values) & (values == 0)).any()
        exact = draw(rng, Type(dtype, (4,)), 500, "exact")
        assert np.isfinite(exact).all() and (exact != 0).all()
    elif dtype not in (KEY, "bool"):
        info = np.iinfo(dtype)
        assert values.min() == info.min and values.max() == info.max and (values == 0).any()
    again = eval(literal(values[0]), {"np": np})
    assert again.dtype == values.dtype and again.tobytes() == values[0].tobytes()


def test_what_counts_as_the_same() -> None:
    a = np.array([np.nan, 1e-40, -1e-40, 0.0, 1.0], np.float32)
    b = np.array([-np.nan, 0.0, -0.0, -0.0, np.nextafter(np.float32(1), np.float32(2))], np.float32)
    assert (canonical(a) == canonical(b)).tolist() == [True, True, True, False, False]


def test_functions_are_held_to_their_limit() -> None:
    x = draw(np.random.default_rng(0), Type("float32", ()), 1000)
    with np.errstate(all="ignore"):
        near = np.exp(x.astype(np.float64)).astype(np.float32)
    assert not wrong("exp", [x], near, near).any()
    finite = np.isfinite(near) & (near > 1e-30) & (near < 1e38)
    assert wrong("exp", [x], np.nextafter(near, np.float32(np.inf)), near)[finite].mean() > 0.9
    assert set(ORACLES) <= set(CLASSES) and jax.default_backend() == "cpu"


# ---- what it has found


def test_a_product_of_two_vectors(same: Any) -> None:
    """It has no axes."""
    same(lambda x: (x @ x, jnp.dot(x[:1], x[1:])), np.arange(22, dtype=np.int32).reshape(11, 2))


def test_the_greatest_of_zeros(same: Any) -> None:
    """0 is greater than -0 for top_k, though not for sort; a NaN is greater than everything."""
    x = np.random.default_rng(0).choice(np.array([0.0, -0.0, 1, -1, np.inf, np.nan], np.float32), (200, 7))
    same(lambda x: lax.top_k(x, 5), x)
