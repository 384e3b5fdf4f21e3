"""A process that times one row of its checkout whenever it is asked: `leaderboard.comparison` runs two of them.

Started as a file, with another commit's checkout first on the path, so that it may use only what that commit has too.
Reads the row as JSON from its first line, answers with one line when it is compiled, and for each further line, a
number of seconds, with the steps per second of about so long.
"""

from __future__ import annotations

import json
import os
import sys
import time
from typing import Any


def main() -> int:
    """Exit status 0, or 2 after a line {"failed": …}."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what anything else prints is not an answer

    def answer(**message: Any) -> None:
        answers.write(json.dumps(message) + "\n")
        answers.flush()

    request = json.loads(sys.stdin.readline())
    try:
        program, version = _program(request)
    except Exception as error:  # another commit may lack anything
        answer(failed=f"{type(error).__name__}: {error}")
        return 2
    pace = min(_time(program, 1) for _ in range(3))
    first = program.steps_per_run
    answer(ready=True, version=version, devices=program.devices, compile_seconds=program.compile_seconds, steps=first)
    for line in sys.stdin:
        times = max(1, round(float(line) / pace))
        seconds = _time(program, times)
        answer(sps=program.steps_per_run * times / seconds)
    return 0


def _program(request: dict[str, Any]) -> tuple[Any, str]:
    import jax

    from leaderboard import configuration
    from leaderboard.program import Program, one_device_per_core

    one_device_per_core()
    jax.config.update("jax_enable_compilation_cache", False)
    env = configuration.make(request["env"], configuration.parse(request["set"]))
    with jax.ensure_compile_time_eval():
        params = env.default_params
    policy = None
    if request["mode"] == "policy_in_loop":
        from leaderboard.policy import Network

        policy = Network(env)
    devices = request["devices"] or jax.device_count()
    options: dict[str, Any] = {"chunk": None, "devices": devices, "policy": policy, "backend": request["backend"]}
    return Program(env, params, request["batch"], **options), env.version


def _time(program: Any, times: int) -> float:
    started = time.perf_counter()
    program.run(times)
    return time.perf_counter() - started


if __name__ == "__main__":
    sys.exit(main())
