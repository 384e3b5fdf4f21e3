"""Pokémon TCG Pocket in JAX: cards, deck lists and the rules. `docs/tcg-pocket.md` has the rules on paper."""
