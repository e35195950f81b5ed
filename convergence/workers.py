"""Processes that do not outlive the one that started them, however it ends."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable

EVERY = 0.5  # seconds between two looks


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
