"""Makes a failing program small: fewer outputs, equations, lanes and elements, as long as it fails as before.

What a variable holds can be made an argument of the program, with the values that XLA computed for it; then all that
came before it goes. Where that makes the failure vanish (it depended on what was known of the variable), equations are
taken out one by one instead.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator

import numpy as np

from jaxlanes.tools.fuzz.compare import STRICT, Pair, XlaError, refusal
from jaxlanes.tools.fuzz.programs import PRELUDE, Argument, Body, Equation, Program, every_equation, live_equations
from jaxlanes.tools.fuzz.values import KEY, Type, draw, literal

Arguments = list[np.ndarray]


@dataclasses.dataclass(frozen=True)
class Case:
    """A program that fails on these arguments: `message` says how, `kind` is "differs" or an error's name."""

    program: Program
    arguments: Arguments
    kind: str
    message: str

    @property
    def lanes(self) -> int:
        return self.arguments[0].shape[0]

    def script(self, *, strict: bool = False) -> str:
        """Python that shows it; `strict` as for `Pair`."""
        body = self.program.source()
        helpers = PRELUDE if any(name in body for name in ("_with_", "_compared")) else ""
        lines = [
            "import jax, jax.custom_batching, jax.extend.random, jax.numpy as jnp, numpy as np",
            "from jax import lax",
            "import jaxlanes",
            "",
        ]
        options = f", compiler_options={STRICT}" if strict else ""
        lines += [helpers + body, "", "arguments = ["]
        for argument, value in zip(self.program.arguments, self.arguments, strict=True):
            text = literal(value)
            lines.append(f"    {f'jax.random.wrap_key_data({text})' if argument.type.dtype == KEY else text},")
        lines += ["]", f"# {self.message}".replace("\n", "\n# ")]
        lines += [
            'print(jaxlanes.vmap(program, backend="simd")(*arguments))',
            f"print(jax.jit(jax.vmap(program){options})(*arguments))",
        ]
        return "\n".join(lines) + "\n"


def check(program: Program, arguments: Arguments, *, strict: bool) -> Case | None:
    """None: the two agree. An error of ours is a failure, one of XLA's is not."""
    try:
        found = Pair([program], arguments[0].shape[0], strict=strict).differences([arguments])[0]
    except XlaError:
        return None
    except Exception as error:
        return Case(program, arguments, type(error).__name__, f"{type(error).__name__}: {error}"[:1500])
    return None if found is None else Case(program, arguments, "differs", str(found))


def shrink(case: Case, *, strict: bool, most: int = 60, say: Callable[[str], None] = lambda _: None) -> Case:
    """The smallest that `most` attempts find."""
    attempts = 0
    refused = case.kind != "differs" and refusal(case.program) is not None
    if refused:
        most *= 30  # nothing need be compiled

    def attempt(program: Program, arguments: Arguments) -> Case | None:
        nonlocal attempts
        attempts += 1
        program, arguments = _tidy(program, arguments)
        if case.kind == "differs":
            program = dataclasses.replace(program, equations=_without_dead_code_inside(program.equations))
        if refused:
            error = refusal(program)
            if error is None or type(error).__name__ != case.kind:
                return None
            return Case(program, arguments, case.kind, f"{case.kind}: {error}"[:1500])
        try:
            found = check(program, arguments, strict=strict)
        except Exception:  # a reduction that makes no program
            return None
        return found if found is not None and found.kind == case.kind else None

    best = case
    if case.kind == "differs":
        best = _one_output(best, attempt)
        best = _fewer_lanes(best, attempt)
        best = _cut_before_the_first(best, attempt, strict)
    progress = True
    while progress and attempts < most:
        progress = False
        for program, arguments in _smaller(best, strict):
            if attempts >= most:
                break
            found = attempt(program, arguments)
            if found is not None and _measure(found) < _measure(best):
                say(f"{found.program.size()} equations")
                best, progress = found, True
                break
    best = _fewer_lanes(best, attempt)
    best = (check(best.program, best.arguments, strict=strict) or case) if refused else best
    return _scalars(best, attempt)


def _measure(case: Case) -> tuple[int, ...]:
    program = case.program
    working = sum(equation.label != "constant" for equation in every_equation(program.equations))
    elements = sum(argument.type.size for argument in program.arguments)
    return program.size(), working, len(program.outputs), elements


def _tidy(program: Program, arguments: Arguments) -> tuple[Program, Arguments]:
    named = dict(zip((argument.name for argument in program.arguments), arguments, strict=True))
    equations, renamed = _without_aliases(program.equations)
    outputs = tuple(renamed.get(name, name) for name in program.outputs)
    tidy = dataclasses.replace(program, equations=equations, outputs=outputs).without_dead_code()
    return tidy, [named[argument.name] for argument in tidy.arguments]


