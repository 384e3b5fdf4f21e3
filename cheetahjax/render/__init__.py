"""Pictures of the planar tasks: `svg` of one state, `html` of an episode, and ``python -m cheetahjax.render``.

On the host: not for `jit`.
"""

from cheetahjax.render.gif import gif
from cheetahjax.render.page import html
from cheetahjax.render.svg import svg

__all__ = ["gif", "html", "svg"]
