"""Hidden facts of a Gen 1 battle, drawn anew as one player may believe them: the foe's team, and what only time tells.

What is seen stays: the player's observation, its request and its legal actions are the same before and after.
"""

from pokejax.gen1.hidden.determinize import determinize as determinize
from pokejax.gen1.hidden.team import LAWS as LAWS
