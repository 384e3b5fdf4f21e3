"""Pokémon TCG Pocket: cards and deck lists. The engine in JAX is to come; `docs/tcg-pocket.md` has the rules."""