def _without_aliases(equations: tuple[Equation, ...]) -> tuple[tuple[Equation, ...], dict[str, str]]:
    """Without equations that only name something again; and what is meant by the names that are gone."""
    renamed: dict[str, str] = {}
    kept = []
    for equation in equations:
        operands = tuple(renamed.get(name, name) for name in equation.operands)
        if equation.text == "{0}":
            renamed[equation.names[0]] = operands[0]
            continue
        bodies = []
        for body in equation.bodies:
            inner, names = _without_aliases(body.equations)
            results = tuple(names.get(name, name) for name in body.results)
            bodies.append(dataclasses.replace(body, equations=inner, results=results))
        kept.append(dataclasses.replace(equation, operands=operands, bodies=tuple(bodies)))
    return tuple(kept), renamed


def _without_dead_code_inside(equations: tuple[Equation, ...]) -> tuple[Equation, ...]:
    """Bodies without what their results do not need."""
    kept = []
    for equation in equations:
        bodies = tuple(
            dataclasses.replace(body, equations=_without_dead_code_inside(live_equations(body.equations, body.results)))
            for body in equation.bodies
        )
        kept.append(dataclasses.replace(equation, bodies=bodies))
    return tuple(kept)


Attempt = Callable[[Program, Arguments], Case | None]


def _one_output(case: Case, attempt: Attempt) -> Case:
    number = int(case.message.removeprefix("output ").partition("[")[0])
    program = dataclasses.replace(case.program, outputs=(case.program.outputs[number],))
    return attempt(program, case.arguments) or case


