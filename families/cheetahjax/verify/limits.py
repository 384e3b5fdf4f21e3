"""E1's limits: the fields of a single step, the errors that each may have, and which of them a precision compares."""

from __future__ import annotations

from collections.abc import Mapping

from families.cheetahjax.verify.tasks import Task, compiled
from families.cheetahjax.verify.teacher import Precision
from references.mujoco.gymnasium_env import engine
from verification.fields import FieldSpec, FieldTable

PRECISIONS: tuple[Precision, ...] = ("float32", "float64")


def modules(task: Task) -> Mapping[str, tuple[str, ...]]:
    """Module of the record → its paths, the first to go wrong first."""
    told = tuple("out.info." + name for name in task.metrics)
    return {
        "acceleration": ("state.warmstart",),
        "velocity": ("state.qvel",),
        "position": ("state.qpos",),
        "clock": ("state.time",),
        "observation": ("out.obs",),
        "reward": (*told, "out.reward"),
        "ending": ("out.terminated", "out.truncated"),
    }


def strict(task: Task, precision: Precision) -> FieldTable:
    """The limits of one physics step as field specs."""
    limits, step = task.limits, float(compiled(task.name).opt.timestep)
    why = f"E1 of one physics step, {precision}"

    def spec(path: str, module: str, atol: float, rtol: float = 0.0) -> FieldSpec:
        if precision == "float64":
            atol, rtol = limits.double, limits.double if path == "state.warmstart" else 0.0
        return FieldSpec(path, module, "float", atol=atol, rtol=rtol, why=why)

    specs = []
    for module, paths in modules(task).items():
        for path in paths:
            if module in ("position",) or path.endswith("_position"):
                specs.append(spec(path, module, limits.qpos, 2.0**-23))  # a stored number's own spacing, far away
            elif module == "velocity":
                specs.append(spec(path, module, limits.qvel))
            elif module == "acceleration":
                specs.append(spec(path, module, limits.qvel / step * _undamped(task)))
            elif module in ("observation", "reward"):
                specs.append(spec(path, module, limits.outcome))
            else:
                specs.append(FieldSpec(path, module))
    return FieldTable(specs, tuple(modules(task)))


def _undamped(task: Task) -> float:
    """Factor by which an acceleration's error may exceed that of the velocity gained, over the time step.

    MuJoCo's Euler integrator takes joint damping implicitly: the warm start is the acceleration M⁻¹f, and the velocity
    gains h (M + hB)⁻¹f. Armature bounds M from below.
    """
    model = compiled(task.name)
    if model.opt.integrator != engine().mjtIntegrator.mjINT_EULER or not model.dof_damping.any():
        return 1.0
    damped = model.dof_damping > 0
    return 1.0 + float(model.opt.timestep * (model.dof_damping[damped] / model.dof_armature[damped]).max())


def compared(task: Task, precision: Precision) -> list[str]:
    """The paths of a teacher's step. Gymnasium charges for control in float32, and so no float64 reward is compared."""
    paths = [path for module in modules(task).values() for path in module]
    left_out = {"state.time", "out.terminated", "out.truncated"}
    if precision == "float64":
        left_out |= {"out.obs", "out.reward", "out.info.reward_ctrl"}
    return [path for path in paths if path not in left_out]
