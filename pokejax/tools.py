"""Import path of the tools: importing this module makes ``families``, ``verification`` … importable.

The tools are the packages in `PACKAGES`. In a checkout they lie beside ``pokejax``; the wheel carries them in
``pokejax/_tools``, because their names are too general for site-packages. ``import pokejax`` leaves the path alone.
The command ``pokejax`` imports this module, and so does a program of your own that defines or uses a family:

    import pokejax.tools
    from families import Family

The folder goes to the front of ``sys.path``, and of ``PYTHONPATH`` for the processes that the tools start. A package
of your own that has one of these names cannot be imported in the same process: it is hidden, and one that is imported
already is an error.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

PACKAGES = ("references", "families", "verification", "leaderboard", "baselines", "translator")


class ToolsError(ImportError):
    """The tools cannot be imported; the message says why and what to do."""


def folder() -> Path:
    """The folder that holds `PACKAGES`: ``pokejax/_tools`` of a wheel, the root of a checkout. Else `ToolsError`."""
    package = Path(__file__).absolute().parent
    for found in (package / "_tools", package.parent):
        if all((found / name / "__init__.py").is_file() for name in PACKAGES):
            return found
    raise ToolsError(
        f"the tools ({', '.join(PACKAGES)}) are neither in {package / '_tools'} nor in {package.parent}. "
        "Remedy: install the wheel again, `pip install --force-reinstall 'pokejax[tools]'`, or use a whole checkout."
    )


def on_path() -> Path:
    """Put `folder` at the front of the import path of this process and of those it starts; returns it.

    `ToolsError` where another package of one of these names has been imported already.
    """
    tools = folder()
    for name in PACKAGES:
        module = sys.modules.get(name)
        origin = getattr(module, "__file__", None)
        if module is not None and (origin is None or not Path(origin).is_relative_to(tools)):
            raise ToolsError(
                f"another package {name!r} has been imported already, from {origin or list(module.__path__)}; "
                f"that of PokeJAX is in {tools}. Remedy: import pokejax.tools first, or rename the other package."
            )
    first = str(tools)
    sys.path[:] = [first, *(entry for entry in sys.path if entry != first)]
    inherited = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    os.environ["PYTHONPATH"] = os.pathsep.join([first, *(entry for entry in inherited if entry not in ("", first))])
    return tools


on_path()
