"""PongJAX: PufferLib's Pong, bit for bit, in JAX.

>>> env = jaxenv.make("pongjax/puffer_pong")

Importing this starts no backend; `pongjax.env` has the environment, `pongjax.frame` and `pongjax.game` the rules.
"""
