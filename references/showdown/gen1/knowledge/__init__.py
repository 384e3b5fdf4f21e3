"""Possible knowledge of a player of a Gen 1 battle, from Showdown's own messages and requests to it, and nothing else.

The reference's side of PokeJAX's observation. It is slow and plain, and shares no code or table with PokeJAX: messages
are read by their names, which become numbers by tables that Showdown's dex gives (`names`).

* `names`: the tables. `team`: what is known of Pokémon and sides. `log`: messages. `watcher`: one player's knowledge,
  step after step. `numbers`: the observation's fields.
"""

from references.showdown.gen1.knowledge.names import Names as Names
from references.showdown.gen1.knowledge.numbers import FIELDS as FIELDS
from references.showdown.gen1.knowledge.numbers import WIDTH as WIDTH
from references.showdown.gen1.knowledge.numbers import columns as columns
from references.showdown.gen1.knowledge.numbers import row as row
from references.showdown.gen1.knowledge.team import KnowledgeError as KnowledgeError
from references.showdown.gen1.knowledge.watcher import Watcher as Watcher
