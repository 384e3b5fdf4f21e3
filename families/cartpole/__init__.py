"""Gymnasium's CartPole beside a JAX port: `env` is the port, `plugin` what the verifier is told about the two."""
