"""Policies on a real server: the command, the player, the example; and what they refuse."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from example_files import EXAMPLES

pytest.importorskip("poke_env", reason="needs poke-env: uv sync")

from families.showdown.connection import account, websocket_url
from families.showdown.options import main
from families.showdown.tally import Result, Tally, interval
from pokejax.cli.command import CannotRunError
from pokejax.client import PolicyError, ServerError, observations
from pokejax.client.bridge import blank
from pokejax.client.player import FORFEIT, TIMEOUT, PolicyPlayer
from pokejax.client.policies import format_of, host_policy
from references.showdown.server import LocalServer

pytestmark = pytest.mark.promotes


@pytest.fixture(scope="module")
def server() -> Iterator[LocalServer]:
    with LocalServer() as running:
        yield running


def test_battles_on_a_server(server: LocalServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = ["--policy", "max_base_power", "--opponent", "random(poke-env)", "--battles", "2", "--out", str(tmp_path)]
    assert main([*given, "--server", server.websocket_url]) == 0
    assert " 0 invalid choices of " in capsys.readouterr().out
    (pair,) = json.loads((tmp_path / "results.json").read_text())["pairs"]
    assert pair["finished"] == pair["wins"] + pair["losses"] + pair["ties"] == 2
    for suffix in ("log", "html"):
        for file in tmp_path.glob(f"*.{suffix}"):
            seen = observations(file)
            assert len(seen) > 5 and seen[-1].decision.request is None


def test_a_masked_action_is_played_as_default_and_counted(server: LocalServer) -> None:
    from poke_env import ServerConfiguration
    from poke_env.player import RandomPlayer

    options: dict[str, Any] = {"server_configuration": ServerConfiguration(server.websocket_url, "")}
    player = PolicyPlayer(lambda key, obs, legal: 10 if legal[6] else int(np.argmax(legal)), **options)
    other = RandomPlayer(battle_format=player.format, **options)
    asyncio.run(player.battle_against(other, n_battles=1))
    (record,) = player.records.values()
    assert 0 < record.invalid < record.decisions and not record.problem
    assert player.n_finished_battles == 1
    assert not any(line.startswith("|error|") for line in record.lines)
    for one in (player, other):
        asyncio.run(one.ps_client.stop_listening())


def test_the_example_is_three_lines() -> None:
    text = (EXAMPLES / "showdown_bot.py").read_text("utf-8")
    assert "PolicyPlayer(" in text and "battle_against(" in text
    compile(text, "showdown_bot.py", "exec")


def test_a_server_that_is_down() -> None:
    with pytest.raises(CannotRunError, match="no Showdown server answers"):
        main(["--policy", "random", "--server", "ws://127.0.0.1:9"])


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["--policy", "max_expectd_damage"], "did you mean 'max_expected_damage'"),
        (["--policy", "pongjax/pong-small"], "plays no format that we know"),
        (["--policy", "pokejax/gen1-small", "--format", "gen4ou"], "no policies of that generation"),
        (["--policy", "random", "--opponent", "nobody"], r"simple_heuristics\(poke-env\)"),
        (["--policy", "random", "--format", "gen1obtainable"], "give one with --team"),
    ],
)
def test_refusals_before_a_server_is_asked(given: list[str], told: str) -> None:
    with pytest.raises(CannotRunError, match=told):
        main(given)


def test_addresses() -> None:
    path = "/showdown/websocket"
    assert websocket_url("localhost:8000") == f"ws://localhost:8000{path}"
    assert websocket_url("https://sim3.psim.us") == f"wss://sim3.psim.us{path}"
    assert websocket_url(f"ws://a:1{path}") == f"ws://a:1{path}"
    with pytest.raises(ServerError, match="no server's address"):
        websocket_url("ftp://example.org")
    assert account("pokejax/gen1-small").username == "gen1-small"


def test_forfeits_and_timeouts_are_counted_apart() -> None:
    results = [
        Result(str(n), ("a", "b"), score, ending, 9, 20, 0)
        for n, (score, ending) in enumerate([(1.0, ""), (0.0, ""), (0.5, ""), (1.0, FORFEIT), (0.0, TIMEOUT)])
    ]
    told = Tally(("a", "b"), 6, tuple(results)).to_json()
    assert (told["wins"], told["losses"], told["ties"]) == (1, 1, 1)
    assert (told["forfeits"], told["timeouts"], told["finished"], told["asked"]) == (1, 1, 5, 6)
    assert told["win_rate"] == 0.5


def test_interval_is_wilsons() -> None:
    rate, low, high = interval([1.0] * 78 + [0.0] * 22)
    assert rate == 0.78
    assert low == pytest.approx(0.6892, abs=1e-4) and high == pytest.approx(0.8500, abs=1e-4)


def test_policies_on_the_host() -> None:
    assert format_of("pokejax/gen1-small") == "gen1randombattle"
    import jax

    policy = host_policy("random", "gen1randombattle")
    obs = blank("gen1randombattle")
    actions = {policy.act(jax.random.key(n), obs, policy.begin(), True)[0] for n in range(20)}
    assert len(actions) > 3 and actions <= set(range(11))
    with pytest.raises(PolicyError, match="is no policy"):
        host_policy(3, "gen1randombattle")
