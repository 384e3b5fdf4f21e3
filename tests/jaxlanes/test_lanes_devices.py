"""Kernels on several devices of one process: each runs the lanes that lie on it."""

from __future__ import annotations

import os
import subprocess
import sys

PROGRAM = """
import functools
import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.sharding import AxisType, NamedSharding, PartitionSpec
import jaxlanes

assert jax.device_count() == 8
mesh = jax.make_mesh((8,), ("lanes",), axis_types=(AxisType.Auto,))
split, whole = PartitionSpec("lanes"), PartitionSpec()

def play(key, number, table):
    def step(carry, _):
        key, total = carry
        key, own = jax.random.split(key)
        total = jnp.where(jnp.ones((), bool), total, 0)  # a value that jax puts on the mesh around it
        total = lax.cond(total % 3 == 0, lambda t: t * 2 + 1, lambda t: t + table[t % 7], total)
        return (key, total), (total, jax.random.uniform(own))
    return lax.scan(step, (key, number), length=6)

keys = jax.random.split(jax.random.key(1), 200)
numbers = np.arange(200, dtype=np.int32)
table = np.arange(7, dtype=np.int32) ** 2
theirs = jax.jit(jax.vmap(play, (0, 0, None)))(keys, numbers, table)
ours = jaxlanes.vmap(play, (0, 0, None), backend="simd")

def same(found, name):
    for x, y in zip(jax.tree.leaves(theirs), jax.tree.leaves(found), strict=True):
        x, y = (jax.random.key_data(v) if jnp.issubdtype(v.dtype, jax.dtypes.prng_key) else v for v in (x, y))
        assert x.dtype == y.dtype and np.array_equal(x, y), name

put = lambda x, spec: jax.device_put(x, NamedSharding(mesh, spec))
arguments = put(keys, split), put(numbers, split), put(table, whole)
mapped = jax.jit(jax.shard_map(ours, mesh=mesh, in_specs=(split, split, whole), out_specs=split, check_vma=False))
found = mapped(*arguments)
same(found, "shard_map")
assert all(len(leaf.sharding.device_set) == 8 for leaf in jax.tree.leaves(found))
assert "jaxlanes_" in mapped.lower(*arguments).as_text()
same(jax.jit(ours)(*arguments), "jit of sharded arguments")
same(jax.jit(ours, out_shardings=NamedSharding(mesh, split))(keys, numbers, table), "jit to a sharded result")
same(ours(*arguments), "eagerly")
explicit = jax.make_mesh((8,), ("lanes",), axis_types=(AxisType.Explicit,))
mapped = jax.shard_map(ours, mesh=explicit, in_specs=(split, split, whole), out_specs=split, check_vma=False)
put = lambda x, spec: jax.device_put(x, NamedSharding(explicit, spec))
same(jax.jit(mapped)(put(keys, split), put(numbers, split), put(table, whole)), "shard_map of explicit axes")
for device in jax.devices()[::7]:
    same(jax.jit(ours)(*(jax.device_put(x, device) for x in (keys, numbers, table))), device)
print("all the same")
"""


def test_eight_devices() -> None:
    flags = "--xla_force_host_platform_device_count=8"
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={**os.environ, "JAX_PLATFORMS": "cpu", "XLA_FLAGS": flags},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "all the same\n", done.stderr[-3000:]
