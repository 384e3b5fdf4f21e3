"""Policies as evaluations play them: by name or from a run, and several of them at one board."""

from __future__ import annotations

import difflib
import functools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp

from baselines.errors import BaselinesError
from baselines.policy import Policy, load, load_all
from baselines.transfer.scripted import scripted, scripted_names
from jaxenv import Environment
from jaxenv import policy as exported
from jaxenv.commands import files


@dataclass(frozen=True)
class Entrant:
    """A policy under the name that tables give it; `source` is what the user wrote, and which member of a run it is."""

    name: str
    source: str
    policy: Policy


class PolicyError(BaselinesError):
    """A policy that cannot be played here; the message names it, what is wrong and what would do."""


def entrants(env: Environment, sources: Sequence[str], greedy: bool = False, more: Sequence[str] = ()) -> list[Entrant]:
    """A policy for each scripted name, file or shipped name, and all members of each run among `sources`, in order.

    `greedy`: trained policies take their likeliest action. `more`: names that the caller takes beside these, for the
    error. `PolicyError` for a name that is none of these, with those that are like it, for a policy of another
    environment or version, and for one named twice.
    """
    found: list[Entrant] = []
    for source in sources:
        if source in scripted_names(env.id):
            found.append(Entrant(source, source, scripted(env, source)))
        elif policy := of_file(source, greedy):
            found.append(Entrant(policy.name, source, policy))
        else:
            found += _of_run(env, source, greedy, more)
    for entrant in found:
        check(env, entrant)
    names = [entrant.name for entrant in found]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise PolicyError(f"policies named twice: {', '.join(twice)}; the same policy again is no further evidence")
    return found


def of_file(source: str | Path, greedy: bool) -> Policy | None:
    """The policy of a file, or one that a package brings; None where `source` is neither. `PolicyError`."""
    try:
        return exported.load(source, greedy=greedy)
    except FileNotFoundError:
        return None
    except exported.PolicyFileError as error:
        raise PolicyError(str(error)) from error


def _of_run(env: Environment, source: str, greedy: bool, more: Sequence[str]) -> list[Entrant]:
    """The members of a run that training has left behind; "RUN#3" is member 3 of it alone."""
    written, _, member = source.partition("#")
    path = files.path(written)
    if not path.exists():
        raise _unknown(env, source, more)
    if member:
        if not member.isdigit():
            raise PolicyError(f"{source}: what follows # is the number of a member, as in {written}#0")
        return [Entrant(f"{path.absolute().name}#{member}", source, load(path, int(member), greedy=greedy))]
    members = load_all(path, greedy=greedy)
    if len(members) == 1:
        return [Entrant(path.absolute().name, source, members[0])]
    return [Entrant(f"{path.absolute().name}#{k}", f"{source}#{k}", policy) for k, policy in enumerate(members)]


def _unknown(env: Environment, source: str, more: Sequence[str]) -> PolicyError:
    """The error for what is neither a path nor a name."""
    scripted = (*more, *scripted_names(env.id))
    ships = exported.shipped(env.id.partition("/")[0])
    close = difflib.get_close_matches(source, (*scripted, *ships), n=3)
    trained = f"; trained ones that ship: {', '.join(ships)}" if ships else ""
    hint = f"; did you mean {' or '.join(close)}?" if close else ""
    return PolicyError(
        f"{source}: no run or file of that path, and no scripted policy of {env.id} "
        f"(these are: {', '.join(scripted) or 'none'}){trained}{hint}"
    )


def check(env: Environment, entrant: Entrant) -> None:
    """`PolicyError` where a policy was made for another environment or another version of it."""
    policy = entrant.policy
    if (policy.env, policy.env_version) != (env.id, env.version):
        raise PolicyError(
            f"{entrant.source}: a policy of {policy.env} version {policy.env_version}, to be played in {env.id} "
            f"version {env.version}; train it again there, or check out the version that it was trained in"
        )


class Table:
    """One policy a seat, for a fixed batch; each policy is compiled once, however often it sits down.

    In a game of one player the only policy acts. In one of two, `seats` says for every lane where the first policy
    sits; the second takes the other seat.
    """

    def __init__(self, players: Sequence[Policy], lanes: int) -> None:
        self.lanes = lanes
        self._players = tuple(players)
        self._acts = [compiled(policy) for policy in self._players]
        self._carries = [policy.initial_carry(lanes) for policy in self._players]

    def act(self, key: jax.Array, obs: Any, mask: Any, first: Any, seats: Any) -> jax.Array:
        """Actions [lanes, …], of two players [lanes, 2]. `obs` and `mask` as the environment has them, batched."""
        if len(self._players) == 1:
            actions, self._carries[0] = self._acts[0](key, obs, mask, self._carries[0], first)
            return actions
        keys, views = _split(key, obs, mask, seats)
        chosen = []
        for number, (own_obs, own_mask) in enumerate(views):
            own = self._acts[number](keys[number], own_obs, own_mask, self._carries[number], first)
            action, self._carries[number] = own
            chosen.append(action)
        return _merge(chosen[0], chosen[1], seats)


@functools.lru_cache(maxsize=64)
def _compiled(policy: Policy) -> Any:
    return jax.jit(policy.act)


def compiled(policy: Policy) -> Any:
    """`policy.act` under `jax.jit`, one program a policy object where it can be hashed."""
    try:
        return _compiled(policy)
    except TypeError:
        return jax.jit(policy.act)


@jax.jit
def _split(
    key: jax.Array, obs: Any, mask: jax.Array, seats: jax.Array
) -> tuple[jax.Array, list[tuple[Any, jax.Array]]]:
    """For the first and the second policy: its key, what it sees and what it may do, from leaves [lanes, 2, …]."""

    def of(seat: jax.Array, leaf: jax.Array) -> jax.Array:
        index = seat.reshape(-1, *([1] * (leaf.ndim - 1)))
        return jnp.take_along_axis(leaf, index, axis=1)[:, 0]

    views = [(jax.tree.map(functools.partial(of, seat), obs), of(seat, mask)) for seat in (seats, 1 - seats)]
    return jax.random.split(key), views


@jax.jit
def _merge(first: jax.Array, second: jax.Array, seats: jax.Array) -> jax.Array:
    """Actions [lanes, 2] by seat from those of the first and the second policy."""
    both = jnp.stack([first, second], axis=1).astype(jnp.int32)
    return jnp.where(seats[:, None] == 1, both[:, ::-1], both)
