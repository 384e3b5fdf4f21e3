"""Gymnasium's planar MuJoCo v5 tasks as environments of `jaxenv`, one file each; `planar_env` is what they share.

>>> env = jaxenv.make("cheetahjax/HalfCheetah-v5", ctrl_cost_weight=0.05)
"""
