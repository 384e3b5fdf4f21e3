"""Play on a Pokémon Showdown server with the observations that the environments give.

* `Bridge`, `observations`: a protocol log with requests, or a saved battle, as observations.
* `Observer`: the same from poke-env's battles. `PolicyPlayer`: a poke-env player that follows any policy of ours.

    from pokejax.client import PolicyPlayer
    player = PolicyPlayer("pokejax/gen1-small")
    await player.battle_against(opponent, n_battles=10)

`Observer` and `PolicyPlayer` need poke-env: ``pip install 'pokejax[showdown]'``.
"""
