"""`reseed` and `determinize`: what was seen stays to the bit, what was hidden follows its law."""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from compiled_quickly import compiled_quickly  # noqa: F401 (a fixture)

import pokejax
from jaxenv import backends
from pokejax.common.rng import Rng
from pokejax.common.storage import empty
from pokejax.env import Gen1State
from pokejax.gen1.dex import Status, move_number, species_number
from pokejax.gen1.engine import Gen1Engine
from pokejax.gen1.hidden import counters
from pokejax.gen1.hidden.team import hp_range
from pokejax.gen1.observation.build import hp_percent
from pokejax.gen1.state import Party, Seat
from pokejax.gen1.team_sampling import random_teams
from pokejax.gen1.teams import PokemonSet, Team, team_array

ENV = pokejax.Gen1Battle(format="free", pool="gen1randombattle")
ENGINE = Gen1Engine()
LANES, STEPS, VARIANTS = 64, 48, 4


def chi_square(found: np.ndarray, expected: np.ndarray) -> None:
    """Counts follow a law (weights), and nothing else is found: fails by chance once in some billions."""
    weights = expected / expected.sum()
    assert not found[weights == 0].any(), found
    counts, wanted = found[weights > 0], weights[weights > 0] * found.sum()
    freedom = len(counts) - 1
    assert ((counts - wanted) ** 2 / wanted).sum() < freedom + 6 * np.sqrt(2 * freedom) + 20, (found, wanted)


def _believe(in_axes, keys, states, players, params, law):
    def one(key, state, player):
        return ENV.determinize(key, state, player, params, law=law)

    return jax.vmap(one, in_axes)(keys, states, players)


believe = jax.jit(functools.partial(_believe, (0, None, None)), static_argnums=4)
"""Many beliefs of one state: keys, state, player, params, law."""
believe_each = jax.jit(functools.partial(_believe, (0, 0, 0)), static_argnums=4)
"""One belief of each state."""


# ---- what was seen stays


