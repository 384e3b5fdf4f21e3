"""Pokémon battles of Generations 3 to 9 beside Pokémon Showdown."""
