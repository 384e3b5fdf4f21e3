"""One game as shapes, for `Pocket.render`: all cards of both players as plain cards. On the host: not for `jit`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from jaxenv.drawing import Box, Drawing, Shape, Text, bar, disc
from tcgjax import library
from tcgjax.state import ME, NOBODY, OPPONENT, SPOTS, TIE
from tcgjax.tables import CONDITIONS, tables

WIDTH, HEIGHT = 560, 380
COLOURS = {
    "grass": "#5ba345",
    "fire": "#d9532c",
    "water": "#3d84c6",
    "lightning": "#e0b420",
    "psychic": "#9a5cb4",
    "fighting": "#b0692f",
    "darkness": "#3b4a54",
    "metal": "#8a959c",
    "colorless": "#a9a498",
    "dragon": "#a59133",
}
_INK, _DIM = "#20262e", "#6a737d"


def picture(game: Any) -> Drawing:
    """Player 0 below, player 1 above; whose turn it is has a frame."""
    current, winner = int(game.current), int(game.winner)
    told = f"TURN {int(game.turn)}" if winner == NOBODY else "A TIE" if winner == TIE else f"PLAYER {winner} WINS"
    shapes: list[Shape] = [Text(WIDTH / 2, 183, told, _DIM, 2, "middle")]
    for player in range(2):
        shapes += _side(game, ME if player == current else OPPONENT, player, player == current)
    return Drawing(WIDTH, HEIGHT, "#f3f3ee", tuple(shapes), "A game of Pokémon TCG Pocket")


def _side(game: Any, side: int, player: int, turn: bool) -> Iterator[Shape]:
    top = 8 if player else 206
    if turn:
        yield Box(2, top - 4, WIDTH - 4, 170, "#e0b420", 8)
        yield Box(4, top - 2, WIDTH - 8, 166, "#fbf7e6", 7)
    hand, deck = (int((getattr(game, name)[side] > 0).sum()) for name in ("hand", "deck"))
    yield Text(12, top + 6, f"Player {player}: points {int(game.points[side])}, hand {hand}, deck {deck}", _INK)
    zone, following = (int(getattr(game, name)[side]) for name in ("zone", "next_energy"))
    yield Text(WIDTH - 64, top + 6, "Energy", _DIM, 1, "end")
    if zone:
        yield disc(WIDTH - 48, top + 9, 7, COLOURS[library.ENERGY_TYPES[zone - 1]])
    if following:
        yield disc(WIDTH - 28, top + 9, 4, COLOURS[library.ENERGY_TYPES[following - 1]])
    x = 12.0
    for spot in range(SPOTS):
        width = 164 if spot == 0 else 118
        yield from _card(game, side, spot, x, top + 22, width)
        x += width + 6
    names = ", ".join(library.kinds()[int(card) - 1]["name"] for card in game.hand[side] if card > 0)
    yield Text(12, top + 150, names if len(names) <= 88 else names[:85] + "...", _DIM)


def _card(game: Any, side: int, spot: int, x: float, y: float, width: float) -> Iterator[Shape]:
    stack = [int(card) for card in game.cards[side, spot] if card > 0]
    if not stack:
        yield Box(x, y, width, 120, "#e4e4dd", 8)
        return
    row, hp = library.kinds()[stack[-1] - 1], int(tables().hp[stack[-1]])
    left = max(hp - int(game.damage[side, spot]), 0)
    yield Box(x, y, width, 120, COLOURS[row.get("type", "colorless")], 8)
    yield Box(x + 4, y + 4, width - 8, 112, "#ffffff", 6)
    letters = int(width - 20) // 6
    yield Text(x + 10, y + 11, row["name"][:letters], _INK)
    yield from bar(x + 10, y + 24, width - 20, 7, left / max(hp, 1))
    yield Text(x + 10, y + 36, f"{left}/{hp} HP", _DIM)
    counts = zip(library.ENERGY_TYPES, game.energy[side, spot], strict=True)
    energies = [kind for kind, count in counts for _ in range(int(count))]
    for place, kind in enumerate(energies):
        yield disc(x + 15 + place * 13 % (width - 24), y + 54 + place * 13 // (width - 24) * 12, 5, COLOURS[kind])
    conditions = [CONDITIONS[int(game.condition[side, spot])]]
    conditions += [word for word in ("poisoned", "burned") if getattr(game, word)[side, spot]]
    yield Text(x + 10, y + 74, ", ".join(word for word in conditions if word)[:letters], "#b5453c")
    for place, attack in enumerate(row.get("attacks", ())[:2]):
        yield Text(x + 10, y + 90 + 12 * place, attack["name"][:letters], _INK)
