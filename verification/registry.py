"""Plugins by environment id, from the family that has it."""

from __future__ import annotations

import families
from families.lookup import hint, load
from verification.plugin import Plugin


class UnknownPluginError(LookupError):
    """No plugin is registered under that id, or what is registered is none."""


def known_plugins() -> dict[str, str]:
    """All ids with their targets, "module:attribute"."""
    return {name: target for family in families.families() for name, target in family.plugins.items()}


def load_plugin(name: str) -> Plugin:
    """The plugin of an environment id, or of "module:attribute". `UnknownPluginError` names close ids."""
    known = known_plugins()
    target = known.get(name) or (name if ":" in name else None)
    if target is None:
        raise UnknownPluginError(
            f"no verification plugin for '{name}'; {hint(name, list(known))} (a package brings its family by the "
            f"entry-point group {families.GROUP}; 'module:attribute' names one plugin directly)"
        )
    try:
        found = load(target)
    except families.UnknownFamilyError as error:
        raise UnknownPluginError(str(error)) from None
    except ModuleNotFoundError as error:
        if error.name not in (module := target.partition(":")[0], module.partition(".")[0]):
            raise  # something that the plugin needs
        remedy = "install its package, or name its folder in PYTHONPATH"
        raise UnknownPluginError(f"'{target}': there is no module {error.name!r}; {remedy}") from error
    try:
        plugin = found if isinstance(found, Plugin) else found()
    except TypeError as error:
        raise UnknownPluginError(f"'{target}' is no verification.plugin.Plugin, nor makes one: {error}") from error
    if not isinstance(plugin, Plugin):
        raise UnknownPluginError(f"'{target}' gives a {type(plugin).__name__}, expected a verification.plugin.Plugin")
    return plugin
