"""One battle as shapes, for `Gen1Battle.render`, and the creatures that stand for species. On the host: not for `jit`.

The creatures are drawn here from a species' types and number alone; they are no likenesses.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from jaxenv.drawing import Box, Drawing, Line, Shape, Text, bar, disc
from pokejax.gen1.dex import Status, Type, load_dex
from pokejax.gen1.state import Battle
from pokejax.gen1.teams import TEAM_SIZE

WIDTH, HEIGHT = 480, 270
SPRITE = 64
"""Width and height that `creature` draws within."""
COLOURS = {
    Type.NORMAL: "#a8a27c",
    Type.FIGHTING: "#b5453c",
    Type.FLYING: "#8fa3e0",
    Type.POISON: "#9a4fa0",
    Type.GROUND: "#c9a554",
    Type.ROCK: "#9c8a45",
    Type.BUG: "#94a82c",
    Type.GHOST: "#6a5a8c",
    Type.FIRE: "#e8743b",
    Type.WATER: "#4f86e0",
    Type.GRASS: "#62ad45",
    Type.ELECTRIC: "#e3bb2b",
    Type.PSYCHIC: "#ec5c88",
    Type.ICE: "#76c4c6",
    Type.DRAGON: "#6b4ce0",
}
_INK, _EYE = "#20262e", "#ffffff"
_LABELS = {int(status): status.name for status in Status if status}
"""By number; a Pokémon that fainted has one beyond these."""


def colours_of(species: int) -> tuple[str, str]:
    """Colours of a species' two types; of one type twice the same."""
    first, second = (int(kind) for kind in load_dex().species.types[species])
    main = COLOURS.get(Type(first), COLOURS[Type.NORMAL])
    return main, COLOURS.get(Type(second), main)


def creature(species: int) -> tuple[Shape, ...]:
    """A creature within `SPRITE` by `SPRITE` pixels that looks to the left."""
    main, second = colours_of(species)
    kinds = {Type(int(kind)) for kind in load_dex().species.types[species]}
    plan = species % 4
    shapes: list[Shape] = [*_behind(kinds, second)]
    if plan == 0:  # round
        shapes += [disc(32, 40, 18, main), disc(30, 46, 9, second)]
        head = (26.0, 30.0)
    elif plan == 1:  # upright
        shapes += [Line(34, 30, 34, 48, 24, main), Line(34, 44, 34, 50, 12, second), disc(30, 20, 11, main)]
        head = (29.0, 20.0)
    elif plan == 2:  # on four legs
        shapes += [Line(x, 44, x, 57, 6, main) for x in (22, 29, 42, 49)]
        shapes += [Line(25, 40, 46, 40, 18, main), Line(28, 45, 42, 45, 6, second), disc(18, 30, 11, main)]
        head = (17.0, 30.0)
    else:  # long
        shapes += [Line(50, 52, 34, 52, 13, main), Line(34, 52, 30, 36, 13, main), disc(26, 26, 11, main)]
        shapes += [Line(46, 54, 36, 54, 4, second)]
        head = (25.0, 26.0)
    x, y = head
    ear = species // 4 % 3
    if ear:
        reach = 6.0 if ear == 1 else 12.0
        shapes += [Line(x + side, y - 8, x + 1.6 * side, y - 8 - reach, 5, second) for side in (-5.0, 6.0)]
    shapes += [disc(x - 4, y - 1, 3.2, _EYE), disc(x + 4, y - 1, 3.2, _EYE)]
    shapes += [
        disc(x - 5, y - 1, 1.6, _INK),
        disc(x + 3, y - 1, 1.6, _INK),
        Line(x - 4, y + 6, x + 2, y + 6, 1.6, _INK),
    ]
    return tuple(shapes)


