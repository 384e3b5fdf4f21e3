"""Settings of a bench: the command line as one value that can be sent to another process."""

from __future__ import annotations

import dataclasses

from leaderboard import compiler

BACKENDS = ("xla", "simd")
DEFAULT_BATCHES = (1, 64, 512, 4096)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Settings:
    """Settings of a measurement.

    * `batches`: None means the default ones and a search for the best from there.
    * `devices`: None means one per core.
    * `peer_batch`: environments that a peer plays at once.
    * `xla`: `--xla-option` texts; () leaves the compiler's options to the environment.
    * `backend`: "xla", or "simd": one kernel by `jaxlanes`.
    * `bare`: without what is measured beside the speed: the solver, the error, states to replay, a cached start.
    * `beside_xla`: XLA's program of the same batch takes its turn with every sample of a kernel.
    """

    batches: tuple[int, ...] | None = None
    samples: int = 10
    seconds: float = 1.0
    chunk: int | None = None
    devices: int | None = None
    command: str = ""
    peer_batch: int = 256
    xla: tuple[str, ...] = ()
    backend: str = "xla"
    beside_xla: bool = False
    bare: bool = False

    def __post_init__(self) -> None:
        if self.samples < 1 or self.seconds <= 0:
            raise ValueError(f"samples and seconds must be positive, got {self.samples} and {self.seconds}")
        if self.peer_batch < 1:
            raise ValueError(f"the peers' batch must be positive, got {self.peer_batch}")
        compiler.parse(self.xla)
        if self.backend not in BACKENDS:
            raise ValueError(f"backend must be one of {', '.join(BACKENDS)}, got {self.backend!r}")
        if self.backend == "simd" and self.chunk is not None:
            raise ValueError("chunks are XLA's: a kernel takes its lanes as they come; leave --chunk out")
        for batch in self.batches or ():
            if batch < 1:
                raise ValueError(f"a batch must be positive, got {batch}")
            if self.chunk is not None and (self.chunk < 1 or (batch > self.chunk and batch % self.chunk)):
                raise ValueError(f"chunk must be positive and divide the batch, got {self.chunk} for {batch}")

    def default_batches(self, with_peers: bool) -> tuple[int, ...]:
        """Default batches; the peers' own batch is among them."""
        return tuple(sorted({*DEFAULT_BATCHES, self.peer_batch})) if with_peers else DEFAULT_BATCHES

    def times_peers(self, batch: int, row: int) -> bool:
        """True if the peers take their turns with that row: the one of their own batch, or else the first."""
        if self.batches is None or self.peer_batch in self.batches:
            return batch == self.peer_batch
        return row == 0
