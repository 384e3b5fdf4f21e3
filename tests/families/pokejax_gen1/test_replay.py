"""`pokejax replay`: four files that agree, and a page that needs nothing else."""

from __future__ import annotations

import dataclasses
import json
import os
import re
from html.parser import HTMLParser
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest
from compiled_quickly import compiled_quickly  # noqa: F401 (a fixture)

from baselines.watch import play
from families.pokejax_gen1.replay import playing, protocol
from families.pokejax_gen1.replay.command import (
    RecordedBattle,
    ReplayMismatchError,
    recorded,
    stem_of,
    told_result,
    write_replay,
)
from families.pokejax_gen1.verify import watched
from families.pokejax_gen1.verify.play import SelfCheck
from families.pokejax_gen1.watch import draw
from pokejax import cli
from pokejax.common.pools import load_pool
from pokejax.common.rng import Rng
from pokejax.gen1.party import parties_from_wire
from references.showdown.replay import protocol_log
from references.showdown.workers import WorkerPool

CHROMIUM = "/usr/bin/chromium"


@pytest.fixture(scope="module")
def workers():
    with WorkerPool(1) as pool:
        yield pool


@pytest.fixture(scope="module")
def battle(workers) -> RecordedBattle:
    candidate = SelfCheck("self-check/gen1randombattle", pool=workers)
    return recorded(next(candidate.play(5, 1, "randbats", "uniform")), 0, candidate.fields, "gen1randombattle")


@pytest.fixture(scope="module")
def files(workers, battle, tmp_path_factory) -> list[Path]:
    return write_replay(battle, workers, tmp_path_factory.mktemp("replay") / "one", "pokejax replay <&>")


def data_of(page: str) -> dict:
    found = re.search(r'<script type="application/json" id="battle">(.*?)</script>', page, flags=re.S)
    assert found
    return json.loads(found.group(1))


def test_the_input_log_makes_the_protocol_log(files, battle):
    _, input_log, log, *_ = files
    assert input_log.read_text("utf-8").startswith('>start {"formatid":"gen1randombattle"')
    assert protocol_log(input_log.read_text("utf-8")) == log.read_text("utf-8")
    assert told_result(log.read_text("utf-8")) == battle.result in ("Red", "Blue", "tie")


def test_the_page_shows_every_decision_point(files, battle):
    data = data_of(files[0].read_text("utf-8"))
    assert len(data["frames"]) == len(battle.records)
    last = data["frames"][-1]
    for side, name in enumerate(("p1", "p2")):
        shown = [battle.column(f"{name}.team.{slot}.hp")[-1] for slot in range(6)]
        assert last["sides"][side]["hp"] == shown
        assert all(member["maxHp"] > 0 and member["moves"] for member in data["players"][side]["team"])
    assert last["lines"][-1][1] in ("Red wins.", "Blue wins.", "The battle is a tie.")
    assert data["frames"][1]["lines"][0] == ["turn", "Turn 1"]
    said = [line[1] for frame in data["frames"] for line in frame["lines"]]
    assert not [text for text in said if "|" in text]


def test_the_page_needs_nothing_from_outside(files):
    class Links(HTMLParser):
        def __init__(self):
            super().__init__()
            self.found, self.stack = [], []

        def handle_starttag(self, tag, attributes):
            self.found += [(tag, name) for name, _ in attributes if name in ("src", "href", "srcset", "data")]
            if tag not in ("meta", "input", "br", "link"):
                self.stack.append(tag)

        def handle_endtag(self, tag):
            assert self.stack.pop() == tag

    page = files[0].read_text("utf-8")
    links = Links()
    links.feed(page)
    assert links.found == [] and links.stack == []
    assert not re.search(r"https?:|url\(|@import|fetch\(|XMLHttpRequest|%%", page)
    assert "pokejax replay &lt;&amp;&gt;" in page


def test_the_page_is_readable_without_scripts(files):
    page = re.sub(r"<script.*?</script>", "", files[0].read_text("utf-8"), flags=re.S)
    assert "Turn 1</p>" in page and "<noscript>" in page and 'lang="en"' in page


def test_a_battle_the_reference_tells_otherwise_is_refused(workers, battle, tmp_path):
    records = battle.records.copy()
    records[3:, battle.fields.index("p1.team.0.hp")] += 1
    with pytest.raises(ReplayMismatchError, match=r"step 3[\s\S]*p1\.team\.0\.hp"):
        write_replay(dataclasses.replace(battle, records=records), workers, tmp_path / "x", "")
    assert not (tmp_path / "x.html").exists() and (tmp_path / "x.log").exists()


@pytest.fixture
def told_by_showdown(monkeypatch, workers):
    """Battles of the reference in place of JAX's, which compile for long; `corrupt` is `SelfCheck`'s."""

    def replace(corrupt=None):
        def battle(env, seed, teams, players) -> RecordedBattle:
            candidate = SelfCheck(f"self-check/{env.format}", corrupt=corrupt, pool=workers)
            return recorded(next(candidate.play(seed, 1, teams, players[0].name)), 0, candidate.fields, env.format)

        monkeypatch.setattr("families.pokejax_gen1.replay.playing.battle", battle)

    monkeypatch.setattr("jaxenv.enable_compilation_cache", lambda: None)
    return replace


