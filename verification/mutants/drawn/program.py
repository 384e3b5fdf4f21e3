"""Fingerprint of all that an environment computes, to tell a mutant that changes none of it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

_ADDRESS = re.compile(r" at 0x[0-9a-f]+")
_METHODS = ("legal_actions", "observe", "to_act")


def fingerprint(env_id: str) -> str:
    """SHA-256 of the programs of an environment's public functions, its default params, spaces and spec.

    Programs are compared as traced, for one environment and under `vmap`, which has rules of its own, without what no
    result depends on. Names and lines of the source are no part of
    it; what only raises an error, renders or prints is not either.
    """
    import jaxenv

    env = jaxenv.make(env_id)
    found = hashlib.sha256()
    params = env.default_params
    key = jax.random.key(0)
    _put(found, params)
    spaces = (env.action_space(params), env.observation_space(params))
    facts = (env.spec, env.no_op, env.obs_spec, env.obs_spec.layout, spaces)
    found.update(_ADDRESS.sub("", repr(facts)).encode())
    reset = jax.make_jaxpr(env.reset, return_shape=True)
    program, (_, state) = reset(key, params)
    found.update(digest(program))
    found.update(batched(env.reset, (key, params)))
    space = env.action_space(params)
    action = jax.eval_shape(space.sample, key)
    if env.num_players > 1:
        action = jax.ShapeDtypeStruct((env.num_players, *action.shape), action.dtype)
    calls: list[tuple[Callable[..., Any], tuple[Any, ...]]] = [(env.step, (key, state, action, params))]
    for name in _METHODS:
        arguments = (state,) if name == "to_act" else (state, params)
        calls.append((getattr(env, name), arguments))
    for function, arguments in calls:
        found.update(digest(jax.make_jaxpr(function)(*arguments)))
        found.update(batched(function, arguments))
    return found.hexdigest()


def batched(function: Callable[..., Any], arguments: tuple[Any, ...]) -> bytes:
    """Digest of a function under `vmap` over all of its arguments."""

    def lanes(leaf: Any) -> jax.ShapeDtypeStruct:
        leaf = leaf if hasattr(leaf, "dtype") else jnp.asarray(leaf)
        return jax.ShapeDtypeStruct((2, *leaf.shape), leaf.dtype)

    return digest(jax.make_jaxpr(jax.vmap(function))(*jax.tree.map(lanes, arguments)))


def _put(found: Any, tree: Any) -> None:
    leaves, structure = jax.tree.flatten(tree)
    found.update(str(structure).encode())
    for leaf in leaves:
        array = np.asarray(leaf)
        found.update(f"{array.dtype}{array.shape}".encode())
        found.update(array.tobytes())


def digest(program: Any) -> bytes:
    """Digest of a closed jaxpr: its equations that a result needs, and its constants."""
    return _Digest().closed(program)


class _Digest:
    def __init__(self) -> None:
        self._known: dict[int, tuple[Any, bytes]] = {}

    def closed(self, program: Any) -> bytes:
        found = hashlib.sha256(self.open(program.jaxpr))
        for constant in program.consts:
            found.update(_array(constant))
        return found.digest()

    def open(self, jaxpr: Any) -> bytes:
        known = self._known.get(id(jaxpr))
        if known is None:
            # The jaxpr is kept too: its id may not be given to another one meanwhile.
            known = self._known[id(jaxpr)] = (jaxpr, self._equations(jaxpr))
        return known[1]

    def _equations(self, jaxpr: Any) -> bytes:
        numbers: dict[Any, int] = {}

        def name(atom: Any) -> str:
            if hasattr(atom, "val"):
                return "=" + _array(atom.val).hex()
            return f"{numbers.setdefault(atom, len(numbers))}:{atom.aval}"

        needed = {atom for atom in jaxpr.outvars if not hasattr(atom, "val")}
        kept = []
        for equation in reversed(jaxpr.eqns):
            if equation.effects or any(out in needed for out in equation.outvars):
                needed.update(atom for atom in equation.invars if not hasattr(atom, "val"))
                kept.append(equation)
        found = hashlib.sha256()
        found.update(" ".join(name(atom) for atom in (*jaxpr.constvars, *jaxpr.invars)).encode())
        for equation in reversed(kept):
            found.update(f"\n{equation.primitive} {' '.join(map(name, equation.invars))}".encode())
            for key in sorted(equation.params):
                if key != "name":
                    found.update(f" {key}=".encode() + self._param(equation.params[key]))
            found.update(f" -> {' '.join(map(name, equation.outvars))}".encode())
        found.update(" ".join(map(name, jaxpr.outvars)).encode())
        return found.digest()

    def _param(self, value: Any) -> bytes:
        if hasattr(value, "jaxpr") and hasattr(value, "consts"):
            return self.closed(value)
        if hasattr(value, "eqns"):
            return self.open(value)
        if isinstance(value, tuple | list):
            return b"(" + b",".join(self._param(inner) for inner in value) + b")"
        if isinstance(value, np.ndarray | jax.Array):
            return _array(value)
        if callable(value) and not isinstance(value, type):
            return getattr(value, "__name__", type(value).__name__).encode()
        return _ADDRESS.sub("", repr(value)).encode()


def _array(value: Any) -> bytes:
    if isinstance(value, jax.Array) and jnp.issubdtype(value.dtype, jax.dtypes.prng_key):
        value = jax.random.key_data(value)
    array = np.asarray(value)
    return hashlib.sha256(f"{array.dtype}{array.shape}".encode() + array.tobytes()).digest()
