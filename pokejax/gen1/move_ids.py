"""The moves that have a rule of their own, by number; a test compares each name with the dex."""

from enum import IntEnum


class Move(IntEnum):
    """Pokédex-style move numbers."""

    NONE = 0
    RAGE = 99
    CONVERSION = 160
    COUNTER = 68
    DISABLE = 50
    DREAMEATER = 138
    FISSURE = 90
    HAZE = 114
    LEECHSEED = 73
    METRONOME = 118
    MIMIC = 102
    MIRRORMOVE = 119
    PSYWAVE = 149
    RECOVER = 105
    REST = 156
    SOFTBOILED = 135
    STRUGGLE = 165
    SUBSTITUTE = 164
    SUPERFANG = 162
    SWIFT = 129
    TRANSFORM = 144
    DIG = 91
    FLY = 19
    BIDE = 117
    # Showdown's moves that are none.
    CANNOTMOVE = 166
    NOMOVE = 167
    FIGHT = 168
