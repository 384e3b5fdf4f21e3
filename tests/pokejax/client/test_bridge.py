"""The bridge from messages to observations: hidden facts stay hidden, and bad input is refused with the remedy."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import bridged
import jax
import numpy as np
import pytest

from pokejax.client import Bridge, ClientError, ProtocolError, observations
from pokejax.gen1.choices import FIRST_MOVE, NO_OP
from references.showdown import client
from references.showdown.workers import WorkerPool

FORMAT = "gen1randombattle"
STEPS = 3


def watched(pool: WorkerPool, teams: np.ndarray, seed: int) -> client.Replayed:
    actions = np.full((STEPS, 2), FIRST_MOVE, np.uint8)
    return client.replay(pool, client.BattleJob(FORMAT, (seed, 7), teams, actions), watched=True)


def hidden_changed(teams: np.ndarray, other: np.ndarray) -> np.ndarray:
    """The same battle as the first player sees it: the foe has another bench, and other moves that nobody has seen."""
    changed = teams.copy()
    changed[1, 1:] = other[1, 1:]
    lead = changed[1, 0]
    fresh = [move for move in other[1, :, 2:6].reshape(-1) if move and move not in lead[2:6]][:3]
    lead[3:6] = fresh
    return changed


def test_hidden_facts_do_not_show(pool: WorkerPool) -> None:
    pairs = client.make_teams(pool, "randbats", (11, 12), 12)
    compared = 0
    for seed, (teams, other) in enumerate(zip(pairs[::2], pairs[1::2], strict=True)):
        changed = hidden_changed(teams, other)
        one, two = watched(pool, teams, seed), watched(pool, changed, seed)
        bridges = [[Bridge(FORMAT), Bridge(FORMAT)] for _ in range(2)]
        for first, second in zip(one.views, two.views, strict=False):
            seen = [
                [bridge.see(*view[seat]) for seat, bridge in enumerate(both)]
                for both, view in zip(bridges, (first, second), strict=True)
            ]
            own, same = (jax.tree.leaves(obs[0]) for obs in seen)
            assert all(np.array_equal(a, b) for a, b in zip(own, same, strict=True))
            foe, differs = (jax.tree.leaves(obs[1]) for obs in seen)
            assert not all(np.array_equal(a, b) for a, b in zip(foe, differs, strict=True))
            compared += 1
    assert compared > 12


@pytest.fixture(scope="module")
def told(pool: WorkerPool) -> list[tuple[list[str], Any]]:
    """A battle as the first player was told it."""
    (teams,) = client.make_teams(pool, "randbats", (5, 6), 1)
    _, played = client.play_watched(pool, FORMAT, (3, 4), teams, "max-damage", choice_seed=1)
    return [tuple(view[0]) for view in played.views]


def test_choices_are_those_of_the_request(told: list[tuple[list[str], Any]]) -> None:
    bridge = Bridge(FORMAT)
    obs = bridge.see(*told[0])
    assert [bridge.choice(action) for action in range(FIRST_MOVE, NO_OP)] == ["move 1", "move 2", "move 3", "move 4"]
    assert [bridge.choice(action) for action in range(1, FIRST_MOVE)] == [f"switch {n}" for n in range(2, 7)]
    assert not obs.legal_actions[0]
    with pytest.raises(ValueError, match="action 0 is not among"):
        bridge.choice(0)


def test_a_saved_log_ends_with_the_battle(told: list[tuple[list[str], Any]], tmp_path: Path) -> None:
    file = tmp_path / "battle.log"
    file.write_text(bridged.log_of(told), "utf-8")
    seen = observations(file)
    assert len(seen) == len(told) and seen[-1].decision.request is None
    assert seen[-1].observation.legal_actions.all()


def test_a_log_that_is_cut_short(told: list[tuple[list[str], Any]]) -> None:
    text = bridged.log_of(told[:4])
    with pytest.raises(ProtocolError, match="stops before"):
        observations(text)
    assert len(observations(text, unfinished=True)) == 4
    with pytest.raises(ProtocolError, match="no battle's protocol log"):
        observations("\n".join(bridged.log_of(told).splitlines()[20:]) + "\n")


def test_a_public_replay_is_refused(told: list[tuple[list[str], Any]]) -> None:
    public = [line for line in bridged.log_of(told).splitlines() if not line.startswith("|request|")]
    with pytest.raises(ProtocolError, match="public replays"):
        observations("\n".join(public) + "\n")


def test_requests_before_their_messages(told: list[tuple[list[str], Any]]) -> None:
    bridge = Bridge(FORMAT)
    bridge.see(*told[0])
    later = next(request for _, request in told[1:] if request and _hurt(request))
    with pytest.raises(ProtocolError, match=r"by the request|no message said so"):
        bridge.see([], later)


def _hurt(request: dict[str, Any]) -> bool:
    lead = request["side"]["pokemon"][0]["condition"].partition(" ")[0].partition("/")
    return lead[0] != lead[2]


def test_messages_of_other_games(told: list[tuple[list[str], Any]]) -> None:
    with pytest.raises(ClientError, match="gen1…"):
        Bridge("gen2ou")
    bridge = Bridge(FORMAT)
    bridge.see(*told[0])
    with pytest.raises(ProtocolError, match="-weather"):
        bridge.see(["|-weather|RainDance"], told[0][1])


def test_a_split_log_shows_the_player_its_own_line(told: list[tuple[list[str], Any]]) -> None:
    lines, request = told[0]
    own = next(line for line in lines if line.startswith("|switch|p1a"))
    exact = own.rpartition("|")[2]
    split = []
    for line in lines:
        split += ["|split|p1", line, line.replace(exact, "100/100")] if line == own else [line]
    text = "\n".join([*split, "|request|" + json.dumps(request)]) + "\n"
    (seen,) = observations(text, "p1", unfinished=True)
    assert seen.observation.own_hp[0] == int(exact.partition("/")[0])
