"""Versions of the reference: Gymnasium's tasks (``gymnasium/envs/mujoco``) on MuJoCo's C engine."""

from __future__ import annotations

VERSION = "1.3.0 on mujoco 4.0.0"
"""Gymnasium's, then MuJoCo's."""
