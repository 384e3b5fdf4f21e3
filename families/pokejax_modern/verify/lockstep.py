"""Whole battles of the modern engine beside the reference's: equal seeds, teams and choices, its own state all along.

Run it on battles of teams that hold played effects alone::

    python -m families.pokejax_modern.verify.lockstep --battles 40 --seed 1 --turns 40 [--mirror] [--only encore,trick]

It prints one JSON line of figures and exits with 1 if anything differs.
"""

from __future__ import annotations

import argparse
import functools
import json
import sys
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from families.pokejax_modern.verify.interpret import interpreted
from families.pokejax_modern.verify.record import named_fields
from families.pokejax_modern.verify.steps import Sample, add_sampling, asked_effects, field_names, sample
from pokejax.common.rng import Rng
from pokejax.modern import turn
from pokejax.modern.choices import legal_masks
from pokejax.modern.party import draw_genders
from pokejax.modern.rules import Rules
from pokejax.modern.state import Battle, Party, pack, unpack

CLAUSES = {"gen4anythinggoes": (), "gen4randombattle": ("sleep",)}


def _told(battle: Battle, names: tuple[str, ...]) -> tuple[Battle, jax.Array, jax.Array]:
    """The battle in storage, its record, and bits of what both players may choose."""
    stored = pack(battle)
    fields = named_fields(unpack(stored))
    bits = jnp.sum(jnp.where(legal_masks(unpack(stored)), 1 << jnp.arange(11), 0), axis=1)
    return stored, jnp.stack([fields[name] for name in names]), bits.astype(jnp.int32)


def _begin(names: tuple[str, ...], rules: Rules, seed: jax.Array, parties: Party) -> Any:
    rng = Rng(hi=seed[0], lo=seed[1])
    rng, first = draw_genders(rng, jax.tree.map(lambda leaf: leaf[0], parties))
    rng, second = draw_genders(rng, jax.tree.map(lambda leaf: leaf[1], parties))
    return _told(turn.start(rng, (first, second), rules), names)


def _go_on(names: tuple[str, ...], rules: Rules, battle: Battle, actions: jax.Array) -> Any:
    after, _ = turn.step(unpack(battle), actions, rules)
    return _told(after, names)


def lockstep(found: Sample, rules: Rules, compiled: bool = False) -> dict[str, Any]:
    """Battles of a sample played from their seeds. Figures, with each battle's first difference by name."""
    make: Callable[..., Any] = (lambda fn: jax.jit(jax.vmap(fn))) if compiled else interpreted
    names = field_names()
    begin, go_on = (make(functools.partial(one, names, rules)) for one in (_begin, _go_on))
    count = len(found.parties)
    steps = [np.flatnonzero(found.battle == n) for n in range(count)]
    parties = Party(
        **{name: jnp.asarray(np.stack([party[name] for party in found.parties])) for name in found.parties[0]}
    )
    battle, row, bits = begin(found.seeds, parties)
    expected = np.stack([found.before[own[0]] for own in steps])
    differ: dict[int, dict[str, Any]] = {}
    compared = 0

    def note(n: int, step: int, wrong: list[str]) -> None:
        if wrong and n not in differ:
            differ[n] = {"battle": n, "step": step, "fields": wrong[:8]}

    def names_of(n: int, ours: np.ndarray, theirs: np.ndarray) -> list[str]:
        return [f"{names[at]}: {theirs[n][at]}, engine {ours[n][at]}" for at in np.flatnonzero(ours[n] != theirs[n])]

    for n in range(count):
        note(n, 0, names_of(n, np.asarray(row), expected))
    for step in range(max(len(own) for own in steps)):
        live = [n for n in range(count) if step < len(steps[n]) and n not in differ]
        if not live:
            break
        actions = np.full((count, 2), 10, np.int32)
        for n in live:
            at = steps[n][step]
            actions[n], expected[n] = found.actions[at], found.after[at]
            allowed = np.asarray(bits)[n].tolist()
            if allowed != found.masks[at].tolist():
                note(n, step, [f"masks: {found.masks[at].tolist()}, engine {allowed}"])
        battle, row, bits = go_on(battle, actions)
        for n in live:
            compared += 1
            note(n, step + 1, names_of(n, np.asarray(row), expected))
    return {"battles": count, "steps": compared, "divergent": len(differ), "first": list(differ.values())[:10]}


def main(argv: list[str] | None = None) -> int:
    """Sample, play, print; 1 if a battle differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_sampling(parser)
    parser.add_argument("--mirror", action="store_true", help="both sides have one team, so that speeds tie")
    asked = parser.parse_args(argv)
    allowed = asked_effects(parser, asked) | {"mirror": asked.mirror}
    found = sample(allowed, asked.battles, asked.seed, asked.turns)
    told = lockstep(found, Rules(clauses=CLAUSES["gen4anythinggoes"]), asked.compiled)
    sys.stdout.write(json.dumps(told) + "\n")
    return 1 if told["divergent"] else 0


if __name__ == "__main__":
    sys.exit(main())
