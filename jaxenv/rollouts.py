"""Many environments for many steps in one compiled program: `jit(map(scan(vmap(step))))`.

Everything a step makes is consumed, or XLA would delete the work and the speed would be a fiction: observations, masks
and rewards go into a checksum (measured elsewhere: an observation that nobody reads makes a rollout 13 times faster).

Cost: `chunk` runs the batch as `lax.map` over chunks of that many lanes, each for all its steps before the next one
starts. Small chunks keep the state in cache and let `jaxenv.control.maybe` really skip rare branches; big ones amortise
the dispatch of each operation. On a CPU the best is often 64 to 512 lanes; a GPU wants the whole batch (`chunk=None`).
Results do not depend on it, but for how XLA rounds floats: each lane draws from its own key.

``backend="simd"`` runs first states and steps in kernels of `jaxlanes`, a SIMD lane for each environment. ``"auto"``,
the default, does so where the environment names "simd" in its spec and a C++ compiler is found (`jaxenv.backends`).
Random play stays in the kernel for all its steps; any other policy is called between them, by XLA. Integers are those
of XLA bit by bit, floats up to rounding. A batch that is spread over devices needs `jax.shard_map` around `run`, since
XLA cannot split a kernel. ``"cuda"`` does the same on an NVIDIA GPU, a thread for each environment; no GPU has run it
yet (`jaxlanes.vmap`).
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from jaxenv import pretty, struct
from jaxenv.autoreset import AutoResetState
from jaxenv.backends import BACKENDS, Backend, choose
from jaxenv.environment import Environment

Policy = Callable[[jax.Array, Any, jax.Array], Any]
"""`policy(key, obs, legal_actions) -> action`, on one environment, all players at once."""
_MARK = 0x5BD1E995  # any number: without it XLA would see that 0, 1, 2 … is a sequence, and compile a loop


@struct.dataclass
class Carry:
    """A batch between two calls; every leaf has the batch as its leading axis."""

    lane_key: jax.Array  # constant; the keys of step t are folded from it
    step: jax.Array  # uint32: steps taken, the same in every lane
    state: AutoResetState
    obs: Any


@struct.dataclass
class Summary:
    """Summary of a rollout, reduced over lanes and steps. `checksum` depends on every bit that every step emitted."""

    steps: jax.Array  # int32: environment transitions
    episodes: jax.Array  # int32: how many ended
    episode_steps: jax.Array  # int32: steps of those that ended
    return_sum: jax.Array  # float32[P] or []: undiscounted returns of those that ended
    illegal: jax.Array  # int32: illegal actions, where the environment reports them
    checksum: jax.Array  # uint32: wraps around; independent of the order of lanes


@struct.dataclass
class Transition:
    """One step as a learner wants it; leaves `[T, B, ...]`. `obs` and `legal_actions` are what the policy saw."""

    obs: Any
    legal_actions: jax.Array
    action: Any
    reward: jax.Array
    terminated: jax.Array
    truncated: jax.Array
    info: dict[str, Any]


def random_legal(key: jax.Array, obs: Any, legal_actions: jax.Array) -> jax.Array:
    """Uniform over the legal actions of each player: int32 `[P]` or scalar from bool `[P, A]` or `[A]`."""
    del obs
    count = jnp.sum(legal_actions, axis=-1, dtype=jnp.int32)
    # One draw and the n-th legal action, not a Gumbel variable per action. Bias below 2**-16 * A.
    draw = jax.random.bits(key, count.shape, jnp.uint32) >> 16
    nth = ((draw * count.astype(jnp.uint32)) >> 16).astype(jnp.int32)
    rank = jnp.cumsum(legal_actions, axis=-1, dtype=jnp.int32)
    return lax.argmax(rank > nth[..., None], rank.ndim - 1, jnp.int32)


@functools.cache
def random_policy(env: Environment) -> Policy:
    """`random_legal` for discrete actions, uniform samples of the action space for continuous ones."""
    if env.num_actions:
        return random_legal
    space = env.action_space()
    if env.num_players == 1:
        return lambda key, obs, legal_actions: space.sample(key)
    return lambda key, obs, legal_actions: jax.vmap(space.sample)(jax.random.split(key, env.num_players))


@dataclasses.dataclass(frozen=True)
class Rollout:
    """`num_steps` of `batch_size` environments. `init` and `run` are compiled once per configuration.

    `run(carry, params)` returns `(carry, Summary)`, or `(carry, Transition)` with `collect`.

    `inside`: the policy is part of the kernel too, where there is one.
    """

    env: Environment
    batch_size: int
    num_steps: int
    policy: Policy
    chunk: int | None = None
    collect: bool = False
    backend: str = "auto"
    inside: bool = True

    def __post_init__(self) -> None:
        if self.backend not in BACKENDS:
            raise ValueError(f"rollout: backend must be one of {', '.join(BACKENDS)}, got {self.backend!r}")
        if self.batch_size < 1 or self.num_steps < 1:
            raise ValueError(f"rollout: batch_size and num_steps must be positive: {self.batch_size}, {self.num_steps}")
        if self.batch_size * self.num_steps >= 2**31:
            raise ValueError(
                f"rollout: batch_size * num_steps must stay below 2**31 to be counted, got {self.batch_size} * "
                f"{self.num_steps}; call run repeatedly"
            )
        if self.chunk is not None and (self.chunk < 1 or self.batch_size % self.chunk):
            raise ValueError(f"rollout: chunk must divide batch_size {self.batch_size}, got {self.chunk}")

    @functools.cached_property
    def engine(self) -> Backend:
        """Backend that `backend` means on this machine, found at the first call."""
        return choose(self.backend, self.env)

    def __repr__(self) -> str:
        policy = (
            "random legal play"
            if self.policy is random_policy(self.env)
            else getattr(self.policy, "__qualname__", repr(self.policy))
        )
        shown = [("env", repr(self.env)), ("policy", policy)]
        for field in dataclasses.fields(self):
            if field.name not in ("env", "policy", "inside"):
                shown.append((field.name, repr(getattr(self, field.name))))
        return pretty.call("Rollout", shown)

    @functools.partial(jax.jit, static_argnums=0)
    def init(self, key: jax.Array, params: Any) -> Carry:
        """A batch of first states."""

        def first(lane_key, params):
            obs, state = self.env.reset(jax.random.fold_in(lane_key, 0), params)
            return Carry(lane_key, jnp.uint32(0), state, obs)

        if self.engine.name == "xla" or not _splits_by_folding(key):
            keys = jax.random.split(key, self.batch_size)
            return self._in_chunks(lambda chunk: self._on_lanes("a start", first, chunk, params), keys)

        def numbered(number, both):
            return first(jax.random.fold_in(both[0], number ^ np.uint32(_MARK)), both[1])

        numbers = np.arange(self.batch_size, dtype=np.uint32) ^ np.uint32(_MARK)
        return self._in_chunks(
            lambda chunk: self._on_lanes("a numbered start", numbered, chunk, (key, params)), numbers
        )

    @functools.partial(jax.jit, static_argnums=0)
    def run(self, carry: Carry, params: Any) -> tuple[Carry, Any]:
        """`num_steps` more steps of every lane."""
        carry, result = self._in_chunks(lambda chunk: self._run_chunk(chunk, params), carry)
        if self.collect:
            return carry, jax.tree.map(lambda leaf: jnp.swapaxes(leaf, 0, 1), result)
        if self.engine.name == "xla":
            return carry, jax.tree.map(lambda leaf: jnp.sum(leaf, axis=0, dtype=leaf.dtype), result)
        return carry, _sums(result)

    def __call__(self, key_or_carry: jax.Array | Carry, params: Any = None) -> tuple[Carry, Any]:
        """`run`, from a key (a new batch) or from an earlier carry."""
        params = self.env.default_params if params is None else params
        carry = key_or_carry if isinstance(key_or_carry, Carry) else self.init(key_or_carry, params)
        return self.run(carry, params)

    def _run_chunk(self, carry: Carry, params: Any) -> tuple[Carry, Any]:
        """All steps of some lanes; the result's leaves lead with the lane: `[lanes]` or `[lanes, T, ...]`."""
        if self.engine.name == "xla":
            step = jax.vmap(lambda lane: _step(self.env, self.policy, lane, params))
            return self._repeat(step, jax.vmap(_summarise), carry, 1)
        if self.inside:

            def lane(carry: Carry, params: Any) -> tuple[Carry, Any]:
                return self._repeat(lambda carry: _step(self.env, self.policy, carry, params), _summarise, carry, 0)

            what = f"{'transitions' if self.collect else 'the sum'} of {self.num_steps} random steps"
            return self._on_lanes(what if self.policy is random_policy(self.env) else "", lane, carry, params)
        return self._repeat(self._kernel_step(params), jax.vmap(_summarise), carry, 1)

    def _repeat(self, step: Any, summarise: Any, carry: Carry, time_axis: int) -> tuple[Carry, Any]:
        """`num_steps` of `step`; a collected result has the time as axis `time_axis`."""
        if self.collect:
            carry, steps = lax.scan(lambda carry, _: step(carry), carry, length=self.num_steps)
            return carry, jax.tree.map(lambda leaf: jnp.moveaxis(leaf, 0, time_axis), steps)

        def body(loop, _):
            carry, totals = loop
            carry, transition = step(carry)
            totals = jax.tree.map(jnp.add, totals, summarise(transition, carry.obs))
            return (carry, totals), None

        shapes = jax.eval_shape(lambda c: summarise(step(c)[1], c.obs), carry)
        zeros = jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), shapes)
        (carry, totals), _ = lax.scan(body, (carry, zeros), length=self.num_steps)
        return carry, totals

    def _kernel_step(self, params: Any) -> Callable[[Carry], tuple[Carry, Transition]]:
        """A step of all lanes: the policy by XLA, the environment by a kernel."""
        choose = jax.vmap(lambda carry: _choose(self.env, self.policy, carry, params))

        def step(carry: Carry) -> tuple[Carry, Transition]:
            legal_actions, action = choose(carry)
            act = functools.partial(_act, self.env)
            return self._on_lanes("one step", act, carry, legal_actions, action, params)

        return step

    def _on_lanes(self, what: str, fn: Callable[..., Any], *arguments: Any) -> Any:
        """`fn(*arguments)` for each lane, the last argument, the params, being the same for all.

        `what`: whatever `fn` does that neither the environment nor the structure of the arguments tells; "" if that
        cannot be said.
        """
        known = None
        if what and self.engine.name != "xla":
            from jaxenv.fingerprint import fingerprint

            known = fingerprint(self.env, *arguments)
            known = known and f"jaxenv.rollouts: {what}: {known}"
        in_axes = (*(0 for _ in arguments[1:]), None)
        return self.engine.vmap(fn, in_axes, fingerprint=known)(*arguments)

    def _in_chunks(self, fn: Callable[[Any], Any], batch: Any) -> Any:
        if self.chunk is None or self.chunk == self.batch_size:
            return fn(batch)
        split = jax.tree.map(lambda leaf: leaf.reshape(-1, self.chunk, *leaf.shape[1:]), batch)
        return jax.tree.map(lambda leaf: leaf.reshape(-1, *leaf.shape[2:]), lax.map(fn, split))


