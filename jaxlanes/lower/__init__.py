"""From a jaxpr on one lane to the intermediate form; one rule per primitive."""

from __future__ import annotations

from jaxlanes.lower import (  # noqa: F401 (they register their rules)
    composed,
    control,
    convolution,
    elementwise,
    index,
    linalg,
    random,
    reduce,
    shape,
)
