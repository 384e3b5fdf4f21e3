"""Planar MuJoCo locomotion in JAX, equal to the C engine step for step.

`cheetahjax.model` holds the frozen constants of each task, `cheetahjax.step` advances one of them, `cheetahjax.envs`
makes Gymnasium's environments of them (``jaxenv.make("cheetahjax/HalfCheetah-v5")``), `cheetahjax.render` draws them.
Importing this package imports neither MuJoCo nor Gymnasium and starts no XLA backend.
"""
