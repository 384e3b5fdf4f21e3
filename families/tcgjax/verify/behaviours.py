"""Names of the behaviours that a step exercised. They steer and count; only the reference says what is right."""

from __future__ import annotations

import functools
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from references.protocol import Batch
from references.tcg_pocket import actions as a
from references.tcg_pocket.cards import cards, operations
from references.tcg_pocket.snapshot import PHASES

_ACTIONS = {
    "end": (a.END, a.PLAY),
    "play": (a.PLAY, a.EVOLVE),
    "evolve": (a.EVOLVE, a.ATTACH),
    "attach": (a.ATTACH, a.RETREAT),
    "retreat": (a.RETREAT, a.ABILITY),
    "ability": (a.ABILITY, a.ATTACK),
    "attack": (a.ATTACK, a.DISCARD_FOSSIL),
    "discard-fossil": (a.DISCARD_FOSSIL, a.OWN),
    "choose-own": (a.OWN, a.OPPONENT),
    "choose-foe": (a.OPPONENT, a.PAY),
    "pay": (a.PAY, a.COPY),
    "copy": (a.COPY, a.COUNT),
}
OPS = tuple(sorted({row["op"] for row in operations()}))
_STATES = (
    *("knock-out:own", "knock-out:foe", "points:two", "end:win", "end:loss", "end:tie", "end:cut", "new-turn"),
    *("weakness", "checkup:poisoned", "checkup:burned", "checkup:burn-ends", "checkup:wakes", "checkup:paralyzed"),
    *("attack:confused", "attack:smokescreen", "effect:pokemon", "effect:player", "deck:empty", "hand:full", "illegal"),
    *("energy:next", "hidden:shown", "hidden:looked-at", "active:leaves"),
)
BEHAVIOURS = (
    *(f"phase:{name}" for name in PHASES[:-1]),
    *(f"action:{name}" for name in _ACTIONS),
    *(f"op:{name}" for name in OPS),
    *_STATES,
)
_T = "tcgjax."
SOURCES = {
    "action:evolve": (f"{_T}board", f"{_T}rules"),
    "action:attach": (f"{_T}energy", f"{_T}answers"),
    "action:retreat": (f"{_T}answers", f"{_T}energy"),
    "action:attack": (f"{_T}attacks", f"{_T}damage", f"{_T}rules"),
    "action:*": (f"{_T}rules", f"{_T}actions"),
    "phase:*": (f"{_T}actions",),
    "op:choose_*": (f"{_T}answers", f"{_T}targets"),
    "op:damage_*": (f"{_T}damage", f"{_T}attacks"),
    "op:draw": (f"{_T}cards",),
    "op:search*": (f"{_T}cards",),
    "op:*": (f"{_T}effects",),
    "checkup:*": (f"{_T}turns",),
    "knock-out:*": (f"{_T}turns", f"{_T}board"),
    "end:*": (f"{_T}turns", f"{_T}env"),
    "hidden:*": (f"{_T}observation", f"{_T}cards"),
    "weakness": (f"{_T}damage",),
    "*": (f"{_T}turns", f"{_T}rules"),
}
"""Behaviour, a glob → modules of the source that it runs; the first that fits."""


@functools.cache
def _tables() -> dict[str, NDArray[np.bool_]]:
    """Operations bool [kinds + 1, OPS] of first and second attacks, of abilities in use and at rest, and of Trainers.

    The last row, of no card, has none.
    """
    number = {op: place for place, op in enumerate(OPS)}
    found = {
        name: np.zeros((len(cards()) + 1, len(OPS)), bool) for name in ("first", "second", "used", "passive", "own")
    }
    for kind, card in enumerate(cards()):
        parts = {"own": card.operations}
        parts |= {name: attack.operations for name, attack in zip(("first", "second"), card.attacks[:2], strict=False)}
        if card.ability:
            parts["passive" if card.ability.use == "passive" else "used"] = card.ability.operations
        for name, rows in parts.items():
            found[name][kind, [number[row["op"]] for row in rows]] = True
    return found


def of_player(batch: Batch, path: str, player: NDArray[np.int64]) -> NDArray[np.int64]:
    """Values of "p0.<path>" or "p1.<path>", whichever is each case's player."""
    first, second = batch[f"p0.{path}"], batch[f"p1.{path}"]
    return np.where((player == 0).reshape(-1, *(1,) * (np.ndim(first) - 1)), first, second)


def top(stacks: NDArray[np.int64]) -> NDArray[np.int64]:
    """Kind of the card on top of each Pokémon [..., 3], -1 for an empty spot."""
    found = stacks[..., 0]
    for depth in (1, 2):
        found = np.where(stacks[..., depth] >= 0, stacks[..., depth], found)
    return found


def actor_of(batch: Batch) -> NDArray[np.int64]:
    """The player who decides, 0 or 1."""
    other = 1 - batch["current"]
    promotes = (batch["phase"] == PHASES.index("promote")) & (of_player(batch, "spots.cards", other)[:, 0, 0] < 0)
    found = np.where(promotes, other, batch["current"])
    return np.where(batch["phase"] == PHASES.index("choose"), batch["choice.chooser"], found)


