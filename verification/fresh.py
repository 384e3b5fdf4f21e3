"""A digest of one episode, here or by ``python -m verification.fresh ENV SIDE SEED STEPS BACKEND`` in a new process."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import numpy as np

from references.protocol import Env
from verification.batches import is_over, random_actions
from verification.fields import PluginError
from verification.plugin import Plugin

ROOT = Path(__file__).resolve().parent.parent


def digest(plugin: Plugin, env: Env, seed: int, steps: int) -> str:
    """SHA-256 of the snapshots of `steps` steps of uniform legal play, episodes one after another."""
    rng, found = np.random.default_rng([seed, 99]), hashlib.sha256()
    env.reset(seed, plugin.play.options[0])
    for number in range(steps):
        snapshot = env.snapshot()
        for path in sorted(snapshot):
            found.update(path.encode())
            found.update(np.ascontiguousarray(snapshot[path]).tobytes())
        if is_over(snapshot):
            env.reset(seed + number + 1, plugin.play.options[number % len(plugin.play.options)])
        else:
            env.step(random_actions(rng, env.legal()))
    return found.hexdigest()


def require_deterministic(plugin: Plugin, env: Env, side: str, seed: int, steps: int = 20) -> None:
    """Refuse (`PluginError`) an implementation that plays two episodes with one seed differently."""
    if digest(plugin, env, seed, steps) != digest(plugin, env, seed, steps):
        raise PluginError(
            f"the {side} is not deterministic: two episodes with seed {seed} in one process differ; seed everything "
            "that it draws in reset(seed)"
        )


def main(arguments: list[str]) -> int:
    """Print the digest."""
    import families
    from verification.registry import load_plugin

    families.adopt()
    name, side, seed, steps, backend = arguments
    plugin = load_plugin(name)
    if backend != plugin.running.backend:
        plugin = plugin.configured({"backend": backend})
    env = plugin.sides.reference() if side == "reference" else plugin.sides.candidate()
    try:
        print(digest(plugin, env, int(seed), int(steps)))
    finally:
        close = getattr(env, "close", None)
        if close:
            close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
