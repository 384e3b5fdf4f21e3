"""Driver of Gymnasium's planar tasks on MuJoCo's C engine."""
