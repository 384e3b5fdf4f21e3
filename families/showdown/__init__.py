"""Policies on a real Showdown server: ``pokejax play``, for every generation that `pokejax.client` reads."""

from pokejax.cli.command import Command

COMMAND = Command("play policies on a Pokémon Showdown server", "families.showdown.options:main")
