"""The teller of Gen 1 (`pokejax.common.stories`): a battle played by hand, told by the real Showdown.

The input log goes through the simulator; what it tells must be as long as the battle and end like it.
"""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
import numpy as np

from families.pokejax_gen1.replay.command import RecordedBattle, ReplayMismatchError, told_result
from families.pokejax_gen1.replay.page import page as page_of
from families.pokejax_gen1.replay.protocol import PLAYER_NAMES, blocks, describe
from families.pokejax_gen1.verify.battles import record_order
from families.pokejax_gen1.verify.record import record
from families.pokejax_gen1.verify.sides import column_order
from pokejax.common.stories import Story, TellerError
from pokejax.gen1.state import unpack
from references.showdown.client import BattleJob
from references.showdown.gen1.fields import field_names
from references.showdown.install import VERSION, ReferenceUnavailableError
from references.showdown.replay import protocol_log, written_log
from references.showdown.workers import WorkerPool


def input_log(story: Story) -> str:
    """Input of ``pokemon-showdown simulate-battle``."""
    return _input_log(story.format, story.seed, story.teams.tobytes(), story.lines)


def log(story: Story) -> str:
    """The protocol log in plain English, a blank line between decision points."""
    _, told = _told(story)
    return "\n\n".join("\n".join(line.text for line in describe(block)) for block in told[1:] if describe(block))


def page(story: Story) -> str:
    """The page of ``pokejax replay``."""
    battle, told = _told(story)
    facts = {
        "told by": f"Pokémon Showdown {VERSION}, from the seed, the teams and the choices",
        "checked": f"HP of both sides equal at all {len(battle.records)} decision points",
    }
    return page_of(battle, told, facts)


def _told(story: Story) -> tuple[RecordedBattle, list[list[str]]]:
    """The battle with its records, and the reference's blocks of messages; `ReplayMismatchError` where they differ."""
    battle = _recorded(story)
    protocol = _protocol_log(input_log(story))
    told = blocks(protocol)
    if told_result(protocol) != battle.result or len(told) != len(battle.records) + 1:
        raise ReplayMismatchError(
            f"JAX: result {battle.result!r} after {len(story.actions)} joint steps; the reference's log: "
            f"{told_result(protocol)!r} after {len(told) - 2}"
        )
    for step, (ours, theirs) in enumerate(zip(_hp(battle), _told_hp(told), strict=True)):
        if ours != theirs:
            raise ReplayMismatchError(f"decision point {step}: JAX has HP {ours}, the reference's log {theirs}")
    return battle, told


def _hp(battle: RecordedBattle) -> list[tuple[int, int]]:
    """HP of both active Pokémon at each decision point."""
    rows = np.arange(len(battle.records))
    sides = []
    for player in ("p1", "p2"):
        table = np.stack([battle.column(f"{player}.team.{slot}.hp") for slot in range(6)], axis=1)
        sides.append(table[rows, battle.column(f"{player}.active")])
    return [(int(first), int(second)) for first, second in zip(*sides, strict=True)]


def _told_hp(told: list[list[str]]) -> list[tuple[int, int]]:
    """The same by the messages: after the start, and after each joint step."""
    hp, found = {"p1": -1, "p2": -1}, []
    for block in told[1:]:
        for line in block:
            _, _, message = line.partition("|")
            kind, *words = message.split("|")
            place = {"switch": 2, "drag": 2, "-damage": 1, "-heal": 1, "-sethp": 1}.get(kind)
            if place is not None:
                hp[words[0][:2]] = int(words[place].split(" ")[0].split("/")[0])
        found.append((hp["p1"], hp["p2"]))
    return found


def _recorded(story: Story) -> RecordedBattle:
    states = jax.tree.map(lambda *leaves: np.stack(leaves), *story.states)
    records = np.asarray(_records(states))[:, column_order(list(record_order()))]
    job = BattleJob(story.format, story.seed, story.teams.astype(np.uint16), story.actions.astype(np.uint8))
    return RecordedBattle(job, records, field_names())


@jax.jit
def _records(states) -> jax.Array:
    return jax.lax.map(lambda battle: record(unpack(battle)), jax.tree.map(jnp.asarray, states))


@functools.lru_cache(maxsize=8)
def _input_log(format: str, seed: tuple[int, int], teams: bytes, lines: tuple[str, ...]) -> str:
    pair = np.frombuffer(teams, np.uint8).reshape(2, 6, 16).astype(np.uint16)
    job = BattleJob(format, seed, pair, np.zeros((0, 2), np.uint8))
    try:
        with WorkerPool(1) as pool:
            head = written_log(pool, job, PLAYER_NAMES)
    except ReferenceUnavailableError as error:
        raise TellerError(str(error)) from error
    return head + "".join(f">{line}\n" for line in lines)


@functools.lru_cache(maxsize=8)
def _protocol_log(text: str) -> str:
    return protocol_log(text)
