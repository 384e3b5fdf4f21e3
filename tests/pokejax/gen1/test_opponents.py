"""The opponents by themselves: names, seats, legal choices, and the choices of `heuristics` and `damage` by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from pokejax.common.storage import empty
from pokejax.gen1 import damage as engine
from pokejax.gen1 import opponents
from pokejax.gen1.choices import FIRST_MOVE, NO_OP, NUM_ACTIONS
from pokejax.gen1.dex import MAX_MOVE, MULTIHIT_2_TO_5, Status, load_dex, move_number, species_number
from pokejax.gen1.move_data import move_data
from pokejax.gen1.observation import OBS_SPEC, Observation
from pokejax.gen1.observation.spec import BOOSTS, VOLATILES
from pokejax.gen1.opponents import damage, heuristics
from pokejax.gen1.opponents.sight import look
from pokejax.gen1.state import Seat

KEY = jax.random.key(0)


def observation(
    own: str, foe: str, moves: tuple[str, ...] = (), bench: tuple[str, ...] = (), **fields: Any
) -> Observation:
    """One player's: healthy Pokémon of level 100 with 400 HP, and ``fields`` in place of what that makes."""
    obs = {field.name: np.zeros(field.shape, field.dtype) for field in OBS_SPEC.fields}
    team = [species_number(name) for name in (own, *bench)]
    obs["own_species"][: len(team)] = team
    for name, value in (("own_hp", 400), ("own_max_hp", 400), ("own_level", 100), ("own_stats", 200)):
        obs[name][: len(team)] = value
    obs["own_active"][0] = obs["foe_active"][0] = True
    obs["foe_species"][0], obs["foe_level"][0], obs["foe_hp_percent"][0] = species_number(foe), 100, 100
    obs["species"][:] = team[0], species_number(foe)
    obs["types"][:] = load_dex().species.types[obs["species"]]
    obs["moves"][0, : len(moves)] = [move_number(name) for name in moves]
    obs.update({name: np.asarray(value, obs[name].dtype) for name, value in fields.items()})
    return Observation(**obs)


def mask(moves: int = 0, switches: tuple[int, ...] = ()) -> np.ndarray:
    """bool[11]: the first moves, and some switches."""
    legal = np.zeros(NUM_ACTIONS, bool)
    legal[FIRST_MOVE : FIRST_MOVE + moves] = True
    legal[list(switches)] = True
    return legal


def stages(own: dict[str, int] | None = None, foe: dict[str, int] | None = None) -> np.ndarray:
    """int8[2, 6]."""
    return np.array([[(side or {}).get(name, 0) for name in BOOSTS] for side in (own, foe)])


@pytest.fixture(scope="module")
def choose() -> Callable[..., int]:
    """`choose(name, obs, legal)`, and for the heuristics the order of the request, by default the team's."""
    compiled = {name: jax.jit(opponents.opponent(name)) for name in opponents.names()}

    def one(name: str, obs: Observation, legal: np.ndarray, order: tuple[int, ...] = (0, 1, 2, 3, 4, 5)) -> int:
        place = [np.array(order)] if name.startswith("simple_heuristics") else []
        return int(compiled[name](KEY, obs, legal, *place))

    return one


def test_names() -> None:
    assert opponents.names()[:4] == ("uniform_legal", "max_base_power", "max_expected_damage", "simple_heuristics")
    assert opponents.policy("max_base_power") == opponents.policy("max_base_power")
    assert hash(opponents.versus("uniform_legal", "max_base_power"))


@pytest.mark.parametrize("name", ["simple_heuristic", "max_damage", "SimpleHeuristicsPlayer"])
def test_an_unknown_name(name: str) -> None:
    with pytest.raises(opponents.UnknownOpponentError, match=f"{name}.*allowed are uniform_legal.*did you mean"):
        opponents.policy(name)
    with pytest.raises(ValueError, match="unknown opponent 'nobody'"):
        opponents.versus("uniform_legal", "nobody")


