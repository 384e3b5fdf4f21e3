"""Colours of the pictures."""

BACKGROUND, FLOOR, GRID, TEXT = "#f3f6f8", "#cfd8dc", "#b0bec5", "#455a64"
LIMBS = ("#37474f", "#00838f", "#ef6c00", "#6a1b9a")
"""Of the root and of each branch on it, over again if there are more."""
CART, TARGET = "#546e7a", "#d81b60"


def limb_colour(limb: int) -> str:
    """The colour of a bone's limb."""
    return LIMBS[limb % len(LIMBS)]