def test_the_command(told_by_showdown, tmp_path, capsys):
    told_by_showdown()
    words = ["replay", "--seed", "9", "--format", "gen1ou", "--policy", "max-damage"]
    assert cli.main([*words, "--out", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    names = [f"gen1ou-9{suffix}" for suffix in (".html", ".txt", ".log", ".svg")]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(names)
    assert all(name in said for name in names) and "equal to Pokémon Showdown" in said
    assert "max-damage (Red) against max-damage (Blue)" in said
    told_by_showdown(corrupt=("turn", 1))
    assert cli.main([*words, "--out", str(tmp_path / "y.html")]) == 1
    assert "DIVERGENCE" in capsys.readouterr().out
    (tmp_path / "file").write_text("")
    assert cli.main([*words, "--out", str(tmp_path / "file" / "z.html")]) == 2
    assert "z.html: cannot be written" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--policy", "max-damge"], r"--policy max-damge: no run or file.*gen1-small.*did you mean max-damage"),
        (["--opponent", "simple_heuristic"], r"--opponent simple_heuristic: .*did you mean simple_heuristics"),
        (["--opponent", "pokejax/gen1-smal"], r"--opponent pokejax/gen1-smal: .*did you mean pokejax/gen1-small"),
        (
            ["--policy", "pongjax/pong-small"],
            r"--policy pongjax/pong-small: a policy of pongjax/puffer_pong version v1",
        ),
        (
            ["--policy", "pokejax/gen1-small", "--format", "gen1ou"],
            r"gen1randombattle version.*to be played in .*gen1ou",
        ),
    ],
)
def test_players_that_cannot_play_are_refused(words, message, tmp_path, capsys):
    assert cli.main(["replay", *words, "--out", str(tmp_path / "x.html")]) == 2
    assert re.search(message, capsys.readouterr().err)
    assert not list(tmp_path.iterdir())


