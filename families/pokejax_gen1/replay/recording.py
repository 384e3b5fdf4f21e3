"""A battle as one animated SVG: both active Pokémon, the HP of both teams, and what the log says."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any

from jaxenv.drawing import shown_between

WIDTH, HEIGHT = 720, 240
SECONDS = 1.2
"""Time that a decision point is shown."""
LONGEST = 80
"""Decision points of a recording at most: the last ones of a longer battle."""
_LINES, _CHARACTERS = 5, 92
_STYLE = (
    "text{font:13px ui-sans-serif,system-ui,sans-serif;fill:#24292f}.name{font-weight:600;font-size:15px}"
    ".small{font-size:11px;fill:#57606a}.turn{font-weight:600;fill:#57606a}"
)


def recording(title: str, teams: Sequence[Sequence[dict[str, Any]]], frames: Sequence[dict[str, Any]]) -> str:
    """SVG text; no scripts, no other files.

    `teams`: of both players, "species", "level" and "maxHp" of each Pokémon. `frames`: "turn", "sides" ("active", "hp",
    "status" of each Pokémon) and "lines" of each decision point, as `page` makes them.
    """
    shown = list(frames)[-LONGEST:]
    length = SECONDS * len(shown)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="{html.escape(title)}">',
        f"<title>{html.escape(title)}</title><style>{_STYLE}</style>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" rx="8" fill="#f6f8fa" stroke="#d0d7de"/>',
    ]
    for number, frame in enumerate(shown):
        start, end = number / len(shown), (number + 1) / len(shown)
        parts += [f'<g opacity="{int(number == 0)}">', shown_between(start, end, length), *_frame(teams, frame), "</g>"]
    return "\n".join([*parts, "</svg>"]) + "\n"


def _frame(teams: Sequence[Sequence[dict[str, Any]]], frame: dict[str, Any]) -> list[str]:
    parts = [f'<text class="turn" x="{WIDTH // 2}" y="26" text-anchor="middle">Turn {frame["turn"]}</text>']
    for side, (team, state) in enumerate(zip(teams, frame["sides"], strict=True)):
        parts += _side(20 + side * (WIDTH // 2), team, state)
    for place, (_, text) in enumerate(frame["lines"][-_LINES:]):
        line = text if len(text) <= _CHARACTERS else text[: _CHARACTERS - 1] + "…"
        parts.append(f'<text x="20" y="{146 + 18 * place}">{html.escape(line)}</text>')
    return parts


def _side(left: int, team: Sequence[dict[str, Any]], state: dict[str, Any]) -> list[str]:
    """The active Pokémon's name and HP, and a small bar for each of the team."""
    width = WIDTH // 2 - 40
    active = state["active"]
    member, hp = team[active], state["hp"][active]
    status = f' <tspan class="small">{state["status"][active]}</tspan>' if state["status"][active] else ""
    name = f"{html.escape(member['species'])} L{member['level']}"
    parts = [
        f'<text class="name" x="{left}" y="52">{name}{status}</text>',
        f'<text class="small" x="{left + width}" y="52" text-anchor="end">{hp} / {member["maxHp"]}</text>',
        *_bar(left, 60, width, 12, hp, member["maxHp"]),
    ]
    each = (width - 5 * 8) // 6
    for slot, other in enumerate(team):
        at = left + slot * (each + 8)
        parts += _bar(at, 84, each, 6, state["hp"][slot], other["maxHp"])
        parts.append(f'<text class="small" x="{at}" y="104">{html.escape(other["species"][:7])}</text>')
    return parts


def _bar(x: int, y: int, width: int, height: int, hp: int, most: int) -> list[str]:
    share = hp / most if most else 0.0
    colour = "#1a7f37" if share > 0.5 else "#bf8700" if share > 0.2 else "#cf222e"
    return [
        f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="2" fill="#d0d7de"/>',
        f'<rect x="{x}" y="{y}" width="{width * share:.0f}" height="{height}" rx="2" fill="{colour}"/>',
    ]
