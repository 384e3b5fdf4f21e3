"""The planar tasks' compared fields with their tolerances, and the files of the port that write them."""

from __future__ import annotations

from dataclasses import replace

from families.cheetahjax.verify import limits, one_step
from families.cheetahjax.verify.still import STILL
from families.cheetahjax.verify.tasks import Task
from references.protocol import LENGTH, LIMIT, RETURN
from verification.fields import FieldSpec

COMPOUND = 10
"""Factor on the limits of one physics step, by which an injected environment step may be off (see `WHY`)."""
WHY = (
    "an environment step of several physics steps amplifies the rounding of each: a contact that begins within it "
    f"begins a step sooner or later. {one_step.PHYSICS} and {one_step.ENV} hold physics steps to a {COMPOUND}th of it"
)
EPISODE, CONTRACT = "episode", "contract"
WHY_RETURN = "the sum of a step's reward and of the episode's before it, as float32 holds it"
WRITTEN_BY = {
    "acceleration": (
        "cheetahjax.bias", "cheetahjax.inertia", "cheetahjax.passive", "cheetahjax.contact", "cheetahjax.limit",
        "cheetahjax.impedance", "cheetahjax.force_tree", "cheetahjax.newton", "cheetahjax.kinematics",
    ),
    "velocity": ("cheetahjax.integrate", "cheetahjax.step"),
    "position": ("cheetahjax.integrate", "cheetahjax.step"),
    "clock": ("cheetahjax.envs.planar_env",),
    "observation": ("cheetahjax.envs.locomotion", "cheetahjax.envs.observation"),
    "reward": ("cheetahjax.envs.locomotion", "cheetahjax.envs.planar_env"),
    "ending": ("cheetahjax.envs.planar_env", "cheetahjax.envs.locomotion"),
    EPISODE: ("jaxenv.autoreset",),
    CONTRACT: ("jaxenv.autoreset", "jaxenv.environment"),
}  # fmt: skip


def fields(task: Task) -> tuple[FieldSpec, ...]:
    """Fields of an environment step: the strict limits, widened by what physics steps compound to."""
    found = []
    for spec in limits.strict(task, "float32").specs:
        wide = spec.module not in ("clock", "ending", "reward") or spec.path == "out.info.x_position"
        factor = COMPOUND if wide else 1
        if spec.kind == "float":
            spec = FieldSpec(spec.path, spec.module, "float", atol=factor * spec.atol, rtol=spec.rtol, why=WHY)
        found.append(spec)
    if task.still:
        found.append(FieldSpec(STILL, EPISODE))
    returned = FieldSpec("", EPISODE, "float", atol=task.limits.outcome, rtol=2.0**-22, why=WHY_RETURN)
    found += [replace(returned, path=path) for path in (RETURN, "out.episode.return")]
    found += [FieldSpec(path, EPISODE) for path in (LENGTH, LIMIT, "out.episode.ended", "out.episode.length")]
    found += [FieldSpec(path, CONTRACT) for path in ("out.to_act", "out.contract")]
    return tuple(found)


def modules(task: Task) -> tuple[str, ...]:
    """Modules of the record, the first to go wrong first."""
    return (*limits.modules(task), EPISODE, CONTRACT)
