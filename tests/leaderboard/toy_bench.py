"""A toy with a pretended reference, importable by name, in a process of its own too."""

from __future__ import annotations

import dataclasses
import os
import sys
from contextlib import contextmanager
from pathlib import Path

import families
import jaxenv
from jaxenv import EnvSpec, ObsSpec, Reference
from leaderboard import machine, reference
from leaderboard.family import Bench
from leaderboard.replay import Tolerance
from leaderboard.section import Section

sys.path.insert(0, str(Path(__file__).parents[1] / "jaxenv"))
from toys import Duel, Walk

NAME = "slow-duel"
SPEED = 1000  # steps per second of each of the pretended reference's workers


def _referenced(spec: EnvSpec, name: str) -> EnvSpec:
    return dataclasses.replace(spec, reference=Reference(name=name, version="1.2", licence="MIT"))


@dataclasses.dataclass(frozen=True, kw_only=True)
class ReferencedDuel(Duel):
    """Its reference is declared for one section."""

    @property
    def spec(self) -> EnvSpec:
        return _referenced(super().spec, NAME)


@dataclasses.dataclass(frozen=True, kw_only=True)
class ReferencedWalk(Walk):
    """Quick to compile, for one section."""

    @property
    def spec(self) -> EnvSpec:
        return _referenced(super().spec, NAME)


@dataclasses.dataclass(frozen=True, kw_only=True)
class ExactWalk(ReferencedWalk):
    """A walk that computes with integers alone."""

    @property
    def obs_spec(self) -> ObsSpec:
        return ObsSpec((super().obs_spec.fields[0],))

    def observe(self, state, params):
        return {"place": state.place}


@dataclasses.dataclass(frozen=True, kw_only=True)
class SectionedWalk(Walk):
    """Its reference is declared for three sections."""

    missing: str = ""  # what the reference needs and has not

    @property
    def spec(self) -> EnvSpec:
        return _referenced(super().spec, "slow-walk")


@contextmanager
def session(request):
    """A thousand steps per second on each worker."""
    if getattr(request.env, "missing", ""):
        raise RuntimeError(f"no {request.env.missing} here")
    print("the pretended reference starts")
    yield reference.Session(
        name=request.env.spec.reference.name,
        version="1.2",
        cores=request.cores,
        unit="steps/s",
        timer=lambda seconds: SPEED * request.cores,
        tuning={"mode": request.mode, "may use": machine.cores(), "process": os.getpid()},
    )


def peers(env):
    """Those of `toy_peers`, which a test sets."""
    import toy_peers

    return toy_peers.declared(env)


def error(env, batch, compiler_options):
    """The error of `toy_peers`."""
    import toy_peers

    return toy_peers.error(env, batch, compiler_options)


TOLERANCE = Tolerance(absolute=1e-6, relative=1e-6, why="one division")
BENCH = Bench(session=session, peers=peers, error=error, tolerance=TOLERANCE)
SECTIONED = Bench(sections=(Section(cores=1), Section(), Section(mode="policy_in_loop")), session=session)


def register() -> None:
    """Make the toys known to the registry and to the bench."""
    toys = families.Family(
        name="toys", environments=("toys/referenced", "toys/quick", "toys/exact"), bench=f"{__name__}:BENCH"
    )
    families.register(toys)
    families.register(
        families.Family(name="sectioned", environments=("toys/sectioned",), bench=f"{__name__}:SECTIONED")
    )
    jaxenv.register("toys/duel", "toys:Duel")
    jaxenv.register("toys/walk", "toys:Walk")
    jaxenv.register("toys/referenced", f"{__name__}:ReferencedDuel")
    jaxenv.register("toys/quick", f"{__name__}:ReferencedWalk")
    jaxenv.register("toys/exact", f"{__name__}:ExactWalk")
    jaxenv.register("toys/sectioned", f"{__name__}:SectionedWalk")


def child() -> int:
    """The work of `leaderboard.child`, with the toys."""
    register()
    from leaderboard.child import main

    return main()


if __name__ == "__main__":
    sys.exit(child())
