"""Peers of the toys, pretended; a test sets `PEERS`."""

from contextlib import contextmanager

from leaderboard.peer import Peer, PeerSession

PEERS: list[Peer] = []
ERROR = {"against": "the truth", "states": 16, "max_dq": 2e-7, "max_dv": 3e-5, "not_finite": 0}
log: list[str] = []  # who was timed, in order


def declared(env):
    return tuple(PEERS)


def error(env, batch, compiler_options):
    return {**ERROR, "states": batch}


def peer(name, sps, modules=("json",), fails=""):
    @contextmanager
    def opened(request):
        if fails == "at the start":
            raise RuntimeError("no such engine")

        def play(seconds):
            log.append(name)
            if fails:
                raise RuntimeError("it fell over")
            return sps

        yield PeerSession(
            name=name,
            version="0.1",
            config={"iterations": 4, "devices": request.devices},
            batch=request.batch,
            timer=play,
            physics_per_step=5,
            trace_seconds=0.5,
            compile_seconds=2.0,
            error={**ERROR, "max_dv": 0.25, "not_finite": 1},
        )

    return Peer(name=name, modules=modules, group="peers", startup_seconds=90, open=opened)
