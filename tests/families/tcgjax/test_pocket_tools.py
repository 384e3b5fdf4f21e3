"""The tools' parts of TCG Pocket: players, the network, the bench, the reference's arena, pages."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from compiled_quickly import compiled_quickly  # noqa: F401 (a fixture)

from baselines.transfer.game import game
from baselines.watch import Episode
from families.tcgjax import scripted, training
from families.tcgjax.bench import session
from families.tcgjax.features import CARD, FEATURES, card_table
from families.tcgjax.watch import draw, words
from leaderboard.reference import Request
from tcgjax import actions as a
from tcgjax import decks, state
from tcgjax.env import Pocket

GAMES = 8


@pytest.fixture(scope="module")
def env() -> Pocket:
    return Pocket(pool="a1")


def batched(function: Any) -> Any:
    """The function of one game for a batch of them."""
    return jax.jit(jax.vmap(function))


@pytest.fixture(scope="module")
def start(env: Pocket) -> Any:
    """keys [GAMES] → observations, states and masks of games that begin."""

    def one(key: jax.Array) -> Any:
        obs, found = env.reset_env(key, env.default_params)
        return obs, found, env.legal_actions(found, env.default_params)

    return batched(one)


@pytest.fixture(scope="module")
def begun(start: Any) -> tuple[Any, Any, np.ndarray]:
    return jax.device_get(start(jax.random.split(jax.random.key(1), GAMES)))


@pytest.mark.parametrize("name", scripted.names())
def test_scripted_players_choose_well(begun: tuple[Any, Any, np.ndarray], name: str) -> None:
    """A legal action; and an attack for a knock-out before anything that does not help it."""
    choose, keys = batched(scripted.opponent(name)), jax.random.split(jax.random.key(2), GAMES)
    for player in range(2):
        own, mask = jax.tree.map(lambda leaf, player=player: leaf[:, player], (begun[0], begun[2]))
        assert mask[np.arange(GAMES), np.asarray(choose(keys, own, mask))].all()
    obs = jax.tree.map(lambda leaf: np.array(leaf[:, 0]), begun[0])
    bulbasaur = decks.read("\n".join(["Energy: Grass", "2 A1-001", *(f"2 A1-{n:03}" for n in range(5, 14))])).kinds[0]
    obs.cards[:, :, 0, 0] = bulbasaur + 1
    obs.phase[:], obs.damage[:, 1, 0], obs.energy[:, 0, 0, 0] = state.MAIN, 60, 2
    mask = np.zeros((GAMES, a.COUNT), bool)
    mask[:, [a.END, a.RETREAT, a.ATTACK]] = True
    chosen = np.asarray(choose(keys, obs, mask))
    assert name == "random" or (chosen == a.ATTACK).all()


def test_the_network_scores_every_action(env: Pocket, begun: tuple[Any, Any, np.ndarray]) -> None:
    features = np.asarray(batched(FEATURES)(begun[0]))
    assert features.shape == (GAMES, 2, FEATURES.size) and np.isfinite(features).all()
    assert np.abs(features).max() < 20
    assert (FEATURES.split(features).hand[..., -2].sum(-1) == 5).all()
    network = training.card_network(env, training.TRAINING.configs[env.id].network)
    parameters = jax.eval_shape(network.init, jax.random.key(0))
    mask = jax.ShapeDtypeStruct((GAMES, a.COUNT), bool)
    rows = jax.ShapeDtypeStruct((GAMES, FEATURES.size), jnp.float32)
    seen = jax.eval_shape(lambda p, x, m: network.step(p, x, m, (), jnp.ones((GAMES,), bool)), parameters, rows, mask)
    assert seen.value.shape == (GAMES,)


def test_features_tell_cards_apart() -> None:
    table = card_table()
    assert table.shape[1] == CARD and not table[0].any()
    first = table[np.unique([1 + kind for deck in decks.pool() for kind in deck.kinds])]
    assert len(np.unique(first, axis=0)) > 300


def test_the_potential_is_that_of_a_lead(begun: tuple[Any, Any, np.ndarray]) -> None:
    potential = jax.jit(training.potential)
    obs = jax.tree.map(lambda leaf: np.array(leaf[:, 0]), begun[0])
    assert np.allclose(potential(obs), 0)
    obs.points[:, 0] = 2
    assert (np.asarray(potential(obs)) > 0.3).all()
    obs.phase[:] = state.OVER
    assert not np.asarray(potential(obs)).any()


def test_the_reference_is_timed_and_refuses_what_it_does_not_play(env: Pocket) -> None:
    with session(Request(env_id=env.id, env=env, mode="env_random_legal", cores=1)) as timed:
        timed.sample(0.05)
        summary = timed.summary()
    assert summary["median_sps"] > 0 and summary["unit"] == "plies/s" and summary["cores"] == 1
    mirrored = Pocket(pool="a1", mirrored=True)
    for request, message in (
        (Request(env_id=env.id, env=env, mode="policy_in_loop", cores=1), "no policy_in_loop"),
        (Request(env_id=env.id, env=mirrored, mode="env_random_legal", cores=1), "mirrored"),
    ):
        with pytest.raises(ValueError, match=message), session(request):
            pass


def test_the_reference_begins_where_ours_does(env: Pocket, start: Any) -> None:
    pocket = game(env.id)
    starts = pocket.starts(GAMES, seed=5)
    ours, _, masks = jax.device_get(start(starts.keys))
    with pocket.reference(GAMES, 1) as arena:
        arena.begin(np.arange(GAMES), starts, np.arange(GAMES))
        obs, mask = arena.look()
        np.testing.assert_array_equal(mask, masks)
        for name, values in vars(obs).items():
            np.testing.assert_array_equal(values, getattr(ours, name), name)
        for _ in range(600):
            done = arena.step(starts.keys[0], mask.argmax(-1), np.arange(GAMES) == 0)
            obs, mask = arena.look()
            if done.ended[0]:
                break
        assert done.ended[0] and not done.void.any() and abs(done.reward[0]) <= 1


def test_a_page_shows_both_boards(env: Pocket, begun: tuple[Any, Any, np.ndarray], tmp_path: Path) -> None:
    states = jax.tree.map(lambda leaf: leaf[:1], begun[1])
    episode = Episode(
        env=env,
        params=env.default_params,
        players=("Ann </script>", "Bob"),
        seed=3,
        start=jax.random.key(0),
        states=states,
        actions=np.zeros((0, 2), np.int32),
        rewards=np.zeros((0, 2), np.float32),
        terminated=False,
        truncated=False,
    )
    (path,) = draw(episode, tmp_path / "game.html", "made & shown")
    page = path.read_text("utf-8")
    frames = json.loads(re.search(r"const frames = (.*);", page)[1])  # type: ignore[index]
    assert len(frames) == 1 and [len(side["hand"]) for side in frames[0]["sides"]] == [5, 5]
    assert "made &amp; shown" in page and page.count("</script>") == 1 and "@" not in re.sub(r"@media", "", page)


def test_actions_in_words(begun: tuple[Any, Any, np.ndarray]) -> None:
    games = {name: np.asarray(value)[0].copy() for name, value in vars(begun[1].game).items()}
    games["cards"][:, 0, 0] = games["cards"][:, 1, 0] = 1
    games["zone"][0] = 1
    games["phase"] = np.int8(state.MAIN)
    told = {action: words(games, action, state.ME) for action in range(1, a.COUNT)}
    assert told[a.END] == "ends the turn" and told[a.ATTACH + 1] == "attaches grass Energy to Bulbasaur"
    assert (
        told[a.ATTACK] == "attacks with Bulbasaur: Vine Whip" and told[a.RETREAT] == "retreats Bulbasaur for Bulbasaur"
    )
    assert told[a.OPPONENTS] == "chooses the other's Bulbasaur (the Active Pokémon)"
    assert told[a.COPY] == "copies Vine Whip of Bulbasaur" and all(told.values())
