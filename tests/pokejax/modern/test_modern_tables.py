"""The shipped tables of Generation 4 are the reference's, and look-ups explain themselves."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from families.pokejax_modern import tables as generator
from families.pokejax_modern.learning import LEARNING, learning_columns
from pokejax.modern.names import UnknownNameError, hidden_power_type, number
from pokejax.modern.tables import BOOSTS, LEVEL_DAMAGE, Category, Gender, SelfDestruct, SelfSwitch, Target, load_tables
from references.showdown.scripts import run_script

TABLES = load_tables(4)


@pytest.fixture(scope="module")
def raw() -> dict[str, Any]:
    return generator.export_tables(4)


def test_every_row_equals_the_reference_package(raw: dict[str, Any]) -> None:
    fresh = generator.build_tables(raw)
    with np.load(generator.table_file(4)) as shipped:
        assert set(shipped.files) == set(fresh) | set(LEARNING)
        for name, expected in fresh.items():
            assert shipped[name].dtype == expected.dtype, name
            np.testing.assert_array_equal(shipped[name], expected, err_msg=name)


def test_levels_of_learning_equal_the_validator_s(raw: dict[str, Any]) -> None:
    # Every 130th species from Charmander on, which has moves by event alone; the generator asks for all.
    answers = json.loads(run_script("modern/export_learn_levels.js", "4", "4", "130"))
    fresh = learning_columns(answers, raw)
    rows = [int(species) for species in answers]
    assert len(rows) == 5 and len(fresh["species/learn_natures"])
    for name in ("learn_level", "lowest_level"):
        np.testing.assert_array_equal(getattr(TABLES.species, name)[rows], fresh[f"species/{name}"][rows])
    bound = TABLES.species.learn_natures
    np.testing.assert_array_equal(bound[np.isin(bound[:, 0], rows)], fresh["species/learn_natures"])


def of(name: str, field: str) -> Any:
    return getattr(TABLES.moves, field)[number("move", name, 4)].tolist()


def test_numbers_are_those_of_records() -> None:
    assert [len(getattr(TABLES, name).id) for name in ("moves", "abilities", "items", "species")] == [
        485,
        125,
        214,
        531,
    ]
    assert TABLES.moves.id[-1] == "recharge" and TABLES.abilities.id[-1] == "noability"
    assert number("move", "Hidden Power", 4) == number("move", "hpfire", 4) == TABLES.hidden_power
    assert TABLES.moves.id[TABLES.hidden_power] == "hiddenpower"
    for kind, text in (("moves", "recharge"), ("abilities", "none")):
        with pytest.raises(UnknownNameError):
            number("move" if kind == "moves" else "ability", text, 4)


def test_known_moves() -> None:
    assert of("Fire Fang", "secondaries") == 2 and of("Fire Fang", "secondary_chance") == [10, 10]
    assert TABLES.conditions.id[of("Fire Fang", "secondary_volatile")].tolist() == ["", "flinch"]
    assert of("Close Combat", "self_boosts") == [0, -1, 0, -1, 0, 0, 0] and of("Close Combat", "has_self")
    assert of("Charge Beam", "secondary_self_boosts")[0] == [0, 0, 1, 0, 0, 0, 0]
    assert of("Thunder", "category") == Category.SPECIAL and "onModifyMove" in of("Thunder", "handlers").split()
    assert (
        of("U-turn", "self_switch") == SelfSwitch.PLAIN and of("Baton Pass", "self_switch") == SelfSwitch.COPYVOLATILE
    )
    assert (
        of("Explosion", "self_destruct") == SelfDestruct.ALWAYS and of("Memento", "self_destruct") == SelfDestruct.IFHIT
    )
    assert of("Seismic Toss", "fixed_damage") == LEVEL_DAMAGE and of("Sonic Boom", "fixed_damage") == 20
    assert of("Curse", "non_ghost_target") == Target.SELF and of("Aerial Ace", "accuracy") == 0
    assert of("Trump Card", "max_pp") == 5 and of("Sketch", "max_pp") == 1 and of("Surf", "max_pp") == 24
    assert of("Bullet Seed", "multihit") == [2, 5] and of("Tackle", "multihit") == [1, 1]
    assert TABLES.moves.flag("contact")[number("move", "Grass Knot", 4)] and len(BOOSTS) == 7
    assert len(TABLES.metronome) == len(set(TABLES.metronome.tolist())) == 442
    with pytest.raises(KeyError, match=r"no entry has the flag 'touch'; the flags are .*contact"):
        TABLES.moves.flag("touch")


def test_known_species_items_and_abilities() -> None:
    species, items = TABLES.species, TABLES.items
    row = number("species", "Giratina-Origin", 4)
    assert species.base[row] == number("species", "Giratina", 4)
    assert species.required_item[row] == number("item", "Griseous Orb", 4)
    assert items.forced_forme[species.required_item[row]] == row
    assert species.max_hp[number("species", "Shedinja", 4)] == 1
    assert species.gender[number("species", "Starmie", 4)] == Gender.N
    assert species.male_eighths[number("species", "Eevee", 4)] == 7
    charcoal, occa = number("item", "Charcoal", 4), number("item", "Occa Berry", 4)
    assert TABLES.types.name[[items.boost_type[charcoal], items.resist_type[occa]]].tolist() == ["Fire", "Fire"]
    assert items.boost[charcoal] == 4915 and items.berry[occa] and items.gift_power[occa] == 60
    assert TABLES.abilities.flag("breakable")[number("ability", "Levitate", 4)]
    assert TABLES.weathers.tolist() == ["", "raindance", "sunnyday", "sandstorm", "hail"]


def test_type_chart_and_natures() -> None:
    fire, steel, ghost, normal = (number("type", name, 4) for name in ("Fire", "Steel", "Ghost", "Normal"))
    assert TABLES.types.effectiveness[fire, steel] == 1 and TABLES.types.effectiveness[ghost, steel] == -1
    assert TABLES.types.immune[normal, ghost] and not TABLES.types.immune[fire, steel]
    safe = dict(zip(TABLES.types.condition_names, TABLES.types.safe[steel], strict=True))
    assert safe["psn"] and safe["sandstorm"] and not safe["brn"]
    adamant = number("nature", "Adamant", 4)
    assert (TABLES.natures.plus[adamant], TABLES.natures.minus[adamant]) == (1, 3)


def test_hooks_say_when_a_handler_is_called() -> None:
    hooks = TABLES.hooks
    leftovers = (hooks.kind == "item") & (hooks.number == number("item", "Leftovers", 4)) & (hooks.event == "Residual")
    assert [int(column[leftovers][0]) for column in (hooks.order, hooks.priority, hooks.sub_order)] == [10, 0, 4]
    named = {kind: len(getattr(TABLES, kind).handlers) for kind in ("moves", "abilities", "items", "conditions")}
    assert all(named.values()) and len(hooks.event) > 800


def test_aliases_and_close_names() -> None:
    assert number("species", "Nidoran♀", 4) == number("species", "nidoranf", 4)
    assert number("item", "band", 4) == number("item", "Choice Band", 4)
    assert number("species", "Unown-B", 4) == number("species", "Unown", 4)
    assert TABLES.types.name[hidden_power_type("Hidden Power [Ice]", 4)] == "Ice"
    with pytest.raises(UnknownNameError, match=r"unknown Gen 4 move 'Surff'; did you mean Surf"):
        number("move", "Surff", 4)


def test_a_generation_without_tables_is_refused() -> None:
    with pytest.raises(ValueError, match="no tables of generation 5; there are those of 4"):
        load_tables(5)
