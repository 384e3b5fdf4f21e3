"""Pokémon TCG Pocket in JAX. `docs/tcg-pocket.md` has the rules; `tcgjax.decks` reads deck lists."""