def rollout(
    env: Environment,
    batch_size: int,
    num_steps: int,
    policy: Policy | None = None,
    *,
    autoreset: str | None = None,
    chunk: int | None = None,
    collect: bool = False,
    backend: str = "auto",
) -> Rollout:
    """A compiled rollout: call it with a key, then with the carry it returned.

    `policy` defaults to uniformly random legal play, `autoreset` to the environment's own mode. `backend` is "auto",
    "xla", "simd" or "cuda": what compiles the steps (`jaxenv.backends.choose`).
    """
    if not isinstance(env, Environment):
        raise TypeError(f"rollout: {env!r} is no jaxenv.Environment. Remedy: step a host environment by its own `step`")
    if autoreset is not None:
        env = dataclasses.replace(env, autoreset=autoreset)
    chosen = policy or random_policy(env)
    return Rollout(env, batch_size, num_steps, chosen, chunk, collect, backend, inside=policy is None)


def _splits_by_folding(key: jax.Array) -> bool:
    """True if key number i of `jax.random.split` is that of `fold_in` of i: then kernels make them.

    XLA needs longer to compile the first than everything else that stands around a kernel.
    """
    partitionable = jax.config.jax_threefry_partitionable  # type: ignore[attr-defined]
    return partitionable and str(jax.random.key_impl(key)) == "threefry2x32"


