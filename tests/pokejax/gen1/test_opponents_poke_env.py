"""The opponents choose what poke-env's players choose: battles in Showdown seen through poke-env, decision by decision.

Needs poke-env of exactly the version below, which `uv sync` installs::

    uv run --with poke-env==0.16.1 pytest -m sweep -s tests/pokejax/gen1/test_opponents_poke_env.py

plays many more battles and writes docs/evidence/gen1-opponents.json.
"""

from __future__ import annotations

import collections
import contextlib
import dataclasses
import functools
import importlib.metadata
import json
import logging
import struct
import subprocess
from collections.abc import Iterator
from typing import Any

import evidence
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from pokejax.env import Gen1Battle, Gen1Params
from pokejax.gen1 import opponents
from pokejax.gen1.choices import FIRST_MOVE
from pokejax.gen1.opponents.heuristics import estimate_matchups, simple_heuristics
from pokejax.gen1.opponents.sight import look
from pokejax.gen1.party import parties_from_wire
from pokejax.gen1.state import ONGOING
from pokejax.gen1.team_sampling import sample_teams
from references.showdown.client import teams_bytes
from references.showdown.install import VERSION, node_command
from references.showdown.workers import OP_INPUT_LOG, WorkerPool, node_environment, text_field

POKE_ENV = "0.16.1"
poke_env: Any = pytest.importorskip("poke_env", reason=f"needs poke-env: uv run --with poke-env=={POKE_ENV} pytest …")
if importlib.metadata.version("poke-env") != POKE_ENV:
    found = importlib.metadata.version("poke-env")
    pytest.skip(f"poke-env {found} is installed; the opponents are those of {POKE_ENV}", allow_module_level=True)

COMMAND = "uv run --with poke-env==0.16.1 pytest -m sweep -s tests/pokejax/gen1/test_opponents_poke_env.py"
FORMAT = "gen1randombattle"
TEAMS, STEPS = 512, 64
STREAMS_JS = """
'use strict';
// Input logs (a JSON list) from stdin; for each, what either player was sent, a list of messages, as JSON.
const fs = require('fs');
const { BattleStream, getPlayerStreams } = require('pokemon-showdown/dist/sim/battle-stream');
async function messages(inputLog) {
  const streams = getPlayerStreams(new BattleStream());
  const sent = [[], []];
  const listen = async (stream, into) => { for await (const chunk of stream) into.push(chunk); };
  const done = Promise.all([listen(streams.p1, sent[0]), listen(streams.p2, sent[1])]);
  // Line by line: Showdown sends updates after each write.
  for (const line of inputLog.split('\\n')) await streams.omniscient.write(line);
  await streams.omniscient.writeEnd();
  await done;
  return sent;
}
(async () => {
  const all = [];
  for (const log of JSON.parse(fs.readFileSync(0, 'utf8'))) all.push(await messages(log));
  process.stdout.write(JSON.stringify(all));
})();
"""


@dataclasses.dataclass(frozen=True)
class Played:
    """Battles as numpy: what they started from, ``[B, …]``, and all their decisions, ``[B, T, …]``."""

    seeds: np.ndarray
    teams: np.ndarray
    lengths: np.ndarray
    actions: np.ndarray
    chosen: dict[str, np.ndarray]
    """int[B, T, 2] by opponent; names that end in ``*`` know the order of the request too."""
    matchups: np.ndarray
    """float64[B, T, 2, 6]."""
    asked: np.ndarray
    """bool[B, T, 2]."""


@dataclasses.dataclass
class Tally:
    """The numbers of positions and differences."""

    counts: collections.Counter = dataclasses.field(default_factory=collections.Counter)
    differences: list[str] = dataclasses.field(default_factory=list)
    failures: list[str] = dataclasses.field(default_factory=list)
    """Battles that poke-env itself could not follow to the end: what it raised, and where."""

    def __iadd__(self, other: Tally) -> Tally:
        self.counts += other.counts
        self.differences += other.differences
        self.failures += other.failures
        return self


