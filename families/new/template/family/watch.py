"""Episodes as pages."""

from __future__ import annotations

import html
from pathlib import Path

import numpy as np

from baselines.watch import Episode
from jaxenv.commands import files

ACTIONS = ("left", "right", "dig", "rest")


def draw(episode: Episode, out: Path, command: str) -> list[Path]:
    """Write the page `out`: a row a state, with the ore of each cell, R at the rover; see `baselines.watch.Draw`."""
    states = episode.states
    rows = []
    for step, ore in enumerate(np.asarray(states.ore)):
        cells = [str(pieces) if pieces else "." for pieces in ore]
        cells[int(states.place[step])] = "R"
        done = ACTIONS[int(episode.actions[step - 1])] if step else "start"
        paid = f"{float(episode.rewards[step - 1]):+.1f}" if step else ""
        facts = (step, done, paid, " ".join(cells), int(states.battery[step]), int(states.cargo[step]))
        rows.append("<tr>" + "".join(f"<td>{html.escape(str(fact))}</td>" for fact in facts) + "</tr>")
    head = "".join(f"<th>{name}</th>" for name in ("step", "action", "reward", "cells", "battery", "cargo"))
    title, made = html.escape(episode.title), html.escape(command)
    page = f"<!doctype html><meta charset=utf-8><title>{title}</title><h1>{title}</h1><p><code>{made}</code></p>"
    files.write(out, f"{page}<table><tr>{head}</tr>{''.join(rows)}</table>\n", "choose another file with --out")
    return [out]
