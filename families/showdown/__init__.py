"""Policies on a real Showdown server, ``pokejax play``, their teams, ``pokejax teams``, and ``pokejax replays``.

For every generation that `pokejax.client` reads; none is named here.
"""

from pokejax.cli.command import Command

TEAMS = Command("generate, validate and rewrite teams", "families.showdown.teams:main")
COMMAND = Command("play policies on a Pokémon Showdown server", "families.showdown.options:main")
REPLAYS = Command("turn replays into observations, actions and rewards", "families.showdown.replays:main")