def behaviours(before: Batch, actions: Batch, after: Batch) -> Mapping[str, NDArray[np.bool_]]:
    """name → bool [N]."""
    me = np.asarray(before["current"])
    foe, actor = 1 - me, actor_of(before)
    action = np.where(actor == 0, actions["p0"], actions["p1"])
    legal = ~np.where(actor[:, None] == 0, after["out.illegal"][:, :1], after["out.illegal"][:, 1:])[:, 0]
    main = (before["phase"] == PHASES.index("main")) & legal
    shown = {f"phase:{name}": before["phase"] == number for number, name in enumerate(PHASES[:-1])}
    for name, (low, high) in _ACTIONS.items():
        shown[f"action:{name}"] = legal & (action >= low) & (action < high)
    ops = _operations(before, me, action, main)
    shown |= {f"op:{name}": ops[:, place] for place, name in enumerate(OPS)}

    lost = [of_player(after, "points", who) - of_player(before, "points", who) for who in (foe, me)]
    ended = after["out.terminated"] & (before["winner"] < 0)
    turns_over = after["turn"] > before["turn"]
    attacks = shown["action:attack"] & main
    actives = [_active(before, who) for who in (me, foe)]
    poisoned, burned = (actives[0][name] | actives[1][name] for name in ("poisoned", "burned"))
    hand = of_player(before, "hand", me)
    shown |= {
        "knock-out:own": lost[0] > 0,
        "knock-out:foe": lost[1] > 0,
        "points:two": (lost[0] > 1) | (lost[1] > 1),
        "end:win": ended & (after["winner"] == me),
        "end:loss": ended & (after["winner"] == foe),
        "end:tie": ended & (after["winner"] == 2),
        "end:cut": after["out.truncated"],
        "new-turn": turns_over,
        "weakness": attacks & _weak(actives),
        "checkup:poisoned": turns_over & poisoned,
        "checkup:burned": turns_over & burned,
        "checkup:burn-ends": turns_over & burned & ~(_active(after, me)["burned"] | _active(after, foe)["burned"]),
        "checkup:wakes": turns_over & (actives[0]["condition"] == 1) & (_active(after, me)["condition"] != 1),
        "checkup:paralyzed": turns_over & ((actives[0]["condition"] == 2) | (actives[1]["condition"] == 2)),
        "attack:confused": attacks & (actives[0]["condition"] == 3),
        "attack:smokescreen": attacks & (actives[0]["effect_turns"][:, 5] > 0),
        "effect:pokemon": sum(one["effect_turns"].sum(1) for one in actives) > 0,
        "effect:player": (before["p0.effect_turns"].sum(1) + before["p1.effect_turns"].sum(1)) > 0,
        "deck:empty": turns_over & (of_player(before, "deck", foe)[:, 0] < 0),
        "hand:full": main & (hand >= 0).sum(1) >= 10,
        "illegal": after["out.illegal"].any(1),
        "energy:next": turns_over & (of_player(before, "energy_types", foe).sum(1) > 1),
        "hidden:shown": (before["p0.hand_known"].any(1)) | before["p1.hand_known"].any(1),
        "hidden:looked-at": (before["p0.known_top"] + before["p1.known_top"]) > 0,
        "active:leaves": before["phase"] == PHASES.index("promote"),
    }
    return {name: np.asarray(shown[name], bool) for name in BEHAVIOURS}


def _active(batch: Batch, who: NDArray[np.int64]) -> dict[str, NDArray[np.int64]]:
    names = ("cards", "condition", "effect_turns")
    found = {name: of_player(batch, f"spots.{name}", who)[:, 0] for name in names}
    return found | {name: of_player(batch, f"spots.{name}", who)[:, 0] != 0 for name in ("poisoned", "burned")}


def _weak(actives: list[dict[str, NDArray[np.int64]]]) -> NDArray[np.bool_]:
    types = np.array([card.type for card in cards()] + ["nothing"])
    weakness = np.array([card.weakness or "none" for card in cards()] + ["none"])
    return types[top(actives[0]["cards"])] == weakness[top(actives[1]["cards"])]


def _operations(before: Batch, me: NDArray[np.int64], action: NDArray[np.int64], main: NDArray[np.bool_]) -> NDArray:
    """bool [N, OPS]: operations of the attack, the ability or the Trainer in use, of the choice, and at rest."""
    found, count = _tables(), len(action)
    spots = [top(of_player(before, "spots.cards", who)) for who in (me, 1 - me)]
    ops = np.zeros((count, len(OPS)), bool)
    for name, number in (("first", a.ATTACK), ("second", a.ATTACK + 1)):
        ops |= found[name][spots[0][:, 0]] & (main & (action == number))[:, None]
    spot = np.clip(action - a.ABILITY, 0, 3)
    uses = main & (action >= a.ABILITY) & (action < a.ATTACK)
    ops |= found["used"][np.take_along_axis(spots[0], spot[:, None], 1)[:, 0]] & uses[:, None]
    place = np.clip(action - a.PLAY, 0, 19)
    plays = main & (action >= a.PLAY) & (action < a.EVOLVE)
    card = np.take_along_axis(of_player(before, "hand", me), place[:, None], 1)[:, 0]
    ops |= found["own"][card] & plays[:, None]
    for side in spots:
        ops |= found["passive"][side].any(1)
    asked = np.array([OPS.index(row["op"]) for row in operations()])
    choosing = np.flatnonzero(before["choice.operation"] >= 0)
    ops[choosing, asked[before["choice.operation"][choosing]]] = True
    return ops
