"""Pong beside PufferLib's C: equal sides are equivalent, a planted bias is found, the C as a batch to train in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest
from compiled_quickly import compiled_quickly  # noqa: F401

import jaxenv
from baselines.cli import main
from baselines.transfer.arena import Arena, Starts
from baselines.transfer.command import transfer
from baselines.transfer.game import Game, game
from baselines.transfer.policies import Entrant
from baselines.transfer.reference_env import reference_env
from baselines.transfer.scripted import Scripted, scripted
from baselines.transfer.store import Store
from families.pongjax.scripted import pong_player
from verification.levels.transfer import read_returns
from verification.statistics.tost import policy_tost

PONG = "pongjax/puffer_pong"
GAMES = 64
CLUMSY = (0.2, 0.25, 0.3, 0.35, 0.4)
"""Of policies that lose soon: short games."""


@pytest.fixture(scope="module")
def playing() -> Game:
    return game(PONG)


@pytest.fixture(scope="module")
def chosen(playing: Game) -> list[Entrant]:
    env = playing.env
    policies = [Scripted(env.id, env.version, f"clumsy {share}", pong_player(share, smashes=True)) for share in CLUMSY]
    return [Entrant(policy.name, policy.name, policy) for policy in policies]


@pytest.fixture(scope="module")
def reference(playing: Game, chosen: list[Entrant]) -> Store:
    """The C on both sides."""
    store = Store(None, {})
    arenas = (playing.reference(GAMES, 1), playing.reference(GAMES, 1))
    transfer(playing, chosen, store, GAMES, 3, lanes=GAMES, arenas=arenas)
    return store


def _beside(playing: Game, chosen: list[Entrant], reference: Store, arena: Arena) -> Any:
    """The judgement of `arena` beside what the C has played already."""
    store = Store(None, {})
    for entrant in chosen:
        played = reference.episodes(entrant.name, "reference")
        assert played is not None
        store.add(entrant.name, "reference", played)
    return transfer(playing, chosen, store, GAMES, 3, lanes=GAMES, arenas=(arena, playing.reference(GAMES, 1)))


def test_the_c_beside_itself_is_equivalent(reference: Store) -> None:
    judged = reference.data["judgement"]
    assert judged["verdict"] == "equivalent"
    outcomes = reference.returns("return")["return"]
    alone = policy_tost(outcomes["candidate"], outcomes["reference"], game(PONG).margin)
    assert judged["combined"]["primary"]["difference"] == alone.difference != 0
    assert reference.data["looks"][0]["verdict"] == "equivalent"


def test_ours_beside_the_c_is_equivalent(playing: Game, chosen: list[Entrant], reference: Store) -> None:
    found = _beside(playing, chosen, reference, playing.candidate(GAMES))
    assert found.verdict == "equivalent"
    assert all(policy.void == policy.cut == (0, 0) for policy in found.policies)


def test_a_slower_paddle_is_different(playing: Game, chosen: list[Entrant], reference: Store) -> None:
    """A planted bias of our side: five pixels a frame instead of eight. The script misses more than the agent does."""
    slow = playing.env.default_params.replace(paddle_speed=5.0)
    found = _beside(playing, chosen, reference, playing.candidate(GAMES, slow))
    assert found.verdict == "different"
    assert found.combined.primary.ci95[0] > found.margin.value
    assert found.policies[0].distances[0].kolmogorov_smirnov > 2 * found.policies[0].distances[0].expected


def test_the_command_keeps_what_it_played_and_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path, returns = tmp_path / "out.json", tmp_path / "returns.json"
    policies = ["uniform", "smasher-drunk"]
    asked = [
        "transfer",
        PONG,
        "--policies",
        *policies,
        "--episodes",
        "4",
        "--json",
        str(path),
        "--returns",
        str(returns),
    ]
    monkeypatch.setattr("baselines.cli._cache_compiled_programs", lambda: None)
    assert main(asked) == 0
    told = capsys.readouterr().out
    assert "no verdict on 2 policies" in told and "verdict over 2 policies: none" in told
    assert len(read_returns(returns)["return"]["reference"][1]) == 4

    def refuse(*_: object) -> None:
        raise AssertionError("it was played already")

    monkeypatch.setattr("baselines.transfer.command.play", refuse)
    assert main(asked) == 0
    assert "verdict over 2 policies: none" in capsys.readouterr().out
    asked[asked.index("4")] = "8"
    assert main(asked) == 1
    assert "episodes: there 4, asked 8" in capsys.readouterr().err
    assert main(["transfer", PONG, "--policies", "nobody"]) == 1
    assert "nobody: no run or file of that path, and no scripted policy" in capsys.readouterr().err
    assert main(["rate", PONG, *policies]) == 1
    assert "a game of one player" in capsys.readouterr().err


def test_pong_begins_with_the_same_serve_on_both_sides(playing: Game) -> None:
    starts = playing.starts(64, 5)
    with playing.candidate(64) as ours, playing.reference(64, 1) as theirs:
        first, second = (_begun(arena, starts) for arena in (ours, theirs))
    spec = playing.env.obs_spec
    np.testing.assert_allclose(spec.flatten(first), spec.flatten(second), atol=1e-7)  # a last bit, by how XLA divides
    assert len(np.unique(np.asarray(first.ball_vy))) == 2  # both serves occur


def _begun(arena: Arena, starts: Starts) -> Any:
    arena.begin(np.arange(arena.lanes), starts, np.arange(arena.lanes))
    return arena.look()[0]


def test_pong_in_c_as_a_batch() -> None:
    env = jaxenv.make(PONG)
    policy = scripted(env, "smasher")
    with reference_env(PONG, 16) as batch:
        obs = batch.reset(range(16))
        np.testing.assert_array_equal(obs, batch.reset(range(16)))
        act, total, ended = jax.jit(policy.act), np.zeros(16), np.zeros(16, int)
        for step in range(2500):
            actions, _ = act(jax.random.key(step), env.obs_spec.unflatten(obs), None, (), np.zeros(16, bool))
            told = batch.step(np.asarray(actions))
            obs, total, ended = told.obs, total + told.reward, ended + told.terminated
    assert (ended >= 1).all() and total.mean() > 5  # it wins most points
