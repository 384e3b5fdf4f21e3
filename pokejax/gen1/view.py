"""The battle as the Pokémon that is moving sees it: a user, a foe, the generator and what the move has done so far."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from jaxenv import struct
from pokejax.common import rng as generator
from pokejax.common.rng import Rng
from pokejax.common.storage import update
from pokejax.gen1.state import Seat


@struct.dataclass
class View(struct.Node):
    """All int32 or bool scalars but the seats. ``user`` is the seat whose action runs, ``foe`` the other."""

    rng: Rng
    last_damage: jax.Array
    """'battle.lastDamage'."""
    user: Seat
    foe: Seat
    move: jax.Array
    """The move in execution, after Metronome and Mirror Move."""
    proceeds: jax.Array
    """The move is still on its way: nothing has stopped it yet."""
    failed: jax.Array
    """Showdown's ``damage === false``: missed or failed."""
    broke_substitute: jax.Array
    """The foe's Substitute took the hit and broke."""

    def draw(self, n: int | jax.Array, when: jax.Array | bool = True) -> tuple[View, jax.Array]:
        """``random(n)``, consumed only if ``when``: the view after it, and an int32 in [0, n)."""
        rng, value = generator.draw(self.rng, n, when)
        return self.replace(rng=rng), value

    def chance(self, numerator: jax.Array | int, when: jax.Array | bool = True) -> tuple[View, jax.Array]:
        """``randomChance(numerator, 256)``: the view after it, and ``when`` and it came true."""
        view, value = self.draw(256, when)
        return view, when & (value < numerator)

    def on_user(self, when: jax.Array | bool = True, **values) -> View:
        """The user's fields replaced where ``when``."""
        return self.replace(user=update(self.user, when, **values))

    def on_foe(self, when: jax.Array | bool = True, **values) -> View:
        """The foe's fields replaced where ``when``."""
        return self.replace(foe=update(self.foe, when, **values))

    def set(self, when: jax.Array | bool = True, **values) -> View:
        """The view's own scalars replaced where ``when``."""
        return update(self, when, **values)

    def fail(self, when: jax.Array) -> View:
        """The move stops here and counts as failed."""
        when = when & self.proceeds
        return self.replace(proceeds=self.proceeds & ~when, failed=self.failed | when)

    def tie(self, when: jax.Array | bool) -> View:
        """One draw where ``when``: what shuffling two equal event handlers costs (sim/battle.js, ``speedSort``)."""
        return self.draw(2, when)[0]


def start_view(rng: Rng, last_damage: jax.Array, user: Seat, foe: Seat) -> View:
    """A view at the start of an action."""
    no = jnp.bool_(False)
    return View(
        rng=rng,
        last_damage=last_damage,
        user=user,
        foe=foe,
        move=jnp.int32(0),
        proceeds=jnp.bool_(True),
        failed=no,
        broke_substitute=no,
    )
