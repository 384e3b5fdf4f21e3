"""Win rates and ratings as tables for a person, and as plain data."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.table import Table

from baselines.ratings.bradley_terry import Ratings


def result(names: tuple[str, ...], rates: NDArray[np.float64], ratings: Ratings) -> dict[str, Any]:
    """The matrix and the ratings as JSON values; None on the diagonal."""
    matrix = [[None if np.isnan(rate) else float(rate) for rate in row] for row in rates]
    return {"players": list(names), "win_rates": matrix, "anchor": ratings.anchor, "ratings": ratings.to_json()}


def matrix_table(names: tuple[str, ...], rates: NDArray[np.float64], ratings: Ratings) -> Table:
    """Win rates in per cent, row against column, the strongest first; columns are numbered as rows."""
    order = np.argsort(-ratings.elo, kind="stable")
    table = Table(title="win rate of row against column, %", title_justify="left", box=None, pad_edge=False)
    table.add_column("policy")
    for number in range(len(names)):
        table.add_column(str(number + 1), justify="right")
    for number, row in enumerate(order):
        cells = ["–" if np.isnan(rates[row, column]) else f"{100 * rates[row, column]:.1f}" for column in order]
        table.add_row(f"{number + 1} {names[row]}", *cells)
    return table


def rating_table(rates: NDArray[np.float64], ratings: Ratings) -> Table:
    """Elo with its interval, and the mean win rate against all others."""
    against = "the mean of all" if ratings.anchor is None else ratings.anchor
    title = f"Bradley–Terry ratings, Elo points above {against}, 95 % by bootstrap over mirrored pairs"
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    table.add_column("policy")
    for name in ("Elo", "95 % interval", "mean win rate, %"):
        table.add_column(name, justify="right")
    for k in np.argsort(-ratings.elo, kind="stable"):
        interval = f"{ratings.low[k]:+.0f} … {ratings.high[k]:+.0f}"
        table.add_row(ratings.players[k], f"{ratings.elo[k]:+.0f}", interval, f"{100 * np.nanmean(rates[k]):.1f}")
    return table