def _sums(tree: Any) -> Any:
    """Each leaf `[B, ...]` over the lanes: one operation for all leaves of a shape, which XLA compiles in less time."""
    leaves, structure = jax.tree.flatten(tree)
    sums = [leaf[0] for leaf in leaves]
    for shape in {leaf.shape for leaf in leaves}:
        places = [i for i, leaf in enumerate(leaves) if leaf.shape == shape]
        found = lax.reduce(
            [leaves[i] for i in places],
            [np.zeros((), leaves[i].dtype) for i in places],
            lambda totals, values: list(map(lax.add, totals, values)),
            (0,),
        )
        for place, value in zip(places, found, strict=True):
            sums[place] = value
    return jax.tree.unflatten(structure, sums)


def _step(env: Environment, policy: Policy, carry: Carry, params: Any) -> tuple[Carry, Transition]:
    """One step of one lane."""
    return _act(env, carry, *_choose(env, policy, carry, params), params)


def _choose(env: Environment, policy: Policy, carry: Carry, params: Any) -> tuple[jax.Array, Any]:
    """The legal actions of one lane, and what the policy makes of them."""
    legal_actions = env.legal_actions(carry.state, params)
    policy_key = jax.random.fold_in(carry.lane_key, 2 * carry.step + 1)
    return legal_actions, policy(policy_key, carry.obs, legal_actions)