def _behind(kinds: set[Type], colour: str) -> Iterator[Shape]:
    """Wings, flames, leaves, fins or spikes, by type."""
    if Type.FLYING in kinds or Type.BUG in kinds:
        yield Line(38, 34, 57, 16, 11, colour)
        yield Line(38, 38, 59, 30, 8, colour)
    if Type.FIRE in kinds:
        yield Line(46, 50, 56, 40, 8, "#f2a33c")
        yield Line(56, 40, 58, 30, 6, "#f7d046")
    if Type.ELECTRIC in kinds:
        yield from (Line(46, 50, 54, 44, 4, colour), Line(54, 44, 49, 38, 4, colour), Line(49, 38, 59, 28, 4, colour))
    if Type.GRASS in kinds:
        yield from (Line(40, 30, 52, 20, 8, "#3f8a2c"), Line(36, 28, 38, 12, 8, "#3f8a2c"))
    if kinds & {Type.WATER, Type.ICE, Type.DRAGON}:
        yield from (Line(44, 46, 58, 38, 6, colour), Line(44, 48, 59, 50, 6, colour))
    if kinds & {Type.ROCK, Type.GROUND, Type.FIGHTING}:
        yield from (Line(38, 30, 48, 22, 6, _INK), Line(42, 36, 54, 31, 6, _INK))


def placed(shapes: tuple[Shape, ...], x: float, y: float, size: float, flipped: bool) -> Iterator[Shape]:
    """A creature's shapes with its top left at (x, y), `size` pixels wide; `flipped` looks to the right."""
    scale = size / SPRITE

    def across(at: float) -> float:
        return x + (SPRITE - at if flipped else at) * scale

    for shape in shapes:
        if isinstance(shape, Line):
            ends = (across(shape.x1), y + shape.y1 * scale, across(shape.x2), y + shape.y2 * scale)
            yield Line(*ends, shape.width * scale, shape.colour)


def picture(battle: Battle) -> Drawing:
    """Both active Pokémon, player 1 on the left, with HP, status and moves, and the HP of both teams."""
    result = {1: "PLAYER 1 WINS", 2: "PLAYER 2 WINS", 3: "A TIE"}.get(int(battle.result), f"TURN {int(battle.turn)}")
    shapes: list[Shape] = [
        Box(0, 165, WIDTH, HEIGHT - 165, "#dfe7d8"),
        Text(WIDTH / 2, 8, result, "#57606a", 2, "middle"),
    ]
    for side, (seat, party) in enumerate(zip(battle.seats, battle.parties, strict=True)):
        shapes += _side(seat, party, side)
    return Drawing(WIDTH, HEIGHT, "#eef4fa", tuple(shapes), "A battle of Generation 1")


def _side(seat: Any, party: Any, side: int) -> Iterator[Shape]:
    dex, left, slot = load_dex(), 16 + side * WIDTH // 2, int(seat.slot)
    width = WIDTH // 2 - 32
    hp, status = (np.array(getattr(party, name), int) for name in ("hp", "status"))
    hp[slot], status[slot] = int(seat.hp), int(seat.status)
    yield Text(left, 34, f"{dex.species.name[int(seat.base_species)]} L{int(seat.level)}", _INK, 2)
    yield Text(left, 68, f"{int(seat.hp)}/{int(seat.max_hp)}", "#57606a")
    if label := _LABELS.get(int(status[slot])):
        yield Text(left + width, 68, label, "#b5453c", 1, "end")
    yield from bar(left, 54, width, 9, int(seat.hp) / max(int(seat.max_hp), 1))
    yield Box(left + width / 2 - 62, 172, 124, 14, "#c3d1b6", 7)
    if int(seat.hp):
        yield from placed(creature(int(seat.species)), left + width / 2 - 48, 86, 96, flipped=side == 0)
    for place, move in enumerate(int(number) for number in seat.moves):
        if move:
            x, y = left + place % 2 * (width // 2 + 4), 194 + place // 2 * 12
            yield Text(x, y, f"{str(dex.moves.name[move])[:14]} {int(seat.pp[place])}", _INK)
    each = (width - 5 * 6) / TEAM_SIZE
    for row in range(TEAM_SIZE):
        species = int(party.species[row])
        if species:
            x = left + row * (each + 6)
            if hp[row]:
                yield from placed(creature(species), x, 222, each, flipped=side == 0)
            yield from bar(x, 256, each, 5, hp[row] / max(int(party.max_hp[row]), 1))