def _fewer_lanes(case: Case, attempt: Attempt) -> Case:
    """The lane that differs, alone; else halves."""
    if case.lanes == 1:
        return case
    if case.kind == "differs":
        lane = int(case.message.partition("[")[2].partition("]")[0].partition(",")[0])
        found = attempt(case.program, [value[lane : lane + 1] for value in case.arguments])
        if found:
            return found
    for part in (slice(0, 1), slice(0, case.lanes // 2), slice(case.lanes // 2, None)):
        found = attempt(case.program, [value[part] for value in case.arguments])
        if found:
            return found if found.lanes < 4 else _fewer_lanes(found, attempt)
    return case


def _values(case: Case, strict: bool) -> dict[str, np.ndarray]:
    """XLA's values of every variable outside of bodies."""
    names = tuple(case.program.types())
    every = dataclasses.replace(case.program, outputs=names)
    pair = Pair([every], case.lanes, strict=strict)
    return dict(zip(names, pair.run([case.arguments])[1][0], strict=True))


def _any_values(case: Case) -> dict[str, np.ndarray]:
    """Values for every variable, where it does not matter which."""
    rng = np.random.default_rng(0)
    return {name: draw(rng, type_, case.lanes) for name, type_ in case.program.types().items()}


def _cut_before_the_first(case: Case, attempt: Attempt, strict: bool) -> Case:
    """The first equation whose results differ, alone, on what XLA gives to it."""
    names = tuple(case.program.types())
    every = dataclasses.replace(case.program, outputs=names)
    try:
        pair = Pair([every], case.lanes, strict=strict)
        found = pair.differences([case.arguments])[0]
        if found is None:
            return case
        values = dict(zip(names, pair.run([case.arguments])[1][0], strict=True))
    except Exception:
        return case
    guilty = names[found.output]
    equation = next((equation for equation in case.program.equations if guilty in equation.names), None)
    if equation is None:  # an argument, as it was given
        return case
    types = case.program.types()
    operands = tuple(dict.fromkeys(equation.operands))
    constants = {e.names[0]: e for e in case.program.equations if e.label == "constant"}
    kept = tuple(constants[name] for name in operands if name in constants)
    arguments = tuple(Argument(name, types[name]) for name in operands if name not in constants)
    if not arguments:
        return case
    program = Program(arguments, (*kept, equation), (guilty,))
    return attempt(program, [values[argument.name] for argument in arguments]) or case


def _smaller(case: Case, strict: bool) -> Iterator[tuple[Program, Arguments]]:
    program = case.program
    if len(program.outputs) > 1:
        half = len(program.outputs) // 2
        for outputs in (program.outputs[:half], program.outputs[half:]):
            yield dataclasses.replace(program, outputs=outputs), case.arguments
    # An equation's results become arguments, from the last that something else needs to the first.
    try:
        values = _values(case, strict) if case.kind == "differs" else _any_values(case)
    except Exception:
        values = {}
    for number in range(len(program.equations) - 1, -1, -1):
        equation = program.equations[number]
        if values and equation.label != "constant" and not set(equation.names) & set(program.outputs):
            made = tuple(Argument(n, t) for n, t in zip(equation.names, equation.types, strict=True))
            equations = program.equations[:number] + program.equations[number + 1 :]
            changed = dataclasses.replace(program, arguments=(*program.arguments, *made), equations=equations)
            yield changed, [*case.arguments, *(values[name] for name in equation.names)]
    for number, equation in enumerate(program.equations):
        for replacement in _simpler(equation):
            equations = (*program.equations[:number], *replacement, *program.equations[number + 1 :])
            yield dataclasses.replace(program, equations=equations), case.arguments
    if case.kind != "differs":  # an error may need no output of what fails
        for number in range(len(program.equations)):
            equation = program.equations[number]
            others = (name for name in program.outputs if name not in equation.names)
            outputs = tuple(dict.fromkeys((*others, *equation.operands)))
            if outputs:
                equations = program.equations[:number] + program.equations[number + 1 :]
                if not any(set(equation.names) & set(other.operands) for other in equations):
                    yield dataclasses.replace(program, equations=equations, outputs=outputs), case.arguments


def _simpler(equation: Equation) -> Iterator[tuple[Equation, ...]]:
    """Candidates for its place: zeros or ones; the inside of a body in its stead; a simpler body."""
    if equation.label == "constant":
        return
    if all(type_.dtype != KEY for type_ in equation.types):
        for name in ("zeros", "ones"):
            yield tuple(_filled(name, n, t) for n, t in zip(equation.names, equation.types, strict=True))
    if equation.label in ("cond", "jit", "remat2", "custom_jvp_call", "custom_vjp_call", "custom_vmap_call"):
        given = equation.operands[1:] if equation.label == "cond" else equation.operands
        for body in equation.bodies:
            same = [_alias(name, its[0], its[1]) for (name, its) in zip(_names(body), _given(body, given), strict=True)]
            results = [_alias(n, r, t) for n, r, t in zip(equation.names, body.results, equation.types, strict=True)]
            yield (*same, *body.equations, *results)
    for number, body in enumerate(equation.bodies):
        for simpler in _simpler_bodies(body):
            bodies = (*equation.bodies[:number], simpler, *equation.bodies[number + 1 :])
            yield (dataclasses.replace(equation, bodies=bodies),)


def _names(body: Body) -> list[str]:
    return [name for name, _ in body.parameters]


def _given(body: Body, operands: tuple[str, ...]) -> list[tuple[str, Type]]:
    return [(operand, type_) for operand, (_, type_) in zip(operands, body.parameters, strict=True)]


def _alias(name: str, other: str, type_: Type) -> Equation:
    return Equation((name,), (type_,), "{0}", (other,), label="helper")


def _filled(function: str, name: str, type_: Type) -> Equation:
    dtype = "bool_" if type_.dtype == "bool" else type_.dtype
    return Equation((name,), (type_,), f"jnp.{function}({type_.shape}, jnp.{dtype})", (), label="constant")


def _simpler_bodies(body: Body) -> Iterator[Body]:
    kept = live_equations(body.equations, body.results)
    if len(kept) < len(body.equations):
        yield dataclasses.replace(body, equations=kept)
    types = dict(body.parameters)
    for equation in body.equations:
        types |= dict(zip(equation.names, equation.types, strict=True))
    for number, result in enumerate(body.results):
        for name, type_ in body.parameters:
            if name != result and type_ == types[result]:
                yield dataclasses.replace(body, results=(*body.results[:number], name, *body.results[number + 1 :]))
    for number, equation in enumerate(body.equations):
        for replacement in _simpler(equation):
            equations = (*body.equations[:number], *replacement, *body.equations[number + 1 :])
            yield dataclasses.replace(body, equations=equations)
        if not any(set(equation.names) & {*other.operands} for other in body.equations) and not (
            set(equation.names) & {*body.results}
        ):
            yield dataclasses.replace(body, equations=body.equations[:number] + body.equations[number + 1 :])


def _scalars(case: Case, attempt: Attempt) -> Case:
    """Of operations element by element, the element that differs alone."""
    program = case.program
    shapes = {type_.shape for type_ in program.types().values()}
    if case.kind != "differs" or len(shapes) != 1 or shapes == {()}:
        return case
    if not all(equation.pointwise for equation in program.equations):
        return case
    place = tuple(int(i) for i in case.message.partition("[")[2].partition("]")[0].split(","))[1:]
    arguments = tuple(dataclasses.replace(a, type=Type(a.type.dtype, ())) for a in program.arguments)
    equations = tuple(
        dataclasses.replace(e, types=tuple(Type(t.dtype, ()) for t in e.types)) for e in program.equations
    )
    values = [value[(slice(None), *place)] for value in case.arguments]
    return attempt(Program(arguments, equations, program.outputs), values) or case
