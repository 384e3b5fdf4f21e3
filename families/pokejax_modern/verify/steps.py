"""Single steps of the modern engine from recorded states, compared with the reference's number by number."""

from __future__ import annotations

import argparse
import functools
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from families.pokejax_modern.verify.interpret import interpreted
from families.pokejax_modern.verify.record import from_record, named_fields
from pokejax.modern import turn
from pokejax.modern.choices import legal_masks
from pokejax.modern.data import tables
from pokejax.modern.refused import refused_abilities, refused_items, refused_moves
from pokejax.modern.rules import Rules
from pokejax.modern.state import TEAM_SIZE, Party, pack, unpack
from pokejax.modern.tables import Gender
from references.showdown.scripts import run_script

LANES = 256
"""States side by side. Fixed, so that one compiled program serves any number of them."""
_COLUMNS = ("species", "level", "happiness", "max_hp", "gender", "item", "ability", "hidden_power_type", "hidden_power")


@functools.cache
def field_names() -> tuple[str, ...]:
    """Names of a record's numbers, from the reference."""
    return tuple(json.loads(run_script("modern/sample.js", "fields")))


@dataclass(frozen=True)
class Sample:
    """Steps of the reference's battles. `battle` [N] numbers the battle of each step."""

    parties: list[dict[str, NDArray[Any]]]
    """By battle: columns [2, 6, …] of the teams."""
    battle: NDArray[np.int32]
    before: NDArray[np.int32]
    """[N, F], as `after`."""
    after: NDArray[np.int32]
    actions: NDArray[np.int32]
    """[N, 2]."""
    masks: NDArray[np.int32]
    """[N, 2] bits of the actions that were allowed."""
    seeds: NDArray[np.uint32]
    """By battle: high and low word of the generator's state before its first draw."""


def sample(
    allowed: dict[str, Any], battles: int, seed: int, turns: int = 60, format_: str = "gen4anythinggoes"
) -> Sample:
    """Steps of ``battles`` battles of chance teams by chance choices, stopped at turn ``turns``."""
    told = run_script("modern/sample.js", format_, str(battles), str(seed), str(turns), json.dumps(allowed))
    parties, numbers, before, after, actions, masks, seeds = [], [], [], [], [], [], []
    for number, line in enumerate(told.splitlines()):
        battle = json.loads(line)
        parties.append(party_columns(battle["parties"]))
        rows = np.array(battle["rows"], np.int64).astype(np.int32)
        numbers += [number] * len(battle["actions"])
        before.append(rows[:-1])
        after.append(rows[1:])
        actions += battle["actions"]
        masks += battle["masks"]
        seeds.append(battle["seed"])
    return Sample(
        parties, np.array(numbers, np.int32), np.concatenate(before), np.concatenate(after),
        np.array(actions, np.int32), np.array(masks, np.int32), np.array(seeds, np.uint32),
    )  # fmt: skip


def party_columns(sides: list[list[dict[str, Any]]]) -> dict[str, NDArray[Any]]:
    """Columns [2, 6, …] of both teams as `sample.js` tells of them."""
    shapes = {field.name: field.metadata for field in Party.__dataclass_fields__.values()}
    columns = {name: np.zeros((2, *kind["shape"]), kind["dtype"]) for name, kind in shapes.items()}
    columns["position"][:] = np.arange(TEAM_SIZE)
    for n, side in enumerate(sides):
        for k, mon in enumerate(side):
            for name in _COLUMNS:
                columns[name][n, k] = mon[name]
            columns["hp"][n, k] = mon["max_hp"]
            # Showdown's genderless Pokémon has no gender; here 0 would be one to draw.
            columns["gender"][n, k] = mon["gender"] or Gender.N
            columns["stats"][n, k] = mon["stats"]
            for m, (move, pp) in enumerate(zip(mon["moves"], mon["max_pp"], strict=True)):
                columns["moves"][n, k, m] = move
                columns["max_pp"][n, k, m] = columns["pp"][n, k, m] = pp
    return columns


def _step(names: tuple[str, ...], rules: Rules, row: jax.Array, parties: Party, actions: jax.Array) -> Any:
    sides = (jax.tree.map(lambda leaf: leaf[0], parties), jax.tree.map(lambda leaf: leaf[1], parties))
    start = from_record({name: row[k] for k, name in enumerate(names)}, sides)
    # In storage: a number that its field cannot hold shows as a difference.
    start = unpack(pack(start))
    bits = jnp.sum(jnp.where(legal_masks(start), 1 << jnp.arange(11), 0), axis=1)
    battle, _ = turn.step(start, actions, rules)
    battle = unpack(pack(battle))
    fields = named_fields(battle)
    again = named_fields(start)
    return (
        jnp.stack([fields[name] for name in names]),
        bits.astype(jnp.int32),
        jnp.stack([again[name] for name in names]),
    )


Run = Callable[..., Any]
"""Many steps: records [N, F], parties [N, 2, 6, …], actions [N, 2] to records, masks [N, 2], restored records."""


