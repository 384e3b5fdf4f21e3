"""Pokémon battles of Generation 1 beside Pokémon Showdown."""

from families.lookup import Family

_PLUGIN = "families.pokejax_gen1.verify.plugin"

FAMILY = Family(
    name="pokejax_gen1",
    reference="Pokémon Showdown",
    environments=("pokejax/gen1randombattle", "pokejax/gen1ou", "pokejax/gen1free"),
    plugins={
        "pokejax/gen1randombattle": f"{_PLUGIN}:gen1randombattle",
        "pokejax/gen1ou": f"{_PLUGIN}:gen1ou",
        "self-check/gen1randombattle": f"{_PLUGIN}:self_check_randombattle",
        "self-check/gen1ou": f"{_PLUGIN}:self_check_ou",
    },
    bench="families.pokejax_gen1.bench:BENCH",
    training="families.pokejax_gen1.training:TRAINING",
    transfer="families.pokejax_gen1.transfer:TRANSFER",
    translation="translation.toml",
    watch="families.pokejax_gen1.watch:draw",
    paper="families.pokejax_gen1.paper:PAPER",
    denied=("pokemon_showdown",),
)
