"""Pools of Generation 4: what ships is what the reference generates and allows; a bad row is refused by its place."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from families.pokejax_modern.pools import generate_pool
from pokejax.common.formats import TEAM_KINDS
from pokejax.common.pools import PoolError, TeamPool, build_pool, load_pool, save_pool
from pokejax.common.team_text import TeamError
from pokejax.modern import wire
from pokejax.modern.tables import load_tables
from pokejax.modern.team_sampling import random_teams, sample_teams
from pokejax.modern.teams import WIRE_COLUMNS, showdown_sets, team_from_array
from pokejax.modern.teams_validate import validate_team
from references.showdown.scripts import run_script

DATA = Path(wire.__file__).parents[1] / "data"
PIKACHU = {"species": "Pikachu", "moves": ["Thunderbolt", "Surf"], "ability": "Static", "evs": {"spe": 252}}
SNORLAX = {"species": "Snorlax", "moves": ["Body Slam"], "item": "Leftovers", "evs": {"hp": 252}}


@pytest.mark.parametrize(("name", "least"), [("gen4randombattle", 20000), ("gen4ou", 6000)])
def test_shipped_pools(name: str, least: int) -> None:
    pool = load_pool(name)
    assert (len(pool) >= least, pool.format) == (True, name)
    assert pool.teams.dtype == np.uint16 and pool.teams[..., 0].all(), "every team is full"
    with pytest.raises(ValueError, match="read-only"):
        pool.teams[0] = 0


@pytest.mark.parametrize(("name", "teams"), [("gen4randombattle", 100), ("gen4ou", 20)])
def test_a_shipped_pool_starts_with_what_the_reference_generates(name: str, teams: int) -> None:
    shipped = load_pool(name)
    fresh, _ = generate_pool(name, teams, shipped.source.rpartition("seed ")[2])
    assert fresh.source == shipped.source
    np.testing.assert_array_equal(shipped.teams[:teams], fresh.teams)


def test_data_of_the_wheel_is_small() -> None:
    assert sum(file.stat().st_size for file in DATA.iterdir()) < 8_000_000


def test_the_ou_pool_is_legal() -> None:
    teams = [team_from_array(row, 4) for row in load_pool("gen4ou").teams[::60]]
    for team in teams:
        validate_team(team, "gen4ou")
    sets = [showdown_sets(team, 4) for team in teams[::3]]
    answers = json.loads(run_script("modern/describe_teams.js", "4", "gen4ou", stdin=json.dumps(sets)))
    assert [answer["problems"] for answer in answers] == [[]] * len(sets)


def test_the_ou_pool_is_varied() -> None:
    tables, teams = load_tables(4), load_pool("gen4ou").teams
    assert np.isin(tables.species.tier[teams[..., 0]], ["OU", "(OU)"]).mean() > 0.5
    columns = {name: len(np.unique(teams[..., WIRE_COLUMNS.index(name)])) for name in WIRE_COLUMNS[:8]}
    assert columns["species"] > 200 and columns["item"] > 30 and columns["ability"] > 80 and columns["nature"] > 10
    assert len(np.unique(teams[..., 8:12])) > 300


def test_random_battles_leave_the_gender_to_the_battle() -> None:
    teams = load_pool("gen4randombattle").teams
    assert set(np.unique(teams[..., WIRE_COLUMNS.index("gender")])) == {0, 1, 2, 3}


@pytest.mark.parametrize("kind", TEAM_KINDS)
def test_samples_are_valid_teams(kind: str) -> None:
    sample = sample_teams(kind, np.random.default_rng(3), 100)
    assert (sample.shape, sample.dtype) == ((100, 2, 6, len(WIRE_COLUMNS)), np.uint16)
    wire.check_teams(sample.reshape(-1, 6, len(WIRE_COLUMNS)), kind)
    np.testing.assert_array_equal(sample, sample_teams(kind, np.random.default_rng(3), 100))
    assert (sample[:, 0] == sample[:, 1]).all() == (kind == "mirror")
    if kind == "allmoves":
        for row in sample[:20, 0]:
            validate_team(team_from_array(row, 4), "gen4free")


def test_an_unknown_kind_of_teams_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown kind of teams 'random'; known are randbats"):
        sample_teams("random", np.random.default_rng(0), 1)


def test_random_teams_reach_everything() -> None:
    teams, tables = random_teams(np.random.default_rng(0), 2000), load_tables(4)
    assert len(np.unique(tables.moves.id[teams[..., 8:12]])) == 467  # with none, without Struggle
    assert len(np.unique(teams[..., 0])) == (~tables.species.battle_only).sum()
    assert len(np.unique(teams[..., 2])) == 214 and len(np.unique(teams[..., 3])) == 124


def test_build_and_load(tmp_path: Path) -> None:
    path = tmp_path / "mine.npz"
    built = build_pool([[PIKACHU, SNORLAX]], path, "gen4ou")
    loaded = load_pool(path)
    np.testing.assert_array_equal(loaded.teams, built.teams)
    assert (loaded.format, len(loaded)) == ("gen4ou", 1)
    with pytest.raises(TeamError, match=r"team 2, Pokémon 1 \(Snorlax\): cannot know Spore; it can know .*Body Slam"):
        build_pool([[PIKACHU], [{**SNORLAX, "moves": ["Spore"]}]], path, "gen4ou")


WRONG = {
    "species": ((0, 0, "species"), 531, r"row 0, slot 0: species 531: allowed are 0 to 530"),
    "item": ((0, 1, "item"), 214, r"row 0, slot 1: item 214: allowed are 0 to 213"),
    "ability": ((0, 1, "ability"), 125, r"row 0, slot 1: ability 125: allowed are 0 to 124"),
    "recharge": ((0, 1, "move1"), 484, r"row 0, slot 1: move1 484: allowed are 0 to 483"),
    "no level": ((0, 0, "level"), 0, r"row 0, slot 0: level 0: allowed are 1 to 100"),
    "iv": ((0, 0, "spe_iv"), 32, r"row 0, slot 0: spe_iv 32: allowed are 0 to 31"),
    "ev": ((0, 0, "hp_ev"), 256, r"row 0, slot 0: hp_ev 256: allowed are 0 to 255"),
    "nature": ((0, 0, "nature"), 26, r"row 0, slot 0: nature 26: allowed are 0 to 25"),
    "gap in moves": ((0, 0, "move1"), 0, r"row 0, slot 0: first move 0: a Pokémon knows at least one"),
    "no lead": ((0, 0, "species"), 0, r"row 0: first species 0: a team has at least one"),
    "leftover": ((0, 5, "level"), 7, r"row 0, slot 5: a value of an empty slot 7"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_value_is_named_with_its_row(case: str, tmp_path: Path) -> None:
    (row, slot, column), value, message = WRONG[case]
    pool = build_pool([[PIKACHU, SNORLAX]], tmp_path / "pool.npz", "gen4free")
    teams = pool.teams.copy()
    teams[row, slot, WIRE_COLUMNS.index(column)] = value
    with pytest.raises(PoolError, match=f"pool.npz: {message}.*build it again"):
        save_pool(TeamPool(teams, "gen4free", ""), tmp_path / "pool.npz")


def test_a_gender_that_the_species_does_not_have_is_refused() -> None:
    teams = random_teams(np.random.default_rng(1), 4)
    starmie = int(np.flatnonzero(load_tables(4).species.id == "starmie")[0])
    teams[2, 0, 0], teams[2, 0, WIRE_COLUMNS.index("gender")] = starmie, 1
    with pytest.raises(PoolError, match="row 2, slot 0: gender 1: the species has one gender"):
        wire.check_teams(teams, "x")


@pytest.mark.parametrize(
    "teams", [np.zeros((0, 6, 24), np.uint16), np.ones((2, 6, 24)), np.ones((2, 6, 16), np.uint16)]
)
def test_a_wrong_shape_or_dtype_is_refused(teams: np.ndarray) -> None:
    with pytest.raises(PoolError, match=r"expected uint16\[n, 6, 24\] with n ≥ 1"):
        wire.check_teams(teams, "x")
