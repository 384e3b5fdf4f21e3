"""Gen 1 battles: PokeJAX beside Pokémon Showdown."""
