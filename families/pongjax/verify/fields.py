"""Pong's compared fields with their owners, and the files of the port that write them."""

from __future__ import annotations

from families.pongjax.verify.bulk import OBSERVED
from families.pongjax.verify.candidate import FRAME_SKIP
from references.protocol import FIGURES
from verification.fields import FieldSpec

FIELDS: dict[str, tuple[str, ...]] = {
    "draws": ("state.serve",),
    "paddles": ("state.paddle_yl", "state.paddle_yr"),
    "ball": ("state.ball_*",),
    "round": ("state.score_?", "state.tick", "state.n_bounces"),
    "observation": OBSERVED,
    "outcome": ("out.reward", "out.terminated", "out.truncated"),
    "log": ("out.log",),
    "episode": ("state.time", *FIGURES, "out.episode.*"),
    "contract": ("out.to_act", "out.contract", "out.legal"),
    "config": (FRAME_SKIP,),
}
"""Module → its paths. The draws come first: a point too many or too few shows there."""

WRITTEN_BY = {
    "draws": ("pongjax.frame", "pongjax.game", "pongjax.env"),
    "paddles": ("pongjax.frame", "pongjax.env", "pongjax.game"),
    "ball": ("pongjax.frame", "pongjax.game"),
    "round": ("pongjax.game", "pongjax.frame"),
    "observation": ("pongjax.observation", "pongjax.game"),
    "outcome": ("pongjax.game", "pongjax.frame", "pongjax.env", "jaxenv.autoreset"),
    "log": ("pongjax.game",),
    "episode": ("jaxenv.autoreset", "pongjax.game"),
    "contract": ("jaxenv.autoreset", "jaxenv.environment"),
}


def specs() -> tuple[FieldSpec, ...]:
    """All of them, each compared exactly."""
    return tuple(FieldSpec(path, module) for module, paths in FIELDS.items() for path in paths)
