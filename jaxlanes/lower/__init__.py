"""From a jaxpr on one lane to the intermediate form; one rule per primitive."""

from __future__ import annotations

from jaxlanes.lower import control, elementwise, index, random, reduce, shape  # noqa: F401 (they register their rules)
