"""PettingZoo's API test and seed test on our environments."""

from __future__ import annotations

import dataclasses
import warnings
from typing import Any

import numpy as np
import pytest
from compiled_quickly import compiled_quickly  # noqa: F401 (a fixture)
from pettingzoo.test import parallel_api_test, parallel_seed_test
from pettingzoo.utils.conversions import parallel_to_aec

import jaxenv
from jaxenv.adapters.pettingzoo import ParallelEnv

PONG, GEN1 = "pongjax/puffer_pong", "pokejax/gen1randombattle"


@pytest.fixture(scope="module")
def battle() -> ParallelEnv:
    return ParallelEnv(GEN1)


def test_pettingzoo_finds_no_fault_with_a_battle(battle: ParallelEnv) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # the test warns of most faults
        parallel_api_test(battle, num_cycles=300)


def test_pettingzoo_finds_the_seeds_of_a_battle_obeyed() -> None:
    parallel_seed_test(lambda: ParallelEnv(GEN1), num_cycles=100)


def test_pettingzoo_finds_no_fault_with_one_player() -> None:
    parallel_api_test(ParallelEnv(PONG), num_cycles=100)
    parallel_seed_test(lambda: ParallelEnv(PONG), num_cycles=100)


def test_its_agents_play_a_battle_to_the_end(battle: ParallelEnv) -> None:
    observations, _ = battle.reset(seed=5)
    generator, totals = np.random.default_rng(0), dict.fromkeys(battle.agents, 0.0)
    while battle.agents:
        masks = {agent: observations[agent]["action_mask"] for agent in battle.agents}
        actions = {agent: int((generator.random(11) * mask).argmax()) for agent, mask in masks.items()}
        observations, rewards, terminations, _, infos = battle.step(actions)
        totals = {agent: totals[agent] + rewards[agent] for agent in totals}
        assert not any(info["illegal"] for info in infos.values())
        for agent, seen in observations.items():
            assert seen in battle.observation_space(agent)
    assert all(terminations.values()) and sum(totals.values()) == 0 and set(totals.values()) == {1.0, -1.0}
    with pytest.raises(RuntimeError, match=r"the episode has ended: call reset\(\)"):
        battle.step({"player_0": 0, "player_1": 0})


def test_pettingzoo_turns_it_into_turns(battle: ParallelEnv) -> None:
    turns = parallel_to_aec(battle)
    turns.reset(seed=1)
    for agent in turns.agent_iter(40):
        seen, _, terminated, truncated, _ = turns.last()
        over = terminated or truncated
        turns.step(None if over else int(seen["action_mask"].argmax()))
        assert agent in battle.possible_agents


def test_a_limit_truncates() -> None:
    env = jaxenv.make(PONG)
    game = ParallelEnv(env, params=dataclasses.replace(env.default_params, max_steps_in_episode=2))
    game.reset(seed=0)
    game.step({"player_0": 1})
    *_, terminations, truncations, _ = game.step({"player_0": 1})
    assert truncations == {"player_0": True} and terminations == {"player_0": False} and not game.agents


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda env: env.step({"player_0": 1}), r"no action for player_1; who waits does 10"),
        (lambda env: env.step({"player_0": 1, "p2": 1}), r"no player 'p2'; players are player_0, player_1"),
        (lambda env: env.action_space("player_2"), r"no player 'player_2'"),
        (lambda env: env.observation_space(0), r"no player 0; players are"),
        (lambda env: ParallelEnv("cheetahjax/HalfCheetah-v5"), r"HalfCheetah-v5 has the action space Box.*Discrete"),
    ],
)
def test_bad_input_is_named(battle: ParallelEnv, call: Any, text: str) -> None:
    battle.reset(seed=0)
    with pytest.raises(ValueError, match=text):
        call(battle)
