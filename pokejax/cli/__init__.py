"""Command line ``pokejax COMMAND``.

Commands are found by the entry-point group ``pokejax.commands``, whose values are `pokejax.cli.command.Command`
objects; PokeJAX's own and those of other packages come the same way. A command is imported when it is run, or named in
the help.

Exit status: that of the command; 2 for a command that does not exist or cannot run here, 130 after Ctrl-C.
"""

from __future__ import annotations

import difflib
import re
import sys
from collections.abc import Sequence
from importlib.metadata import EntryPoint, PackageNotFoundError, entry_points, requires

from jaxenv.commands.files import StorageError
from jaxenv.commands.interrupts import run_command
from pokejax.cli.command import EXIT_COULD_NOT, EXIT_OK, CannotRunError, Command

GROUP = "pokejax.commands"
_OWN = "pokejax"


def commands() -> dict[str, EntryPoint]:
    """Entry points of all commands by name, in order. Of two with one name, PokeJAX's own is taken."""
    found = sorted(entry_points(group=GROUP), key=lambda entry: entry.dist is not None and entry.dist.name == _OWN)
    return dict(sorted({entry.name: entry for entry in found}.items()))


def load(entry: EntryPoint) -> Command:
    """The command of an entry point; `CannotRunError` where it cannot be imported or is none."""
    try:
        import pokejax.tools  # noqa: F401 (puts the tools on the path)

        command = entry.load()
    except ModuleNotFoundError as error:
        raise CannotRunError(_missing(error)) from error
    except (ImportError, AttributeError) as error:
        raise CannotRunError(f"{entry.value} cannot be imported: {error}") from error
    if not isinstance(command, Command):
        raise CannotRunError(f"{entry.value} is a {type(command).__name__}, not a pokejax.cli.command.Command")
    return command


def usage() -> str:
    """The text of ``pokejax --help``."""
    lines = []
    for name, entry in commands().items():
        try:
            lines.append(f"  {name:<12}{load(entry).summary}")
        except CannotRunError as error:
            lines.append(f"  {name:<12}cannot be loaded: {error}")
    return "\n".join(
        [
            "usage: pokejax [-h] [--version] COMMAND ...",
            "",
            "Reinforcement-learning environments in JAX, each checked against its reference.",
            "",
            "commands:",
            *lines,
            "",
            "`pokejax COMMAND --help` tells more. The tools need `pip install 'pokejax[tools]'`.",
        ]
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    return run_command(" ".join(["pokejax", *words[:1]]), lambda: _run(words))


def _run(words: list[str]) -> int:
    if not words:
        print(usage(), file=sys.stderr)
        return EXIT_COULD_NOT
    name, rest = words[0], words[1:]
    if name in ("-h", "--help"):
        print(usage())
        return EXIT_OK
    if name == "--version":
        from pokejax import __version__

        print(f"pokejax {__version__}")
        return EXIT_OK
    known = commands()
    if name not in known:
        close = difflib.get_close_matches(name, known, n=1)
        told = f"did you mean {close[0]!r}?" if close else f"commands are {', '.join(known)}"
        print(f"pokejax: there is no command {name!r}; {told}", file=sys.stderr)
        return EXIT_COULD_NOT
    return _start(name, known[name], rest)


def _start(name: str, entry: EntryPoint, arguments: list[str]) -> int:
    before = sys.argv
    try:
        command = load(entry)
        sys.argv = [f"pokejax {name}", *command.before, *arguments]  # what the programs write down as their command
        return command.run(arguments)
    except (CannotRunError, StorageError) as error:
        print(f"pokejax {name}: {error}", file=sys.stderr)
        return EXIT_COULD_NOT
    except ModuleNotFoundError as error:
        if not _of_an_extra(error.name):
            raise
        print(f"pokejax {name}: {_missing(error)}", file=sys.stderr)
        return EXIT_COULD_NOT
    finally:
        sys.argv = before


def _missing(error: ModuleNotFoundError) -> str:
    if _of_an_extra(error.name):
        return f"it needs {error.name}, which is not installed. Remedy: `{_remedy()}`."
    return f"it needs the module {error.name}, which is not installed"


def _remedy() -> str:
    from pokejax.tools import folder

    return "pip install 'pokejax[tools]'" if folder().name == "_tools" else "uv sync"


def _of_an_extra(module: str | None) -> bool:
    """True for a module that an extra of this distribution brings."""
    top = _plain((module or "").partition(".")[0])
    try:
        wanted = [_plain(re.split(r"[^\w.-]", line, maxsplit=1)[0]) for line in requires(_OWN) or () if "extra" in line]
    except PackageNotFoundError:
        return False
    return bool(top) and any(name == top or name.startswith(f"{top}-") for name in wanted)


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
