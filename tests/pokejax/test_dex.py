"""The shipped dex tables are the reference's, and lookups explain themselves."""

import subprocess
import sys

import numpy as np
import pytest

from families.pokejax_gen1 import tables
from pokejax.gen1.dex import (
    CANNOT_MOVE,
    FIGHT,
    LEVEL_DAMAGE,
    MULTIHIT_2_TO_5,
    NO_MOVE,
    Category,
    Status,
    Type,
    UnknownNameError,
    Volatile,
    load_dex,
    move_number,
    species_number,
    to_id,
)


def test_every_row_equals_the_reference_package():
    fresh = tables.build_tables(tables.export_dex())
    with np.load(tables.DEX_FILE) as shipped:
        assert set(shipped.files) == set(fresh)
        for name, expected in fresh.items():
            assert shipped[name].dtype == expected.dtype, name
            np.testing.assert_array_equal(shipped[name], expected, err_msg=name)


def test_known_moves():
    moves = load_dex().moves

    def of(name, field):
        return getattr(moves, field)[move_number(name)].tolist()

    assert of("Thunderbolt", "type") == Type.ELECTRIC
    assert of("Thunderbolt", "category") == Category.SPECIAL
    assert of("Thunderbolt", "secondary_chance_256") == 26
    assert of("Thunderbolt", "secondary_status") == Status.PAR
    assert of("Psychic", "secondary_boosts") == [0, 0, -1, -1, 0, 0, 0]
    assert of("Amnesia", "boosts") == [0, 0, 2, 2, 0, 0, 0]
    assert of("Swift", "accuracy") == 0 and of("Thunder", "accuracy") == 178
    assert of("Pin Missile", "multihit") == MULTIHIT_2_TO_5 and of("Twineedle", "multihit") == 2
    assert of("Seismic Toss", "fixed_damage") == LEVEL_DAMAGE and of("Sonic Boom", "fixed_damage") == 20
    assert of("Double-Edge", "recoil") == [25, 100] and of("Struggle", "recoil") == [1, 2]
    assert of("Hyper Beam", "self_volatile") == Volatile.MUSTRECHARGE
    assert of("Wrap", "self_volatile") == Volatile.PARTIALTRAPPINGLOCK
    assert of("Bide", "type") == Type.UNTYPED
    assert of("Growl", "max_pp") == 61 and of("Struggle", "max_pp") == 10
    assert of("High Jump Kick", "crash") and not of("Low Kick", "crash")
    assert of("Counter", "priority") == -1 and of("Quick Attack", "priority") == 1
    assert of("Haze", "target_self") and not of("Conversion", "target_self")


def test_sets_of_moves_that_the_reference_lists():
    moves = load_dex().moves
    assert moves.two_turn.sum() == 6
    assert moves.keeps_last_damage.sum() == 24
    callable_moves = load_dex().metronome_list
    assert callable_moves.tolist() == [n for n in range(1, 165) if n != move_number("Metronome")]
    assert np.flatnonzero(moves.metronome_callable).tolist() == callable_moves.tolist()


def test_pseudo_moves():
    moves = load_dex().moves
    assert moves.id[[CANNOT_MOVE, NO_MOVE, FIGHT]].tolist() == ["cannotmove", "nomove", "fight"]
    assert moves.base_power[NO_MOVE] == 102
    assert moves.accuracy[NO_MOVE] == 80
    assert moves.type[NO_MOVE] == Type.UNTYPED
    assert moves.category[NO_MOVE] == Category.SPECIAL
    assert not moves.ohko[NO_MOVE]
    assert moves.base_power[CANNOT_MOVE] == moves.base_power[FIGHT] == 0


def test_known_species_and_types():
    dex = load_dex()
    snorlax = species_number("Snorlax")
    assert snorlax == 143
    assert dex.species.base_stats[snorlax].tolist() == [160, 110, 65, 65, 30]
    assert dex.species.types[snorlax].tolist() == [Type.NORMAL, Type.NONE]
    assert dex.species.types[species_number("Gengar")].tolist() == [Type.GHOST, Type.POISON]
    assert dex.immune[Type.GHOST, Type.PSYCHIC] and dex.immune[Type.NORMAL, Type.GHOST]
    assert dex.immune.sum() == 6
    assert dex.effectiveness[Type.BUG, Type.POISON] == 1
    assert dex.effectiveness[Type.ICE, Type.FIRE] == 0
    assert not dex.effectiveness[Type.UNTYPED].any() and not dex.immune[:, Type.UNTYPED].any()


def test_tables_are_read_only():
    with pytest.raises(ValueError, match="read-only"):
        load_dex().moves.pp[1] = 0


@pytest.mark.parametrize("name", ["Farfetch'd", "farfetchd", "FARFETCH’D"])
def test_names_are_normalised(name):
    assert species_number(name) == 83
    assert to_id("Mr. Mime") == "mrmime"


def test_an_unknown_name_gets_suggestions():
    with pytest.raises(UnknownNameError, match=r"unknown Gen 1 move 'Thunderbold'; did you mean Thunderbolt"):
        move_number("Thunderbold")
    with pytest.raises(UnknownNameError, match=r"unknown Gen 1 species 'Lucario'; Gen 1 has 151"):
        species_number("Lucario")
    with pytest.raises(UnknownNameError, match="Earth Power"):
        move_number("Earth Power")


def test_the_dex_needs_no_jax():
    code = "import sys; from pokejax.gen1.dex import load_dex; load_dex(); print('jax' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "False"