def _act(
    env: Environment, carry: Carry, legal_actions: jax.Array, action: Any, params: Any
) -> tuple[Carry, Transition]:
    """One lane takes an action."""
    step_key = jax.random.fold_in(carry.lane_key, 2 * carry.step + 2)
    obs, state, reward, terminated, truncated, info = env.step(step_key, carry.state, action, params)
    transition = Transition(carry.obs, legal_actions, action, reward, terminated, truncated, info)
    return Carry(carry.lane_key, carry.step + 1, state, obs), transition


def _summarise(transition: Transition, obs: Any) -> Summary:
    """One lane's step; `obs` is what it led to."""
    info = transition.info
    emitted = (obs, transition.legal_actions, transition.reward, transition.terminated, transition.truncated)
    return Summary(
        steps=jnp.int32(1),
        episodes=info["returned_episode"].astype(jnp.int32),
        episode_steps=info["returned_episode_length"],
        return_sum=info["returned_episode_return"],
        illegal=jnp.sum(info.get("illegal", False), dtype=jnp.int32),
        checksum=_checksum(emitted),
    )


def _checksum(tree: Any) -> jax.Array:
    """uint32: the sum of all bit patterns, each leaf weighted by an odd number of its own."""
    total = jnp.uint32(0)
    for i, leaf in enumerate(jax.tree.leaves(tree)):
        if jnp.issubdtype(leaf.dtype, jnp.floating):
            bits = lax.bitcast_convert_type(leaf.astype(jnp.float32), jnp.uint32)
        else:
            bits = leaf.astype(jnp.uint32)
        total = total + jnp.sum(bits, dtype=jnp.uint32) * jnp.uint32(2654435761 * (2 * i + 1) & 0xFFFFFFFF)
    return total