@functools.cache
def programs() -> tuple[Any, Any]:
    """Start battles; play `STEPS` steps of them, each seat by the opponent of its number in `opponents.names`."""
    env = Gen1Battle(format=FORMAT)

    @jax.vmap  # over the two players: half the program
    def seats(key: Any, own: Any, mask: Any, place: Any, who: Any) -> Any:
        rows = {name: opponents.opponent(name)(key, own, mask) for name in opponents.names()}
        action = jnp.stack(list(rows.values()))[who]
        rows["simple_heuristics*"] = simple_heuristics(key, own, mask, place)
        rows["simple_heuristics_setup*"] = simple_heuristics(key, own, mask, place, setup=True)
        return action, rows, estimate_matchups(look(own, mask, place))

    def one(carry: Any, who: Any, params: Any) -> Any:
        key, obs, state = carry
        key, *keys = jax.random.split(key, 3)
        keys = jnp.stack(keys)
        legal = env.legal_actions(state, params)
        going = state.battle.result == ONGOING
        asked = env.to_act(state) & going
        places = jnp.stack([party.position for party in state.battle.parties])
        actions, rows, matchups = seats(keys, obs, legal, places, who)
        obs, state, *_ = env.step_env(key, state, actions, params)
        return (key, obs, state), (actions, rows, matchups, asked, going)

    # Compiling takes longer than the battles do.
    jit = functools.partial(jax.jit, compiler_options={"xla_backend_optimization_level": 0})

    @jit
    def start(keys: Any, params: Any) -> Any:
        rng, rows = jax.vmap(lambda key: env.draw(key, params))(keys)
        obs, state = jax.vmap(lambda key: env.reset_env(key, params))(keys)
        return jnp.stack([rng.hi, rng.lo], axis=-1), rows, (keys, obs, state)

    @jit
    def advance(carry: Any, who: Any, params: Any) -> Any:
        return jax.lax.scan(lambda c, _: jax.vmap(one, (0, 0, None))(c, who, params), carry, length=STEPS)

    return start, advance


def play(seed: int, battles: int, kind: str = "randbats") -> Played:
    """Battles to their ends, pairs of opponents in turn, all in 25 battles; ``kind`` of teams as in `sample_teams`."""
    start, advance = programs()
    wires = sample_teams(kind, np.random.default_rng(seed), TEAMS).reshape(-1, 6, 16)
    # poke-env, like the messages, tells Pokémon apart by their names.
    ordered = np.sort(wires[..., 0], axis=-1)
    wires = wires[~((ordered[:, 1:] == ordered[:, :-1]) & (ordered[:, 1:] > 0)).any(axis=-1)][:TEAMS]
    assert len(wires) == TEAMS
    params = Gen1Params(pool=parties_from_wire(wires))
    pairs = np.argwhere(np.ones([len(opponents.names())] * 2))
    who = jnp.asarray(pairs[7 * np.arange(battles) % len(pairs)])
    seeds, rows, carry = start(jax.random.split(jax.random.key(seed), battles), params)
    parts = []
    while not parts or parts[-1][-1][-1].any():
        carry, part = advance(carry, who, params)
        parts.append(jax.tree.map(np.asarray, part))
    actions, chosen, matchups, asked, going = jax.tree.map(lambda *part: np.concatenate(part).swapaxes(0, 1), *parts)
    words = matchups.high.astype(np.uint64) << np.uint64(32) | matchups.low
    lengths = going.sum(axis=1)
    return Played(np.asarray(seeds), wires[rows], lengths, actions, chosen, words.view(np.float64), asked)


def sent_to_players(pool: WorkerPool, played: Played) -> list[list[list[str]]]:
    """For each battle and player, the messages that Showdown sent."""
    logs = []
    for i, length in enumerate(played.lengths):
        head = text_field(FORMAT) + text_field("p1") + text_field("p2")
        seed = struct.pack("<II", *(int(word) for word in played.seeds[i]))
        actions = np.ascontiguousarray(played.actions[i, :length], np.uint8).tobytes()
        logs.append(pool.call(OP_INPUT_LOG, head + seed + teams_bytes(played.teams[i]) + actions).text)
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
    """poke-env's view of one player's battle, fed as ``Player._handle_battle_message`` feeds it."""

    def __init__(self, name: str) -> None:
        self.battle = poke_env.battle.Battle(f"battle-{FORMAT}-1", name, logging.getLogger("watched"), gen=1)
        self.request: dict[str, Any] = {}
        self.names: list[str] = []
        """The own team in its own order, which the first request has."""

    def decisions(self, messages: list[str]) -> Iterator[Any]:
        """The battle at every request that asks for a choice."""
        for line in "\n".join(messages).split("\n"):
            split = line.split("|")
            if len(split) < 2 or split[1] in ("t:", "win", "tie"):
                continue
            if split[1] != "request":
                self.battle.parse_message(split)
            elif split[2] not in ("", "null"):  # what a player is sent when the battle is over
                self.request = json.loads("|".join(split[2:]))
                self.names = self.names or [pokemon["ident"][4:] for pokemon in self.request["side"]["pokemon"]]
                self.battle.parse_request(self.request)
                if not self.battle._wait:
                    yield self.battle

    def action(self, order: Any) -> int:
        """The number of a poke-env order."""
        if isinstance(order.order, poke_env.battle.Pokemon):
            return self.names.index(order.order.name)
        entries = self.request["active"][0]["moves"]
        offered = [k for k, move in enumerate(entries) if move["id"] == order.order.id and not move.get("disabled")]
        return FIRST_MOVE + offered[0]

    def matchups(self) -> list[float]:
        """``_estimate_matchup`` of the own team in its own order."""
        team = {pokemon.name: pokemon for pokemon in self.battle.team.values()}
        foe = self.battle.opponent_active_pokemon
        estimate = poke_env.player.SimpleHeuristicsPlayer._estimate_matchup
        return [float(estimate(team[name], foe)) for name in self.names]