def test_a_policy_of_another_layout_is_refused(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr("jaxenv.obs.ObsSpec.fingerprint", property(lambda _: "another"))
    assert cli.main(["replay", "--policy", "pokejax/gen1-small", "--out", str(tmp_path / "x.html")]) == 2
    assert "--policy pokejax/gen1-small: reads observations of layout" in capsys.readouterr().err


def test_a_trained_policy_plays_one_that_knows_everything(workers, tmp_path):
    """In JAX, with teams and a seed that the environment draws; the real Showdown tells it."""
    env = watched.environment("pokejax/gen1randombattle")
    teams, rng = load_pool(env.pool_source).teams[:2].astype(np.uint16), Rng(hi=jnp.uint32(3), lo=jnp.uint32(4))
    params = watched.GivenParams(pool=parties_from_wire(teams), max_steps_in_episode=jnp.int32(4000), rng=rng)
    players = [playing.player(env, name) for name in ("pokejax/gen1-small", "guided")]
    episode = play(env, players, 5, 4000, params=params, look=playing.look)
    assert episode.terminated and episode.players == ("gen1-small", "guided")
    paths = draw(episode, tmp_path / "battle.html", "the command")
    page, told = (path.read_text("utf-8") for path in (paths[0], paths[2]))
    assert "<dt>Red</dt><dd>gen1-small</dd><dt>Blue</dt><dd>guided</dd>" in page
    wins = np.flatnonzero(episode.rewards[-1] > 0)
    assert told_result(told) == ([("Red", "Blue")[wins[0]]] if len(wins) else ["tie"])[0]
    minds = [side["mind"] for frame in data_of(page)["frames"] for side in frame["sides"]]
    assert all(len(mind["foe"]) + mind["unseen"] == 6 and not mind["choices"] for mind in minds)
    assert [len(mind["foe"]) for mind in minds[:2]] == [1, 1] and not minds[0]["foe"][0]["moves"]


@pytest.fixture(scope="module")
def watched_battle(workers, tmp_path_factory) -> tuple[RecordedBattle, Path]:
    """A battle of the command's own teams and seed, and its page."""
    env = watched.environment("pokejax/gen1randombattle")
    players = [playing.player(env, name) for name in ("pokejax/gen1-small", "guided")]
    battle = playing.battle(env, 6, "randbats", players)
    assert battle.result and (battle.records[0, 1:] != 0).any()
    return battle, write_replay(battle, workers, tmp_path_factory.mktemp("own") / "own", "")[0]


def test_the_page_tells_how_often_a_policy_takes_each_choice(watched_battle):
    battle, page = watched_battle
    data = data_of(page.read_text("utf-8"))
    trained, guided = zip(*([side["mind"] for side in frame["sides"]] for frame in data["frames"]), strict=True)
    told = [mind for mind in trained if mind["choices"]]
    assert len(told) > len(trained) / 2 and not any(mind["choices"] for mind in guided)
    for mind in told:
        assert sum(share for _, share in mind["choices"]) == pytest.approx(1, abs=1e-3)
        assert all(share > 0 for _, share in mind["choices"]) and mind["value"] is None
    # What is drawn is most often what was drawn most often.
    assert np.mean([mind["choices"][0][0] == mind["took"] for mind in told]) > 0.4
    # A move that was used is known from then on.
    first = next(k for k, mind in enumerate(guided) if mind["took"] and not mind["took"].startswith("switch"))
    assert len(trained[-1]["foe"]) >= len(trained[0]["foe"]) and any(one["moves"] for one in trained[first + 1]["foe"])
    assert set(data["sprites"]) >= {battle_side["species"] for battle_side in data["frames"][0]["sides"]}
    assert len(battle.minds) == len(battle.records)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_in_a_browser(watched_battle, scheme):
    """Keys and mouse step through the battle; nothing is requested and nothing goes wrong."""
    if not os.access(CHROMIUM, os.X_OK):
        pytest.skip(f"there is no {CHROMIUM}: apt-get install chromium")
    api = pytest.importorskip("playwright.sync_api", reason="Playwright, which drives Chromium, is not installed")
    data, wrong = data_of(watched_battle[1].read_text("utf-8")), []
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(color_scheme=scheme, reduced_motion="reduce")
        page.on("console", lambda said: wrong.append(said.text))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("request", lambda asked: wrong.append(asked.url) if not asked.url.startswith("file:") else None)
        page.goto(watched_battle[1].as_uri())
        names = page.locator("#arena .name")
        shown = [data["players"][s]["team"][data["frames"][0]["sides"][s]["active"]]["species"] for s in range(2)]
        assert [text.split(" L")[0] for text in names.all_text_contents()] == shown
        assert page.locator("#mon-0 circle").count() > 3
        page.keyboard.press("ArrowRight")
        assert page.locator("#position").input_value() == "1"
        page.locator("#arena").click(position={"x": 600, "y": 100})
        assert page.locator("#position").input_value() == "2"
        page.locator("#arena").click(position={"x": 20, "y": 100})
        assert page.locator("#position").input_value() == "1"
        mind = data["frames"][1]["sides"][0]["mind"]
        assert f"Red chooses: {mind['took']}" in page.locator(".mind").first.inner_text()
        assert page.locator(".mind").first.locator(".choice").count() == len(mind["choices"])
        sky = page.eval_on_selector("#arena .sky", "node => getComputedStyle(node).fill")
        assert sky == {"light": "rgb(227, 239, 249)", "dark": "rgb(29, 42, 56)"}[scheme]
        page.set_viewport_size({"width": 390, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        browser.close()
    assert wrong == []


def test_the_beginning_of_a_battle_has_no_winner(workers, battle, tmp_path):
    job = dataclasses.replace(battle.job, actions=battle.job.actions[:3])
    begun = dataclasses.replace(battle, job=job, records=battle.records[:4])
    page = write_replay(begun, workers, tmp_path / "begun", "")[0].read_text("utf-8")
    assert "<dt>result</dt><dd>none, the battle goes on</dd>" in page


def test_where_the_files_go(tmp_path):
    assert stem_of(tmp_path, "d") == tmp_path / "d"
    assert stem_of(tmp_path / "a.html", "d") == tmp_path / "a"
    assert stem_of(tmp_path / "a.b", "d") == tmp_path / "a.b"


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ("|move|p1a: Muk|Hyper Beam|p2a: Mew", "Red’s Muk used Hyper Beam."),
        ("|move|p2a: Mew|Surf|p1a: Muk|[from] move: Metronome", "Blue’s Mew used Surf (by Metronome)."),
        ("|move|p1a: Muk|Wrap|p2a: Mew|[from] move: Wrap", "Red’s Muk keeps using Wrap."),
        ("|switch|p1a: Farfetch’d|Farfetch’d, L78|241/241", "Red sends out Farfetch’d (241/241 HP)."),
        ("|-damage|p2a: Mew|0 fnt|[from] psn", "Blue’s Mew was hurt by poison: 0 HP."),
        ("|-unboost|p2a: Mew|spe|1", "Blue’s Mew’s Speed fell by 1."),
        ("|cant|p2a: Mew|recharge", "Blue’s Mew must recharge."),
        ("|-start|p2a: Mew|Disable|Surf", "Blue’s Mew: Disable (Surf) began."),
        ("|tie", "The battle is a tie."),
        ("|-newmessage|p2a: Mew|x|[silent]", "-newmessage|p2a: Mew|x|[silent]"),
        ("|-status|p2a: Mew", "-status|p2a: Mew"),
    ],
)
def test_sentences(message, text):
    assert [line.text for line in protocol.describe([message])] == [text]


def test_what_a_reader_does_not_need_is_left_out():
    lines = [
        "|",
        "|t:|0",
        "|upkeep",
        "|-mustrecharge|p1a: Muk",
        "|-boost|p1a: Muk|spd|2",
        "|-status|p1a: Muk|psn|[silent]",
    ]
    assert protocol.describe(lines) == []
