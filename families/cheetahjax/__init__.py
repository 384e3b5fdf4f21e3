"""Planar MuJoCo tasks beside MuJoCo's C engine and Gymnasium."""
