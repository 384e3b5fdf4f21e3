"""Driver of Pokémon Showdown's simulator, in Node processes."""
