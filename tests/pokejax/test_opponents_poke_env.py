"""The opponents choose what poke-env's players choose: battles in Showdown, seen through poke-env, decision by decision.

Needs poke-env, which is not installed with the tests::

    uv run --with poke-env==0.16.1 pytest tests/pokejax/test_opponents_poke_env.py
    uv run --with poke-env==0.16.1 pytest -m sweep tests/pokejax/test_opponents_poke_env.py

The second plays many more battles and writes docs/evidence/gen1-opponents.json.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import importlib.metadata
import json
import logging
import struct
import subprocess
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from pokejax import opponents
from pokejax.env import Gen1Battle
from pokejax.gen1.choices import FIRST_MOVE, NO_OP
from pokejax.gen1.pools import load_pool
from pokejax.gen1.state import ONGOING, REQUEST_NONE
from pokejax.opponents.heuristics import estimate_matchups, simple_heuristics
from pokejax.opponents.sight import look
from verification.references.showdown.client import teams_bytes
from verification.references.showdown.install import VERSION, node_command
from verification.references.showdown.workers import OP_INPUT_LOG, WorkerPool, node_environment, text_field

POKE_ENV = "0.16.1"
EVIDENCE = Path(__file__).parents[2] / "docs" / "evidence" / "gen1-opponents.json"
STEPS = 64
PLAYERS = ("uniform_legal", "max_base_power", "max_expected_damage", "simple_heuristics", "simple_heuristics_setup")
STREAMS_JS = """
'use strict';
// Input logs (a JSON list) from stdin; for each, what both players were sent, a list of messages a player, as JSON.
const fs = require('fs');
const { BattleStream, getPlayerStreams } = require('pokemon-showdown/dist/sim/battle-stream');
async function messages(inputLog) {
  const streams = getPlayerStreams(new BattleStream());
  const sent = { p1: [], p2: [] };
  const listen = async (stream, into) => { for await (const chunk of stream) into.push(chunk); };
  const done = Promise.all([listen(streams.p1, sent.p1), listen(streams.p2, sent.p2)]);
  await streams.omniscient.write(inputLog);
  await streams.omniscient.writeEnd();
  await done;
  return [sent.p1, sent.p2];
}
(async () => {
  const all = [];
  for (const log of JSON.parse(fs.readFileSync(0, 'utf8'))) all.push(await messages(log));
  process.stdout.write(JSON.stringify(all));
})();
"""


@dataclasses.dataclass(frozen=True)
class Played:
    """Battles as numpy: what they started from, ``[B, …]``, and every decision, ``[B, T, …]``."""

    seeds: np.ndarray
    teams: np.ndarray
    lengths: np.ndarray
    actions: np.ndarray
    chosen: dict[str, np.ndarray]
    """int[B, T, 2]: by opponent; ``simple_heuristics_with_place`` knows the request's order too."""
    matchups: np.ndarray
    """float64[B, T, 2, 6]."""
    asked: np.ndarray
    """bool[B, T, 2]."""


@functools.cache
def environment() -> Gen1Battle:
    return Gen1Battle(format="gen1randombattle")


@functools.cache
def programs():
    """Start and play `STEPS` steps of battles, each seat by the opponent of its number in `PLAYERS`."""
    env = environment()

    def seat(player, key, obs, legal, place, who):
        own = jax.tree.map(lambda leaf: leaf[player], obs)
        rows = {name: opponents.opponent(name)(key, own, legal[player]) for name in PLAYERS}
        action = jnp.stack(list(rows.values()))[who]
        rows["simple_heuristics_with_place"] = simple_heuristics(key, own, legal[player], place)
        rows["simple_heuristics_setup_with_place"] = simple_heuristics(key, own, legal[player], place, setup=True)
        return action, rows, estimate_matchups(look(own, legal[player], place))

    def one(carry, who, params):
        key, obs, state = carry
        key, first, second = jax.random.split(key, 3)
        legal = env.legal_actions(state, params)
        asked = env.to_act(state) & (state.battle.result == ONGOING)
        seats = [
            seat(p, k, obs, legal, state.battle.parties[p].position, who[p]) for p, k in enumerate((first, second))
        ]
        actions, rows, matchups = jax.tree.map(lambda a, b: jnp.stack([a, b]), *seats)
        obs, state, *_ = env.step_env(key, state, actions, params)
        return (key, obs, state), (actions, rows, matchups, asked, state.battle.result == ONGOING)

    @jax.jit
    def play(carry, who, params):
        def body(carry, _):
            return jax.vmap(one, (0, 0, None))(carry, who, params)

        return jax.lax.scan(body, carry, length=STEPS)

    @jax.jit
    def start(keys, params):
        rng, rows = jax.vmap(lambda key: env.draw(key, params))(keys)
        obs, state = jax.vmap(lambda key: env.reset_env(key, params))(keys)
        return jnp.stack([rng.hi, rng.lo], axis=-1), rows, (keys, obs, state)

    return start, play


