"""The environment around the rules: configuration, starts, rewards, endings, illegal actions."""

import dataclasses
import os

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from compiled_quickly import compiled_quickly  # noqa: F401 (a fixture)
from jax.experimental import checkify

import jaxenv
import pokejax
from pokejax.common.pools import PoolError, TeamPool, build_pool, load_pool, save_pool
from pokejax.common.team_text import TeamError
from pokejax.env import Gen1Battle, Gen1State, _start_compiled, battle
from pokejax.gen1.choices import FIRST_MOVE, NO_OP
from pokejax.gen1.state import P1_WINS, packed_bytes

STRONG = """\
Mewtwo
- Psychic
- Recover
"""
WEAK = """\
Magikarp
Level: 5
- Splash

Rattata
Level: 5
- Tackle
"""


@pytest.fixture(scope="module")
def env():
    return jaxenv.make("pokejax/gen1randombattle", strict=True)


@pytest.fixture(scope="module")
def params(env):
    return env.default_params


@pytest.fixture(scope="module")
def checked_step(env):
    """`step_env` of the strict environment, one battle: `(error, six values)`."""
    step = jax.jit(checkify.checkify(env.step_env))

    def call(state, actions, params):
        return step(jax.random.key(0), state, jnp.asarray(actions, jnp.int32), params)

    return call


def test_spec(env):
    spec = env.spec
    assert spec.id == "pokejax/gen1randombattle" and env.no_op == NO_OP == 10
    assert (spec.reference.name, spec.reference.version, spec.reference.licence) == (
        "pokemon-showdown",
        "0.11.11",
        "MIT",
    )
    assert pokejax.spec("pokejax/gen1ou").id == "pokejax/gen1ou"
    assert pokejax.list_envs("pokemon") == ["pokejax/gen1ou", "pokejax/gen1randombattle"]


def test_state_is_small(env, params):
    _, state = jax.eval_shape(env.reset_env, jax.random.key(0), params)
    size = sum(leaf.size * leaf.dtype.itemsize for leaf in jax.tree.leaves(state))
    assert packed_bytes() < size <= 1024
    assert f"{size} bytes" in type(state).__doc__


def test_configuration_that_cannot_be(tmp_path):
    with pytest.raises(ValueError, match=r"unknown format 'gen1uo'; allowed are gen1randombattle, .*mean 'gen1ou'\?"):
        Gen1Battle(format="gen1uo")
    with pytest.raises(ValueError, match='format="free" has no built-in teams; give pool='):
        Gen1Battle(format="free")
    with pytest.raises(PoolError, match="no such pool file"):
        Gen1Battle(pool=tmp_path / "none.npz")
    with pytest.raises(PoolError, match="gen1ou: holds teams of 'gen1ou', the environment plays 'gen1randombattle'"):
        Gen1Battle(pool="gen1ou")
    (tmp_path / "bad.npz").write_bytes(b"not a zip")
    with pytest.raises(PoolError, match=r"not a readable \.npz file"):
        Gen1Battle(format="free", pool=tmp_path / "bad.npz")
    with pytest.raises(TypeError, match=r"has no field 'formt' .*format"):
        jaxenv.make("pokejax/gen1ou", formt="x")


def test_own_pool(tmp_path):
    path = tmp_path / "mine.npz"
    build_pool([STRONG, WEAK], path)
    env = Gen1Battle(format="free", pool=path)
    assert env == Gen1Battle(format="free", pool=path) and hash(env) == hash(dataclasses.replace(env))
    assert env.spec.id == "pokejax/gen1free"
    species = env.default_params.pool.species
    assert species[:, 0].tolist() == [150, 129]
    # Built again, it is read again.
    save_pool(TeamPool(load_pool(path).teams[1:], "free", "test"), path)
    os.utime(path, ns=(1, 1))
    assert Gen1Battle(format="free", pool=path).default_params.pool.species[:, 0].tolist() == [129]
    assert Gen1Battle(format="gen1ou", pool="gen1ou").default_params.pool.species.shape[1] == 6


def test_a_start_is_the_pool_rows_and_seed_of_its_key(env, params):
    key = jax.random.key(5)
    rng, rows = env.draw(key, params)
    assert rows.shape == (2,) and rows.min() >= 0 and rows.max() < len(params.pool.species)
    _, state = jax.jit(env.reset_env)(key, params)
    again = _start_compiled(env.engine, Gen1State, rng, jax.tree.map(lambda leaf: leaf[np.asarray(rows)], params.pool))
    assert all(jax.tree.leaves(jax.tree.map(np.array_equal, state, again)))


def test_given_teams():
    state = battle(STRONG, WEAK, seed=0x0001000200030004)
    assert [int(seat.base_species) for seat in state.battle.seats] == [150, 129]
    assert int(state.battle.turn) == 1
    words = battle(STRONG, WEAK, seed=[1, 2, 3, 4])
    assert all(jax.tree.leaves(jax.tree.map(np.array_equal, state, words)))


