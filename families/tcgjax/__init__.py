"""Pokémon TCG Pocket: what the tools know about it."""
