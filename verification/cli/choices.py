"""A plugin's own options on the command line: `--set NAME=VALUE`, and `--NAME VALUE` as a shorthand.

The core declares no environment's option. They are added to the parser when the command line names an environment.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence

from verification.fields import PluginError
from verification.plugin import Option
from verification.registry import UnknownPluginError, known_plugins, load_plugin

_TARGET = re.compile(r"[\w.]+:\w+")
_PREFIX = "choice of the plugin: "


def add_to(parser: argparse.ArgumentParser, arguments: Sequence[str]) -> None:
    """Add `--set`, and the options of the environment that `arguments` (after the command) name."""
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        type=_pair,
        help="an option of the environment's own; `COMMAND ENV --help` lists them",
    )
    options, env = _declared(arguments)
    if not options:
        return
    group = parser.add_argument_group(f"options of {env}")
    for option in options:
        known = f": {', '.join(option.values)}" if option.values else ""
        text = f"{option.help}{known} (default {option.default})".replace("%", "%%")
        group.add_argument(f"--{option.name}", dest=_PREFIX + option.name, metavar=option.name.upper(), help=text)


def chosen(options: argparse.Namespace) -> dict[str, str]:
    """The choices of a parsed command line, by name; a shorthand goes before `--set`."""
    shorthands = {
        name.removeprefix(_PREFIX): value
        for name, value in vars(options).items()
        if name.startswith(_PREFIX) and value is not None
    }
    return {**dict(options.set), **shorthands}


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return name, value


def _declared(arguments: Sequence[str]) -> tuple[Sequence[Option], str]:
    """The options of the first argument that names a plugin; none, and later a report that says why, without one."""
    known = known_plugins()
    env = next((word for word in arguments if word in known), None)
    env = env or next((word for word in arguments if _TARGET.fullmatch(word)), None)
    if env is None:
        return (), ""
    try:
        return load_plugin(env).running.options, env
    except (UnknownPluginError, ImportError, PluginError):
        return (), ""
