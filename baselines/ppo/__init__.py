"""Proximal policy optimisation: `update.update` is one step of it."""
