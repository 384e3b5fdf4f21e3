"""Which plugin stands behind an environment id.

A new environment of this repository adds a line to `PLUGINS`; a package of its own names its plugin in the entry-point
group `jaxenv.verification` (name: the environment id, value: "module:attribute").
"""

from __future__ import annotations

import difflib
import importlib
from importlib.metadata import entry_points

from verification.plugin import Plugin

GROUP = "jaxenv.verification"

#: Environment id → "module:attribute" of a `Plugin`, or of a function that makes one.
PLUGINS = {
    "pokejax/gen1randombattle": "families.pokejax_gen1.verify.plugin:gen1randombattle",
    "pokejax/gen1ou": "families.pokejax_gen1.verify.plugin:gen1ou",
    "self-check/gen1randombattle": "families.pokejax_gen1.verify.plugin:self_check_randombattle",
    "self-check/gen1ou": "families.pokejax_gen1.verify.plugin:self_check_ou",
    "pongjax/puffer_pong": "families.pongjax.verify.plugin:discrete",
    "pongjax/puffer_pong_continuous": "families.pongjax.verify.plugin:continuous",
    "self-check/puffer_pong": "families.pongjax.verify.plugin:self_check_discrete",
    "self-check/puffer_pong_continuous": "families.pongjax.verify.plugin:self_check_continuous",
    "cheetahjax/HalfCheetah-v5": "families.cheetahjax.verify.plugin:half_cheetah",
    "cheetahjax/Hopper-v5": "families.cheetahjax.verify.plugin:hopper",
    "cheetahjax/InvertedDoublePendulum-v5": "families.cheetahjax.verify.plugin:inverted_double_pendulum",
    "cheetahjax/InvertedPendulum-v5": "families.cheetahjax.verify.plugin:inverted_pendulum",
    "cheetahjax/Reacher-v5": "families.cheetahjax.verify.plugin:reacher",
    "cheetahjax/Swimmer-v5": "families.cheetahjax.verify.plugin:swimmer",
    "cheetahjax/Walker2d-v5": "families.cheetahjax.verify.plugin:walker2d",
    "example/cartpole": "families.cartpole.verify.plugin:plugin",
}


def known_plugins() -> dict[str, str]:
    """All ids with their targets; installed packages may not take an id of this repository's."""
    found = {entry.name: entry.value for entry in entry_points(group=GROUP)}
    return {**found, **PLUGINS}


def load_plugin(name: str) -> Plugin:
    """The plugin of an environment id, or of "module:attribute". `UnknownPluginError` names close ids."""
    known = known_plugins()
    target = known.get(name) or (name if ":" in name else None)
    if target is None:
        close = difflib.get_close_matches(name, known, n=3, cutoff=0.4)
        hint = f"did you mean {', '.join(close)}?" if close else f"known: {', '.join(sorted(known))}"
        raise UnknownPluginError(
            f"no verification plugin for '{name}'; {hint} (a package brings its own by the entry-point group {GROUP}; "
            "'module:attribute' names one directly)"
        )
    module_name, _, attribute = target.partition(":")
    try:
        found = getattr(importlib.import_module(module_name), attribute)
    except AttributeError:
        raise UnknownPluginError(f"'{target}': module {module_name} has no attribute '{attribute}'") from None
    plugin = found if isinstance(found, Plugin) else found()
    if not isinstance(plugin, Plugin):
        raise UnknownPluginError(f"'{target}' gives a {type(plugin).__name__}, expected a verification.plugin.Plugin")
    return plugin


class UnknownPluginError(LookupError):
    """No plugin is registered under that id, or what is registered is none."""
