"""The parts of `jaxenv.testing.check_env`, one concept of the contract each."""
