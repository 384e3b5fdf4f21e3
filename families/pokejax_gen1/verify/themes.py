"""Teams made for what meets rarely: each Pokémon has moves of one theme, so that their rules meet in most battles."""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

from pokejax.common.formats import TEAM_KINDS
from pokejax.gen1.dex import load_dex
from pokejax.gen1.team_sampling import random_teams, sample_teams
from pokejax.gen1.teams import TEAM_SIZE

_TWO_TURNS = "dig fly razorwind skullbash skyattack solarbeam"
_TRAPS = "bind clamp firespin wrap"
_LASTING = "bide hyperbeam petaldance rage thrash"
_CALLS = "metronome mimic mirrormove transform"
THEMES: dict[str, tuple[str, ...]] = {
    "thaws": (
        "blizzard icebeam icepunch",
        "ember fireblast firepunch flamethrower",
        _TWO_TURNS,
        f"{_TRAPS} {_LASTING} {_CALLS} substitute conversion",
    ),
    "copies": (
        "metronome mimic mirrormove",
        "conversion disable haze transform",
        f"{_TWO_TURNS} {_TRAPS} {_LASTING}",
        "counter hypnosis icebeam rest sleeppowder spore substitute swordsdance thunderwave",
    ),
    "locks": (
        _TRAPS,
        _LASTING,
        f"{_TWO_TURNS} metronome mirrormove",
        "bodyslam confuseray disable headbutt rest roar sing substitute supersonic toxic thunderwave whirlwind",
    ),
}
"""For each theme the moves, by id, of each of the four slots: no move in two of them."""
KINDS = (*TEAM_KINDS, *THEMES)


@functools.cache
def _numbers() -> dict[str, int]:
    return {str(name): number for number, name in enumerate(load_dex().moves.id)}


def drawn(kind: str, rng: np.random.Generator, n: int) -> NDArray[np.uint16]:
    """Teams of a kind (`KINDS`) for ``n`` battles, wire form uint16[n, 2, 6, 16]; of a theme, else `sample_teams`.

    A theme's teams are those of :func:`pokejax.gen1.team_sampling.random_teams`, with the theme's moves.
    """
    if kind not in THEMES:
        return sample_teams(kind, rng, n)
    wire = random_teams(rng, 2 * n)
    for slot, names in enumerate(THEMES[kind]):
        moves = np.array([_numbers()[name] for name in names.split()], np.uint16)
        wire[..., 2 + slot] = np.where(wire[..., 0] > 0, rng.choice(moves, wire.shape[:-1]), 0)
    return wire.reshape(n, 2, TEAM_SIZE, wire.shape[-1])
