"""A generation of the modern rules as an `Engine`: `turn`, and what has been shown (`observation`), put together."""

from __future__ import annotations

import dataclasses
import operator

import jax
import jax.numpy as jnp
import numpy as np

from jaxenv import ObsSpec
from pokejax.common.formats import Format
from pokejax.common.rng import Rng
from pokejax.modern import choices, turn
from pokejax.modern.choices import NO_OP, NUM_ACTIONS
from pokejax.modern.observation import OBS_SPEC, Memory, Observation, first_memory, observe, remember
from pokejax.modern.party import draw_genders, parties_from_wire
from pokejax.modern.playable import unplayed
from pokejax.modern.rules import CLAUSES, Rules
from pokejax.modern.shown import nothing_shown, unpacked
from pokejax.modern.state import ONGOING, REQUEST_MOVE, REQUEST_SWITCH, Battle, Party, pack, unpack

LONGEST = 1010
"""Decisions of the longest battle: 1000 turns, after which it is a tie, and ten replacements; U-turn adds some."""
_CLAUSES = {"gen4random": ("sleep",), "gen4ou": ("freeze",), "gen4anythinggoes": ()}


@dataclasses.dataclass(frozen=True)
class ModernEngine:
    """See `pokejax.common.engine.Engine`. Battles of Generation 4 in singles.

    Both players choose at once; see `choices` for the actions. A battle is packed (`state.pack`).
    """

    rules: Rules
    version: str = "0"
    num_actions: int = NUM_ACTIONS
    no_op: int = NO_OP
    longest: int = LONGEST

    @property
    def obs_spec(self) -> ObsSpec:
        """Fields of `Observation`."""
        return OBS_SPEC

    def parties(self, wire: np.ndarray) -> Party:
        """Parties of wire teams, integers [..., 6, 24]: numpy leaves in storage dtypes."""
        return parties_from_wire(wire, self.rules.gen)

    def unplayed(self, wire: np.ndarray) -> list[str]:
        """See `playable.unplayed`."""
        return unplayed(wire)

    def start(self, rng: Rng, parties: Party) -> tuple[Battle, Memory]:
        """Both leads are out; leaves of ``parties`` are ``[2, 6, …]`` in storage dtypes."""
        first, second = (jax.tree.map(operator.itemgetter(side), parties) for side in range(2))
        rng, first = draw_genders(rng, first)
        rng, second = draw_genders(rng, second)
        battle = turn.start(rng, (first, second), self.rules, nothing_shown())
        shown = battle.shown
        return pack(battle.replace(shown=None)), first_memory(shown)

    def step(self, battle: Battle, memory: Memory, actions: jax.Array) -> tuple[Battle, Memory, jax.Array]:
        """``actions``: int[2], whatever their values."""
        begun = unpack(battle).replace(shown=unpacked(memory.shown))
        after, illegal = turn.step(begun, actions, self.rules)
        now = pack(after.replace(shown=None))
        return now, remember(memory, battle, now, after.shown), illegal

    def choices(self, battle: Battle) -> jax.Array:
        """bool[2, 11]."""
        return choices.legal_masks(unpack(battle))

    def to_act(self, battle: Battle) -> jax.Array:
        """bool[2]."""
        request = battle.field.request
        leaves = jnp.stack([side.active[0].switch_flag for side in battle.sides]) > 0
        asked = (request == REQUEST_MOVE) | ((request == REQUEST_SWITCH) & leaves)
        return asked | (battle.field.result != ONGOING)

    def observe(self, battle: Battle, memory: Memory, choices: jax.Array) -> Observation:
        """Leaves ``[2, …]``."""
        return observe(battle, memory, choices)

    def reseed(self, battle: Battle, rng: Rng) -> Battle:
        """The battle with its generator at ``rng``."""
        return battle.replace(rng=rng)

    def determinize(
        self, key: jax.Array, battle: Battle, memory: Memory, player: jax.Array, pool: Party, law: str
    ) -> tuple[Battle, Memory]:
        """Not there: ``NotImplementedError``. Hidden cards of Generation 4 have no law yet."""
        raise NotImplementedError(
            "determinize: Generation 4 has no law of a foe's hidden Pokémon yet; search in Generation 1's battles, or "
            "use the true state"
        )

    def result(self, battle: Battle) -> jax.Array:
        """int8[]."""
        return battle.field.result


def engine(format: Format) -> ModernEngine:
    """The engine of a format of Generation 4, by its rules in battle."""
    if format.rules not in _CLAUSES:
        raise ValueError(f"{format.id}: the modern engine has no rules {format.rules!r}; it has {', '.join(_CLAUSES)}")
    wanted = _CLAUSES[format.rules]
    return ModernEngine(rules=Rules(clauses=tuple(clause for clause in wanted if clause in CLAUSES)))
