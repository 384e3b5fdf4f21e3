"""Version of the reference: PufferLib's ``pufferlib/ocean/pong``."""

from __future__ import annotations

PUFFERLIB = "3.0.0"