def similar(teams: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """`VARIANTS` of each team, itself first: the bench in another order, other moves, another effort."""
    kinds = [teams]
    for _ in range(VARIANTS - 1):
        others = teams.copy()
        for team in others:
            count = int((team[:, 0] > 0).sum())
            team[1:count] = team[1 + rng.permutation(count - 1)]
            for row in team[:count]:
                known = int((row[2:6] > 0).sum())
                row[2 : 2 + known] = row[2 + rng.permutation(known)]
                spare = int(rng.integers(1, 165))
                if known == 4 and spare not in row[2:6]:
                    row[5] = spare
                row[11:16] = rng.integers(0, 256, 5)
        kinds.append(others)
    return np.concatenate(kinds)


@pytest.fixture(scope="module")
def played() -> tuple[Gen1State, Party]:
    """States along random battles of every move and odd level, and a pool that holds these teams and similar ones."""
    rng = np.random.default_rng(5)
    teams = random_teams(rng, 2 * LANES)
    pool = ENGINE.parties(similar(teams, rng))
    sides = jax.tree.map(lambda leaf: leaf[: 2 * LANES].reshape(LANES, 2, *leaf.shape[1:]), pool)
    words = rng.integers(0, 1 << 32, (2, LANES), dtype=np.uint32)
    battle, memory = jax.jit(jax.vmap(ENGINE.start))(Rng(hi=words[0], lo=words[1]), sides)
    step = jax.jit(backends.choose("auto").vmap(lambda b, m, a: ENGINE.step(b, m, a)[:2]))
    masks = jax.jit(jax.vmap(ENGINE.choices))
    kept = []
    for number in range(STEPS):
        noise = rng.random((LANES, 2, 11)) + np.array([0.0] * 6 + [0.4] * 4 + [0.0])
        actions = np.where(np.asarray(masks(battle)), noise, -1).argmax(-1).astype(np.int32)
        battle, memory = step(battle, memory, actions)
        if number % 4 == 3:
            kept.append(jax.device_get((battle, memory)))
    battles, memories = jax.tree.map(lambda *leaves: np.concatenate(leaves), *kept)
    return Gen1State(battle=battles, memory=memories, steps=np.zeros(len(battles.turn), np.int32)), pool


@pytest.fixture(scope="module")
def drawn(played: tuple[Gen1State, Party]) -> dict[str, tuple[Gen1State, np.ndarray]]:
    """By law: each state as one of its players, in turns, may believe it to be; and these players."""
    state, pool = played
    count = len(state.steps)
    players = np.arange(count) % 2
    keys = jax.random.split(jax.random.key(1), count)
    found = {}
    foreign = jax.tree.map(lambda leaf: leaf[np.arange(len(leaf)) % 3], pool)
    for name, law, held in (("team", "team", pool), ("pokemon", "pokemon", pool), ("foreign", "team", foreign)):
        params = ENV.default_params.replace(pool=held)
        found[name] = jax.device_get(believe_each(keys, state, players, params, law)), players
    return found


@pytest.mark.parametrize("law", ["team", "pokemon", "foreign"])
def test_what_the_player_has_been_shown_stays_to_the_bit(played, drawn, law: str) -> None:
    (state, _), (made, players) = played, drawn[law]
    params = ENV.default_params
    look = jax.jit(jax.vmap(lambda s: (ENV.observe(s, params), ENV.legal_actions(s, params), ENV.to_act(s))))
    before, after = jax.device_get(look(state)), jax.device_get(look(made))
    rows = np.arange(len(players))
    for (path, old), new in zip(
        jax.tree_util.tree_leaves_with_path(before[:2]), jax.tree.leaves(after[:2]), strict=True
    ):
        np.testing.assert_array_equal(old[rows, players], new[rows, players], err_msg=jax.tree_util.keystr(path))
    np.testing.assert_array_equal(before[2], after[2])


def test_much_was_hidden_and_is_another_now(played, drawn) -> None:
    """Else the test above would hold of a copy."""
    state, _ = played
    for law in ("team", "pokemon"):
        made, _ = drawn[law]
        foes = [(state.battle.parties[1 - p], made.battle.parties[1 - p]) for p in range(2)]
        for name in ("moves", "hp", "max_hp", "stats", "pp"):
            other = [np.any(getattr(old, name) != getattr(new, name)) for old, new in foes]
            assert all(other), (law, name)
        for name in ("sleep_turns", "confusion_turns", "disable_turns", "substitute_hp", "hp"):
            seats = zip(state.battle.seats, made.battle.seats, strict=True)
            assert any(np.any(getattr(old, name) != getattr(new, name)) for old, new in seats), (law, name)
        assert np.all(state.battle.rng.hi != made.battle.rng.hi)


def test_the_own_team_stays(played, drawn) -> None:
    state, _ = played
    for made, players in drawn.values():
        for player in range(2):
            mine = players == player
            old, new = state.battle.parties[player], made.battle.parties[player]
            for name in Party.__dataclass_fields__:
                if name != "sleep_turns":
                    np.testing.assert_array_equal(getattr(old, name)[mine], getattr(new, name)[mine])
            for old_leaf, new_leaf in zip(jax.tree.leaves(state.memory), jax.tree.leaves(made.memory), strict=True):
                np.testing.assert_array_equal(old_leaf[mine, player], new_leaf[mine, player])


def test_a_drawn_team_is_one_of_the_pool(played, drawn) -> None:
    _, pool = played
    made, players = drawn["team"]
    fixed = ("species", "level", "moves", "max_hp", "stats", "speed_bonus")
    teams = {tuple(np.concatenate([getattr(pool, name)[row].ravel() for name in fixed])) for row in range(len(pool.hp))}
    for row, player in enumerate(players):
        party = made.battle.parties[1 - player]
        assert tuple(np.concatenate([getattr(party, name)[row].ravel() for name in fixed])) in teams


def test_what_is_drawn_hangs_together(played, drawn) -> None:
    """Places are a permutation, the seat's Pokémon is its party's, HP and PP are within their bounds."""
    state, _ = played
    for made, _ in drawn.values():
        for side in range(2):
            seat, party = made.battle.seats[side], made.battle.parties[side]
            rows = np.arange(len(seat.slot))
            assert (np.sort(party.position, axis=1) == np.arange(6)).all()
            assert (party.position[rows, seat.slot] == 0).all()
            for name, own in (("max_hp", "max_hp"), ("base_moves", "moves"), ("base_stats", "stats")):
                np.testing.assert_array_equal(getattr(seat, name), getattr(party, own)[rows, seat.slot])
            plain = ~seat.transformed[:, None]
            assert np.all((seat.moves == seat.base_moves) | seat.virtual | ~plain)
            assert np.all((seat.pp == seat.base_pp) | seat.virtual | ~plain)
            hp = np.where(np.arange(6) == seat.slot[:, None], seat.hp[:, None], party.hp)
            assert np.all((hp >= 0) & (hp <= party.max_hp)) and np.all((party.species != 0) | (party.hp == 0))
            was = state.battle.seats[side]
            held = (was.disable_turns > 0) & (was.moves[rows, was.disable_slot] == was.disable_move)
            assert np.all((seat.moves[rows, seat.disable_slot] == seat.disable_move) | ~held)
            assert np.all(seat.substitute_hp <= seat.max_hp // 4 + 1)


# ---- what was hidden follows its law

SPARE = [("Chansey", ("Ice Beam", "Sing")), ("Snorlax", ("Body Slam", "Rest")), ("Starmie", ("Surf", "Recover"))]
LEADS = [
    ("Tauros", ("Body Slam", "Blizzard")),
    ("Tauros", ("Body Slam", "Earthquake")),
    ("Tauros", ("Earthquake", "Hyper Beam", "Body Slam")),
    ("Tauros", ("Blizzard", "Stomp")),
    ("Alakazam", ("Psychic", "Recover")),
]


def small_pool() -> Party:
    """15 teams: each lead with each order of the bench."""
    teams = []
    for lead in LEADS:
        for turn in range(3):
            rows = [lead, *SPARE[turn:], *SPARE[:turn], ("Tauros", ("Body Slam", "Thrash"))]
            teams.append(team_array(Team(tuple(PokemonSet(species, moves) for species, moves in rows))))
    return ENGINE.parties(np.stack(teams))


@pytest.fixture(scope="module")
def beliefs():
    """Player 0's beliefs, 2,000 for each: by law and by what was seen of the foe, the first team of the pool."""
    params = ENV.default_params.replace(pool=small_pool())
    parties = jax.tree.map(lambda leaf: leaf[np.array([14, 0])], params.pool)
    battle, memory = jax.jit(ENGINE.start)(Rng(hi=np.uint32(1), lo=np.uint32(2)), parties)
    state = Gen1State(battle=battle, memory=memory, steps=jnp.int32(0))
    keys = jax.random.split(jax.random.key(3), 2000)

    def many(law: str, state: Gen1State) -> Gen1State:
        return jax.device_get(believe(keys, state, jnp.int32(0), params, law))

    return many, state


def seen(state: Gen1State, slot: int, *moves: int, appear: bool = False) -> Gen1State:
    """The foe has shown moves (slots) of a Pokémon, and it has come in before if ``appear``."""
    memory = state.memory
    shown = memory.moves
    for move in moves:
        shown = shown.at[1, slot, move].set(True)
    appearance = memory.appearance.at[1, 1].set(slot) if appear else memory.appearance
    return state.replace(memory=memory.replace(moves=shown, appearance=appearance))


def team_counts(state: Gen1State) -> np.ndarray:
    """Number of times that each team of the small pool was drawn."""
    pool, party = small_pool(), jax.device_get(state.battle.parties[1])
    same = np.asarray(pool.species[None] == party.species[:, None]).all(-1) & (
        pool.moves[None] == party.moves[:, None]
    ).all((-1, -2))
    assert (same.sum(1) == 1).all()
    return same.sum(0)


def test_teams_follow_the_exact_law_of_the_pool(beliefs) -> None:
    """Each team that agrees is as likely as another: by its lead, by a move of it, by who else was seen."""
    many, state = beliefs
    lead = np.arange(15) // 3
    chi_square(team_counts(many("team", state)), lead < 4)
    chi_square(team_counts(many("team", seen(state, 0, 0))), lead < 3)
    chi_square(team_counts(many("team", seen(state, 0, 0, 1))), lead == 0)
    # Where the others stand is never shown: a Chansey that was seen may be in any place.
    found = many("team", seen(state, 1, 0, appear=True))
    chi_square(team_counts(found), lead < 4)
    place = found.memory.appearance[:, 1, 1]
    chi_square(np.bincount(place, minlength=4), np.array([0.0, 1, 1, 1]))
    species = found.battle.parties[1].species[np.arange(2000), place]
    assert (species == species_number("Chansey")).all()


def test_a_pokemon_by_itself_is_any_of_the_pool_that_agrees(beliefs) -> None:
    many, state = beliefs
    found = many("pokemon", seen(state, 0, 0)).battle.parties[1]
    others = {number: np.sort(row) for number, row in enumerate(found.moves[:, 0])}
    thrash = sum(move_number("Thrash") in row for row in others.values())
    blizzard = sum(move_number("Blizzard") in row for row in others.values())
    # Nine leads with Body Slam, of three kinds, and fifteen more Tauros at the end of the teams.
    chi_square(np.array([thrash, blizzard, 2000 - thrash - blizzard]), np.array([15.0, 3.0, 6.0]))
    assert (np.sort(found.species[:, 1:], axis=1)[:, -4:] > 0).all()


def test_hp_is_any_that_is_shown_as_the_same_percentage(beliefs) -> None:
    many, state = beliefs
    foe = state.battle.seats[1]
    hurt = state.replace(battle=state.battle.replace(seats=(state.battle.seats[0], foe.replace(hp=jnp.int16(100)))))
    found = many("team", hurt).battle.seats[1]
    percent = hp_percent(jnp.int16(100), foe.max_hp)
    least, greatest = (int(value) for value in hp_range(percent.astype(jnp.int32), foe.max_hp.astype(jnp.int32)))
    assert greatest > least and least <= 100 <= greatest
    chi_square(np.bincount(found.hp, minlength=greatest + 1), np.arange(greatest + 1) >= least)


def test_shown_percentages_are_undone() -> None:
    percents, most = np.meshgrid(np.arange(101), [1, 2, 11, 99, 100, 101, 199, 353, 703, 999], indexing="ij")
    least, greatest = hp_range(jnp.asarray(percents, jnp.int32), jnp.asarray(most, jnp.int32))
    all_hp = np.arange(1000, dtype=np.int16)
    shown = {int(full): np.asarray(hp_percent(all_hp, jnp.int16(full)))[: full + 1] for full in most[0]}
    for index in np.ndindex(percents.shape):
        fits = np.flatnonzero(shown[int(most[index])] == percents[index])
        assert list(fits) == list(range(int(least[index]), int(greatest[index]) + 1)), (percents[index], most[index])


def seats_of(slept: int, **values: int) -> Seat:
    """8,000 seats with counters drawn anew."""
    seat = empty(Seat).replace(max_hp=jnp.int32(40), **{name: jnp.asarray(value) for name, value in values.items()})
    keys = jax.random.split(jax.random.key(9), 8000)
    return jax.device_get(redraw(keys, seat, jnp.uint8(slept)))


redraw = jax.jit(jax.vmap(counters.redraw_seat, (0, None, None)))


def test_counters_follow_their_laws() -> None:
    def count(values: np.ndarray, size: int) -> np.ndarray:
        return np.bincount(values, minlength=size)

    asleep = {"status": int(Status.SLP), "sleep_turns": 1}
    chi_square(count(seats_of(0, **asleep).sleep_turns, 8), np.array([0, 1, 1, 1, 1, 1, 1, 1]))
    chi_square(count(seats_of(4, **asleep).sleep_turns, 8), np.array([0, 1, 1, 1, 0, 0, 0, 0]))
    assert (seats_of(6, **asleep).sleep_turns == 1).all()
    chi_square(count(seats_of(0, confusion_turns=2).confusion_turns, 6), np.array([0, 4, 4, 3, 2, 1]))
    chi_square(count(seats_of(0, disable_turns=2).disable_turns, 9), np.array([0, 8, 7, 6, 5, 4, 3, 2, 1]))
    chi_square(count(seats_of(0, bide_turns=1).bide_turns, 4), np.array([0, 2, 2, 1]))
    chi_square(count(seats_of(0, locked_turns=1).locked_turns, 4), np.array([0, 2, 2, 1]))
    chi_square(count(seats_of(0, substitute_hp=3).substitute_hp, 12), np.array([0, *[1] * 11]))
    trap = seats_of(0, trapping_turns=1, trapping_total=3)
    assert (trap.trapping_total - trap.trapping_turns == 2).all()
    chi_square(count(trap.trapping_total, 6), np.array([0, 0, 0, 3, 1, 1]))
    nothing = seats_of(0)
    assert not any(np.any(leaf) for name, leaf in vars(nothing).items() if name != "max_hp")


def test_rest_is_known_to_all() -> None:
    asleep = {"status": int(Status.SLP), "sleep_turns": 2, "slept_by_self": True}
    assert (seats_of(0, **asleep).sleep_turns == 2).all()


# ---- the methods


def test_reseed_changes_the_generator_alone(beliefs) -> None:
    _, state = beliefs
    made = ENV.reseed(jax.random.key(4), state)
    assert int(made.battle.rng.hi) != int(state.battle.rng.hi)
    back = made.replace(battle=made.battle.replace(rng=state.battle.rng))
    for old, new in zip(jax.tree.leaves(state), jax.tree.leaves(back), strict=True):
        np.testing.assert_array_equal(old, new)


@pytest.mark.parametrize(
    ("player", "law", "message"), [(2, "team", "allowed are 0 and 1"), (0, "teams", "law must be one of team, pokemon")]
)
def test_bad_arguments_are_refused(beliefs, player: int, law: str, message: str) -> None:
    _, state = beliefs
    with pytest.raises(ValueError, match=message):
        ENV.determinize(jax.random.key(0), state, player, law=law)
