"""A poke-env player that follows any policy of ours. Needs poke-env."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Sequence
from typing import Any

import jax
from poke_env.player import Player

from pokejax.client.bridge import Bridge, blank
from pokejax.client.errors import ClientError
from pokejax.client.orders import Order
from pokejax.client.policies import format_of, host_policy
from pokejax.client.protocol import CHOICE, Splitter, given_up
from pokejax.client.protocol import FORFEIT as FORFEIT
from pokejax.client.protocol import TIMEOUT as TIMEOUT

_REFUSED = ("[Invalid choice]", "[Unavailable choice]")


@dataclasses.dataclass
class Record:
    """One battle of a player, as it was sent.

    * ``lines``: all messages, requests included, and the choices: what `pokejax.client.observations` reads.
    * ``invalid``: choices that the server refused, or that the policy's mask did not allow.
    * ``ending``: "" for a battle that was played out, else `FORFEIT` or `TIMEOUT`.
    * ``problem``: the reason for which the observation could not be followed; "" if it could.
    """

    splitter: Splitter = dataclasses.field(default_factory=Splitter)
    lines: list[str] = dataclasses.field(default_factory=list)
    bridge: Bridge | None = None
    observation: Any = None
    memory: Any = None
    decisions: int = 0
    invalid: int = 0
    open: int = 0
    ending: str = ""
    problem: str = ""
    words: str = ""
    key: Any = None

    @property
    def text(self) -> str:
        """The battle's log with requests."""
        return "\n".join(self.lines) + "\n"


class PolicyPlayer(Player):
    """A player whose choices are a policy's, from the same observations as in the environment.

    ``policy``: anything that `pokejax.client.policies.host_policy` takes. ``battle_format``: default that of the
    policy's environment. ``greedy``: the likeliest action of a policy's file. ``seed``: of the policy's own draws. All
    other arguments are those of poke-env's ``Player``.

    An action that the mask does not allow becomes Showdown's "default", as in the environment, and is counted.
    `PolicyError` for a policy that cannot be loaded or plays another generation.
    """

    def __init__(
        self, policy: Any, *arguments: Any, battle_format: str = "", greedy: bool = False, seed: int = 0, **options: Any
    ) -> None:
        format_id = battle_format or format_of(policy)
        self.policy = host_policy(policy, format_id, greedy=greedy)
        self.records: dict[str, Record] = {}
        self._key = jax.random.key(seed)
        # What is compiled is compiled before a server waits for us.
        self.policy.act(self._key, blank(format_id), self.policy.begin(), True)
        super().__init__(*arguments, battle_format=format_id, **options)

    @property
    def invalid_choices(self) -> int:
        """Choices of all battles that the server refused or the mask did not allow."""
        return sum(record.invalid for record in self.records.values())

    def choose_move(self, battle: Any) -> Order:
        """The policy's order; see poke-env."""
        record = self.records[battle.battle_tag]
        words = record.words or "default"
        record.lines.append(f"{CHOICE}{record.splitter.player} {words}")
        return Order(words)

    async def _handle_battle_message(self, split_messages: list[list[str]]) -> None:
        """Read the messages before poke-env does, then let it ask for the choice."""
        tag = split_messages[0][0].removeprefix(">")
        if tag.startswith("battle-"):
            record = self.records.setdefault(tag, Record())
            self._take(record, ["|".join(parts) for parts in split_messages[1:]])
        await super()._handle_battle_message(split_messages)

    def _take(self, record: Record, lines: Sequence[str]) -> None:
        record.lines += [line for line in lines if line]
        for line in lines:
            if line.startswith("|error|"):
                record.invalid += any(reason in line for reason in _REFUSED)
            elif line.startswith(("|-message|", "|message|")):
                record.ending = given_up(line) or record.ending
        if record.problem:
            return
        try:
            for decision in record.splitter.feed(lines):
                self._decide(record, decision)
        except ClientError as error:
            record.problem, record.words = str(error), ""
            self.logger.error("The battle cannot be followed, and is played on by default choices: %s", error)

    def _decide(self, record: Record, decision: Any) -> None:
        record.words = ""
        if record.bridge is None:
            record.bridge = Bridge(self.format, record.splitter.player)
            record.memory = self.policy.begin()
            self._key, record.key = jax.random.split(self._key)
        record.observation = record.bridge.see(decision.lines, decision.request)
        if decision.request is None:
            return
        # Who waits is asked too, as in the environment: a policy with a memory sees every step.
        key = jax.random.fold_in(record.key, record.decisions)
        action, record.memory = self.policy.act(key, record.observation, record.memory, record.decisions == 0)
        record.decisions += 1
        record.open += bool(record.bridge.open)
        legal = record.observation.legal_actions
        if not 0 <= action < len(legal) or not legal[action]:
            record.invalid += 1
            return
        with contextlib.suppress(ValueError):
            record.words = record.bridge.choice(action)
