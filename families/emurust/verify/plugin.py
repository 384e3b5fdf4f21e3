"""The plugin of `emurust/blocks`: its `VectorEnv` beside PyBoy, which runs the same cartridge."""

from __future__ import annotations

from families.emurust.verify import fields
from references.protocol import Env
from verification.plugin import Draws, Play, Plugin, Sides, State

ID = "emurust/blocks"


def _reference() -> Env:
    from families.emurust.verify.game import game
    from references.pyboy.env import PyBoyEnv

    return PyBoyEnv(game())


def _candidate() -> Env:
    from families.emurust.verify.game import game
    from families.emurust.verify.sides import HostCandidate

    return HostCandidate(ID, game())


def blocks() -> Plugin:
    """`emurust/blocks`."""
    return make()


def self_check() -> Plugin:
    """PyBoy as its own candidate: any difference is a false alarm."""
    return make(alone=True)


def make(alone: bool = False) -> Plugin:
    """The plugin; `alone`: PyBoy beside itself."""
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
        play=Play(options=({}, {"max_steps": 12}), horizon=200),
    )
