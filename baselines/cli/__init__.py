"""The command line: one module for each command. Exit status 0 done, 1 failed, 2 wrong arguments, 130 interrupted."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence

COMMANDS = {
    "train": ("baselines.cli.train", "train a policy (PPO or PQN)"),
    "eval": ("baselines.cli.evaluate", "play whole episodes with a trained policy"),
    "plot": ("baselines.cli.plot", "learning curves of one run or several, PNG and HTML"),
    "play": ("baselines.cli.play", "watch a trained policy"),
    "speed": ("baselines.cli.speed", "training beside the environment alone, over sizes of the network"),
    "rate": ("baselines.ratings", "win-rate matrix and Bradley–Terry ratings"),
    "transfer": ("baselines.transfer", "the same policy here and in the reference: equivalent?"),
}


def main(arguments: Sequence[str]) -> int:
    """The exit status."""
    if not arguments or arguments[0] in ("-h", "--help"):
        print("usage: python -m baselines COMMAND …   (COMMAND --help tells more)\n")
        for name, (_, meaning) in COMMANDS.items():
            print(f"  {name:9} {meaning}")
        return 0 if arguments else 2
    command, rest = arguments[0], list(arguments[1:])
    if command not in COMMANDS:
        print(f"unknown command {command!r}; commands are {', '.join(COMMANDS)}", file=sys.stderr)
        return 2
    from baselines.errors import BaselinesError
    from jaxenv import UnknownEnvironmentError

    try:
        return _run(command, rest)
    except (BaselinesError, UnknownEnvironmentError) as error:
        print(f"{command}: {error.args[0] if error.args else error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"{command}: interrupted", file=sys.stderr)
        return 130


def _run(command: str, rest: list[str]) -> int:
    _cache_compiled_programs()
    module = importlib.import_module(COMMANDS[command][0])
    if hasattr(module, "main"):
        return module.main(rest)
    import argparse

    parser = argparse.ArgumentParser(prog=f"python -m baselines {command}")
    module.add_arguments(parser)
    return int(module.run(parser.parse_args(rest)) or 0)


def _cache_compiled_programs() -> None:
    """Compiled programs stay in the user's cache folder: Gen 1's take a minute to make."""
    import jax
    from platformdirs import user_cache_dir

    if not os.environ.get("JAX_COMPILATION_CACHE_DIR"):
        jax.config.update("jax_compilation_cache_dir", user_cache_dir("pokejax-baselines"))
