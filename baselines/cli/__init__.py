"""The command line: one module for each command. Exit status 0 done, 1 failed, 2 wrong arguments, 130 interrupted."""

from __future__ import annotations

import contextlib
import importlib
import os
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

from jaxenv.commands.interrupts import complain, run_command
from leaderboard.invocation import program

COMMANDS = {
    "train": ("baselines.cli.train", "train a policy (PPO or PQN)"),
    "eval": ("baselines.cli.evaluate", "play whole episodes with a trained policy"),
    "plot": ("baselines.cli.plot", "draw learning curves of one run or several, PNG and HTML"),
    "play": ("baselines.cli.play", "show one episode of a trained policy, step by step"),
    "record": ("baselines.cli.record", "write a short film of play, one animated SVG"),
    "export": ("baselines.cli.export", "write a trained policy as one file, which runs with JAX alone"),
    "merge": ("baselines.cli.merge", "make one result of the shards of a run over seeds"),
    "speed": ("baselines.cli.speed", "time training, and the environment alone, over sizes of the network"),
    "rate": ("baselines.ratings", "play policies against each other and rate them"),
    "transfer": ("baselines.transfer", "test that a policy does as well here as in the reference"),
}


def main(arguments: Sequence[str]) -> int:
    """The exit status."""
    command = arguments[0] if arguments else ""
    return run_command(command or "baselines", lambda: _run(command, list(arguments[1:])))


def _run(command: str, rest: list[str]) -> int:
    """The exit status; errors that are the user's to mend are one line on the standard error."""
    if command in ("", "-h", "--help"):
        print(f"usage: {program('baselines')} COMMAND …   (COMMAND --help tells more)\n")
        for name, (_, meaning) in COMMANDS.items():
            print(f"  {name:9} {meaning}")
        return 0 if command else 2
    if command not in COMMANDS:
        complain(f"unknown command {command!r}; commands are {', '.join(COMMANDS)}")
        return 2
    from baselines.errors import BaselinesError, StorageError
    from jaxenv import UnknownEnvironmentError

    try:
        with _warnings_in_words(command):
            return _start(command, rest)
    except (BaselinesError, StorageError, UnknownEnvironmentError) as error:
        complain(f"{command}: {error.args[0] if error.args else error}")
        return 1


def _start(command: str, rest: list[str]) -> int:
    _cache_compiled_programs()
    module = importlib.import_module(COMMANDS[command][0])
    if hasattr(module, "main"):
        return module.main(rest)
    import argparse

    parser = argparse.ArgumentParser(prog=program("baselines", command))
    module.add_arguments(parser)
    return int(module.run(parser.parse_args(rest)) or 0)


@contextlib.contextmanager
def _warnings_in_words(command: str) -> Iterator[None]:
    """Our own warnings as one line, without the line of code that they come from."""
    from baselines.errors import DamagedCheckpointWarning

    usual = warnings.showwarning

    def show(message: Any, category: type[Warning], *where: Any, **more: Any) -> None:
        if issubclass(category, DamagedCheckpointWarning):
            complain(f"{command}: {message}")
        else:
            usual(message, category, *where, **more)

    with warnings.catch_warnings():
        warnings.simplefilter("always", DamagedCheckpointWarning)
        warnings.showwarning = show
        yield


def _cache_compiled_programs() -> None:
    """Keep compiled programs in the user's cache folder: Gen 1's take a minute to make."""
    if os.environ.get("JAX_COMPILATION_CACHE_DIR"):
        return
    import jax
    from platformdirs import user_cache_path

    from baselines.errors import StorageError
    from jaxenv.commands import files

    folder = user_cache_path("pokejax-baselines")
    try:
        files.check_writable(folder / "programs", "choose another folder with JAX_COMPILATION_CACHE_DIR")
    except StorageError as error:
        complain(f"compiled programs are not kept for the next time: {error}")
        return
    jax.config.update("jax_compilation_cache_dir", str(folder))