@functools.cache
def interpreted_steps(rules: Rules) -> Run:
    """Steps by NumPy, without compiling: seconds to begin, milliseconds a state. For small checks."""
    return interpreted(functools.partial(_step, field_names(), rules))


@functools.cache
def compiled_steps(rules: Rules) -> Run:
    """Steps by XLA: minutes to compile, then fast."""
    return jax.jit(jax.vmap(functools.partial(_step, field_names(), rules)))


@dataclass
class Differences:
    """Findings of a comparison. `fields`: how often each field differed; `first`: details of the first steps."""

    steps: int = 0
    wrong: int = 0
    fields: Counter[str] = field(default_factory=Counter)
    first: list[dict[str, Any]] = field(default_factory=list)


def compare(found: Sample, run: Run, details: int = 20) -> Differences:
    """Every step of a sample played by the engine from the reference's record; draws, masks and fields compared.

    What differs first in a record (restored, then masks, then the record after the step) is what is counted.
    """
    names = np.array(field_names())
    count = len(found.before)
    told = Differences()
    for begin in range(0, count, LANES):
        lanes = np.minimum(np.arange(begin, begin + LANES), count - 1)
        stacked = {
            name: jnp.asarray(np.stack([found.parties[found.battle[lane]][name] for lane in lanes]))
            for name in found.parties[0]
        }
        rows, bits, restored = run(found.before[lanes], Party(**stacked), found.actions[lanes])
        rows, bits, restored = np.asarray(rows), np.asarray(bits), np.asarray(restored)
        for k, lane in enumerate(lanes[: min(LANES, count - begin)]):
            told.steps += 1
            wrong = list(names[restored[k] != found.before[lane]])
            kind = "restored" if wrong else "mask"
            if not wrong and (bits[k] != found.masks[lane]).any():
                wrong = ["legal"]
            if not wrong:
                kind = "step"
                wrong = list(names[rows[k] != found.after[lane]])
            if wrong:
                told.wrong += 1
                told.fields.update(wrong[:1])
                if len(told.first) < details:
                    told.first.append(_detail(found, int(lane), kind, rows[k], names, bits[k]))
    return told


def _detail(
    found: Sample, lane: int, kind: str, row: np.ndarray, names: np.ndarray, bits: np.ndarray
) -> dict[str, Any]:
    wrong = np.flatnonzero(row != found.after[lane])
    values = [f"{names[at]}: {found.after[lane][at]}, engine {row[at]}" for at in wrong[:12]]
    return {
        "battle": int(found.battle[lane]), "turn": int(found.before[lane][list(names).index("turn")]), "kind": kind,
        "actions": found.actions[lane].tolist(), "fields": values, "masks": (found.masks[lane].tolist(), bits.tolist()),
        "lane": lane,
    }  # fmt: skip


def played_effects() -> dict[str, Any]:
    """Effects that `sample` may put on teams: all that the engine plays."""
    table = tables()

    def without(ids: np.ndarray, refused: tuple[str, ...], *more: str) -> list[str]:
        return sorted({str(name) for name in ids[1:]} - {*refused, *more})

    return {
        "moves": without(table.moves.id, refused_moves(), "struggle", "recharge"),
        "abilities": without(table.abilities.id, refused_abilities(), "noability"),
        "items": without(table.items.id, refused_items()),
    }


def add_sampling(parser: argparse.ArgumentParser) -> None:
    """Options of a command that compares sampled battles."""
    parser.add_argument("--battles", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--turns", type=int, default=40, help="a battle is stopped there")
    parser.add_argument("--compiled", action="store_true", help="compile by XLA (minutes) instead of interpreting")
    parser.add_argument(
        "--only", default="", help="ids separated by commas: moves, abilities, items that a third of all places hold"
    )
    parser.add_argument("--generator", default="", help="a random format of Showdown whose teams are taken")


def asked_effects(parser: argparse.ArgumentParser, asked: argparse.Namespace) -> dict[str, Any]:
    """The effects that these options ask for; an unknown name ends the command."""
    try:
        found = focused(played_effects(), [name for name in asked.only.split(",") if name])
    except ValueError as error:
        parser.error(f"--only: {error}")
    return found | {"generator": asked.generator}


def focused(allowed: dict[str, Any], only: list[str]) -> dict[str, Any]:
    """``allowed`` with chance teams that hold these moves, abilities and items in most places.

    ``ValueError`` for a name that is none of them, or that the engine does not play.
    """
    found = dict(allowed)
    for name in only:
        kinds = [kind for kind in ("moves", "abilities", "items") if name in allowed[kind]]
        if not kinds:
            raise ValueError(f"{name!r} is no move, ability or item that the engine plays; ids are as in 'focusband'")
    for kind in ("moves", "abilities", "items"):
        named = [name for name in only if name in allowed[kind]]
        copies = len(allowed[kind]) // (2 * len(named)) + 1 if named else 0
        found[kind] = allowed[kind] + named * copies
    return found
