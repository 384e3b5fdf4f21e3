"""CartPole, the example of a family: Gymnasium's beside a JAX port."""

from families.lookup import Family

FAMILY = Family(
    name="cartpole",
    reference="Gymnasium's CartPole-v1",
    plugins={"example/cartpole": "families.cartpole.verify.plugin:plugin"},
    denied=("gymnasium",),
    translation="translation.toml",
)
