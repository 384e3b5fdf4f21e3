"""Observations of a Gen 1 battle: `memory` keeps what each player was shown, `build` writes it down.

Everything a player learns comes from two sources: the protocol messages that both are sent (``|switch|``, ``|move|``,
``|-status|`` …) and the player's own request (own team with exact HP, own moves with PP, what may be chosen). The
opponent's Pokémon stand in the order of their appearance and its moves in the order of their numbers, because neither
its team order nor its move order is ever shown.

Hidden from both, and in no field: the generator, how long sleep, confusion, Disable, Bide, Thrash and partial trapping
will last, HP of Substitutes, a flinch to come, and a move selected but not carried out.
"""

from pokejax.gen1.observation.build import observe as observe
from pokejax.gen1.observation.memory import Memory as Memory
from pokejax.gen1.observation.memory import first_memory as first_memory
from pokejax.gen1.observation.memory import remember as remember
from pokejax.gen1.observation.spec import OBS_SPEC as OBS_SPEC
from pokejax.gen1.observation.spec import Observation as Observation
