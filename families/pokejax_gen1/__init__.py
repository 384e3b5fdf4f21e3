"""Pokémon battles of Generation 1 beside Pokémon Showdown."""
