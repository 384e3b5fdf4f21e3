"""Pokémon battles of Generations 3 to 9, one engine: Generation 4 first."""
