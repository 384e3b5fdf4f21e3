"""Single steps of the modern engine against Showdown's, from Showdown's own records.

The deep run is ``pytest -n 0 -m sweep tests/families/pokejax_modern/test_modern_steps.py``.
"""

from __future__ import annotations

import functools
from dataclasses import fields

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from families.pokejax_modern.verify.interpret import interpreted
from families.pokejax_modern.verify.record import from_record, named_fields
from families.pokejax_modern.verify.steps import (
    Differences,
    Sample,
    compare,
    field_names,
    focused,
    interpreted_steps,
    played_effects,
    sample,
)
from pokejax.modern.data import move_id
from pokejax.modern.rules import Rules
from pokejax.modern.state import Party

RULES = Rules(clauses=())
"""Of gen4anythinggoes."""


def told(found: Differences) -> str:
    """Text of a failure: how often which field came first, and the first step in detail."""
    return f"{found.wrong} of {found.steps} steps differ: {found.fields.most_common(8)}; {found.first[:1]}"


def test_every_number_of_the_record_has_its_place() -> None:
    def names() -> set[str]:
        found: set[str] = set()

        def collect(row: jax.Array) -> jax.Array:
            party = Party(**{f.name: jnp.zeros(f.metadata["shape"], f.metadata["dtype"]) for f in fields(Party)})
            battle = from_record({name: row[k] for k, name in enumerate(field_names())}, (party, party))
            found.update(named_fields(battle))
            return row

        jax.eval_shape(collect, jax.ShapeDtypeStruct((len(field_names()),), jnp.int32))
        return found

    assert names() == set(field_names()) and len(field_names()) > 800


def test_a_wrong_number_is_found_and_named() -> None:
    steps = sample(played_effects(), battles=1, seed=2, turns=4)
    changed = steps.after.copy()
    place = field_names().index("p2.active.stage.spe")
    changed[0, place] += 1
    wrong = type(steps)(**{**vars(steps), "after": changed})
    found = compare(wrong, interpreted_steps(RULES))
    assert found.wrong == 1 and found.fields["p2.active.stage.spe"] == 1, told(found)


GROUPS = {
    "calls and item moves": ("encore", "sleeptalk", "copycat", "trick", "knockoff", "bugbite", "fling", "focuspunch"),
    "two turns and leaving": ("solarbeam", "dig", "pursuit", "uturn", "roar", "batonpass", "wish", "healingwish"),
    "answers": ("counter", "destinybond", "endure", "highjumpkick", "mimic", "transform", "skillswap", "perishsong"),
    "abilities and items": ("moldbreaker", "trace", "cloudnine", "slowstart", "focussash", "quickclaw", "occaberry"),
}
"""Effects that meet little else in chance battles, each group in teams that hold them in a third of all places."""

TIED = (
    *("encore", "sleeptalk", "pursuit", "trick", "roar", "counter", "destinybond", "focuspunch", "solarbeam", "wish"),
    *(
        "curse",
        "payback",
        "substitute",
        "cutecharm",
        "trace",
        "moldbreaker",
        "noguard",
        "cloudnine",
        "airlock",
        "filter",
    ),
    *("tintedlens", "simple", "focussash", "quickclaw", "whiteherb", "expertbelt", "occaberry"),
)
"""Effects whose handlers are shuffled where both Pokémon have them and equal speeds."""


def joined(samples: list[Sample]) -> Sample:
    """Battles of several samples as one."""
    counts = np.cumsum([0, *(len(one.parties) for one in samples)])
    columns = {
        name: np.concatenate([getattr(one, name) for one in samples])
        for name in ("before", "after", "actions", "masks", "seeds")
    }
    battle = np.concatenate([one.battle + first for one, first in zip(samples, counts, strict=False)])
    return Sample(parties=[party for one in samples for party in one.parties], battle=battle, **columns)


def test_steps_are_the_reference_s_to_the_last_number() -> None:
    samples = [sample(played_effects(), battles=2, seed=1, turns=14)]
    for place, names in enumerate(GROUPS.values()):
        samples.append(sample(focused(played_effects(), list(names)), battles=2, seed=30 + place, turns=10))
    tied = focused(played_effects(), list(TIED)) | {"mirror": True}
    samples.append(sample(tied, battles=2, seed=106, turns=14))
    steps = joined(samples)
    found = compare(steps, interpreted_steps(RULES))
    assert found.steps > 100
    assert found.wrong == 0, told(found)
    moves = {move_id(name) for names in list(GROUPS.values())[:3] for name in names}
    places = [field_names().index(f"p{n}.active.last_move_used") for n in (1, 2)]
    used = moves & set(np.unique(steps.after[:, places]).tolist())
    assert len(used) > len(moves) // 2, f"only {len(used)} of {len(moves)} moves were used"


