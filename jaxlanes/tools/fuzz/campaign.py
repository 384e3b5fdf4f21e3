"""A run of the fuzzer: rounds of one primitive class, or of random programs, until time or counts are reached.

Round N of a seed is always the same. One evaluation of a class is one application of its primitive in one lane.
"""

from __future__ import annotations

import dataclasses
import json
import os
import platform
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jax
import numpy as np

from jaxlanes.emit.targets import host_target
from jaxlanes.runtime.compiler import find_compiler
from jaxlanes.tools.fuzz.classes import CLASSES
from jaxlanes.tools.fuzz.compare import Pair, XlaError, refusal
from jaxlanes.tools.fuzz.generate import primitive_program, random_program
from jaxlanes.tools.fuzz.programs import Program
from jaxlanes.tools.fuzz.shrink import Case, check, shrink
from jaxlanes.tools.fuzz.values import draw
from jaxlanes.tools.fuzz.xla_variants import other_answer

INSTANCES, CLASS_LANES, CLASS_DRAWS = 16, 4096, 16  # one round is more than a million evaluations
PROGRAMS_AT_ONCE, PROGRAM_LANES, PROGRAM_DRAWS = 24, 64, 3
LARGE_EVERY, LARGE_LANES, LARGEST_PROGRAM = 3, 20, 12
"""One round of programs in so many is of short ones on large arrays."""
PROGRAMS_EVERY = 6
"""One round in so many is of random programs; it takes about as long as the others together."""


@dataclasses.dataclass(frozen=True)
class Settings:
    """Stop after `minutes`, or after so many `programs` or `rounds`. `start`: the first round. `classes`: only these;
    "programs" among them is the random programs. `folder`: where failures are written. `left_out`: programs that are
    not run, as (round, number in it)."""

    minutes: float
    seed: int = 0
    programs: int | None = None
    start: int = 0
    classes: tuple[str, ...] = ()
    folder: Path = Path("out/jaxlanes-fuzz")
    rounds: int | None = None
    left_out: tuple[tuple[int, int], ...] = ()


@dataclasses.dataclass(eq=False)
class Tally:
    """Counts and failures of the rounds run so far."""

    evaluations: dict[str, int] = dataclasses.field(default_factory=dict)
    mismatches: dict[str, int] = dataclasses.field(default_factory=dict)
    programs: int = 0
    program_equations: int = 0
    program_evaluations: int = 0
    failures: list[dict[str, Any]] = dataclasses.field(default_factory=list)
    rejected: list[str] = dataclasses.field(default_factory=list)
    several_answers: list[str] = dataclasses.field(default_factory=list)  # see `xla_variants`
    next_round: int = 0
    seconds: float = 0.0

    @property
    def clean(self) -> bool:
        return not self.failures

    def plus(self, later: Tally) -> Tally:
        """With what was run after it, in another process; `seconds` are those of the first."""

        def summed(one: dict[str, int], other: dict[str, int]) -> dict[str, int]:
            return {name: one.get(name, 0) + other.get(name, 0) for name in (*one, *other)}

        return Tally(
            summed(self.evaluations, later.evaluations),
            summed(self.mismatches, later.mismatches),
            self.programs + later.programs,
            self.program_equations + later.program_equations,
            self.program_evaluations + later.program_evaluations,
            self.failures + later.failures,
            self.rejected + later.rejected,
            self.several_answers + later.several_answers,
            later.next_round,
            self.seconds,
        )

    def report(self, settings: Settings) -> dict[str, Any]:
        rows = [
            {"class": name, "evaluations": self.evaluations.get(name, 0), "mismatches": self.mismatches.get(name, 0)}
            for name in CLASSES
            if name in self.evaluations or not settings.classes
        ]
        return {
            "command": shlex.join(["python", "-m", "jaxlanes", *sys.argv[1:]]),
            "seed": settings.seed, "first_round": settings.start, "next_round": self.next_round,
            "seconds": round(self.seconds, 1), "isa": host_target().name, "jax": jax.__version__,
            "numpy": np.__version__, "python": platform.python_version(), "commit": _commit(),
            "machine": f"{platform.machine()}, {os.cpu_count()} cores",
            "compiler": find_compiler().version.splitlines()[0],
            "programs": self.programs, "program_equations": self.program_equations,
            "program_evaluations": self.program_evaluations, "program_mismatches": self.mismatches.get("programs", 0),
            "classes": rows, "failures": self.failures, "rejected_by_xla": self.rejected,
            "xla_gives_several_answers": self.several_answers,
        }  # fmt: skip


