"""Families: all that the tools know about each environment, one folder for a family, named as its package.

`families.lookup` finds the family of an environment id. The file names are the same in every family: `family.py`
(what there is), `verify/` (plugin and mutants), `bench.py`, `training.py`, `transfer.py`.
"""

from families.lookup import (
    GROUP,
    Family,
    UnknownFamilyError,
    adopt,
    families,
    family_of,
    find,
    handed_on,
    part,
    register,
)

__all__ = [
    "GROUP",
    "Family",
    "UnknownFamilyError",
    "adopt",
    "families",
    "family_of",
    "find",
    "handed_on",
    "part",
    "register",
]
