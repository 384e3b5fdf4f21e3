"""MuJoCo's compiled model of Gymnasium's ``inverted_double_pendulum.xml``.

Written by ``python -m cheetahjax.model.freeze --write``.
"""

from cheetahjax.model.planar_model import (
    Base,
    Impedance,
    Joint,
    Limit,
    Link,
    Motor,
    PlanarModel,
)

INVERTED_DOUBLE_PENDULUM = PlanarModel(
    name="inverted_double_pendulum",
    timestep=0.01,
    integrator="rk4",
    gravity=(1e-05, -9.81),
    bases=(
        Base(
            name="cart",
            mass=10.47197551196598,
            position=(0.0, 0.0),
            horizontal=Joint(
                name="slider",
                dof=0,
                reference=0.0,
                armature=0.0,
                damping=0.05,
                stiffness=0.0,
                spring_reference=0.0,
                limit=Limit(
                    lower=-1.0,
                    upper=1.0,
                    margin=0.01,
                    inverse_weight=0.08467261918769675,
                    impedance=Impedance(solref=(0.02, 1.0), solimp=(0.9, 0.95, 0.001, 0.5, 2.0)),
                ),
            ),
            vertical=None,
        ),
    ),
    links=(
        Link(
            name="pole",
            base=0,
            parent=-1,
            offset=(0.0, 0.0),
            hinge=Joint(
                name="hinge",
                dof=1,
                reference=0.0,
                armature=0.0,
                damping=0.05,
                stiffness=0.0,
                spring_reference=0.0,
                limit=None,
            ),
            sign=1.0,
            mass=4.1987385815227585,
            centre=(0.0, 0.3),
            inertia=0.15497066975016235,
        ),
        Link(
            name="pole2",
            base=0,
            parent=0,
            offset=(0.0, 0.6),
            hinge=Joint(
                name="hinge2",
                dof=2,
                reference=0.0,
                armature=0.0,
                damping=0.05,
                stiffness=0.0,
                spring_reference=0.0,
                limit=None,
            ),
            sign=1.0,
            mass=4.1987385815227585,
            centre=(0.0, 0.3),
            inertia=0.15497066975016235,
        ),
    ),
    contact_points=(),
    capsule_pairs=(),
    motors=(Motor(name="slide", dof=0, gear=500.0, lower=-1.0, upper=1.0),),
    drags=(),
)