def run(settings: Settings, say: Callable[[str], None], progress: Callable[[Tally], None] = lambda _: None) -> Tally:
    """Run until done or interrupted (KeyboardInterrupt ends it with what there is). A failure is shrunk, said and
    written to `settings.folder`."""
    tally = Tally(next_round=settings.start)
    start = time.monotonic()
    with own_kernels(), warnings.catch_warnings():
        # JAX converts constants by NumPy, which warns of NaN.
        warnings.filterwarnings("ignore", "(invalid value|overflow) encountered", RuntimeWarning)
        try:
            while not done(settings, tally, time.monotonic() - start):
                number = tally.next_round
                _round(settings, tally, say)
                tally.next_round = number + 1
                tally.seconds = time.monotonic() - start
                progress(tally)
                forget_kernels()
        except KeyboardInterrupt:
            say(f"interrupted in round {tally.next_round}")
    tally.seconds = time.monotonic() - start
    return tally


def done(settings: Settings, tally: Tally, seconds: float) -> bool:
    """True if one of the limits is reached."""
    if settings.rounds is not None and tally.next_round - settings.start >= settings.rounds:
        return True
    if settings.programs is not None and tally.programs >= settings.programs:
        return True
    return seconds >= settings.minutes * 60


def kind_of_round(settings: Settings, number: int) -> str:
    """A class, or "programs": each class in turn, and between them programs."""
    names = settings.classes or (*CLASSES, "programs")
    classes = [name for name in names if name != "programs"]
    if len(classes) == len(names):
        return classes[number % len(classes)]
    every = min(PROGRAMS_EVERY, len(classes) + 1)
    if number % every == every - 1:
        return "programs"
    return classes[(number - number // every) % len(classes)]


def program_size(rng: np.random.Generator) -> int:
    """10 to 200 equations before helpers and bodies, most of them few: time goes by equations."""
    return int(min(200, 9 + rng.geometric(1 / 40 if rng.random() < 0.08 else 1 / 6)))


@dataclasses.dataclass(frozen=True)
class Round:
    """The content of one round of a seed: `programs` by their number in it. `rng` goes on to draw their arguments.
    `large`: they are on large arrays."""

    kind: str
    programs: dict[int, Program]
    rng: np.random.Generator
    large: bool = False

    @property
    def lanes(self) -> int:
        if self.large:
            return LARGE_LANES
        return PROGRAM_LANES if self.kind == "programs" else CLASS_LANES

    @property
    def draws(self) -> int:
        return PROGRAM_DRAWS if self.kind == "programs" else CLASS_DRAWS

    @property
    def strict(self) -> bool:
        return self.kind == "programs" or CLASSES[self.kind].strict


def round_of(settings: Settings, number: int) -> Round:
    """The same at every call; without what is left out."""
    rng = np.random.default_rng([settings.seed, number])
    kind = kind_of_round(settings, number)
    large = kind == "programs" and (number // PROGRAMS_EVERY) % LARGE_EVERY == LARGE_EVERY - 1
    if large:
        sizes = [min(program_size(rng), LARGEST_PROGRAM) for _ in range(PROGRAMS_AT_ONCE)]
        programs = [random_program(rng, size, large=True) for size in sizes]
    elif kind == "programs":
        programs = [random_program(rng, program_size(rng)) for _ in range(PROGRAMS_AT_ONCE)]
    else:
        programs = [primitive_program(rng, kind) for _ in range(INSTANCES)]
    kept = {i: program for i, program in enumerate(programs) if (number, i) not in settings.left_out}
    return Round(kind, kept, rng, large)


def _round(settings: Settings, tally: Tally, say: Callable[[str], None]) -> None:
    this = round_of(settings, tally.next_round)
    ran = _run_all(settings, tally, this, list(this.programs.values()), say)
    if this.kind == "programs":
        tally.programs += len(ran)
        tally.program_equations += sum(program.size() for program in ran)
        tally.program_evaluations += len(ran) * this.lanes * this.draws
    else:
        tally.evaluations[this.kind] = tally.evaluations.get(this.kind, 0) + len(ran) * this.lanes * this.draws


def _run_all(
    settings: Settings, tally: Tally, this: Round, programs: list[Program], say: Callable[[str], None]
) -> list[Program]:
    """The programs that could be run."""
    refused = [program for program in programs if len(programs) > 1 and refusal(program)]
    alone = [p for program in refused for p in _run_all(settings, tally, this, [program], say)]
    programs = [program for program in programs if program not in refused]
    if not programs:
        return alone
    kind, rng, strict = this.kind, this.rng, this.strict
    try:
        pair = Pair(programs, this.lanes, strict=strict)
    except Exception as error:  # which of them?
        if len(programs) > 1:
            half = len(programs) // 2
            parts = (programs[:half], programs[half:])
            return alone + [p for part in parts for p in _run_all(settings, tally, this, part, say)]
        if isinstance(error, XlaError):
            tally.rejected.append(f"round {tally.next_round}: {str(error)[:300]}")
            say(f"round {tally.next_round} ({kind}): not run: {str(error)[:200]}")
            return []
        arguments = [draw(rng, argument.type, 4, argument.domain) for argument in programs[0].arguments]
        _failed(settings, tally, kind, check(programs[0], arguments, strict=strict), strict, say)
        return programs
    failed: set[int] = set()
    for _ in range(this.draws):
        arguments = [pair.draw(rng, i) for i in range(len(programs))]
        for number, found in enumerate(pair.differences(arguments)):
            if found is not None and number not in failed:
                failed.add(number)
                if (way := other_answer(programs[number], arguments[number], strict=strict)) is not None:
                    note = f"round {tally.next_round} ({kind}): {found}; the kernel's is XLA's {way}"
                    tally.several_answers.append(note[:400])
                    say(note)
                    continue
                case = Case(programs[number], arguments[number], "differs", str(found))
                _failed(settings, tally, kind, case, strict, say)
    return alone + programs


def _failed(
    settings: Settings, tally: Tally, kind: str, case: Case | None, strict: bool, say: Callable[[str], None]
) -> None:
    number = tally.next_round
    tally.mismatches[kind] = tally.mismatches.get(kind, 0) + 1
    if case is None:
        tally.failures.append({"round": number, "class": kind, "message": "fails only beside other programs"})
        say(f"round {number} ({kind}): a failure that is not there when its program stands alone")
        return
    say(f"round {number} ({kind}): {case.message}; shrinking {case.program.size()} equations")
    small = case
    if tally.mismatches[kind] <= 3:  # more of the same would only take time
        small = shrink(check(case.program, case.arguments, strict=strict) or case, strict=strict)
    settings.folder.mkdir(parents=True, exist_ok=True)
    file = settings.folder / f"{settings.seed}-{number}-{len(tally.failures)}.py"
    file.write_text(small.script(strict=strict))
    tally.failures.append({"round": number, "class": kind, "message": small.message[:300], "file": file.name,
                           "equations": small.program.size(), "source": small.program.source()})  # fmt: skip
    say(
        small.script(strict=strict)
        if small.lanes <= 4
        else f"{small.program.source()}\n# {small.message}\n# see {file}"
    )


def _commit() -> str:
    """Of the checkout that this lies in, "" if it lies in none."""
    try:
        asked = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=Path(__file__).parent,
                               capture_output=True, text=True, timeout=10, check=False)  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return asked.stdout.strip()


def write_report(path: Path, report: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(report, indent=1) + "\n")


@contextmanager
def own_kernels() -> Iterator[None]:
    """Kernels in a folder of this run, which goes away with it."""
    before = os.environ.get("JAXLANES_CACHE")
    folder = tempfile.mkdtemp(prefix="jaxlanes-fuzz-")
    os.environ["JAXLANES_CACHE"] = folder
    try:
        yield
    finally:
        if before is None:
            del os.environ["JAXLANES_CACHE"]
        else:
            os.environ["JAXLANES_CACHE"] = before
        shutil.rmtree(folder, ignore_errors=True)


def forget_kernels() -> None:
    """Forget compiled kernels, which will not be needed again."""
    jax.clear_caches()
    for file in Path(os.environ["JAXLANES_CACHE"]).iterdir():
        if file.is_file():
            file.unlink(missing_ok=True)
