"""Fields that are compared, and their owners. All of it is integers, so that equal means equal.

A tolerance must give its reason: `FieldSpec("state.x", "body", kind="float", atol=1e-6, why="float32")`.
"""

from verification.fields import FieldSpec

OWNED = {
    "rover": ("state.place", "state.battery"),
    "ore": ("state.cargo", "state.ore"),
    "clock": ("state.time",),
    "outcome": ("out.*",),
}
"""Module → its paths, in the order in which they are blamed."""
MODULES = tuple(OWNED)
FIELDS = tuple(FieldSpec(path, module) for module, paths in OWNED.items() for path in paths)

_RULES, _ENV = "families.new.template.package.rules", "families.new.template.package.env"
WRITTEN_BY = {"rover": (_RULES,), "ore": (_RULES,), "clock": (_RULES,), "outcome": (_RULES, _ENV)}
"""Module → modules of the source that write its paths, the likeliest first."""
