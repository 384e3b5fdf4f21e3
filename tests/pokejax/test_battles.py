"""`pokejax.Battle`: what it plays, what it refuses, how it is copied and told."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jax
import numpy as np
import pytest
from compiled_quickly import compiled_quickly  # noqa: F401 (a fixture)

import pokejax
from pokejax.common import stories

TEAM = [
    {"species": "Tauros", "moves": ["Body Slam", "Hyper Beam", "Blizzard", "Earthquake"]},
    {"species": "Alakazam", "moves": ["Psychic", "Recover", "Thunder Wave", "Reflect"]},
    {"species": "Chansey", "moves": ["Ice Beam", "Thunderbolt", "Soft-Boiled", "Sing"]},
]


def same(first: pokejax.Battle, second: pokejax.Battle) -> bool:
    leaves = zip(jax.tree.leaves(first.state), jax.tree.leaves(second.state), strict=True)
    return all(np.array_equal(a, b) for a, b in leaves)


def play(battle: pokejax.Battle, steps: int) -> pokejax.Battle:
    """At most so many joint steps, each player's last legal choice."""
    for _ in range(steps):
        if battle.result is None:
            battle.choose(*(choices[-1] if choices else None for choices in battle.legal()))
    return battle


@pytest.fixture()
def battle() -> pokejax.Battle:
    return pokejax.Battle("gen1ou", teams=(TEAM, TEAM), seed=1)


@pytest.fixture(scope="module")
def finished() -> pokejax.Battle:
    battle = pokejax.Battle("gen1ou", teams=(TEAM, TEAM), seed=2)
    while battle.result is None:
        battle.choose(*(choices[0] if choices else None for choices in battle.legal()))
    return battle


def test_it_stands_where_the_other_ways_of_starting_one_do(battle: pokejax.Battle) -> None:
    state = pokejax.battle(TEAM, TEAM, seed=1)
    leaves = zip(jax.tree.leaves(battle.state), jax.tree.leaves(state), strict=True)
    assert all(np.array_equal(a, b) and a.dtype == b.dtype for a, b in leaves)


def test_it_plays_what_the_environment_plays(battle: pokejax.Battle) -> None:
    env = pokejax.make("pokejax/gen1ou")
    battle.choose("switch alakazam", "move bodyslam")
    observed = env.observe(battle.state, env.default_params)
    for player, name in enumerate(("p1", "p2")):
        for given, expected in zip(jax.tree.leaves(battle.observation(name)), jax.tree.leaves(observed), strict=True):
            np.testing.assert_array_equal(given, expected[player])
    assert battle.observation(0).own_active.argmax() == 1 and battle.turn == 2


def test_numbers_are_places_in_showdowns_order_which_switches_change(battle: pokejax.Battle) -> None:
    battle.choose("switch 3", "move 1")
    assert str(battle).splitlines()[1].startswith("p1 (Red): Chansey L100")
    assert "bench: 2 Alakazam L100" in str(battle) and "; 3 Tauros L100" in str(battle)
    battle.choose("switch 3", "move 1")
    assert str(battle).splitlines()[1].startswith("p1 (Red): Tauros L100")


def test_a_wrong_choice_says_so_and_changes_nothing(battle: pokejax.Battle) -> None:
    before = battle.clone()
    with pytest.raises(ValueError) as error:
        battle.choose("move bodyslap", "switch tauros")
    first, second = str(error.value).splitlines()
    assert first.startswith("p1: Can't move: Your Tauros doesn't have a move matching bodyslap; did you mean")
    assert "'move bodyslam'? Possible now: move bodyslam, move hyperbeam" in first
    assert second.startswith("p2: Can't switch: You can't switch to an active Pokémon; did you mean 'switch ")
    for wrong in (("move 1", "switch 4"), ("move 1", None), ("move 1", "pass"), ("move 1", 6)):
        with pytest.raises(ValueError, match=r"^p2: "):
            battle.choose(*wrong)  # type: ignore[arg-type]
    assert same(battle, before) and battle.legal() == before.legal() and not battle._lines


