"""Tests of what pyproject.toml promises."""

from __future__ import annotations

import tomllib
from pathlib import Path

import jaxenv
from families import Family
from families.lookup import load
from families.new.template.package.env import ID


def test_the_entry_points_name_what_there_is() -> None:
    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text("utf-8"))["project"]
    points = project["entry-points"]
    assert points["jaxenv.envs"] == {ID: "families.new.template.package.env:Rover"}
    assert load(points["jaxenv.envs"][ID])() == jaxenv.make(ID)
    (family,) = (load(target) for target in points["jaxenv.families"].values())
    assert isinstance(family, Family) and family.environments == (ID,)