def test_each_seat_plays_its_own_policy() -> None:
    obs = jax.tree.map(lambda *rows: jnp.stack(rows), *[observation("Mew", "Mew", ("Pound", "Slash"))] * 2)
    legal = np.stack([mask(2), mask(2)])

    def first(key: Any, obs: Any, legal_actions: Any) -> Any:
        return jnp.array([FIRST_MOVE, FIRST_MOVE])

    for policy, actions in (
        (opponents.policy("max_base_power"), [7, 7]),
        (opponents.versus("max_base_power", first), [7, 6]),
        (opponents.versus(first, "max_base_power"), [6, 7]),
    ):
        assert jax.jit(policy)(KEY, obs, legal).tolist() == actions


@pytest.fixture(scope="module")
def anything() -> tuple[Observation, np.ndarray]:
    """Observations [N, …] of random content, and random masks [N, 11]."""
    rng, n = np.random.default_rng(0), 3000
    values = {f.name: rng.integers(f.low, f.high + 1, (n, *f.shape)).astype(f.dtype) for f in OBS_SPEC.fields}
    values["moves"] = rng.integers(0, MAX_MOVE + 1, values["moves"].shape).astype(np.uint8)
    for name in ("own_active", "foe_active"):
        values[name] = np.arange(6) == rng.integers(6, size=n)[:, None]
    values["own_max_hp"] = np.maximum(values["own_max_hp"], 1)
    values["own_hp"] = np.minimum(values["own_hp"], values["own_max_hp"])
    values["types"] = load_dex().species.types[values["species"]].astype(np.uint8)
    legal = rng.random((n, NUM_ACTIONS)) < rng.random((n, 1))
    legal[:, NO_OP] = ~legal[:, :NO_OP].any(axis=1)
    return Observation(**values), legal


@pytest.mark.parametrize("name", opponents.names())
def test_choices_are_legal(anything: tuple[Observation, np.ndarray], name: str) -> None:
    obs, legal = anything
    keys = jax.random.split(KEY, len(legal))
    actions = np.asarray(jax.jit(jax.vmap(opponents.opponent(name)))(keys, obs, legal))
    assert legal[np.arange(len(legal)), actions].all()
    assert len(np.unique(actions)) == NUM_ACTIONS


def effect(attacking: int, defending: np.ndarray) -> float:
    table, factor = load_dex(), 1.0
    for type_ in defending[defending > 0]:
        factor *= 0 if table.immune[attacking, type_] else 2.0 ** table.effectiveness[attacking, type_]
    return factor


def test_matchups_are_those_of_python_floats(anything: tuple[Observation, np.ndarray]) -> None:
    """Bit for bit."""
    obs, legal = anything
    found = jax.jit(jax.vmap(lambda obs, legal: heuristics.estimate_matchups(look(obs, legal))))(obs, legal)
    words = np.asarray(found.high).astype(np.uint64) << np.uint64(32) | np.asarray(found.low)
    table = load_dex().species
    for i in range(500):
        foe, foe_types = obs.species[i, 1], obs.types[i, 1]
        percent = obs.foe_hp_percent[i][obs.foe_active[i]][0]
        for slot in range(6):
            active = obs.own_active[i, slot]
            species = obs.species[i, 0] if active else obs.own_species[i, slot]
            types = obs.types[i, 0] if active else table.types[species]
            if not species or not foe:
                continue
            score = max(effect(t, foe_types) for t in types[types > 0])
            score -= max(effect(t, types) for t in foe_types[foe_types > 0])
            speed, foe_speed = table.base_stats[species, 4], table.base_stats[foe, 4]
            if speed > foe_speed:
                score += 0.1
            elif foe_speed > speed:
                score -= 0.1
            score += int(obs.own_hp[i, slot]) / int(obs.own_max_hp[i, slot]) * 0.4
            score -= int(percent) / 100 * 0.4
            assert words[i, slot].view(np.float64) == score, (i, slot)


