"""One step of an environment as a program of snapshots and actions, for its conditions to be watched."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

from references.protocol import Batch
from verification.meetings.evaluate import Evaluator
from verification.meetings.program import Collected, collect

Arguments = Callable[[Batch, Batch], tuple[Mapping[str, Any], Mapping[str, Any]]]


@dataclass(frozen=True)
class Traced:
    """`step(state, actions)` of one environment, pure, to be traced by JAX.

    `arguments(snapshots, actions)`: what it takes, for a batch: the state by the paths of the snapshot, trees of arrays
    with the cases first, and the actions by agent.
    """

    step: Callable[[Any, Any], Any]
    arguments: Arguments


class Watched:
    """The conditions of a traced step in the source of `packages`, and the bits of batches of steps.

    `example`: snapshots and actions of at least one case, for the shapes. The step is traced once.
    """

    def __init__(self, traced: Traced, packages: Sequence[str], example: tuple[Batch, Batch]) -> None:
        self._traced = traced
        state, actions = traced.arguments(*example)
        one = jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(np.shape(leaf)[1:], leaf.dtype), (state, actions))
        closed = jax.make_jaxpr(traced.step)(*one)
        leaves = jax.tree_util.tree_flatten_with_path((state, actions))[0]
        self.paths: list[str] = []
        numbers = []
        for path, _ in leaves:
            name = str(path[1].key) if path[0].idx == 0 else f"action of {path[1].key}"
            if name not in self.paths:
                self.paths.append(name)
            numbers.append(self.paths.index(name))
        self.collected: Collected = collect(closed, numbers, packages)
        self._evaluator = Evaluator(closed, self.collected)

    def bits(self, snapshots: Batch, actions: Batch) -> NDArray[np.bool_]:
        """See `Evaluator.bits`."""
        leaves = jax.tree.leaves(self._traced.arguments(snapshots, actions))
        return self._evaluator.bits([np.asarray(leaf) for leaf in leaves])

    def inputs(self, expression: int) -> list[str]:
        """The paths of the state, and "action of <agent>", that a value depends on."""
        bits = self.collected.expressions.inputs[expression]
        return [path for number, path in enumerate(self.paths) if bits >> number & 1]