FOUND = {
    "a Focus Band draws at every loss of HP": (70, {
        "moves": ["doubleedge", "leechseed", "confuseray", "sandstorm", "spikes", "willowisp", "highjumpkick"],
        "items": ["focusband"],
        "abilities": ["levitate", "roughskin"],
    }),
    "Imprison may lock, and its source is its user": (71, {
        "moves": ["imprison", "disable", "pound", "growl"],
        "items": ["leftovers"],
        "abilities": ["stench"],
    }),
    "Heal Block once more works and fails": (72, {
        "moves": ["healblock", "growl"],
        "items": ["leftovers"],
        "abilities": ["magicguard"],
    }),
    "Liquid Ooze does not answer Dream Eater": (95, {
        "moves": ["spore", "dreameater", "dreameater", "absorb"],
        "items": ["bigroot"],
        "abilities": ["liquidooze"],
    }),
}  # fmt: skip
"""Kinds of steps that once differed: a seed, and teams of nothing but what they need."""


def test_what_once_differed_is_the_reference_s() -> None:
    steps = joined([sample(allowed, battles=1, seed=seed, turns=9) for seed, allowed in FOUND.values()])
    places = {name: place for place, name in enumerate(field_names())}
    met = set()
    for before, after in zip(steps.before, steps.after, strict=True):
        for user, foe in ((1, 2), (2, 1)):
            used = after[places[f"p{user}.active.last_move_used"]]
            gained = any(after[at] > before[at] for at in (places[f"p{user}.team.{k}.hp"] for k in range(6)))
            again = before[places[f"p{foe}.active.volatile.healblock"]] > 0
            met |= {"recoil"} if used == move_id("doubleedge") else set()
            met |= {"lock"} if after[places[f"p{user}.active.maybe_locked"]] else set()
            met |= {"again"} if used == move_id("healblock") and again else set()
            met |= {"eater"} if used == move_id("dreameater") and gained else set()
    assert met == {"recoil", "lock", "again", "eater"}
    found = compare(steps, interpreted_steps(RULES))
    assert found.wrong == 0, told(found)


def test_only_what_is_played_can_be_asked_for() -> None:
    wanted = focused(played_effects(), ["encore", "trace"])
    assert wanted["moves"].count("encore") > 100 and wanted["abilities"].count("trace") > 40
    assert wanted["items"] == played_effects()["items"]
    with pytest.raises(ValueError, match="'metronom'"):
        focused(played_effects(), ["metronom"])


def test_interpreting_computes_what_xla_does() -> None:
    def program(number: jax.Array, row: jax.Array) -> tuple[jax.Array, jax.Array]:
        grown = jax.lax.while_loop(lambda n: n < 40, lambda n: n * 2 + 1, number)
        kept = jax.lax.cond(number > 3, lambda r: jnp.where(r > 2, r >> 1, -r), lambda r: jnp.cumsum(r), row)
        total = jax.lax.fori_loop(0, 3, lambda k, t: t + jnp.max(kept) * k, grown)
        return total // 3, jnp.asarray(np.arange(9, dtype=np.int32) ** 2)[jnp.clip(kept, 0, 8)]

    numbers = np.arange(1, 7, dtype=np.int32)
    rows = (np.arange(24, dtype=np.int32).reshape(6, 4) * 5) % 7
    ours, theirs = interpreted(program)(numbers, rows), jax.vmap(program)(numbers, rows)
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(one, np.asarray(other))


@pytest.mark.sweep
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("group", GROUPS)
@pytest.mark.parametrize("mirror", [False, True])
def test_hundreds_of_steps_of_each_group_are_the_reference_s(group: str, mirror: bool) -> None:
    allowed = focused(played_effects(), list(GROUPS[group])) | {"mirror": mirror}
    found = compare(sample(allowed, battles=20, seed=101, turns=25), interpreted_steps(RULES))
    assert found.steps > 300
    assert found.wrong == 0, told(found)


@pytest.mark.sweep
@pytest.mark.timeout(7200)
@pytest.mark.parametrize(("mirror", "seed"), [(False, 11), (False, 12), (True, 13)])
def test_thousands_of_steps_are_the_reference_s(mirror: bool, seed: int) -> None:
    allowed = functools.reduce(dict.__or__, [played_effects(), {"mirror": mirror}])
    found = compare(sample(allowed, battles=60, seed=seed), interpreted_steps(RULES))
    assert found.steps > 2000
    assert found.wrong == 0, told(found)
