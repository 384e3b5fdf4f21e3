"""Which candidate stands behind an environment id. A new environment adds one line here and one module beside this."""

from __future__ import annotations

import difflib
import importlib

from verification.candidate import LockstepCandidate

REGISTRY = {
    "pokejax/gen1randombattle": "verification.plugins.gen1.lockstep:PokejaxGen1",
    "pokejax/gen1ou": "verification.plugins.gen1.lockstep:PokejaxGen1",
    "self-check/gen1randombattle": "verification.plugins.gen1.self_check:SelfCheck",
    "self-check/gen1ou": "verification.plugins.gen1.self_check:SelfCheck",
}


class UnknownCandidateError(LookupError):
    """No candidate is registered under that id."""


def reference_format(env: str) -> str:
    """The reference's format id: the part of the environment id after the slash."""
    return env.rpartition("/")[2]


def load(env: str) -> LockstepCandidate:
    """The candidate for an environment id, made by calling its class with that id."""
    target = REGISTRY.get(env)
    if target is None:
        close = difflib.get_close_matches(env, REGISTRY, n=3, cutoff=0.4)
        hint = f"did you mean {', '.join(close)}?" if close else f"known: {', '.join(REGISTRY)}"
        raise UnknownCandidateError(f"no verification plugin for '{env}'; {hint}")
    module, _, name = target.partition(":")
    return getattr(importlib.import_module(module), name)(env)
