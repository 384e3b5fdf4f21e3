"""Type variables of the contract: an environment's own state, its params, its observation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol


class Params(Protocol):
    """A pytree of numeric leaves; this field is the one that every environment has."""

    @property
    def max_steps_in_episode(self) -> Any: ...


if TYPE_CHECKING:  # a default needs Python 3.13 at run time
    from typing_extensions import TypeVar

    StateT = TypeVar("StateT", default=Any)
    ParamsT = TypeVar("ParamsT", bound=Params, default=Any)
    ObsT = TypeVar("ObsT", default=Any)
else:
    from typing import TypeVar

    StateT = TypeVar("StateT")
    ParamsT = TypeVar("ParamsT")
    ObsT = TypeVar("ObsT")
