"""Wins of each opponent over each other: ``pytest -m sweep -s tests/pokejax/gen1/test_opponents_ranking.py``.

Every battle is played twice with seats exchanged, so that luck with teams cancels. The table goes to
docs/evidence/gen1-opponents.json.
"""

from __future__ import annotations

import itertools
from typing import Any

import evidence
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from pokejax.env import Gen1Battle
from pokejax.gen1 import opponents
from pokejax.gen1.engine import LONGEST
from pokejax.gen1.state import ONGOING, P1_WINS, P2_WINS

COMMAND = "pytest -m sweep -s tests/pokejax/gen1/test_opponents_ranking.py"
FORMAT = "gen1randombattle"
STARTS = 1000
"""Teams and seeds for each pair; twice as many battles."""


def program(env: Gen1Battle) -> Any:
    """`play(keys, who, params)` → int[B], results; ``who`` int[2] numbers `opponents.names`."""
    policies = [opponents.opponent(name) for name in opponents.names()]

    def choose(key: Any, obs: Any, legal: Any, who: Any) -> Any:
        return jnp.stack([policy(key, obs, legal) for policy in policies])[who]

    def advance(key: Any, obs: Any, state: Any, who: Any, params: Any) -> Any:
        keys = jax.random.split(jax.random.fold_in(key, state.steps))
        actions = jax.vmap(choose)(keys, obs, env.legal_actions(state, params), who)
        obs, state, *_ = env.step_env(key, state, actions, params)
        return obs, state

    @jax.jit
    def play(keys: Any, who: Any, params: Any) -> Any:
        def going(carry: Any) -> Any:
            return jnp.any(carry[1].battle.result == ONGOING)

        def body(carry: Any) -> Any:
            return jax.vmap(advance, (0, 0, 0, None, None))(keys, *carry, who, params)

        first = jax.vmap(env.reset_env, (0, None))(keys, params)
        return jax.lax.while_loop(going, body, first)[1].battle.result

    return play


@pytest.mark.sweep
def test_win_rates() -> None:
    env = Gen1Battle(format=FORMAT)
    assert env.spec.horizon == LONGEST, "every battle ends by itself"
    play, table = program(env), {}
    for pair, (first, second) in enumerate(itertools.combinations(range(len(opponents.names())), 2)):
        keys = jax.random.split(jax.random.key(pair), STARTS)
        wins, losses = 0, 0
        for who, won, lost in (((first, second), P1_WINS, P2_WINS), ((second, first), P2_WINS, P1_WINS)):
            results = np.asarray(play(keys, jnp.array(who), env.default_params))
            wins, losses = wins + int((results == won).sum()), losses + int((results == lost).sum())
        title = f"{opponents.names()[first]} against {opponents.names()[second]}"
        table[title] = {"wins": wins, "losses": losses, "ties": 2 * STARTS - wins - losses}
        print(f"{title}: {wins / STARTS / 2:.3f}", flush=True)
        rates = {"format": FORMAT, "battles": 2 * STARTS, "pairs": table}
        evidence.record("gen1-opponents.json", "win_rates", rates, COMMAND)
    for worse, better in itertools.pairwise(("uniform_legal", "max_base_power", "max_expected_damage")):
        found = table[f"{worse} against {better}"]
        assert found["wins"] < found["losses"], f"{better} should beat {worse}"
