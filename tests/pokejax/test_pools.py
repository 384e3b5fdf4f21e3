"""Team pools: what ships is what the reference generates, and a bad file is refused with its row and value."""

import json

import numpy as np
import pytest

from families.pokejax_gen1.pools import generate_pool
from pokejax.common import pools
from pokejax.common.formats import TEAM_KINDS
from pokejax.common.pools import PoolError, TeamPool, build_pool, load_pool, save_pool
from pokejax.common.team_text import TeamError
from pokejax.env import Gen1Battle
from pokejax.gen1 import wire
from pokejax.gen1.dex import MAX_MOVE, load_dex
from pokejax.gen1.team_sampling import random_teams, sample_teams
from pokejax.gen1.teams import showdown_sets, team_from_array
from pokejax.gen1.teams_validate import validate_team
from references.showdown.scripts import run_script

TEAM = [{"species": "Abra", "moves": ["Psychic", "Teleport"]}, {"species": "Tauros", "moves": ["Body Slam"]}]


@pytest.mark.parametrize(("name", "least"), [("gen1randombattle", 20000), ("gen1ou", 5000)])
def test_shipped_pools(name, least):
    pool = load_pool(name)
    assert (len(pool) >= least, pool.format) == (True, name)
    assert pool.teams[..., 0].all(), "every team is full"
    with pytest.raises(ValueError, match="read-only"):
        pool.teams[0] = 0


@pytest.mark.parametrize("name", ["gen1randombattle", "gen1ou"])
def test_a_shipped_pool_starts_with_what_the_reference_generates(name):
    shipped = load_pool(name)
    fresh, _ = generate_pool(name, 100, shipped.source.rpartition("seed ")[2])
    assert fresh.source == shipped.source
    np.testing.assert_array_equal(shipped.teams[:100], fresh.teams)


def test_the_ou_pool_is_legal():
    teams = [team_from_array(wire) for wire in load_pool("gen1ou").teams[::12]]
    for team in teams:
        validate_team(team, "gen1ou")
    text = run_script("describe_teams.js", stdin=json.dumps([showdown_sets(team) for team in teams[::3]]))
    assert [answer["problems"] for answer in json.loads(text)] == [[]] * len(teams[::3])


def test_the_ou_pool_is_varied():
    dex, teams = load_dex(), load_pool("gen1ou").teams
    tiers = dex.species.tier[teams[..., 0]]
    assert (tiers == "OU").mean() > 0.5
    assert len(np.unique(teams[..., 0])) > 120
    assert len(np.unique(teams[..., 2:6])) > 110


@pytest.mark.parametrize("kind", TEAM_KINDS)
def test_samples_are_valid_teams(kind):
    sample = sample_teams(kind, np.random.default_rng(3), 300)
    assert (sample.shape, sample.dtype) == ((300, 2, 6, 16), np.uint16)
    wire.check_teams(sample.reshape(-1, 6, 16).astype(np.uint8), kind)
    np.testing.assert_array_equal(sample, sample_teams(kind, np.random.default_rng(3), 300))
    assert (sample[:, 0] == sample[:, 1]).all() == (kind == "mirror")


def test_random_teams_reach_everything():
    wire = random_teams(np.random.default_rng(0), 1000)
    assert np.unique(wire[..., 2:6]).tolist() == list(range(MAX_MOVE))
    assert np.unique(wire[..., 0]).tolist() == list(range(152))
    assert np.unique((wire[..., 0] > 0).sum(-1)).tolist() == [1, 2, 3, 4, 5, 6]
    assert {1, 50, 100} <= set(wire[..., 1].ravel().tolist())


def test_an_unknown_kind_of_teams_is_refused():
    with pytest.raises(ValueError, match="unknown kind of teams 'random'; known are randbats"):
        sample_teams("random", np.random.default_rng(0), 1)


def test_build_and_load(tmp_path):
    path = tmp_path / "mine.npz"
    built = build_pool([TEAM, TEAM], path, "gen1ou")
    loaded = load_pool(path)
    np.testing.assert_array_equal(loaded.teams, built.teams)
    assert (loaded.format, loaded.source, len(loaded)) == ("gen1ou", "user teams", 2)
    first = path.read_bytes()
    save_pool(loaded, path)
    assert path.read_bytes() == first


def test_build_names_every_bad_team(tmp_path):
    bad = [{"species": "Abra", "moves": ["Surf"]}]
    with pytest.raises(TeamError, match=r"team 2, Pokémon 1 \(Abra\): cannot know Surf") as error:
        build_pool([TEAM, bad, bad], tmp_path / "x.npz", "gen1ou")
    assert len(error.value.problems) == 2
    with pytest.raises(TeamError, match="no teams given"):
        build_pool([], tmp_path / "x.npz")
    assert not (tmp_path / "x.npz").exists()


