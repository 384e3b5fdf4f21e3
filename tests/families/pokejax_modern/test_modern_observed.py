"""Observations of Generation 4 beside a plain tracker of Showdown's messages, and without what nobody was told.

The deep run is ``python -m families.pokejax_modern.verify.observed --battles 60 --seed 2 --turns 50``.
"""

from __future__ import annotations

import copy
from typing import Any

import jax
import numpy as np
import pytest

from families.pokejax_modern.verify.interpret import interpreted
from families.pokejax_modern.verify.observed import ENGINE, battles, compare, programs
from families.pokejax_modern.verify.steps import party_columns, played_effects
from pokejax.modern.observation import OBS_SPEC
from pokejax.modern.state import Party

BATTLES, SEED, TURNS = 3, 2, 8


@pytest.fixture(scope="module")
def played() -> list[dict[str, Any]]:
    return battles(played_effects() | {"views": True}, BATTLES, SEED, TURNS)


def test_every_field_is_what_the_messages_tell(played: list[dict[str, Any]]) -> None:
    found = compare(played)
    assert found.decisions > 40 and found.parted == 0
    assert not found.fields, found.first[:2]
    told = ("foe_item_known", "foe_ability", "foe_moves", "boosts", "own_seen_moves", "last_move")
    assert all(found.named[name] for name in told), found.named


def test_a_fact_that_was_not_told_is_found_and_named(played: list[dict[str, Any]]) -> None:
    battle = copy.deepcopy(played[0])
    lines = battle["views"][0][0][0]
    lines.append("|-item|p2a: mon0|Leftovers")
    lines.append("|-ability|p1a: mon0|Pressure")
    found = compare([battle])
    expected = {"foe_item", "foe_item_known", "own_seen_ability"}
    assert set(found.fields) - {"foe_item"} == expected - {"foe_item"}, found.first


def _states(played: list[dict[str, Any]]) -> tuple[Any, Any]:
    """Battles and memories after each recorded step, [N, …] with numpy leaves, as far as all of them last."""
    begin, go_on = programs(False)
    columns = [party_columns(battle["parties"]) for battle in played]
    parties = Party(**{name: np.stack([c[name] for c in columns]) for name in columns[0]})
    battle, memory, *_ = begin(np.array([one["seed"] for one in played], np.uint32), parties)
    shortest = min(len(one["actions"]) for one in played)
    found = [(battle, memory)]
    for step in range(shortest):
        actions = np.array([one["actions"][step] for one in played], np.int32)
        battle, memory, *_ = go_on(battle, memory, actions)
        found.append((battle, memory))
    return jax.tree.map(lambda *rows: np.concatenate([np.asarray(row) for row in rows]), *found)


