"""Observations of a modern battle: `memory` keeps what each player was shown, `build` writes it down.

A player learns from the protocol messages that both are sent (``|switch|``, ``|move|``, ``|-heal|…|[from] item:``) and
from its own request. The foe's Pokémon stand in the order of their appearance and its moves in the order of their
numbers, because neither its team order nor its move order is ever shown.

Hidden, and in no field: the generator, how long sleep, confusion, Taunt and the like will last, whether a weather or a
screen lasts five turns or eight, HP of Substitutes, a Choice lock of the foe, and moves selected but not carried out.
"""

from pokejax.modern.observation.build import observe as observe
from pokejax.modern.observation.memory import Memory as Memory
from pokejax.modern.observation.memory import first_memory as first_memory
from pokejax.modern.observation.memory import remember as remember
from pokejax.modern.observation.spec import OBS_SPEC as OBS_SPEC
from pokejax.modern.observation.spec import Observation as Observation
