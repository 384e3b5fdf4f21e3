"""Workers end in order, whoever ends them."""

from __future__ import annotations

import struct
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from references.showdown.workers import OP_HELLO, OP_MEASURE, Worker, WorkerFailedError, text_field


def test_a_worker_may_be_ended_while_a_thread_waits_for_its_answer() -> None:
    """Both then end it: an interrupted sweep does so."""
    playing = text_field("gen1randombattle") + struct.pack("<II", 60_000, 1)
    with ThreadPoolExecutor(1) as threads:
        for _ in range(5):
            worker = Worker()
            worker.call(OP_HELLO, b"", 60)
            waiting = threads.submit(worker.call, OP_MEASURE, playing, 100)
            time.sleep(0.2)
            worker.close()
            with pytest.raises(WorkerFailedError, match="died"):
                waiting.result(timeout=10)
            worker.close()
