"""Version of the reference: Pokémon Showdown, the npm package ``pokemon-showdown``."""

from __future__ import annotations

SHOWDOWN = "0.11.11"
