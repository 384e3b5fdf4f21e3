"""Every number in `Move` is the dex's number of the move of that name."""

from __future__ import annotations

import pytest

from pokejax.gen1.dex import load_dex, to_id
from pokejax.gen1.move_ids import Move

NOT_IN_THE_DEX = {Move.NONE: 0, Move.CANNOTMOVE: 166, Move.NOMOVE: 167, Move.FIGHT: 168}


@pytest.mark.parametrize("move", [move for move in Move if move not in NOT_IN_THE_DEX], ids=lambda move: move.name)
def test_number_is_the_dexs(move: Move) -> None:
    assert to_id(str(load_dex().moves.name[move])) == move.name.lower()


def test_pseudo_moves_come_after_struggle() -> None:
    # The numbers that references/showdown/dex.js gives to what is in no dex.
    assert {move: int(move) for move in NOT_IN_THE_DEX} == NOT_IN_THE_DEX
