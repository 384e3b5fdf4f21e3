"""A command of its own: ``pokejax corridor``."""

from pokejax.cli.command import Command


def _run(arguments):
    print(f"a corridor, {' '.join(arguments) or 'empty'}")
    return 0


COMMAND = Command("say that the corridor is there", _run)
