"""Gravity and centrifugal forces (MuJoCo: ``mj_rne`` without accelerations, with the opposite sign).

Absolute angles leave no Coriolis terms: every velocity product is the square of one link's rate.
"""

from __future__ import annotations

from cheetahjax.coordinates import layout
from cheetahjax.inertia import composite
from cheetahjax.kinematics import Kinematics
from cheetahjax.model.planar_model import PlanarModel
from cheetahjax.scalars import Scalar, Vector, add, moment, mul, sub


def bias_forces(model: PlanarModel, pose: Kinematics, moments: list[Vector]) -> list[Scalar]:
    """Forces of gravity and of the links' turning along each absolute coordinate."""
    order = layout(model)
    forces: list[Scalar] = [0.0] * len(order.joints)
    for base, slides in enumerate(order.slides):
        for slide, gravity in zip(slides, model.gravity, strict=True):
            if slide is not None:
                forces[slide] = composite(model).base_masses[base] * gravity
    squares = [mul(rate, rate) for rate in pose.rates]
    for index, link in enumerate(model.links):
        own = order.links[index]
        forces[own] = add(forces[own], moment(moments[index], model.gravity))
        for slide, component in zip(order.slides[link.base], moments[index], strict=True):
            if slide is not None:
                forces[slide] = add(forces[slide], mul(component, squares[index]))
        for above in model.ancestors(index):
            offset = pose.offsets[model.child_toward(above, index)]
            coupling = moment(offset, moments[index])
            forces[order.links[above]] = add(forces[order.links[above]], mul(coupling, squares[index]))
            forces[own] = sub(forces[own], mul(coupling, squares[above]))
    return forces
