"""The page that shows a battle: one HTML file with everything in it, readable without scripts."""

from __future__ import annotations

import html
import importlib.resources
import json
from typing import TYPE_CHECKING, Any

from families.pokejax_gen1.replay.protocol import PLAYER_NAMES, Line, describe
from pokejax.gen1.dex import BOOSTS, load_dex, species_number
from pokejax.gen1.picture import creature
from pokejax.gen1.teams import TEAM_SIZE, team_from_array

if TYPE_CHECKING:
    from families.pokejax_gen1.replay.command import RecordedBattle

_STATUS = ("", "BRN", "PAR", "SLP", "FRZ", "PSN", "TOX", "FNT")
_BOOST_NAMES = {"atk": "Atk", "def": "Def", "spa": "Spc", "spe": "Spe", "accuracy": "Acc", "evasion": "Eva"}
_CONDITIONS = {
    "substitute": "Substitute",
    "confusion": "confused",
    "leechseed": "Leech Seed",
    "reflect": "Reflect",
    "lightscreen": "Light Screen",
    "mist": "Mist",
    "focusenergy": "Focus Energy",
    "disable": "move disabled",
    "bide": "Bide",
    "rage": "Rage",
    "lockedmove": "thrashing",
    "twoturnmove": "charging",
    "mustrecharge": "must recharge",
    "partiallytrapped": "trapped",
    "partialtrappinglock": "trapping",
}


def page(battle: RecordedBattle, told: list[list[str]], facts: dict[str, str]) -> str:
    """HTML of a battle.

    ``told``: the protocol log's blocks, two for the start and one for each joint step. What the bars show comes from
    the battle's records (JAX), what the text says from the protocol log (Showdown). ``facts`` are shown as they are.
    """
    teams, frames = scenes(battle, told)
    for frame, minds in zip(frames, battle.minds, strict=bool(battle.minds)):
        for side, mind in zip(frame["sides"], minds, strict=True):
            side["mind"] = mind
    data = {
        "players": [{"name": name, "team": team} for name, team in zip(PLAYER_NAMES, teams, strict=True)],
        "frames": frames,
        "sprites": _sprites(frames),
    }
    title = title_of(battle)
    high, low = battle.job.seed
    ends = {"tie": "a tie", "": "none, the battle goes on"}
    shown = {"result": ends.get(battle.result, f"{battle.result} wins")}
    shown |= {"seed": f"{high:08x} {low:08x}", **facts}
    template = (importlib.resources.files("families.pokejax_gen1.replay") / "replay.html").read_text(encoding="utf-8")
    # One pass over the template, so that text which happens to look like a placeholder is left alone.
    values = {
        "title": html.escape(title),
        "facts": "".join(f"<dt>{html.escape(k)}</dt><dd>{html.escape(v)}</dd>" for k, v in shown.items()),
        "log": _log(frames),
        "data": json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c"),
    }
    parts = template.split("%%")
    return "".join(values[part] if k % 2 else part for k, part in enumerate(parts))


def _sprites(frames: list[dict[str, Any]]) -> dict[str, str]:
    """Elements of SVG, 64 by 64, by species."""
    shown = sorted({side["species"] for frame in frames for side in frame["sides"]})
    return {name: "".join(shape.svg() for shape in creature(species_number(name))) for name in shown}


def title_of(battle: RecordedBattle) -> str:
    """The format and the players."""
    return f"{battle.job.format}: {PLAYER_NAMES[0]} against {PLAYER_NAMES[1]}"


def scenes(battle: RecordedBattle, told: list[list[str]]) -> tuple[list[list[dict[str, Any]]], list[dict[str, Any]]]:
    """Both teams, and of each decision point the turn, both sides and the lines of the log."""
    frames = [
        {**_frame(battle, step), "lines": [[line.kind, line.text] for line in lines]}
        for step, lines in enumerate(_under_their_turn([describe(block) for block in told[1:]]))
    ]
    return [_team(battle, side) for side in range(len(PLAYER_NAMES))], frames


def _under_their_turn(steps: list[list[Line]]) -> list[list[Line]]:
    """The log ends a step with the number of the turn that follows; a reader wants it above what happens in it."""
    headed, heading = [], []
    for lines in steps:
        following = lines[-1:] if lines and lines[-1].text.startswith("Turn ") else []
        headed.append(heading + lines[: len(lines) - len(following)])
        heading = following
    return headed


def _team(battle: RecordedBattle, side: int) -> list[dict[str, Any]]:
    members = team_from_array(battle.job.teams[side])
    return [
        {
            "species": member.species,
            "level": member.level,
            "moves": list(member.moves),
            "maxHp": int(battle.column(f"p{side + 1}.team.{slot}.hp")[0]),
        }
        for slot, member in enumerate(members)
    ]


def _frame(battle: RecordedBattle, step: int) -> dict[str, Any]:
    row = dict(zip(battle.fields, battle.records[step].tolist(), strict=True))
    return {
        "turn": int(battle.column("turn")[max(step - 1, 0)]),
        "sides": [_side(row, f"p{side + 1}") for side in range(2)],
    }


def _side(row: dict[str, int], player: str) -> dict[str, Any]:
    active = f"{player}.active"
    stages = {"accuracy": row[f"{active}.accuracy_boost"], "evasion": row[f"{active}.evasion_boost"]}
    stages |= {name: row[f"{active}.{name}.boost"] for name in BOOSTS if name not in stages and name != "spd"}
    notes = [f"{_BOOST_NAMES[name]} {stages[name]:+d}" for name in _BOOST_NAMES if stages[name]]
    notes += [text for name, text in _CONDITIONS.items() if row[f"{active}.volatile.{name}"]]
    if row[f"{active}.transformed"]:
        notes.append("transformed")
    slots = range(TEAM_SIZE)
    return {
        "active": row[f"{player}.active"],
        "species": str(load_dex().species.name[row[f"{active}.species"]]),
        "hp": [row[f"{player}.team.{slot}.hp"] for slot in slots],
        "status": [_STATUS[row[f"{player}.team.{slot}.status"]] for slot in slots],
        "notes": notes,
    }


def _log(frames: list[dict[str, Any]]) -> str:
    """The whole log as list items, one a decision point: what a browser without scripts, or a search, sees."""
    items = []
    for step, frame in enumerate(frames):
        lines = "".join(f'<p class="{kind}">{html.escape(text)}</p>' for kind, text in frame["lines"])
        items.append(f'<li id="step-{step}">{lines}</li>')
    return "\n".join(items)