def _hidden(battle: Any, memory: Any, player: int, rng: np.random.Generator) -> Any:
    """The battles with everything made up anew that ``player`` was not told."""
    foe = 1 - player
    count = len(battle.field.turn)
    rows = np.arange(count)
    side, party, mon = battle.sides[foe], battle.parties[foe], battle.sides[foe].active[0]
    seen = memory.shown.appeared.reshape(count, 2, 6)[:, foe] > 0
    bit = np.arange(12).reshape(2, 6)[foe]
    items = ((memory.shown.items[:, None] >> bit) & 1 == 1) | memory.items[:, foe]
    abilities = (memory.shown.abilities[:, None] >> bit) & 1 == 1
    has_own = (mon.ability == mon.base_ability) & ~mon.transformed
    borrowed = (memory.shown.borrowed >> foe) & 1 == 1
    moves = memory.moves[:, foe]

    def some(low: int, high: int, like: np.ndarray) -> np.ndarray:
        return rng.integers(low, high, like.shape).astype(like.dtype)

    def anew(known: np.ndarray, old: np.ndarray, low: int, high: int) -> np.ndarray:
        return np.where(known, old, some(low, high, old))

    there = party.species > 0
    scale = np.int16(2)
    base_moves = np.where(party.moves > 0, anew(moves, party.moves, 1, 460), 0).astype(np.int16)
    party = party.replace(
        species=np.where(there, anew(seen, party.species, 1, 490), 0), level=anew(seen, party.level, 1, 100),
        gender=anew(seen, party.gender, 0, 3), ability=anew(abilities, party.ability, 1, 120),
        item=anew(items, party.item, 0, 200), hp=np.where(seen, party.hp * scale, some(1, 300, party.hp)),
        max_hp=np.where(seen, party.max_hp * scale, some(300, 400, party.max_hp)), stats=some(1, 999, party.stats),
        moves=base_moves, pp=anew(moves, party.pp, 0, 64), happiness=some(0, 255, party.happiness),
        last_item=some(0, 200, party.last_item), sleep_time=some(1, 5, party.sleep_time),
    )  # fmt: skip
    here = mon.slot.astype(int)
    known = moves[rows, here] | mon.virtual
    own = np.where(mon.virtual, mon.moves, base_moves[rows, here])
    mon = mon.replace(
        hp=mon.hp * scale, max_hp=mon.max_hp * scale, item=anew(items[rows, here], mon.item, 0, 200),
        base_ability=anew(abilities[rows, here], mon.base_ability, 1, 120),
        base_moves=base_moves[rows, here], moves=own, pp=anew(known, mon.pp, 0, 64), stats=some(1, 999, mon.stats),
        disabled=some(0, 3, mon.disabled), trapped=some(0, 3, mon.trapped), speed=some(1, 999, mon.speed),
        maybe_trapped=some(0, 2, mon.maybe_trapped), sleep_time=some(1, 5, mon.sleep_time),
    )  # fmt: skip
    # Whether it has its own ability is known to both.
    other = np.where(borrowed, mon.ability, some(121, 124, mon.ability))
    mon = mon.replace(ability=np.where(has_own, mon.base_ability, other).astype(mon.ability.dtype))
    # Counters that neither player is told.
    secret = ("confusion.time", "taunt.duration", "substitute.hp", "stall.counter", "choicelock.move", "yawn.duration")
    sides = [None, None]
    for n, one in ((foe, mon), (player, battle.sides[player].active[0])):
        data = dict(one.data) | {name: np.where(one.data[name] > 0, some(1, 9, one.data[name]), 0) for name in secret}
        lights = {
            name: np.where(getattr(battle.sides[n], name) > 0, some(1, 9, side.reflect), 0).astype(side.reflect.dtype)
            for name in ("reflect", "lightscreen")
        }
        sides[n] = battle.sides[n].replace(active=(one.replace(data=data),), **lights)
    parties = (battle.parties[0], party) if foe else (party, battle.parties[1])
    lasts = np.where(battle.field.weather_duration > 0, some(1, 9, battle.field.weather_duration), 0)
    field = battle.field.replace(weather_duration=lasts.astype(np.int8))
    return battle.replace(rng=battle.rng.replace(hi=some(0, 2**32, battle.rng.hi)), sides=tuple(sides),
                          parties=parties, field=field)  # fmt: skip


def test_what_a_player_was_not_told_is_in_no_field(played: list[dict[str, Any]]) -> None:
    battle, memory = _states(played)
    observe = interpreted(lambda one, known: ENGINE.observe(one, known, ENGINE.choices(one)))
    plain = observe(battle, memory)
    rng = np.random.default_rng(0)
    changed = 0
    for player in range(2):
        other = observe(_hidden(battle, memory, player, rng), memory)
        for field in OBS_SPEC.fields:
            before, after = getattr(plain, field.name), getattr(other, field.name)
            np.testing.assert_array_equal(before[:, player], after[:, player], field.name)
            changed += int((before[:, 1 - player] != after[:, 1 - player]).any())
    assert changed > 20, "the other player's own facts are what was made up"


def test_values_are_within_what_the_spec_allows(played: list[dict[str, Any]]) -> None:
    battle, memory = _states(played)
    seen = interpreted(lambda one, known: ENGINE.observe(one, known, ENGINE.choices(one)))(battle, memory)
    for field in OBS_SPEC.fields:
        values = getattr(seen, field.name)
        assert values.dtype == field.dtype and values.shape[2:] == field.shape, field.name
        assert values.min() >= field.low and values.max() <= field.high, field.name
