"""Replays as data: what is called known is the truth, and what is no whole replay is refused or marked.

    uv run pytest -m sweep -s tests/pokejax/client/test_replays.py

compares 60 battles of each of six kinds and writes docs/evidence/gen1-replays.json.
"""

from __future__ import annotations

import html
import json
from pathlib import Path

import evidence
import numpy as np
import pytest
import replayed

from pokejax.client import replays
from pokejax.gen1.choices import NO_OP
from references.showdown.workers import WorkerPool

COMMAND = "uv run pytest -m sweep -s tests/pokejax/client/test_replays.py"
KINDS = (
    ("randbats", "uniform"),
    ("randbats", "guided"),
    ("ou", "max-damage"),
    ("thaws", "uniform"),
    ("copies", "uniform"),
    ("locks", "uniform"),
)


@pytest.fixture(scope="module")
def played(pool: WorkerPool) -> replayed.Played:
    (one,) = replayed.battles(pool, 31, 1, "randbats", "guided")
    return one


@pytest.mark.parametrize(("teams", "policy"), KINDS)
def test_what_is_known_is_true(pool: WorkerPool, commit_seed: int, teams: str, policy: str) -> None:
    tally = replayed.Tally()
    for place, one in enumerate(replayed.battles(pool, commit_seed, 2, teams, policy)):
        replayed.compare(tally, one, replays.convert(one.spectators_log()), f"battle {place}, ")
    assert not tally.differences, "\n".join(tally.differences[:10])
    assert tally.counts["choices known"] > 0.5 * tally.counts["choices"]
    assert tally.counts["values known"] > 0.6 * tally.counts["values"]


def test_a_changed_truth_is_found(played: replayed.Played) -> None:
    first, second = replays.convert(played.spectators_log())
    first.actions[3] = (first.actions[3] + 1) % NO_OP
    first.action_known[3] = True
    second.observations.turn[2] += 1
    tally = replayed.Tally()
    replayed.compare(tally, played, (first, second))
    assert len(tally.differences) == 2


def test_shapes_and_ends(played: replayed.Played) -> None:
    for track in replays.convert(played.spectators_log()):
        count = len(played.actions)
        assert track.observations.foe_moves.shape == track.known.foe_moves.shape == (count, 6, 4)
        assert track.known.foe_moves.dtype == np.bool_ and track.actions.dtype == np.int8
        assert track.terminated.tolist() == [False] * (count - 1) + [True] and not track.truncated.any()
        assert not track.rewards[:-1].any() and track.rewards[-1] in (-1, 0, 1)
        assert (track.actions[~track.action_known] == NO_OP).all()
        assert track.ending == "played out"


def test_files_that_sites_and_pages_give(played: replayed.Played, tmp_path: Path) -> None:
    log = played.spectators_log()
    page = f'<html><script type="text/plain" class="battle-log-data">{log.replace("</", "<" + chr(92) + "/")}</script>'
    own = f'<html><script type="text/plain" class="pokejax-player-log">{html.escape(log, quote=False)}</script>'
    texts = {"a.log": log, "b.html": page, "c.json": json.dumps({"id": "gen1ou-1", "log": log}), "d.html": own}
    marks = set()
    for name, text in texts.items():
        (tmp_path / name).write_text(text, "utf-8")
        marks.add(tuple(track.actions.tobytes() for track in replays.convert(tmp_path / name)))
        assert replays.read(tmp_path / name).format_id == "gen1randombattle"
    assert len(marks) == 1


def test_a_replay_that_is_cut_short(played: replayed.Played) -> None:
    lines = played.spectators_log().splitlines()
    turn = lines.index("|turn|4")
    track, _ = replays.convert("\n".join(lines[: turn + 4]) + "\n")
    assert track.ending == "cut short" and track.truncated[-1] and not track.terminated.any()
    assert not track.action_known[-1] and not track.rewards.any()
    assert track.observations.turn[-1] == 4