def test_the_first_of_equal_moves(choose: Callable[..., int]) -> None:
    for name in ("simple_heuristics", "max_base_power", "max_expected_damage"):
        for order in (("Pound", "Scratch"), ("Scratch", "Pound")):
            assert choose(name, observation("Mew", "Mew", order), mask(2)) == FIRST_MOVE
        disabled = mask(2) & (np.arange(NUM_ACTIONS) != FIRST_MOVE)
        assert choose(name, observation("Mew", "Mew", ("Pound", "Scratch")), disabled) == FIRST_MOVE + 1


def test_one_stage_up_counts_as_two(choose: Callable[..., int]) -> None:
    """70 · 1.5 would be less than Blizzard's 120 · 0.9; 70 · 2 is more."""
    moves = ("Blizzard", "Slash")
    for stage, best in ((0, "Blizzard"), (1, "Slash"), (2, "Slash"), (-1, "Blizzard")):
        obs = observation("Mew", "Mew", moves, boosts=stages({"atk": stage}))
        assert choose("simple_heuristics", obs, mask(2)) == FIRST_MOVE + moves.index(best), stage


@pytest.mark.parametrize(
    ("own", "stats", "leaves"),
    [
        ({"def": -3}, (200, 200), True),
        ({"def": -2}, (200, 200), False),
        ({"spc": -3}, (200, 100), True),  # the Special Defense it is too
        ({"atk": -3}, (200, 200), True),
        ({"atk": -3}, (100, 200), False),
        ({"spe": -6}, (200, 200), False),
    ],
)
def test_switching_out(choose: Callable[..., int], own: dict[str, int], stats: tuple[int, int], leaves: bool) -> None:
    """For low stages, if somebody on the bench would do well."""
    team = np.zeros((6, 4))
    team[0] = stats[0], 100, stats[1], 100
    values: dict[str, Any] = {"boosts": stages(own), "own_stats": team}
    decent = observation("Mew", "Rhydon", ("Pound",), ("Starmie",), **values)
    assert choose("simple_heuristics", decent, mask(1, (1,))) == (1 if leaves else FIRST_MOVE)
    assert choose("simple_heuristics", decent, mask(1)) == FIRST_MOVE, "nobody may come in"
    poor = observation("Mew", "Rhydon", ("Pound",), ("Magneton",), **values)
    assert choose("simple_heuristics", poor, mask(1, (1,))) == FIRST_MOVE


def test_switching_out_of_a_bad_matchup(choose: Callable[..., int]) -> None:
    obs = observation("Charizard", "Omastar", ("Flamethrower",), ("Jolteon",))
    assert choose("simple_heuristics", obs, mask(1, (1,))) == 1  # 0.5 − 4 + 0.1
    fair = observation("Blastoise", "Omastar", ("Surf",), ("Jolteon",))
    assert choose("simple_heuristics", fair, mask(1, (1,))) == FIRST_MOVE


def test_replacements(choose: Callable[..., int]) -> None:
    """The best matchup; among equal ones the first in the request, which need not be the first in the team."""
    bench = ("Magneton", "Vaporeon", "Vaporeon")
    obs = observation("Mew", "Rhydon", bench=bench)
    order = (3, 1, 2, 0, 4, 5)
    assert choose("simple_heuristics", obs, mask(0, (1, 2, 3))) == 2
    assert choose("simple_heuristics", obs, mask(0, (1, 2, 3)), order) == 3
    hurt = observation("Mew", "Rhydon", bench=bench, own_hp=[0, 400, 400, 399, 0, 0])
    assert choose("simple_heuristics", hurt, mask(0, (1, 2, 3)), order) == 2
    assert choose("simple_heuristics", obs, mask(0, (1,))) == 1


