"""Symbol files: one ``bank:address name`` a line, as RGBDS and `emurust.assembler` write them."""

from __future__ import annotations

import re

_LINE = re.compile(r"^([0-9A-Fa-f]+):([0-9A-Fa-f]{4})\s+(\S+)$")


def read_symbols(text: str) -> dict[str, tuple[int, int]]:
    """Bank and address of each name. Raises ValueError for a line that is neither a symbol nor a comment."""
    symbols = {}
    for number, line in enumerate(text.splitlines(), start=1):
        content = line.partition(";")[0].strip()
        if not content:
            continue
        found = _LINE.match(content)
        if found is None:
            raise ValueError(
                f"line {number}, {content!r}, is no symbol. Remedy: `bank:address name`, as 00:c0a0 wScore"
            )
        symbols[found[3]] = (int(found[1], 16), int(found[2], 16))
    return symbols
