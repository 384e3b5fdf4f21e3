"""Adapters to other libraries, one lazily imported module each: Gymnax 0.x and 1.x, Gymnasium vector environments,
PettingZoo, JaxMARL, Pgx, Brax and Stoa are to come. The core depends on none of them."""