def test_what_doubles_tell_apart(choose: Callable[..., int]) -> None:
    """Faster at 3/4 of its HP and equally fast at full are equal numbers, but not in Python's floats."""
    assert 3.0 + 0.1 + 0.75 * 0.4 - 0.4 > 3.0 + 1.0 * 0.4 - 0.4
    obs = observation("Mew", "Rhydon", bench=("Poliwag", "Shellder"), own_hp=[0, 300, 400, 0, 0, 0])
    assert choose("simple_heuristics", obs, mask(0, (1, 2))) == 1
    obs = observation("Mew", "Rhydon", bench=("Shellder", "Poliwag"), own_hp=[0, 400, 300, 0, 0, 0])
    assert choose("simple_heuristics", obs, mask(0, (1, 2))) == 2


def test_setup(choose: Callable[..., int]) -> None:
    """The rule for moves that raise stages, which poke-env's own player never follows."""
    moves = ("Pound", "Meditate", "Amnesia", "Swords Dance")
    healthy = observation("Starmie", "Rhydon", moves)
    assert choose("simple_heuristics", healthy, mask(4)) == FIRST_MOVE
    assert choose("simple_heuristics_setup", healthy, mask(4)) == FIRST_MOVE + 2
    highest = observation("Starmie", "Rhydon", moves, boosts=stages({"spc": 6}))
    assert choose("simple_heuristics_setup", highest, mask(4)) == FIRST_MOVE + 3
    hurt = observation("Starmie", "Rhydon", moves, own_hp=[399, 0, 0, 0, 0, 0])
    assert choose("simple_heuristics_setup", hurt, mask(4)) == FIRST_MOVE
    losing = observation("Rhydon", "Starmie", moves)
    assert choose("simple_heuristics_setup", losing, mask(4)) == FIRST_MOVE


def test_max_base_power(choose: Callable[..., int]) -> None:
    """It sees neither types nor accuracy."""
    moves = ("Psychic", "Thunderbolt", "Thunder", "Thunder Wave")
    assert choose("max_base_power", observation("Starmie", "Rhydon", moves), mask(4)) == FIRST_MOVE + 2
    statuses = ("Recover", "Thunder Wave")
    assert choose("max_base_power", observation("Starmie", "Rhydon", statuses), mask(2, (1,))) == FIRST_MOVE


@pytest.mark.parametrize(
    ("own", "foe", "moves", "fields"),
    [
        ("Starmie", "Rhydon", ("Surf", "Thunder", "Blizzard"), {}),  # 4 times
        ("Starmie", "Gyarados", ("Thunderbolt", "Thunder", "Surf"), {}),  # 95 · 1.0 or 120 · 0.7
        ("Chansey", "Rhydon", ("Seismic Toss", "Body Slam", "Thunderbolt"), {}),  # 100 HP
        ("Raticate", "Chansey", ("Super Fang", "Bubble", "Hyper Fang"), {"own_stats": [[50] * 4] * 6}),
        ("Raticate", "Chansey", ("Hyper Fang", "Super Fang", "Bubble"), {"foe_hp_percent": [5, 0, 0, 0, 0, 0]}),
        ("Hypno", "Mew", ("Psybeam", "Dream Eater"), {}),
        ("Hypno", "Mew", ("Dream Eater", "Psychic"), {"foe_status": [Status.SLP, 0, 0, 0, 0, 0]}),
        ("Gengar", "Mew", ("Night Shade", "Psywave", "Counter", "Bide"), {}),
        ("Dugtrio", "Pidgeot", ("Slash", "Earthquake", "Fissure"), {}),
        ("Golem", "Mew", ("Explosion", "Earthquake", "Rock Slide"), {}),
        ("Nidoking", "Jolteon", ("Double Kick", "Pound"), {}),
        ("Tauros", "Lapras", ("Body Slam", "Surf"), {}),
        ("Tauros", "Lapras", ("Surf", "Pound"), {"own_status": [Status.BRN, 0, 0, 0, 0, 0]}),
    ],
)
def test_max_expected_damage(
    choose: Callable[..., int], own: str, foe: str, moves: tuple[str, ...], fields: dict[str, Any]
) -> None:
    """The first move named is the best, wherever it stands."""
    for order in (moves, moves[::-1]):
        action = choose("max_expected_damage", observation(own, foe, order, **fields), mask(len(moves)))
        assert order[action - FIRST_MOVE] == moves[0]


