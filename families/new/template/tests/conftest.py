"""Shared by the tests: the family is known to them before the package is installed, too."""

import importlib.util

if importlib.util.find_spec("families") is None:
    import pokejax.tools  # noqa: F401 (puts the tools on the import path)

import families
import jaxenv
from families.new.template.family.family import FAMILY

if not families.find("template/Rover-v0"):
    families.register(FAMILY)
    jaxenv.register("template/Rover-v0", "families.new.template.package.env:Rover")
