"""Games of TCG Pocket as pages: plain drawn cards, a ply at a time."""

from __future__ import annotations

import html
import json
from pathlib import Path
from typing import Any

import numpy as np

from baselines.watch import Episode
from jaxenv.commands import files
from tcgjax import actions as a
from tcgjax import library
from tcgjax.arrays import LIST
from tcgjax.state import CHOOSE, ME, NOBODY, OPPONENT, PROMOTE, SETUP, SPOTS, TIE
from tcgjax.tables import CONDITIONS, tables

TEMPLATE = Path(__file__).with_name("watch.html")
_SPOT = ("the Active Pokémon", "Bench 1", "Bench 2", "Bench 3")


def draw(episode: Episode, out: Path, command: str) -> list[Path]:
    """Write the page `out`; see `baselines.watch.Draw`."""
    page = TEMPLATE.read_text("utf-8")
    found = {
        "TITLE": html.escape(episode.title),
        "COMMAND": html.escape(command),
        # A name with "</script>" in it would end the script.
        "FRAMES": json.dumps(frames(episode), ensure_ascii=False).replace("<", "\\u003c"),
    }
    for name, text in found.items():
        page = page.replace(f"@{name}@", text)
    files.write(out, page, "choose another file with --out")
    return [out]


def frames(episode: Episode) -> list[dict[str, Any]]:
    """One for each state, as the page has them: `told` (what led to it), `turn`, `note`, `sides` (player 0, 1)."""
    game = episode.states.game
    found = []
    for step in range(len(game.turn)):
        now = _at(game, step)
        told = "The cards are dealt." if step == 0 else _told(_at(game, step - 1), episode.actions[step - 1], episode)
        sides = [_side(now, int(player != now["current"])) for player in range(2)]
        for player, side in enumerate(sides):
            side["name"] = episode.players[player]
            side["turn"] = player == int(now["current"])
        found.append({"told": told, "turn": int(now["turn"]), "note": _note(now, episode), "sides": sides})
    return found


def _at(game: Any, step: int) -> dict[str, Any]:
    return {name: np.asarray(value)[step] for name, value in vars(game).items()}


def name_of(card: int) -> str:
    """The name of a card's number."""
    return library.kinds()[card - 1]["name"] if card > 0 else "nothing"


def _names(cards: Any) -> list[str]:
    return [name_of(int(card)) for card in cards if card > 0]


def _side(game: dict[str, Any], side: int) -> dict[str, Any]:
    """One player's cards; `side`: `ME` for the one whose turn it is."""
    energy = [kind for kind, has in zip(library.ENERGY_TYPES, game["energy_types"][side], strict=True) if has]
    return {
        "points": int(game["points"][side]),
        "hand": _names(game["hand"][side]),
        "deck": int((game["deck"][side] > 0).sum()),
        "discard": _names(game["discard"][side]),
        "types": energy,
        "zone": _energy(game["zone"][side]),
        "next": _energy(game["next_energy"][side]),
        "spots": [_pokemon(game, side, spot) for spot in range(SPOTS)],
    }


def _energy(number: Any) -> str:
    return library.ENERGY_TYPES[int(number) - 1] if number > 0 else ""


def _pokemon(game: dict[str, Any], side: int, spot: int) -> dict[str, Any] | None:
    stack = [int(card) for card in game["cards"][side, spot] if card > 0]
    if not stack:
        return None
    row, hp = library.kinds()[stack[-1] - 1], int(tables().hp[stack[-1]])
    conditions = [CONDITIONS[int(game["condition"][side, spot])]]
    conditions += [word for word in ("poisoned", "burned") if game[word][side, spot]]
    return {
        "name": row["name"],
        "type": row.get("type", "colorless"),
        "under": [name_of(card) for card in stack[:-1]],
        "hp": hp,
        "left": max(hp - int(game["damage"][side, spot]), 0),
        "energy": [
            kind
            for kind, count in zip(library.ENERGY_TYPES, game["energy"][side, spot], strict=True)
            for _ in range(int(count))
        ],
        "conditions": [word for word in conditions if word],
        "attacks": [attack["name"] for attack in row.get("attacks", ())],
    }


def _actor(game: dict[str, Any], joint: np.ndarray) -> int:
    """The player who decided: the one who did not wait."""
    waits = [player for player in range(2) if int(joint[player]) != a.WAIT]
    return waits[0] if waits else int(game["current"])


def _told(game: dict[str, Any], joint: np.ndarray, episode: Episode) -> str:
    """The action's effect, in words."""
    actor = _actor(game, joint)
    side = ME if actor == int(game["current"]) else OPPONENT
    return f"{episode.players[actor]} {words(game, int(joint[actor]), side)}."


def words(game: dict[str, Any], action: int, side: int) -> str:
    """An action of the player of that side, in a few words."""
    hand, cards = game["hand"][side], game["cards"]
    own = [_top(stack) for stack in cards[side]]
    foe = [_top(stack) for stack in cards[1 - side]]
    chooses = int(game["phase"]) == CHOOSE
    if action == a.END:
        return "is ready" if int(game["phase"]) == SETUP else "ends the turn"
    if action < a.EVOLVE:
        place = action - a.PLAY
        if chooses:
            return f"takes {name_of(int(game['discard'][1 - side][place]))} from the other's discard pile"
        return f"plays {name_of(int(hand[place]))}"
    if action < a.ATTACH:
        place, spot = divmod(action - a.EVOLVE, SPOTS)
        return f"evolves {own[spot]} into {name_of(int(hand[place]))}"
    if action < a.RETREAT:
        return f"attaches {_energy(game['zone'][side])} Energy to {own[action - a.ATTACH]}"
    if action < a.ABILITY:
        return f"retreats {own[0]} for {own[action - a.RETREAT + 1]}"
    if action < a.ATTACK:
        return f"uses the ability of {own[action - a.ABILITY]}"
    if action < a.DISCARD_FOSSIL:
        return f"attacks with {own[0]}: {_attack(cards[side][0], action - a.ATTACK)}"
    if action < a.OWN:
        return f"discards {own[action - a.DISCARD_FOSSIL]}"
    if action < a.OPPONENTS:
        verb = "brings in" if int(game["phase"]) == PROMOTE else "chooses"
        return f"{verb} {own[action - a.OWN]}"
    if action < a.PAY:
        return f"chooses the other's {foe[action - a.OPPONENTS]} ({_SPOT[action - a.OPPONENTS]})"
    if action < a.COPY:
        return f"pays {library.ENERGY_TYPES[action - a.PAY]} Energy"
    spot, attack = divmod(action - a.COPY, 2)
    return f"copies {_attack(cards[1 - side][spot], attack)} of {foe[spot]}"


def _top(stack: np.ndarray) -> str:
    there = [int(card) for card in stack if card > 0]
    return name_of(there[-1]) if there else "nothing"


def _attack(stack: np.ndarray, number: int) -> str:
    there = [int(card) for card in stack if card > 0]
    attacks = library.kinds()[there[-1] - 1].get("attacks", ()) if there else ()
    return attacks[number]["name"] if number < len(attacks) else "an attack"


def _note(game: dict[str, Any], episode: Episode) -> str:
    winner = int(game["winner"])
    if winner == NOBODY:
        return ""
    return "The game is a tie." if winner == TIE else f"{episode.players[winner]} wins."


assert LIST == a.EVOLVE - a.PLAY
