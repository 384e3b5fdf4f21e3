"""Laws of every Gen 1 step, and metamorphic pairs: what must hold whatever the reference says."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from families.pokejax_gen1.verify.outcome import AGENTS
from families.pokejax_gen1.verify.sides import TEAMS
from pokejax.gen1.choices import NO_OP
from pokejax.gen1.party import parties_from_wire
from references.protocol import Batch
from verification.plugin import Property, Relation

_TEAM = range(6)
#: A permutation without fixed points: place k of the changed team holds what was at place `_ORDER[k]`.
_ORDER = np.array([1, 2, 0, 4, 5, 3])


def _team(batch: Batch, agent: str, field: str) -> NDArray[np.int32]:
    return np.stack([batch[f"{agent}.team.{k}.{field}"] for k in _TEAM], axis=1)


def _hp_in_range(before: Batch, actions: Batch, after: Batch) -> NDArray[np.bool_]:
    limits = np.asarray(parties_from_wire(np.asarray(after[TEAMS])).max_hp)
    fine = np.ones(len(limits), bool)
    for side, agent in enumerate(AGENTS):
        hp = _team(after, agent, "hp")
        fine &= ((hp >= 0) & (hp <= limits[:, side])).all(axis=1)
    return fine


def _pp_in_range(before: Batch, actions: Batch, after: Batch) -> NDArray[np.bool_]:
    names = [f"{agent}.team.{k}.pp{m}" for agent in AGENTS for k in _TEAM for m in range(4)]
    return np.all([(after[name] >= 0) & (after[name] < 64) for name in names], axis=0)


def _stages_in_range(before: Batch, actions: Batch, after: Batch) -> NDArray[np.bool_]:
    fine = np.ones(len(after["turn"]), bool)
    for name in after:
        if name.endswith("boost"):
            fine &= np.abs(after[name]) <= 6
        elif name.endswith("modified_stat"):
            fine &= (after[name] >= 1) & (after[name] <= 999)
    return fine


def _masks_are_whole(before: Batch, actions: Batch, after: Batch) -> NDArray[np.bool_]:
    """Some action is always legal, and whoever waits has NO_OP alone."""
    fine = np.ones(len(after["turn"]), bool)
    for agent in AGENTS:
        legal, waits = after[f"{agent}.legal"], (after[f"{agent}.request"] == 0) & (after["ended"] == 0)
        fine &= (legal != 0) & (~waits | (legal == 1 << NO_OP))
    return fine


def _time_goes_on(before: Batch, actions: Batch, after: Batch) -> NDArray[np.bool_]:
    return (after["turn"] == before["turn"]) | (after["turn"] == before["turn"] + 1)


def _the_fallen_stay(before: Batch, actions: Batch, after: Batch) -> NDArray[np.bool_]:
    fine = np.ones(len(after["turn"]), bool)
    for agent in AGENTS:
        fine &= ((_team(before, agent, "hp") > 0) | (_team(after, agent, "hp") == 0)).all(axis=1)
    return fine


def _winner_stands(before: Batch, actions: Batch, after: Batch) -> NDArray[np.bool_]:
    alive = [(_team(after, agent, "hp") > 0).any(axis=1) for agent in AGENTS]
    winner = after["winner"]
    return ((winner != 1) | (alive[0] & ~alive[1])) & ((winner != 2) | (alive[1] & ~alive[0]))


PROPERTIES = (
    Property("HP lies between 0 and the maximum", _hp_in_range),
    Property("PP lies between 0 and 63", _pp_in_range),
    Property("stages lie within ±6 and stats within 1 to 999", _stages_in_range),
    Property("masks are never empty, who waits has NO_OP alone", _masks_are_whole),
    Property("the turn stays or grows by one", _time_goes_on),
    Property("the fallen do not rise", _the_fallen_stay),
    Property("the winner stands and the loser does not", _winner_stands),
)


def _swap_sides(batch: Batch) -> Batch:
    other = {"p1": "p2", "p2": "p1"}
    swapped = {}
    for path, values in batch.items():
        swapped[".".join(other.get(part, part) for part in path.split("."))] = values
    if "winner" in batch:
        swapped["winner"] = np.where(batch["winner"] == 0, 0, 3 - batch["winner"])
        swapped[TEAMS] = batch[TEAMS][:, ::-1]
    return swapped


def _speeds_differ(before: Batch, actions: Batch) -> NDArray[np.bool_]:
    """Only a tie of speeds asks a draw which *side* goes first."""
    first, second = (before[f"{agent}.active.spe.modified_stat"] for agent in AGENTS)
    return first != second


def _change_places(batch: Batch) -> Batch:
    """Both teams in another order. Showdown's own order, `position`, travels with each Pokémon."""
    place_of = np.argsort(_ORDER)
    # What players see is compared by the reference's tracker: here the engine's own state is in question.
    moved = {path: values for path, values in batch.items() if ".obs." not in path and not path.endswith(".legal")}
    moved |= {f"{agent}.legal": batch[f"{agent}.legal"] for agent in AGENTS}
    for agent in AGENTS:
        for k in _TEAM:
            prefix = f"{agent}.team.{k}."
            for path in [path for path in batch if path.startswith(prefix)]:
                moved[path] = batch[f"{agent}.team.{_ORDER[k]}.{path.removeprefix(prefix)}"]
        moved[f"{agent}.active"] = place_of[batch[f"{agent}.active"]].astype(np.int32)
        legal = batch[f"{agent}.legal"]
        switches = sum(((legal >> int(_ORDER[k])) & 1) << k for k in _TEAM)
        moved[f"{agent}.legal"] = ((legal >> 6) << 6 | switches).astype(np.int32)
    moved[TEAMS] = batch[TEAMS][:, :, _ORDER]
    return moved


def _change_actions(actions: Batch) -> Batch:
    place_of = np.argsort(_ORDER)
    return {agent: np.where(a < 6, place_of[np.minimum(a, 5)], a) for agent, a in actions.items()}


def _teams_are_full(before: Batch, actions: Batch) -> NDArray[np.bool_]:
    """Empty places must stay at the end of a team."""
    return np.asarray((before[TEAMS][..., 0] > 0).all(axis=(1, 2)))


RELATIONS = (
    Relation(
        "the sides changed",
        lambda before, actions: (_swap_sides(before), {"p1": actions["p2"], "p2": actions["p1"]}),
        _swap_sides,
        _speeds_differ,
    ),
    Relation(
        "the teams in another order",
        lambda before, actions: (_change_places(before), _change_actions(actions)),
        _change_places,
        _teams_are_full,
    ),
)
