"""Balls of several threads."""

from __future__ import annotations

import threading
import time

import flint

from convergence.proofs.balls import bits


def test_a_thread_keeps_its_precision_while_others_compute():
    """A replay whose precision another thread lowers is left open, and only now and then."""
    seen: dict[int, set[int]] = {}

    def compute(precision: int) -> None:
        for _ in range(5):
            with bits(precision), bits(precision, 64):
                for _ in range(5):
                    time.sleep(1e-3)
                    seen.setdefault(precision, set()).add(flint.ctx.prec)

    threads = [threading.Thread(target=compute, args=(64 << k,)) for k in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == {64 << k: {64 << k} for k in range(3)}
