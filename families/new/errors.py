"""The error of this package."""


class NewFamilyError(ValueError):
    """A family that cannot be made; the message names the value, the place and the remedy."""
