"""The plugin of `emurust/blocks`: its `VectorEnv` beside PyBoy, which runs the same cartridge."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping

import numpy as np

from families.emurust.verify import behaviours, checks, fields, laws
from families.emurust.verify.cases import inject
from families.emurust.verify.policies import POLICIES
from references.protocol import Batch, Env, ReferenceUnavailableError
from verification.fields import PluginError
from verification.plugin import (
    Behaviours,
    Checks,
    Draws,
    Injection,
    Laws,
    Mutants,
    Option,
    Play,
    Plugin,
    Running,
    Sides,
    State,
)

ID = "emurust/blocks"
BLIND_SPOTS = (
    "hidden parts of a machine (the timer's divider, what the processor remembers between instructions) are injected "
    "only as play reaches them: a state is a point of play with other memory and registers",
    "LCDC, IF, DMA, serial and joypad registers are never injected; the small programs write them",
    "auto-reset, the number of threads and other observations than the half screen are compared with PyBoy by no level "
    "(check_env and tests/emurust hold them to their contract)",
    "sound is not emulated on either side",
)


def _needed() -> None:
    if importlib.util.find_spec("emurust") is None or importlib.util.find_spec("emurust._native") is None:
        raise ReferenceUnavailableError(
            "emurust is not installed. Remedy: get Rust's cargo, then `pip install ./emurust` in a clone of this "
            "repository"
        )


def _reference() -> Env:
    _needed()
    from families.emurust.verify.game import game
    from families.emurust.verify.mining import STATES
    from references.pyboy.env import PyBoyEnv

    return PyBoyEnv(game(), STATES)


def _candidate() -> Env:
    _needed()
    from families.emurust.verify.game import game
    from families.emurust.verify.sides import HostCandidate

    return HostCandidate(ID, game())


def _mine(rng: np.random.Generator, count: int) -> Batch:
    from families.emurust.verify.mining import mine

    return mine(rng, count)


def blocks() -> Plugin:
    """`emurust/blocks`."""
    return make()


def self_check() -> Plugin:
    """PyBoy as its own candidate: any difference is a false alarm."""
    return make(alone=True)


def make(alone: bool = False, frames: int = checks.MICRO_FRAMES) -> Plugin:
    """The plugin; `alone`: PyBoy beside itself. `frames` of each small program."""
    return Plugin(
        env="self-check/emurust_blocks" if alone else ID,
        sides=Sides(
            reference=_reference,
            candidate=_reference if alone else _candidate,
            same_start=True,
            env_id=None if alone else ID,
        ),
        state=State(modules=fields.MODULES, fields=fields.FIELDS, sources=fields.SOURCES),
        draws=Draws(noise="none"),
        play=Play(options=({}, {"max_steps": 12}), horizon=200, policies=POLICIES, mine=_mine),
        injection=Injection(inject=inject),
        laws=Laws(properties=laws.PROPERTIES, relations=laws.RELATIONS),
        behaviours=Behaviours(shown=behaviours.shown, declared=behaviours.declared()),
        mutants=Mutants(self_check=lambda: make(alone=True)),
        checks=Checks(
            extra=() if alone else (checks.micro_roms(frames), checks.every_frame()), blind_spots=BLIND_SPOTS
        ),
        running=Running(
            options=(Option(name="frames", default=str(frames), help="frames of each small program"),),
            configure=lambda choices: _configured(alone, choices),
        ),
    )


def _configured(alone: bool, choices: Mapping[str, str]) -> Plugin:
    frames = choices["frames"]
    if not frames.isdigit() or not int(frames):
        raise PluginError(f"option frames cannot be {frames!r}: it is a whole number of at least 1")
    return make(alone, int(frames))
