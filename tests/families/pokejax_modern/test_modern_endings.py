"""Ends of Generation 4's battles: win, loss, tie, both replacing, truncation, and what begins after them."""

from __future__ import annotations

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from families.pokejax_modern.verify.interpret import interpreted
from jaxenv.autoreset import AutoResetState
from pokejax.common import formats, generations
from pokejax.env import Gen4Battle, state_of

FIRST_MOVE, NO_OP = 6, 10
LIMIT = 2
"""Decisions after which this environment truncates."""


def _set(name: str, *moves: str, level: int = 100) -> str:
    lines = (name, "Ability: Keen Eye", f"Level: {level}", "Hardy Nature", *(f"- {move}" for move in moves))
    return "\n".join(lines)


STRONG, WEAK = _set("Skarmory", "Aerial Ace"), _set("Pidgey", "Gust", level=1)
BOMB = _set("Electrode", "Explosion")
BATTLES = {
    "a win": ([STRONG], [WEAK]),
    "a loss": ([WEAK], [STRONG]),
    "a tie": ([BOMB], [BOMB]),
    "both replace": ([BOMB, STRONG], [BOMB, WEAK]),
    "one replaces": ([STRONG], [WEAK, WEAK]),
    "goes on": ([_set("Skarmory", "Roost")], [_set("Skarmory", "Roost")]),
}
LANES = {name: lane for lane, name in enumerate(BATTLES)}


@pytest.fixture(scope="module")
def played() -> list[Any]:
    """Two steps of all battles, the first move each time (or NO_OP, or the second Pokémon, as is allowed)."""
    env = Gen4Battle()
    whole = env.default_params
    pool = jax.tree.map(lambda leaf: leaf[:8], whole.pool)
    params = dataclasses.replace(whole, pool=pool, max_steps_in_episode=np.int32(LIMIT))
    engine = env.engine
    found = formats.find("gen4free")
    wires = [generations.read_teams(found, "\n\n".join(a), "\n\n".join(b)) for a, b in BATTLES.values()]

    def start(seed: jax.Array, parties: Any) -> Any:
        rng, _ = env.draw(jax.random.wrap_key_data(seed), params)
        state = state_of(4, *engine.start(rng, parties), steps=0)
        return AutoResetState(state, jnp.zeros(2, jnp.float32), jnp.int32(0)), env.legal_actions(state, params)

    def step(key: jax.Array, state: Any, action: jax.Array) -> Any:
        obs, state, reward, terminated, truncated, info = env.step(jax.random.wrap_key_data(key), state, action, params)
        own = state.env_state
        more = {"legal": env.legal_actions(own, params), "to_act": env.to_act(own), "battle": own.battle}
        return state, {**info, **more, "obs": obs, "reward": reward, "terminated": terminated, "truncated": truncated}

    keys = np.stack([jax.random.key_data(key) for key in jax.random.split(jax.random.key(1), len(BATTLES))])
    parties = jax.tree.map(lambda *rows: np.stack(rows), *[engine.parties(wire) for wire in wires])
    state, legal = interpreted(start)(keys, parties)
    advance = interpreted(step)
    told = []
    for _ in range(2):
        order = [FIRST_MOVE, NO_OP, 1, 0]
        chosen = [[next(action for action in order if mask[action]) for mask in one] for one in np.asarray(legal)]
        state, info = advance(keys, state, np.array(chosen, np.int32))
        legal = info["legal"]
        told.append(jax.tree.map(np.asarray, info))
    return told


def test_the_winner_is_paid_and_the_next_battle_begins(played) -> None:
    first = played[0]
    for name, reward in (("a win", [1, -1]), ("a loss", [-1, 1]), ("a tie", [0, 0])):
        lane = LANES[name]
        assert first["terminated"][lane] and not first["truncated"][lane], name
        assert first["reward"][lane].tolist() == reward == first["returned_episode_return"][lane].tolist(), name
        assert first["returned_episode_length"][lane] == 1
        # What is over allows everything; what begins is a first turn of a team of the pool.
        assert first["final_legal_actions"][lane].all() and not first["legal"][lane].all()
        assert first["obs"].turn[lane].tolist() == [1, 1] and first["to_act"][lane].all()
        assert (first["battle"].parties[0].species[lane] != 0).sum() == 6
        assert first["battle"].sides[0].left[lane] == 6
    over = [LANES[name] for name in ("both replace", "one replaces", "goes on")]
    assert not first["terminated"][over].any() and (first["reward"][over] == 0).all()
    assert not first["returned_episode"][over].any()


def test_both_sides_replace_at_once(played) -> None:
    lane = LANES["both replace"]
    first = played[0]
    assert first["to_act"][lane].all() and [side.left[lane] for side in first["battle"].sides] == [1, 1]
    assert [np.flatnonzero(mask).tolist() for mask in first["legal"][lane]] == [[1], [1]]


def test_one_side_replaces_while_the_other_waits(played) -> None:
    lane = LANES["one replaces"]
    first = played[0]
    assert first["to_act"][lane].tolist() == [False, True]
    assert [np.flatnonzero(mask).tolist() for mask in first["legal"][lane]] == [[NO_OP], [1]]


def test_a_battle_is_truncated_at_the_limit_without_reward(played) -> None:
    first, second = played
    assert not first["truncated"].any()
    for name in ("both replace", "one replaces", "goes on"):
        lane = LANES[name]
        assert second["truncated"][lane] and not second["terminated"][lane], name
        assert (second["reward"][lane] == 0).all() and second["returned_episode_length"][lane] == LIMIT
        assert (second["obs"].turn[lane] == 1).all() and second["battle"].sides[0].left[lane] == 6
