"""Teams of a pool that the engine cannot play yet, each with the first effect that keeps it out."""

from __future__ import annotations

import numpy as np

from pokejax.modern.data import tables
from pokejax.modern.refused import refused_abilities, refused_items, refused_moves
from pokejax.modern.teams import MOVE_SLOTS, WIRE_COLUMNS

_FIRST_MOVE = WIRE_COLUMNS.index("move1")


def unplayed(wire: np.ndarray) -> list[str]:
    """For each team of uint16[n, 6, 24] "", or the effect that is not played: "the move metronome of slot 3"."""
    table = tables()
    ability, item = WIRE_COLUMNS.index("ability"), WIRE_COLUMNS.index("item")
    kinds = (
        ("move", table.moves.id, refused_moves(), slice(_FIRST_MOVE, _FIRST_MOVE + MOVE_SLOTS)),
        ("ability", table.abilities.id, refused_abilities(), slice(ability, ability + 1)),
        ("item", table.items.id, refused_items(), slice(item, item + 1)),
    )
    found = [""] * len(wire)
    for kind, ids, refused, columns in kinds:
        values = wire[..., columns]
        bad = np.isin(ids, refused)[values]
        for team in np.flatnonzero(bad.any((1, 2))):
            slot, place = np.argwhere(bad[team])[0]
            found[team] = found[team] or f"the {kind} {ids[values[team, slot, place]]} of slot {slot + 1}"
    return found
