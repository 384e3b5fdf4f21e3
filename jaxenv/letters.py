"""Letters of 5 by 7 pixels for pictures: capitals, digits and common signs, drawn for this package."""

from __future__ import annotations

import numpy as np

WIDTH, HEIGHT = 5, 7
ADVANCE = WIDTH + 1
"""Pixels from one letter to the next."""

# Seven rows of two hexadecimal digits each, top first; the lowest five bits are the pixels.
_ROWS = {
    " ": "00000000000000",
    "A": "0e11111f111111",
    "B": "1e11111e11111e",
    "C": "0e11101010110e",
    "D": "1e11111111111e",
    "E": "1f10101e10101f",
    "F": "1f10101e101010",
    "G": "0e11101711110f",
    "H": "1111111f111111",
    "I": "0e04040404040e",
    "J": "0702020202120c",
    "K": "11121418141211",
    "L": "1010101010101f",
    "M": "111b1515111111",
    "N": "11191513111111",
    "O": "0e11111111110e",
    "P": "1e11111e101010",
    "Q": "0e11111115120d",
    "R": "1e11111e141211",
    "S": "0f10100e01011e",
    "T": "1f040404040404",
    "U": "1111111111110e",
    "V": "11111111110a04",
    "W": "1111111515150a",
    "X": "11110a040a1111",
    "Y": "11110a04040404",
    "Z": "1f01020408101f",
    "0": "0e11131519110e",
    "1": "040c040404040e",
    "2": "0e11010204081f",
    "3": "1f02040201110e",
    "4": "02060a121f0202",
    "5": "1f101e0101110e",
    "6": "0608101e11110e",
    "7": "1f010204080808",
    "8": "0e11110e11110e",
    "9": "0e11110f01020c",
    ".": "00000000000c0c",
    ",": "000000000c0408",
    ":": "000c0c000c0c00",
    "-": "0000001f000000",
    "+": "0004041f040400",
    "/": "00010204081000",
    "'": "0c040800000000",
    "!": "04040404040004",
    "?": "0e110102040004",
    "(": "02040808080402",
    ")": "08040202020408",
    "%": "18190204081303",
    "*": "00150e1f0e1500",
    "=": "00001f001f0000",
}
_SAME = {"’": "'", "é": "E", "É": "E", "−": "-", "–": "-", "♀": "F", "♂": "M"}
_OTHER = "1f11111111111f"


def ink(text: str) -> np.ndarray:
    """bool[7, 6 * length - 1]: where the letters of a text are; bool[7, 0] for none."""
    columns = np.zeros((HEIGHT, ADVANCE * len(text)), bool)
    for place, letter in enumerate(text):
        rows = bytes.fromhex(_ROWS.get(_SAME.get(letter, letter).upper(), _OTHER))
        bits = np.unpackbits(np.frombuffer(rows, np.uint8)[:, None], axis=1)[:, 8 - WIDTH :]
        columns[:, ADVANCE * place : ADVANCE * place + WIDTH] = bits
    return columns[:, :-1] if text else columns
