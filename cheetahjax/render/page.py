"""An episode as a page that plays it, without any network."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from cheetahjax.model.planar_model import PlanarModel
from cheetahjax.render.colours import BACKGROUND, CART, FLOOR, GRID, TARGET, TEXT, limb_colour
from cheetahjax.render.figure import film
from cheetahjax.render.svg import grid_step

TEMPLATE = Path(__file__).with_name("page.html")


def html(
    model: PlanarModel, states: Any, *, dt: float, title: str | None = None, rewards: Sequence[float] | None = None
) -> str:
    """The page for states of `model` stacked along a leading axis, `dt` seconds apart.

    `rewards`, one for each state but the first, adds the return so far.
    """
    drawn = film(model, states)
    count = len(drawn.ends)
    if rewards is not None and len(rewards) != count - 1:
        raise ValueError(f"rewards must be one fewer than the {count} states, got {len(rewards)}")
    if not np.isfinite(drawn.ends).all() or not np.isfinite(drawn.camera).all():
        raise ValueError(f"{model.name}: a position is not finite, from state {_first_bad(drawn.ends)} on")
    returns = None if rewards is None else np.concatenate([[0.0], np.cumsum(np.asarray(rewards, float))])
    data = {
        "title": title or model.name,
        "dt": dt,
        "view": drawn.view,
        "floor": drawn.floor,
        "step": grid_step(drawn.view[2]),
        "bones": [[bone.radius, limb_colour(bone.limb)] for bone in drawn.bones],
        "marks": [[mark.kind, mark.radius, CART if mark.kind == "cart" else TARGET] for mark in drawn.marks],
        "colours": {"background": BACKGROUND, "floor": FLOOR, "grid": GRID, "text": TEXT},
        "camera": drawn.camera.round(4).tolist(),
        "ends": drawn.ends.reshape(count, -1).round(4).tolist(),
        "places": drawn.places.reshape(count, -1).round(4).tolist(),
        "returns": None if returns is None else returns.round(3).tolist(),
    }
    packed = json.dumps(data, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")
    return TEMPLATE.read_text(encoding="utf-8").replace("__DATA__", packed)


def _first_bad(ends: np.ndarray) -> int:
    return int(np.argmin(np.isfinite(ends.reshape(len(ends), -1)).all(1)))
