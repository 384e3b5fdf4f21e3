"""The check that a rule heeds every parameter of its equation: one place for all rules.

A rule reads the parameters that decide its values. Each of the others must be listed here: as one that never changes a
value, as one that only names the types of the results (which are checked on their own), or with the values at which it
does nothing. Else the equation is not supported.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

_NO_VALUE_DEPENDS_ON_IT = frozenset(
    (
        # where arrays lie
        "sharding", "out_sharding", "in_shardings", "out_shardings", "in_layouts", "out_layouts", "layout", "ctx_mesh",
        "context_mesh", "unconstrained_dims", "devices", "srcs", "copy_semantics",
        # how a program is compiled and what it may reuse
        "name", "inline", "keep_unused", "donated_invars", "unroll", "linear", "_split_transpose", "prevent_cse",
        "policy", "differentiated", "ft_in", "ft_out", "branches_platforms", "use_magma",
        # how derivatives and batches are made of it
        "jvp_jaxpr_fun", "jvp_jaxpr_thunk", "bwd", "fwd_jaxpr_thunk", "out_trees", "symbolic_zeros", "in_tree",
        "out_tree", "rule",
        # promises about the operands
        "indices_are_sorted", "unique_indices",
    )
)  # fmt: skip

_RESULT_TYPE = frozenset(
    (
        ("convert_element_type", "new_dtype"), ("convert_element_type", "weak_type"), ("reshape", "new_sizes"),
        ("bitcast_convert_type", "new_dtype"), ("random_wrap", "impl"), ("expand_dims", "dimensions"),
        ("squeeze", "dimensions"), ("slice", "limit_indices"),
    )
)  # fmt: skip
"""Parameters that say nothing which the types of operands and results do not say."""

_SCATTERS = ("", *(f"{joint}{kind}" for joint in "-_" for kind in ("add", "sub", "mul", "min", "max")))
_AT_REST: dict[tuple[str, str], tuple[Any, ...]] = {
    ("jit", "compiler_options_kvs"): ((),),
    ("pjit", "compiler_options_kvs"): ((),),
    ("sort", "is_stable"): (True, False),  # an unstable sort may be stable
    ("top_k", "is_stable"): (True, False),
    **{(f"scatter{kind}", "update_consts"): ((),) for kind in _SCATTERS},
    **{(name, "num_consts"): tuple(range(1 << 10)) for name in ("custom_jvp_call", "custom_vjp_call")},
}
"""Values at which a parameter does nothing. None is one of them for every parameter."""


class Parameters(dict[str, Any]):
    """The parameters of an equation, which notes those that are read. Who copies them reads them all."""

    def __init__(self, parameters: dict[str, Any]) -> None:
        super().__init__(parameters)
        self.read: set[str] = set()

    def __getitem__(self, name: str) -> Any:
        self.read.add(name)
        return super().__getitem__(name)

    def get(self, name: str, default: Any = None) -> Any:
        self.read.add(name)
        return super().get(name, default)

    def __iter__(self) -> Iterator[str]:
        self.read.update(super().keys())
        return super().__iter__()

    def unheeded(self, primitive: str) -> list[str]:
        """Parameters, as `name=value`, that were not read and may change the result of this primitive."""
        return [
            f"{name}={_short(value)}"
            for name, value in super().items()
            if name not in self.read and not _does_nothing(primitive, name, value)
        ]


def _does_nothing(primitive: str, name: str, value: Any) -> bool:
    if value is None or name in _NO_VALUE_DEPENDS_ON_IT or (primitive, name) in _RESULT_TYPE:
        return True
    return any(type(value) is type(rest) and value == rest for rest in _AT_REST.get((primitive, name), ()))


def _short(value: Any) -> str:
    text = " ".join(str(value).split())
    return text if len(text) <= 60 else f"{text[:57]}..."