def compare(played: Played, sent: list[list[list[str]]]) -> Tally:
    """Every decision of both players against poke-env's players."""
    tally = Tally()
    for i, length in enumerate(played.lengths):
        for player in range(2):
            steps = np.flatnonzero(played.asked[i, :length, player])
            watcher = Watcher(f"p{player + 1}")
            seen = 0
            try:
                for _ in watcher.decisions(sent[i][player]):
                    step = steps[seen]
                    seen += 1
                    chosen = {name: int(rows[i, step, player]) for name, rows in played.chosen.items()}
                    where = f"battle {i}, player {player + 1}, step {step}, turn {watcher.battle.turn}"
                    compare_one(tally, watcher, chosen, played.matchups[i, step, player].tolist(), where)
            except (AssertionError, KeyError, NotImplementedError, ValueError) as error:
                tally.failures.append(
                    f"battle {i}, player {player + 1}, decision {seen}: {type(error).__name__} {error}"
                )
                continue
            if seen < len(steps):
                tally.differences.append(f"battle {i}, player {player + 1}: poke-env was asked {seen} of {len(steps)}")
    return tally


def compare_one(tally: Tally, watcher: Watcher, chosen: dict[str, int], matchups: list[float], where: str) -> None:
    """One decision of all opponents, and the six matchups it rests on, bit for bit."""
    battle, players = watcher.battle, poke_env.player
    switches = {watcher.names.index(pokemon.name) for pokemon in battle.available_switches}
    estimates = watcher.matchups()
    best = watcher.action(players.SimpleHeuristicsPlayer.choose_singles_move(battle)[0])
    with targets_as_text():
        raising = watcher.action(players.SimpleHeuristicsPlayer.choose_singles_move(battle)[0])
    tied = {best} | {n for n in switches if best < FIRST_MOVE and estimates[n] == estimates[best]}
    tied_raising = tied if raising == best else {raising}
    strongest = switches
    if battle.available_moves:
        strongest = {watcher.action(players.MaxBasePowerPlayer.choose_singles_move(battle))}
    legal = {watcher.action(order) for order in battle.valid_orders}
    allowed = {
        "simple_heuristics*": {best},
        "simple_heuristics": tied,
        "simple_heuristics_setup*": {raising},
        "simple_heuristics_setup": tied_raising,
        "max_base_power": strongest,
        "max_expected_damage": legal,
        "uniform_legal": legal,
    }
    for name, actions in allowed.items():
        if chosen[name] not in actions:
            tally.differences.append(f"{where}: {name} chose {chosen[name]}, poke-env {sorted(actions)}")
    if matchups[: len(estimates)] != estimates:
        tally.differences.append(f"{where}: matchups {matchups}, poke-env {estimates}")
    tally.counts.update(
        decisions=1,
        replacements=int(not battle.available_moves),
        switches=int(bool(battle.available_moves) and best < FIRST_MOVE),
        ties=int(len(tied) > 1),
        ties_decided_otherwise_without_the_order=int(chosen["simple_heuristics"] != best),
        setup_moves=int(raising != best),
        matchups=len(estimates),
    )


@contextlib.contextmanager
def targets_as_text() -> Iterator[None]:
    """poke-env's rule for setup moves as it is written: a move's target may equal "self"."""
    target = poke_env.battle.target.Target
    target.__eq__ = lambda self, other: self is other or other == self.name.lower()
    target.__hash__ = lambda self: hash(self.name)
    try:
        yield
    finally:
        del target.__eq__, target.__hash__


def test_decisions(pool: WorkerPool) -> None:
    played = play(seed=1, battles=25)
    tally = compare(played, sent_to_players(pool, played))
    assert not tally.differences and not tally.failures, "\n".join((tally.differences + tally.failures)[:10])
    assert tally.counts["decisions"] >= 200
    assert min(tally.counts[name] for name in ("replacements", "switches", "ties", "setup_moves")) > 0


@pytest.mark.sweep
def test_many_decisions(pool: WorkerPool) -> None:
    results = {}
    for kind, rounds in (("randbats", 4), ("ou", 2), ("allmoves", 2)):
        tally = Tally()
        for seed in range(rounds):
            played = play(1000 + seed, 50, kind)
            tally += compare(played, sent_to_players(pool, played))
            print(kind, seed, dict(tally.counts), len(tally.differences), len(tally.failures), flush=True)
        results[kind] = {
            "battles": 50 * rounds,
            **tally.counts,
            "differences": len(tally.differences),
            "poke_env_failures": len(tally.failures),
            "examples": [*tally.differences[:10], *tally.failures[:10]],
        }
        found = {"poke_env": POKE_ENV, "showdown": VERSION, "teams": results}
        evidence.record("gen1-opponents.json", "decisions", found, COMMAND)
    assert results["randbats"]["decisions"] >= 1000
    assert not results["randbats"]["differences"] and not results["randbats"]["poke_env_failures"]