def play(seed: int, who: np.ndarray) -> Played:
    """Battles to their ends; ``who`` int[B, 2] numbers `PLAYERS`."""
    start, advance = programs()
    params = environment().default_params
    seeds, rows, carry = start(jax.random.split(jax.random.key(seed), len(who)), params)
    parts = []
    while True:
        carry, part = advance(carry, jnp.asarray(who), params)
        parts.append(jax.tree.map(np.asarray, part))
        if not parts[-1][-1][-1].any():
            break
    actions, chosen, matchups, asked, going = jax.tree.map(
        lambda *leaves: np.concatenate(leaves).swapaxes(0, 1), *parts
    )
    words = matchups.high.astype(np.uint64) << np.uint64(32) | matchups.low.astype(np.uint64)
    teams = load_pool("gen1randombattle").teams.astype(np.uint16)[np.asarray(rows)]
    lengths = going.sum(axis=1) + 1
    return Played(np.asarray(seeds), teams, lengths, actions, chosen, words.view(np.float64), asked)


def sent_to_players(pool: WorkerPool, played: Played) -> list[list[list[str]]]:
    """For each battle and player, the messages that Showdown sent."""
    logs = []
    for i, length in enumerate(played.lengths):
        head = text_field("gen1randombattle") + text_field("p1") + text_field("p2")
        seed = struct.pack("<II", *(int(word) for word in played.seeds[i]))
        actions = np.ascontiguousarray(played.actions[i, :length], np.uint8)
        logs.append(pool.call(OP_INPUT_LOG, head + seed + teams_bytes(played.teams[i]) + actions.tobytes()).text)
    done = subprocess.run(
        [node_command(), "-e", STREAMS_JS],
        input=json.dumps(logs),
        capture_output=True,
        text=True,
        env=node_environment(),
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


class Watcher:
    """poke-env's view of one player's battle, fed as ``Player._handle_battle_message`` does it."""

    def __init__(self, name: str) -> None:
        from poke_env.battle import Battle

        self.battle = Battle("battle-gen1randombattle-1", name, logging.getLogger("poke-env-watched"), gen=1)
        self.request: dict = {}

    def decisions(self, messages: list[str]):
        """Yields at every request that asks for a choice."""
        for line in "\n".join(messages).split("\n"):
            split = line.split("|")
            if len(split) < 2 or split[1] in ("t:", "win", "tie"):
                continue
            if split[1] != "request":
                self.battle.parse_message(split)
            elif split[2] not in ("", "null"):  # what a player is sent when the battle is over
                self.request = json.loads("|".join(split[2:]))
                self.battle.parse_request(self.request)
                if not self.battle._wait:
                    yield self.request

    def action(self, order, names: list[str]) -> int:
        """The number of a poke-env order; ``names``: the own team in its own order."""
        from poke_env.battle import Pokemon

        if isinstance(order.order, Pokemon):
            return names.index(order.order.name)
        ids = [move["id"] for move in self.request["active"][0]["moves"] if not move.get("disabled")]
        assert order.order.id in ids, f"{order.order.id} is not offered: {ids}"
        places = [move["id"] for move in self.request["active"][0]["moves"]]
        return FIRST_MOVE + places.index(order.order.id)

    def matchups(self, names: list[str]) -> list[float]:
        """``_estimate_matchup`` of the own team in its own order."""
        from poke_env.player import SimpleHeuristicsPlayer

        team = {pokemon.name: pokemon for pokemon in self.battle.team.values()}
        foe = self.battle.opponent_active_pokemon
        return [float(SimpleHeuristicsPlayer._estimate_matchup(team[name], foe)) for name in names]


def compare(played: Played, sent: list[list[list[str]]]) -> dict[str, int | list[str]]:
    """Every decision of both players against poke-env's players; counts, and what differed."""
    from poke_env.player import MaxBasePowerPlayer, SimpleHeuristicsPlayer

    counts = dict.fromkeys(("decisions", "moves", "replacements", "ties", "setup_moves", "matchups"), 0)
    differences: list[str] = []
    for i, length in enumerate(played.lengths):
        for player in range(2):
            watcher, names = Watcher(f"p{player + 1}"), []
            steps = iter(np.flatnonzero(played.asked[i, :length, player]))
            for request in watcher.decisions(sent[i][player]):
                names = names or [pokemon["ident"][4:] for pokemon in request["side"]["pokemon"]]
                step = next(steps)
                battle = watcher.battle
                chosen = {name: int(rows[i, step, player]) for name, rows in played.chosen.items()}
                where = f"battle {i}, player {player + 1}, step {step}, turn {battle.turn}"
                wrong = differences.append

                ours, theirs = played.matchups[i, step, player][: len(names)].tolist(), watcher.matchups(names)
                counts["matchups"] += len(names)
                if ours != theirs:
                    wrong(f"{where}: matchups {ours}, poke-env {theirs}")

                order = SimpleHeuristicsPlayer.choose_singles_move(battle)[0]
                best = watcher.action(order, names)
                if chosen["simple_heuristics_with_place"] != best:
                    wrong(f"{where}: simple_heuristics {chosen['simple_heuristics_with_place']}, poke-env {best}")
                equal = [n for n in range(len(names)) if theirs[n] == theirs[best]] if best < FIRST_MOVE else [best]
                switches = {names.index(pokemon.name) for pokemon in battle.available_switches}
                tied = {best} | (switches & set(equal))
                counts["ties"] += len(tied) > 1
                if chosen["simple_heuristics"] not in tied:
                    wrong(f"{where}: simple_heuristics without place {chosen['simple_heuristics']}, poke-env {tied}")

                with targets_as_text():
                    raising = watcher.action(SimpleHeuristicsPlayer.choose_singles_move(battle)[0], names)
                counts["setup_moves"] += raising != best
                if chosen["simple_heuristics_setup_with_place"] != raising:
                    wrong(f"{where}: with setup {chosen['simple_heuristics_setup_with_place']}, poke-env {raising}")

                if battle.available_moves:
                    strongest = {watcher.action(MaxBasePowerPlayer.choose_singles_move(battle), names)}
                else:
                    strongest = switches
                if chosen["max_base_power"] not in strongest:
                    wrong(f"{where}: max_base_power {chosen['max_base_power']}, poke-env {strongest}")

                allowed = {watcher.action(order, names) for order in battle.valid_orders}
                for name in ("uniform_legal", "max_expected_damage"):
                    if chosen[name] not in allowed:
                        wrong(f"{where}: {name} {chosen[name]}, poke-env allows {allowed}")
                counts["decisions"] += 1
                counts["moves"] += best >= FIRST_MOVE
                counts["replacements"] += not battle.available_moves
            left = len(list(steps))
            if left:
                differences.append(f"battle {i}, player {player + 1}: poke-env was asked {left} times fewer")
    return {**counts, "differences": differences}


@contextlib.contextmanager
def targets_as_text():
    """poke-env's rule for setup moves as it is written: a move's target may equal "self"."""
    from poke_env.battle.target import Target

    Target.__eq__ = lambda self, other: self is other or other == self.name.lower()
    Target.__hash__ = lambda self: hash(self.name)
    try:
        yield
    finally:
        del Target.__eq__, Target.__hash__


@pytest.fixture(scope="module", autouse=True)
def _poke_env():
    pytest.importorskip("poke_env", reason=f"poke-env is not installed: uv run --with poke-env=={POKE_ENV} pytest …")
    found = importlib.metadata.version("poke-env")
    if found != POKE_ENV:
        pytest.skip(f"poke-env {found} is installed, the opponents are those of {POKE_ENV}")


def seats(battles: int) -> np.ndarray:
    """int[B, 2]: every pair of `PLAYERS` in turn."""
    pairs = np.stack(np.meshgrid(*[np.arange(len(PLAYERS))] * 2), axis=-1).reshape(-1, 2)
    return pairs[np.arange(battles) % len(pairs)]


def test_decisions(pool):
    played = play(seed=1, who=seats(10))
    result = compare(played, sent_to_players(pool, played))
    assert not result["differences"], "\n".join(result["differences"][:10])
    assert result["decisions"] >= 200 and result["replacements"] >= 20


@pytest.mark.sweep
def test_many_decisions(pool):
    totals, battles = {}, 0
    for seed in range(100, 110):
        played = play(seed, seats(25))
        result = compare(played, sent_to_players(pool, played))
        battles += len(played.lengths)
        for name, value in result.items():
            totals[name] = totals.get(name, type(value)()) + value
    EVIDENCE.write_text(
        json.dumps(
            {
                "reference": f"poke-env {POKE_ENV}, messages and requests from Pokémon Showdown {VERSION}",
                "format": "gen1randombattle",
                "players": list(PLAYERS),
                "battles": battles,
                **{name: value if isinstance(value, int) else len(value) for name, value in totals.items()},
                "examples": totals["differences"][:20],
            },
            indent=2,
            ensure_ascii=False,
        )
        + "\n"
    )
    assert not totals["differences"], "\n".join(totals["differences"][:10])
    assert totals["decisions"] >= 1000
