"""The plugins of `cheetahjax`: Gymnasium's planar MuJoCo tasks, each beside the C engine."""
