"""From which level on each species can know each move, asked of the reference's validator set by set."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from references.showdown.scripts import run_script

LEARNING = ("species/learn_level", "species/lowest_level", "species/learn_natures")
"""Names of the columns."""
PARTS = 40
"""Runs of the reference in which all species are asked for; each takes a few seconds."""


def export_learn_levels(generation: int, parts: range = range(PARTS)) -> dict[str, Any]:
    """Answers of ``export_learn_levels.js`` for the species whose number leaves one of ``parts`` when divided by 40."""
    found = {}
    for part in parts:
        arguments = (str(generation), str(part or PARTS), str(PARTS))
        found |= json.loads(run_script("modern/export_learn_levels.js", *arguments))
    return found


def learning_columns(answers: dict[str, Any], raw: dict[str, Any]) -> dict[str, np.ndarray]:
    """Columns ``learn_level``, ``lowest_level`` and ``learn_natures`` of ``Species``, zeros where none is answered."""
    natures = {row["id"]: number for number, row in enumerate(raw["natures"], 1)}
    levels = np.zeros((len(raw["species"]) + 1, 2, len(raw["moves"]) + 1), np.int8)
    bound = []
    for species, answer in answers.items():
        for slot, move, level in answer["levels"]:
            levels[int(species), slot, move] = level
        bound += [[int(species), slot, move, natures[nature]] for slot, move, nature in answer["natures"]]
    lowest = np.where(levels > 0, levels, 127).min((1, 2))
    return {
        "species/learn_level": levels,
        "species/lowest_level": np.where(lowest == 127, 0, lowest).astype(np.int16),
        "species/learn_natures": np.array(sorted(bound), np.int16).reshape(-1, 4),
    }
