"""One battle as Showdown's input log, its protocol log and a page to watch it."""

from pokejax.cli.command import Command

COMMAND = Command(
    "write one battle as Showdown's input log, its protocol log and a page to watch it",
    "families.pokejax_gen1.replay.options:main",
)