def test_command_line(tmp_path, capsys):
    text, out = tmp_path / "teams.txt", tmp_path / "out.npz"
    text.write_text("=== a ===\n\nAbra\n- Psychic\n\n=== b ===\n\nTauros\n- Body Slam\n", "utf-8")
    assert pools.main(["build", str(text), str(out), "--format", "gen1ou"]) == 0
    assert len(load_pool(out)) == 2
    text.write_text("Abra\n- Surf\n", "utf-8")
    assert pools.main(["build", str(text), str(out), "--format", "gen1ou"]) == 2
    assert pools.main(["build", str(text), str(out), "--format", "gen9ou"]) == 2
    assert pools.main(["build", str(tmp_path / "none.txt"), str(out)]) == 2
    errors = capsys.readouterr().err
    assert "cannot know Surf" in errors and "unknown format id 'gen9ou'" in errors and "none.txt" in errors


def test_pools_are_of_what_gen1_can_have_unless_one_says_free(tmp_path):
    surfing, path = [{"species": "Tauros", "moves": ["Surf"]}], tmp_path / "pool.npz"
    with pytest.raises(TeamError, match=r"team 1, Pokémon 1 \(Tauros\): cannot know Surf in Gen 1"):
        build_pool([surfing], path)
    assert build_pool([surfing], path, "free").format == load_pool(path).format == "free"
    assert build_pool([TEAM], path).format == "gen1obtainable"
    for format in ("free", "gen1obtainable"):
        assert len(Gen1Battle(format=format, pool=path).default_params.pool.species) == 1
    with pytest.raises(PoolError, match=r"holds teams of 'gen1obtainable', the environment plays 'gen1ou'"):
        Gen1Battle(format="gen1ou", pool=path)
    assert Gen1Battle(format="gen1obtainable", pool="gen1ou").spec.id == "pokejax/gen1obtainable"


def test_missing_and_corrupt_files(tmp_path):
    with pytest.raises(PoolError, match=r"none\.npz: no such pool file; built in are gen1randombattle, gen1ou"):
        load_pool(tmp_path / "none.npz")
    path = tmp_path / "bad.npz"
    path.write_bytes(b"")
    with pytest.raises(PoolError, match=r"bad\.npz: not a readable \.npz file"):
        load_pool(path)
    path.write_bytes(b"teams, but not really")
    with pytest.raises(PoolError, match="not a readable"):
        load_pool(path)
    build_pool([TEAM], path)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(PoolError, match="not a readable"):
        load_pool(path)
    flipped = bytearray(whole)
    flipped[whole.index(b"teams.npy") + 40] ^= 0xFF
    path.write_bytes(flipped)
    with pytest.raises(PoolError, match="not a readable"):
        load_pool(path)
    np.savez(path, other=np.zeros(3))
    with pytest.raises(PoolError, match="a pool has 'teams', 'format' and 'source'"):
        load_pool(path)
    np.save(tmp_path / "array.npy", np.zeros(3))
    with pytest.raises(PoolError, match="not a readable"):
        load_pool(tmp_path / "array.npy")


WRONG = {
    "species": ((1, 0, 0), 152, r"row 1, slot 0: species 152: allowed are 0 to 151"),
    "level": ((1, 1, 1), 101, r"row 1, slot 1: level 101: allowed are 0 to 100"),
    "no level": ((1, 1, 1), 0, r"row 1, slot 1: level 0: allowed are 1 to 100"),
    "struggle": ((0, 0, 2), 165, r"row 0, slot 0: move1 165: allowed are 0 to 164"),
    "no move": ((0, 1, 2), 0, r"row 0, slot 1: first move 0: a Pokémon knows at least one"),
    "gap in moves": ((0, 1, 4), 33, r"row 0, slot 1: move 34: an empty move slot stands before it"),
    "move twice": ((0, 0, 3), 94, r"row 0, slot 0: move 94: it is there twice"),
    "iv": ((0, 0, 6), 31, r"row 0, slot 0: hp_iv 31: allowed are 0 to 30"),
    "odd iv": ((0, 0, 6), 29, r"row 0, slot 0: IV 29: an odd IV"),
    "no lead": ((1, 0), 0, r"row 1: first species 0: a team has at least one"),
    "gap in team": ((1, 3), None, r"row 1, slot 2: species 128: an empty slot stands before it"),
    "leftover": ((1, 5, 1), 7, r"row 1, slot 5: a value of an empty slot 7"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_value_is_named_with_its_row(case, tmp_path):
    place, value, message = WRONG[case]
    pool = build_pool([TEAM, TEAM], tmp_path / "pool.npz")
    teams = pool.teams.copy()
    teams[place] = teams[1, 1] if value is None else value
    with pytest.raises(PoolError, match=f"pool.npz: {message}.*build it again"):
        save_pool(TeamPool(teams, "free", ""), tmp_path / "pool.npz")
    np.savez(tmp_path / "pool.npz", teams=teams, format=np.array("free"), source=np.array(""))
    with pytest.raises(PoolError, match=message):
        load_pool(tmp_path / "pool.npz")


@pytest.mark.parametrize("teams", [np.zeros((0, 6, 16), np.uint8), np.ones((2, 6, 16)), np.ones((2, 5, 16), np.uint8)])
def test_a_wrong_shape_or_dtype_is_refused(teams):
    with pytest.raises(PoolError, match=r"expected uint8\[n, 6, 16\] with n ≥ 1"):
        wire.check_teams(teams, "x")
