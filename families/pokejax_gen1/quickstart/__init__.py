"""The quickstart: battles beside Showdown, timed, shown and learned."""

from pokejax.cli.command import Command

COMMAND = Command(
    "play thousands of battles, compare some with Showdown, time both, write a replay, train a policy",
    "families.pokejax_gen1.quickstart.options:main",
)