def test_who_waits_gives_no_choice(finished: pokejax.Battle) -> None:
    battle = pokejax.Battle("gen1ou", teams=(TEAM, TEAM), seed=2)
    while all(battle.legal()):
        battle.choose("default", "default")
    waits = [not choices for choices in battle.legal()].index(True)
    with pytest.raises(ValueError, match="It's not your turn"):
        battle.choose("default", "default")
    with pytest.raises(ValueError, match="Unrecognized choice"):
        battle.choose()
    battle.choose(*(None if player == waits else "default" for player in range(2)))
    assert all(battle.legal())


def test_nothing_can_be_chosen_once_it_is_over(finished: pokejax.Battle) -> None:
    assert finished.result in ("p1", "p2", "tie") and finished.legal() == ([], [])
    assert ("has won" in str(finished)) == (finished.result != "tie")
    for choice in ((None, None), ("move 1", "move 1")):
        with pytest.raises(ValueError, match="p1: Can't do anything: The game is over"):
            finished.choose(*choice)


def test_a_copy_goes_its_own_way(battle: pokejax.Battle) -> None:
    play(battle, 2)
    twin, other, again = battle.clone(), battle.clone(seed=5), battle.clone(seed=(0, 0, 0, 5))
    before = twin.clone()
    assert same(battle, twin) and not same(battle, other) and same(other, again)
    play(battle, 6)
    assert same(twin, before)
    assert same(play(twin, 6), battle) and same(play(other, 6), play(again, 6)) and not same(other, battle)


def test_teams_of_the_pool_are_drawn_by_the_seed() -> None:
    first, second, other = (pokejax.Battle(seed=seed) for seed in (3, 3, 4))
    assert same(first, second) and str(first) != str(other)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"format": "gen1o"}, "did you mean 'gen1ou'"),
        ({"format": "free"}, "give teams="),
        ({"teams": [TEAM]}, "expected two"),
        ({"teams": (TEAM, [{"species": "Mewthree", "moves": ["Psychic"]}])}, "Mewthree"),
        ({"seed": -1}, "2\\^64"),
    ],
)
def test_what_cannot_be_begun_says_why(arguments: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        pokejax.Battle(**arguments)


def test_an_unknown_player_is_refused(battle: pokejax.Battle) -> None:
    for player in (2, "p3", True, -1):
        with pytest.raises(ValueError, match="allowed are 0 and 1, or 'p1' and 'p2'"):
            battle.observation(player)


def test_showdown_tells_it_and_a_reseeded_copy_too(finished: pokejax.Battle, tmp_path: Path) -> None:
    """The teller compares both sides' HP at each decision point, and the result."""
    winner = {"p1": "Red wins.", "p2": "Blue wins.", "tie": "The battle is a tie."}[str(finished.result)]
    assert finished.log().endswith(winner)
    copy = play(pokejax.Battle("gen1ou", teams=(TEAM, TEAM), seed=2).choose("move 1", "move 1").clone(seed=77), 12)
    assert ">reseed 0,0,0,77\n" in copy.input_log()
    log = copy.log()
    assert "Red’s Tauros used Body Slam." in log and "RNG was reset" in log
    page = copy.replay(tmp_path / "copy.html").read_text("utf-8")
    data = re.search(r'<script type="application/json" id="battle">(.*?)</script>', page, flags=re.S)
    assert data and len(json.loads(data.group(1))["frames"]) == len(copy._actions) + 1


def test_a_battle_that_is_another_is_not_told(battle: pokejax.Battle) -> None:
    battle.choose("switch chansey", "move 1")
    battle._lines = ("p1 switch 2", *battle._lines[1:])
    with pytest.raises(RuntimeError, match="JAX"):
        battle.log()


def test_without_a_teller_the_remedy_is_named(battle: pokejax.Battle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stories, "entry_points", lambda group: [])
    with pytest.raises(stories.TellerError, match=r"pokejax\[tools\]"):
        battle.log()


def test_the_snippet_of_the_documents_runs() -> None:
    page = (Path(__file__).parents[2] / "docs" / "pokejax_gen1.md").read_text("utf-8")
    (snippet,) = re.findall(r"^```python\n(.*?)^```", page, flags=re.M | re.S)
    names: dict = {}
    exec(compile(snippet, "pokejax_gen1.md", "exec"), names)
    assert names["battle"].turn == 3 and names["first"][0] == "move thunder"
    assert names["mine"].turn == 3 and not same(names["battle"], names["other"])