@pytest.mark.parametrize(
    ("teams", "format", "seed", "message"),
    [
        ((STRONG, "Missingno\n- Tackle"), "free", 0, r"player 2, Pokémon 1 \(Missingno\): unknown Gen 1 species"),
        (("Mew\nLevel: 101\n- Pound", WEAK), "free", 0, "player 1, Pokémon 1 .*level 101; allowed are 1 to 100"),
        ((STRONG, WEAK), "gen1ou", 0, "player 1, Pokémon 1 .*Uber"),
        ((STRONG, WEAK), "gen2ou", 0, "unknown format id 'gen2ou'; known are"),
        ((STRONG, WEAK), "free", -1, "seed -1: allowed are 0 to"),
        ((STRONG, WEAK), "free", [1, 2, 3], r"seed \[1, 2, 3\]: .* four words"),
    ],
)
def test_given_teams_that_cannot_be(teams, format, seed, message):
    with pytest.raises(ValueError, match=message):
        battle(*teams, seed=seed, format=format)


def test_given_teams_are_what_gen1_can_have_unless_one_says_free():
    surfing = "Tauros\n- Surf"
    for arguments in ({}, {"format": "gen1obtainable"}, {"format": "gen1ou"}):
        with pytest.raises(TeamError, match=r"player 2, Pokémon 1 \(Tauros\): cannot know Surf in Gen 1; it can know"):
            battle(STRONG if "format" not in arguments else "Abra\n- Rest", surfing, seed=0, **arguments)
    state = battle(STRONG, surfing, seed=0, format="free")
    assert int(state.battle.seats[1].base_moves[0]) == 57


def test_problems_of_both_teams_are_told():
    with pytest.raises(TeamError) as raised:
        battle("Mew\n- Pounds", "Mew\n- Pound\n- Pound", seed=0)
    assert "player 1" in str(raised.value) and "player 2" in str(raised.value)


def test_a_battle_to_its_end(env, params, checked_step):
    """Psychic beats a Magikarp, then a Rattata: a replacement in between, a reward at the end and never again."""
    state = battle(STRONG, WEAK, seed=7)
    error, (_, state, reward, terminated, _, info) = checked_step(state, [FIRST_MOVE, FIRST_MOVE], params)
    error.throw()
    assert not terminated and reward.tolist() == [0, 0] and not info["illegal"].any()
    assert env.to_act(state).tolist() == [False, True]
    assert np.flatnonzero(env.legal_actions(state, params)[0]).tolist() == [NO_OP]
    assert np.flatnonzero(env.legal_actions(state, params)[1]).tolist() == [1]
    _, (obs, state, *_) = checked_step(state, [NO_OP, 1], params)
    assert obs.foe_species[0].tolist() == [129, 19, 0, 0, 0, 0] and obs.foe_hp_percent[0, :2].tolist() == [0, 100]
    _, (_, over, reward, terminated, truncated, _) = checked_step(state, [FIRST_MOVE, FIRST_MOVE], params)
    assert terminated and not truncated and reward.tolist() == [1, -1]
    assert over.battle.result == P1_WINS and env.legal_actions(over, params).all() and env.to_act(over).all()
    _, (_, after, reward, terminated, _, _) = checked_step(over, [FIRST_MOVE, FIRST_MOVE], params)
    assert terminated and reward.tolist() == [0, 0]
    assert all(jax.tree.leaves(jax.tree.map(np.array_equal, over.battle, after.battle)))


def test_illegal_actions(params, checked_step):
    """The default choice is made and reported; `strict` turns the report into an error that names the actions."""
    state = battle(STRONG, WEAK, seed=7)
    error, (_, given, _, _, _, info) = checked_step(state, [FIRST_MOVE + 2, FIRST_MOVE], params)
    assert info["illegal"].tolist() == [True, False]
    with pytest.raises(checkify.JaxRuntimeError, match=r"illegal action: players chose .*8.*6.*legal_actions"):
        error.throw()
    _, (_, default, *_) = checked_step(state, [FIRST_MOVE, FIRST_MOVE], params)
    assert all(jax.tree.leaves(jax.tree.map(np.array_equal, given, default)))


def test_truncation(params, checked_step):
    state = battle(STRONG, WEAK, seed=7)
    _, (_, _, reward, terminated, truncated, _) = checked_step(
        state, [FIRST_MOVE + 1, FIRST_MOVE], params.replace(max_steps_in_episode=1)
    )
    assert truncated and not terminated and reward.tolist() == [0, 0]


def test_default_truncation_never_comes_first(env, params):
    assert params.max_steps_in_episode > env.spec.horizon
