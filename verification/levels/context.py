"""Context of a check: the plugin, both implementations, the plan, and where counterexamples are written."""

from __future__ import annotations

import functools
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from jaxenv.shards import Shard
from references.protocol import Env
from verification.fields import FieldTable
from verification.plugin import Plugin
from verification.results import CheckResult


@dataclass(frozen=True)
class Plan:
    """Amounts of a run. `episodes`: whole episodes of level 3; `injected`: single steps of level 1.

    Every check derives its own stream of random numbers from `seed` and its id. `shrink`: findings to shrink per check.
    `returns`: the file of level 4. `options`: the choices that the plugin was configured with. `shard`: the part of the
    run that this process does; None for all of it.
    """

    levels: tuple[str, ...] = ("L0", "L1", "L2", "L3", "L3d")
    episodes: int = 100
    seed: int = 0
    injected: int = 4096
    interactions: int = 1024
    lanes: int = 4096
    shrink: int = 3
    failures: Path = Path("out/divergences")
    returns: Path | None = None
    options: dict[str, str] = field(default_factory=dict)
    shard: Shard | None = None


@dataclass
class Context:
    """One run's shared state. Implementations are made when first asked for."""

    plugin: Plugin
    plan: Plan
    on_progress: Callable[[CheckResult], None] = lambda result: None
    _settings: dict[str, Context] = field(default_factory=dict, init=False, repr=False)

    @functools.cached_property
    def reference(self) -> Env:
        """The reference."""
        return self.plugin.sides.reference()

    @functools.cached_property
    def candidate(self) -> Env:
        """The candidate."""
        return self.plugin.sides.candidate()

    @functools.cached_property
    def table(self) -> FieldTable:
        """The plugin's fields."""
        return self.plugin.table()

    def under(self, setting: Mapping[str, Any]) -> Context:
        """This context, its sides and fields in a case's setting. `PluginError` for one that the plugin cannot follow.

        It is made once for each setting and closed with this one.
        """
        if not setting:
            return self
        name = repr(sorted(setting.items()))
        if name not in self._settings:
            self._settings[name] = Context(self.plugin.under(setting), self.plan, self.on_progress)
        return self._settings[name]

    def rng(self, name: str) -> np.random.Generator:
        """The stream of a check, the same whatever else runs."""
        return np.random.default_rng([self.plan.seed, zlib.crc32(name.encode())])

    def close(self) -> None:
        """End what the implementations have started (workers, processes), if they have a `close`."""
        for other in self._settings.values():
            other.close()
        self._settings.clear()
        for name in ("reference", "candidate"):
            env = self.__dict__.pop(name, None)
            close = getattr(env, "close", None)
            if close:
                close()
        if self.plugin.running.close:
            self.plugin.running.close()
