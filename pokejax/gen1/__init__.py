"""Gen 1 battles as Pokémon Showdown plays them: pure functions on one battle, no reinforcement learning in sight."""
