"""Work side by side: cores, calls in threads, processes that do not outlive their parent."""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Found = TypeVar("Found")

EVERY = 0.5  # seconds between two looks
SPARE = 4  # threads a core in XLA's pools, without which programs side by side may wait forever
# Threads of a product of matrices by NumPy, which its last bits hang on; read when it is imported.
ALONE = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


def cores() -> int:
    """The cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


_TURNS = threading.BoundedSemaphore(cores())


def ahead(
    call: Callable[[Item], Found], items: Iterable[Item], at_once: int
) -> Generator[Found, None, None]:
    """`call` of each item, in order, while the next ones are under way in threads; of all that is
    done like this in the process, no more at a time than there are cores."""
    if at_once == 1:
        yield from map(call, items)
        return

    def turn(item: Item) -> Found:
        with _TURNS:
            return call(item)

    with ThreadPoolExecutor(at_once) as pool:
        begun: deque[Future[Found]] = deque()
        try:
            for item in items:
                if len(begun) == at_once:
                    yield begun.popleft().result()
                begun.append(pool.submit(turn, item))
            while begun:
                yield begun.popleft().result()
        finally:
            for future in begun:
                future.cancel()


def leave_with(parent: int, last: Callable[[], None] = lambda: None) -> None:
    """End this process soon after `parent`, which started it, is gone; `last` is done before.

    A parent that is killed cannot end its children, so they look for themselves.
    """

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(EVERY)
        last()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
