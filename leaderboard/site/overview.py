"""Overview: the fastest row of each section, beside the evidence that the environment is the same."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from typing import Any

from leaderboard.checking.finding import hardware_of, section_of
from leaderboard.section import MODES, count
from leaderboard.site.collected import Collected, reference_of
from leaderboard.site.equivalence import Equivalence, equivalence

NOT_MEASURED = "not measured yet"
_MODES = {"env_random_legal": "random play", "policy_in_loop": "a policy in the loop"}
_ENGINES = {"simd": "kernels", "xla": "XLA"}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Gap:
    """Level 4 of one row: ours minus the reference's, in the metric's unit. `file`: of the row."""

    metric: str
    verdict: str
    difference: float
    ci90: tuple[float, float]
    margin: float
    file: str
    command: str

    @property
    def reach(self) -> float:
        """The end of the interval that is farther from zero, over the margin: below 1 is equivalent."""
        return max(map(abs, self.ci90)) / self.margin


@dataclasses.dataclass(frozen=True, kw_only=True)
class Line:
    """A section's fastest row, or an environment without any (`row` None).

    * `best`: it has the highest speed of its environment, played at random. `gap`: the widest of level 4.
    * `reference`: as the row names it, else as the family does. `standing`: of the row.
    """

    env: str
    reference: str
    equivalence: Equivalence
    gap: Gap | None
    row: dict[str, Any] | None
    file: str = ""
    standing: str = ""
    best: bool = False

    @property
    def hardware(self) -> str:
        """Processor or accelerator, and cores."""
        return hardware(self.row) if self.row else ""

    @property
    def mode(self) -> str:
        """The row's mode in words."""
        return mode(self.row) if self.row else ""

    @property
    def engine(self) -> str:
        """The row's backend in words."""
        return engine(self.row) if self.row else ""


def hardware(row: dict[str, Any]) -> str:
    """As "AMD EPYC, 2 cores"."""
    cpu, cores, device = hardware_of(row)
    accelerator = row["machine"]["accelerator"]
    name = accelerator.get("name", device) if isinstance(accelerator, dict) else ""
    return ", ".join(part for part in (name, cpu, count(cores, "core")) if part)


def mode(row: dict[str, Any]) -> str:
    """A row's mode in words."""
    return _MODES.get(row["mode"]) or row["mode"]


def engine(row: dict[str, Any]) -> str:
    """A row's backend in words: "kernels", or "XLA on gpu"."""
    name, _, device = row["backend"].partition(":")
    return (_ENGINES.get(name) or str(name)) + (f" on {device}" if device not in ("", "cpu") else "")


def lines(collected: Collected) -> list[Line]:
    """A line for each section and hardware of each environment, the fastest first; one for those without rows."""
    return [line for env in collected.environments for line in _of(collected, env)]


def _of(collected: Collected, env: str) -> Iterator[Line]:
    proof, gap = equivalence(collected, env), _widest(gaps(collected, env))
    fastest: dict[Any, tuple[str, dict[str, Any]]] = {}
    for path, row in collected.of("sps", env):
        section = section_of(row)
        key = (section[:4], section[5:], hardware_of(row))  # older rows do not tell their configuration
        if key not in fastest or row["median_sps"] > fastest[key][1]["median_sps"]:
            fastest[key] = path, row
    if not fastest:
        yield Line(env=env, reference=reference_of(env), equivalence=proof, gap=gap, row=None)
    random = [row["median_sps"] for _, row in fastest.values() if row["mode"] == MODES[0]]
    for path, row in sorted(fastest.values(), key=lambda one: (one[1]["mode"], -one[1]["median_sps"])):
        timed = row["reference"]
        yield Line(
            env=env,
            reference=f"{timed['name']} {timed['version']}" if timed else reference_of(env),
            equivalence=proof,
            gap=gap,
            row=row,
            file=path,
            standing=collected.standing(path, row),
            best=row["mode"] == MODES[0] and row["median_sps"] == max(random),
        )


def gaps(collected: Collected, env: str) -> list[Gap]:
    """Every row of level 4."""
    return [
        Gap(
            metric=row["metric"],
            verdict=row["verdict"],
            difference=row["difference"],
            ci90=tuple(row["ci90"]),
            margin=row["margin"],
            file=path,
            command=row["command"],
        )
        for path, row in collected.of("gap", env)
    ]


def _widest(found: list[Gap]) -> Gap | None:
    return max(found, key=lambda one: one.reach, default=None)


def front(found: Iterable[Line]) -> list[Line]:
    """Lines of the front table: random play on most cores, the fastest of each backend."""
    chosen: dict[tuple[str, str], Line] = {}
    for line in found:
        if line.row is None or line.row["mode"] != MODES[0]:
            continue
        key = line.env, line.row["backend"]
        if key not in chosen or _rank(line) > _rank(chosen[key]):
            chosen[key] = line
    return list(chosen.values())


def _rank(line: Line) -> tuple[int, float]:
    assert line.row is not None
    return hardware_of(line.row)[1], line.row["median_sps"]
