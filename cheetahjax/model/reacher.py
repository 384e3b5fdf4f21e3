"""MuJoCo's compiled model of Gymnasium's ``reacher.xml``.

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

REACHER = PlanarModel(
    name="reacher",
    timestep=0.01,
    integrator="rk4",
    gravity=(0.0, 0.0),
    bases=(
        Base(name="body0_base", mass=0.0, position=(0.0, 0.0), horizontal=None, vertical=None),
        Base(
            name="target",
            mass=0.0030536280592892784,
            position=(0.1, -0.1),
            horizontal=Joint(
                name="target_x",
                dof=2,
                reference=0.1,
                armature=0.0,
                damping=0.0,
                stiffness=0.0,
                spring_reference=0.0,
                limit=Limit(
                    lower=-0.27,
                    upper=0.27,
                    margin=0.0,
                    inverse_weight=327.47930677344726,
                    impedance=Impedance(solref=(0.02, 1.0), solimp=(0.9, 0.95, 0.001, 0.5, 2.0)),
                ),
            ),
            vertical=Joint(
                name="target_y",
                dof=3,
                reference=-0.1,
                armature=0.0,
                damping=0.0,
                stiffness=0.0,
                spring_reference=0.0,
                limit=Limit(
                    lower=-0.27,
                    upper=0.27,
                    margin=0.0,
                    inverse_weight=327.47930677344726,
                    impedance=Impedance(solref=(0.02, 1.0), solimp=(0.9, 0.95, 0.001, 0.5, 2.0)),
                ),
            ),
        ),
    ),
    links=(
        Link(
            name="body0",
            base=0,
            parent=-1,
            offset=(0.0, 0.0),
            hinge=Joint(
                name="joint0",
                dof=0,
                reference=0.0,
                armature=1.0,
                damping=1.0,
                stiffness=0.0,
                spring_reference=0.0,
                limit=None,
            ),
            sign=-1.0,
            mass=0.03560471674068432,
            centre=(0.05, 0.0),
            inertia=3.9175660390264734e-05,
        ),
        Link(
            name="body1",
            base=0,
            parent=0,
            offset=(0.1, 0.0),
            hinge=Joint(
                name="joint1",
                dof=1,
                reference=0.0,
                armature=1.0,
                damping=1.0,
                stiffness=0.0,
                spring_reference=0.0,
                limit=Limit(
                    lower=-3.0,
                    upper=3.0,
                    margin=0.0,
                    inverse_weight=0.9998211549602818,
                    impedance=Impedance(solref=(0.02, 1.0), solimp=(0.9, 0.95, 0.001, 0.5, 2.0)),
                ),
            ),
            sign=-1.0,
            mass=0.039793506945470715,
            centre=(0.05631578947368421, 0.0),
            inertia=5.283552571071551e-05,
        ),
    ),
    contact_points=(),
    capsule_pairs=(),
    motors=(
        Motor(name="joint0_motor", dof=0, gear=200.0, lower=-1.0, upper=1.0),
        Motor(name="joint1_motor", dof=1, gear=200.0, lower=-1.0, upper=1.0),
    ),
    drags=(),
)
