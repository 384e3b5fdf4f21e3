"""The verification plugin of a project: a registered one, or a file of the project's own."""

from __future__ import annotations

import hashlib
import importlib.util
import re
import sys
from pathlib import Path

from verification.plugin import Plugin
from verification.registry import UnknownPluginError, load_plugin

_FILE = re.compile(r"(.+\.py):([A-Za-z_]\w*)")


def in_folder(name: str, folder: Path) -> str:
    """The plugin's name, a file's made absolute: "plugin.py:plugin" of a project lies in its folder."""
    match = _FILE.fullmatch(name)
    return f"{(folder / match[1]).resolve()}:{match[2]}" if match else name


def load(name: str) -> Plugin:
    """The plugin of an id, of "module:attribute", or of "FILE.py:attribute". `UnknownPluginError` for no such one."""
    match = _FILE.fullmatch(name)
    if not match:
        return load_plugin(name)
    path = Path(match[1])
    if not path.is_file():
        raise UnknownPluginError(f"{path}: there is no such file; mend reference.plugin")
    module = f"project_plugin_{hashlib.sha256(str(path).encode()).hexdigest()[:12]}"
    spec = importlib.util.spec_from_file_location(module, path)
    assert spec is not None and spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    sys.modules[module] = made
    spec.loader.exec_module(made)
    return load_plugin(f"{module}:{match[2]}")
