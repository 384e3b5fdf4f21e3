"""Pokémon TCG Pocket in slow, readable Python: the measure for the engine. `docs/tcg-pocket.md` has the rules on paper.

Written for a player of the game to check. `rules.Table` plays one game; every rule is one function.
"""
