"""The opponents that people measure against, as pure functions of one player's observation.

>>> env = pokejax.make("pokejax/gen1randombattle")
>>> duel = opponents.versus(my_policy, "simple_heuristics")
>>> carry, summary = jaxenv.rollout(env, 256, 1000, duel)(jax.random.key(0))

* ``uniform_legal``: any legal action. poke-env's ``RandomPlayer``.
* ``max_base_power``: the move with the highest base power. poke-env's ``MaxBasePowerPlayer``.
* ``max_expected_damage``: the move that takes most HP on average; `damage.max_expected_damage` says what counts.
* ``simple_heuristics``: poke-env's ``SimpleHeuristicsPlayer``, decision for decision (`heuristics`).
* ``simple_heuristics_setup``: the same, and it raises its stages as that player's code means to but never does.

None remembers anything. What poke-env's players read off messages and requests, these read off the observation; the one
thing an observation lacks is the order of the own Pokémon in the request, which decides between switches that look
equally good (`sight.look`): there the policies take the first of the team.
"""

from __future__ import annotations

import functools

from pokejax.common.opponents import Opponents
from pokejax.common.opponents import UnknownOpponentError as UnknownOpponentError
from pokejax.gen1.opponents.damage import max_base_power, max_expected_damage, uniform_legal
from pokejax.gen1.opponents.heuristics import simple_heuristics

_OPPONENTS = Opponents(
    {
        "uniform_legal": uniform_legal,
        "max_base_power": max_base_power,
        "max_expected_damage": max_expected_damage,
        "simple_heuristics": simple_heuristics,
        "simple_heuristics_setup": functools.partial(simple_heuristics, setup=True),
    }
)

names = _OPPONENTS.names
opponent = _OPPONENTS.opponent
policy = _OPPONENTS.policy
versus = _OPPONENTS.versus