def test_expected_damage_is_the_engines() -> None:
    """The formula without a critical hit, for random Pokémon, stages, screens and burns."""
    table, rng, n = load_dex(), np.random.default_rng(3), 400
    formula = np.flatnonzero(
        (table.moves.base_power[: MAX_MOVE + 1] > 0)
        & ~table.moves.has_damage_callback[: MAX_MOVE + 1]
        & (table.moves.fixed_damage[: MAX_MOVE + 1] == 0)
    )
    formula = formula[formula != move_number("Dream Eater")]
    moves, levels = rng.choice(formula, (n, 4)), rng.integers(1, 101, (n, 2))
    species, boosts, screens = rng.integers(1, 152, (n, 2)), rng.integers(-6, 7, (n, 2, 6)), rng.random((n, 2)) < 0.3
    stats = (2 * (table.species.base_stats[species][..., 1:].astype(int) + 15) + 63) * levels[..., None] // 100 + 5
    burned = rng.random(n) < 0.2
    percent = np.array([25, 28, 33, 40, 50, 66, 100, 150, 200, 250, 300, 350, 400])[boosts[..., :4] + 6]
    modified = np.clip(stats * percent // 100, 1, 999)
    modified[:, 0, 0] = np.where(burned, np.maximum(modified[:, 0, 0] // 2, 1), modified[:, 0, 0])

    def wanted(moves: Any, levels: Any, modified: Any, types: Any, screens: Any) -> Any:
        user, foe = (
            empty(Seat).replace(level=levels[i], modified=modified[i], type1=types[i, 0], type2=types[i, 1])
            for i in range(2)
        )
        foe = foe.replace(reflect=screens[0], light_screen=screens[1])

        def one(move: Any) -> Any:
            data = move_data(move)
            hit = jnp.minimum(engine.base_damage(user, foe, data, jnp.bool_(False)), damage.MOST_DAMAGE)
            return jnp.where(engine.is_immune(data.type, foe), 0, hit)

        return jnp.stack([one(moves[k]) for k in range(4)])

    types = table.species.types[species].astype(np.int32)
    hits = np.asarray(jax.jit(jax.vmap(wanted))(*(jnp.asarray(x) for x in (moves, levels, modified, types, screens))))
    rows = []
    for i in range(n):
        volatiles = np.zeros((2, len(VOLATILES)), bool)
        volatiles[1, [VOLATILES.index("reflect"), VOLATILES.index("light_screen")]] = screens[i]
        status = [Status.BRN if burned[i] else 0, 0, 0, 0, 0, 0]
        names = [str(table.species.name[number]) for number in species[i]]
        obs = observation(names[0], names[1], boosts=boosts[i], volatiles=volatiles, own_status=status)
        moves_of = np.stack([moves[i], moves[i]])
        level = [np.eye(6, dtype=int)[0] * levels[i, side] for side in range(2)]
        own_stats = np.tile(stats[i, 0], (6, 1))
        rows.append(obs.replace(moves=moves_of, own_level=level[0], foe_level=level[1], own_stats=own_stats))
    obs = jax.tree.map(lambda *leaves: jnp.asarray(np.stack(leaves)), *rows)
    score = jax.vmap(lambda obs: damage.expected_damage(look(obs, mask(4)), obs))
    chance = np.where(table.moves.accuracy == 0, 256, table.moves.accuracy)[moves]
    count = np.where(table.moves.multihit == MULTIHIT_2_TO_5, 3, np.maximum(table.moves.multihit, 1))[moves]
    assert np.array_equal(np.asarray(jax.jit(score)(obs)), hits * 236 * chance * 2 * count)