@pytest.mark.parametrize(("words", "ending"), [("p1 forfeited.", "forfeit"), ("p1 lost due to inactivity.", "timeout")])
def test_who_gives_up_loses(played: replayed.Played, words: str, ending: str) -> None:
    lines = played.spectators_log().splitlines()
    turn = lines.index("|turn|4")
    end = [f"|-message|{words}", "|", "|win|p2"]
    first, second = replays.convert("\n".join([*lines[: turn + 1], *end]) + "\n")
    assert first.ending == second.ending == ending
    assert (first.rewards[-1], second.rewards[-1]) == (-1, 1) and first.terminated[-1]
    assert not first.action_known[-1] and not second.action_known[-1]


def test_what_is_no_replay_of_ours(played: replayed.Played, tmp_path: Path) -> None:
    log = played.spectators_log()
    bad = {
        "is of generation 9": log.replace("|gen|1", "|gen|9"),
        "is a battle of doubles": log.replace("|gametype|singles", "|gametype|doubles"),
        "no battle's log": "a letter\nto somebody\n",
        "in bars of 48": log.replace("/100", "/48"),
        "before the first turn": log[: log.index("|start")],
        "is no .player. of it": log.replace("|win|", "|win|nobody "),
        "-weather": log.replace("|turn|2", "|-weather|RainDance\n|turn|2"),
    }
    for told, text in bad.items():
        with pytest.raises(replays.ReplayError, match=told):
            replays.convert(text)
    for name, text, told in (
        ("a.json", '{"log": ', "not whole JSON"),
        ("b.json", '{"id": 3}', "no text under 'log'"),
        ("c.html", "<html></html>", "holds no battle's log"),
    ):
        (tmp_path / name).write_text(text)
        with pytest.raises(replays.ReplayError, match=told):
            replays.convert(tmp_path / name)
    with pytest.raises(replays.ReplayError, match="cannot be read"):
        replays.convert(tmp_path / "not there.log")


def test_a_charge_by_a_copy_of_an_own_move(pool: WorkerPool) -> None:
    """Mimic's copy of Fly or the own Fly begins the charge: which one is not told, and is masked."""
    one = replayed.battle(pool, 5200, 60, "thaws", "uniform", place=38)
    tally = replayed.Tally()
    replayed.compare(tally, one, replays.convert(one.spectators_log()))
    assert not tally.differences, "\n".join(tally.differences)


def test_pp_given_to_a_move_that_called_another(pool: WorkerPool) -> None:
    """Of a transformed Pokémon an own move gains PP, and no message tells which: its PP are masked from then on."""
    one, tally = replayed.saved(pool, "replay-pp-given-to-a-caller"), replayed.Tally()
    replayed.compare(tally, one, replays.convert(one.spectators_log()))
    assert not tally.differences, "\n".join(tally.differences)


@pytest.mark.sweep
@pytest.mark.timeout(7200)
@pytest.mark.parametrize(("teams", "policy"), KINDS)
def test_many_battles(pool: WorkerPool, teams: str, policy: str) -> None:
    tally = replayed.Tally()
    for place, one in enumerate(replayed.battles(pool, 5200, 60, teams, policy)):
        replayed.compare(tally, one, replays.convert(one.spectators_log()), f"battle {place}, ")
    found = {**tally.counts, "differences": len(tally.differences), "examples": tally.differences[:10]}
    found["masked choices"] = round(1 - tally.counts["choices known"] / tally.counts["choices"], 4)
    found["masked values"] = round(1 - tally.counts["values known"] / tally.counts["values"], 4)
    masked = {name: 1 - tally.fields[f"{name} known"] / tally.fields[name] for name in replayed.NAMES}
    found["masked by field"] = {name: round(share, 4) for name, share in masked.items() if share}
    print(teams, policy, found, flush=True)
    evidence.record("gen1-replays.json", f"{teams}, {policy}", found, COMMAND)
    assert not tally.differences, "\n".join(tally.differences[:10])
