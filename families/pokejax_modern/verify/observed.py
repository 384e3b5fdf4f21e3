"""Every field of the engine's observations beside the tracker's, over whole battles from equal seeds and choices.

Run it on battles of teams that hold played effects alone::

    python -m families.pokejax_modern.verify.observed --battles 40 --seed 1 --turns 40 [--only trick,skillswap]

It prints one JSON line: decisions compared, which fields differed and how often, and which conditions, abilities and
items a message never named. It exits with 1 if a field differed. A battle in which the rules themselves part from the
reference's record is left there, and counted.
"""

from __future__ import annotations

import argparse
import functools
import json
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from families.pokejax_modern.verify.interpret import interpreted
from families.pokejax_modern.verify.record import named_fields
from families.pokejax_modern.verify.seat import TRACKED, VOLATILES, Seat
from families.pokejax_modern.verify.steps import add_sampling, asked_effects, field_names, party_columns
from pokejax.common.rng import Rng
from pokejax.modern.engine import ModernEngine
from pokejax.modern.observation import Memory
from pokejax.modern.rules import Rules
from pokejax.modern.state import Battle, Party, unpack
from references.showdown.scripts import run_script

FORMAT = "gen4anythinggoes"
ENGINE = ModernEngine(Rules(clauses=()))


@dataclass
class Found:
    """Findings. `named`: what messages told of at least once."""

    battles: int = 0
    decisions: int = 0
    parted: int = 0
    """Battles whose rules parted from the reference's."""
    fields: Counter[str] = field(default_factory=Counter)
    first: list[dict[str, Any]] = field(default_factory=list)
    named: Counter[str] = field(default_factory=Counter)


@functools.cache
def names() -> dict[str, Any]:
    """Names in the order of their numbers, from the reference."""
    return json.loads(run_script("modern/sample.js", "names"))


def battles(allowed: dict[str, Any], count: int, seed: int, turns: int) -> list[dict[str, Any]]:
    """Chance battles of the reference with what each player was sent, as `sample.js` prints them."""
    told = run_script("modern/sample.js", FORMAT, str(count), str(seed), str(turns), json.dumps(allowed))
    return [json.loads(line) for line in told.splitlines()]


def _told(battle: Battle, memory: Memory) -> tuple[Battle, Memory, Any, jax.Array]:
    fields = named_fields(unpack(battle))
    seen = ENGINE.observe(battle, memory, ENGINE.choices(battle))
    return battle, memory, seen, jnp.stack([fields[name] for name in field_names()])


def _begin(seed: jax.Array, parties: Party) -> Any:
    return _told(*ENGINE.start(Rng(hi=seed[0], lo=seed[1]), parties))


def _go_on(battle: Battle, memory: Memory, actions: jax.Array) -> Any:
    battle, memory, _ = ENGINE.step(battle, memory, actions)
    return _told(battle, memory)


@functools.cache
def programs(compiled: bool) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Beginnings and steps of many battles."""
    make: Callable[..., Any] = (lambda fn: jax.jit(jax.vmap(fn))) if compiled else interpreted
    return make(_begin), make(_go_on)


def compare(played: list[dict[str, Any]], compiled: bool = False, details: int = 10) -> Found:
    """Both players' observations at every decision of the battles, field by field."""
    begin, go_on = programs(compiled)
    found = Found(battles=len(played))
    columns = [party_columns(battle["parties"]) for battle in played]
    parties = Party(**{name: jnp.asarray(np.stack([c[name] for c in columns])) for name in columns[0]})
    seats = [[Seat(n, names(), battle["parties"][n]) for n in range(2)] for battle in played]
    state, memory, seen, rows = begin(np.array([battle["seed"] for battle in played], np.uint32), parties)
    live = set(range(len(played)))
    for step in range(max(len(battle["actions"]) for battle in played) + 1):
        seen, rows = jax.tree.map(np.asarray, (seen, rows))
        for n in sorted(live):
            battle = played[n]
            views = battle["views"][step]
            if (rows[n] != np.array(battle["rows"][step], np.int64).astype(np.int32)).any():
                found.parted += 1
                live.discard(n)
            elif views[0][1] is None or not _one(found, n, step, seats[n], views, seen, details):
                live.discard(n)  # over, or found wrong
            elif step >= len(battle["actions"]):
                live.discard(n)
        if not live:
            break
        actions = np.full((len(played), 2), 10, np.int32)
        for n in live:
            actions[n] = played[n]["actions"][step]
        state, memory, seen, rows = go_on(state, memory, actions)
    return found


def _one(found: Found, n: int, step: int, seats: list[Seat], views: Any, seen: Any, details: int) -> bool:
    """Both players at one decision; False if a field differs."""
    fine = True
    for player, seat in enumerate(seats):
        lines, request = views[player]
        seat.tracker.read(lines, request)
        expected = seat.observation(views[1 - player][1])
        found.decisions += 1
        for name in TRACKED:
            ours = getattr(seen, name)[n, player]
            found.named[name] += bool(np.any(expected[name]))
            if ours.shape != expected[name].shape or (ours != expected[name]).any():
                fine = False
                found.fields[name] += 1
                if len(found.first) < details:
                    where = {"battle": n, "step": step, "player": player, "field": name}
                    told = {"expected": expected[name].tolist(), "engine": ours.tolist(), "lines": lines}
                    found.first.append(where | told)
        for place, condition in enumerate(VOLATILES):
            found.named[condition] += bool(expected["volatiles"][:, place].any())
        for side in seat.tracker.sides:
            for mon in side.mons.values():
                found.named.update({name: 1 for name in (mon.item, mon.ability) if name})
    return fine


def main(argv: list[str] | None = None) -> int:
    """Sample, play, print; 1 if a field differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_sampling(parser)
    asked = parser.parse_args(argv)
    allowed = asked_effects(parser, asked) | {"views": True}
    found = compare(battles(allowed, asked.battles, asked.seed, asked.turns), asked.compiled)
    never = [name for name in (*TRACKED, *VOLATILES) if not found.named[name]]
    told = {
        "battles": found.battles, "decisions": found.decisions, "rules_parted": found.parted,
        "fields": dict(found.fields), "never": never, "abilities_and_items": len(found.named), "first": found.first,
    }  # fmt: skip
    sys.stdout.write(json.dumps(told) + "\n")
    return 1 if found.fields else 0


if __name__ == "__main__":
    sys.exit(main())
