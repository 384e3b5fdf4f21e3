"""The environment of Generation 4: what its battles are made from, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

import pokejax.env
from pokejax.common import formats, generations
from pokejax.common.pools import PoolError, TeamPool, load_pool, save_pool
from pokejax.common.team_text import TeamError
from pokejax.env import Gen4Battle
from pokejax.modern.playable import unplayed
from pokejax.modern.team_sampling import random_teams

SURFER = "Blastoise @ Leftovers\nAbility: Torrent\nEVs: 252 HP\nBold Nature\n- {}"


def test_the_pools_hold_teams_that_are_played() -> None:
    for name in ("gen4randombattle", "gen4ou"):
        env = Gen4Battle(format=name)
        bad = unplayed(load_pool(name).teams)
        pool = env.default_params.pool
        assert len(pool.species) == bad.count("") > 100
        assert env.engine == Gen4Battle(format=name).engine and env.obs_spec is env.engine.obs_spec
        assert env.spec.num_actions == 11 and env.spec.no_op == 10


def test_a_pool_with_an_effect_that_is_not_played_is_refused_by_name(tmp_path) -> None:
    teams = random_teams(np.random.default_rng(0), 30)
    assert any(unplayed(teams))
    save_pool(TeamPool(teams, "gen4free", "test"), tmp_path / "odd.npz")
    first = next(number for number, fault in enumerate(unplayed(teams)) if fault)
    with pytest.raises(PoolError, match=rf"team {first} has the (move|ability|item) \w+ of slot \d"):
        _ = Gen4Battle(format="gen4free", pool=tmp_path / "odd.npz").default_params


def test_a_team_with_an_effect_that_is_not_played_is_refused_by_name() -> None:
    with pytest.raises(TeamError, match=r"player 2: the move metronome of slot 1 is not played yet"):
        pokejax.env.battle(SURFER.format("Surf"), SURFER.format("Metronome"), 1, "gen4free")


def test_the_engine_of_each_format_is_found() -> None:
    for name in formats.of_generation(4):
        engine = generations.engine(formats.find(name))
        assert engine.num_actions == 11
    with pytest.raises(NotImplementedError, match="Generation 4 has no law"):
        engine.determinize(None, None, None, None, None, "team")  # pyright: ignore
