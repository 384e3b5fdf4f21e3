"""MuJoCo's compiled model of Gymnasium's ``inverted_pendulum.xml``.

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

INVERTED_PENDULUM = PlanarModel(
    name="inverted_pendulum",
    timestep=0.02,
    integrator="rk4",
    gravity=(0.0, -9.81),
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
                damping=1.0,
                stiffness=0.0,
                spring_reference=0.0,
                limit=Limit(
                    lower=-1.0,
                    upper=1.0,
                    margin=0.0,
                    inverse_weight=0.08367433805859587,
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
                damping=1.0,
                stiffness=0.0,
                spring_reference=0.0,
                limit=Limit(
                    lower=-1.5707963267948966,
                    upper=1.5707963267948966,
                    margin=0.0,
                    inverse_weight=2.023912919848819,
                    impedance=Impedance(solref=(0.02, 1.0), solimp=(0.9, 0.95, 0.001, 0.5, 2.0)),
                ),
            ),
            sign=1.0,
            mass=5.018591641363306,
            centre=(0.0005, 0.3),
            inertia=0.18874976687308845,
        ),
    ),
    contact_points=(),
    capsule_pairs=(),
    motors=(Motor(name="slide", dof=0, gear=100.0, lower=-3.0, upper=3.0),),
    drags=(),
)
