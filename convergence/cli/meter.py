"""How far long work has come: a bar where somebody looks, a line now and then elsewhere."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

EVERY = 10.0  # seconds between two lines


@contextlib.contextmanager
def meter(what: str, total: int) -> Iterator[Callable[[], None]]:
    """A function to be called after each of `total` pieces; it speaks on the standard error."""
    console = Console(stderr=True)
    if console.is_terminal:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        with Progress(*columns, TimeElapsedColumn(), console=console, transient=True) as bars:
            task = bars.add_task(what, total=total)
            yield lambda: bars.advance(task)
        return
    done, began = 0, time.perf_counter()
    spoke = began

    def advance() -> None:
        nonlocal done, spoke
        done, now = done + 1, time.perf_counter()
        if now - spoke >= EVERY and done < total:
            spoke = now
            console.print(f"{what}: {done} of {total}, {now - began:.0f} s", highlight=False)

    yield advance
