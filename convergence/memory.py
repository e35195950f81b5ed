"""How much memory there is, and giving back what compiled programs hold."""

from __future__ import annotations

import contextlib
import ctypes
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import equinox as eqx
import jax

MOST = 620 * 2**20  # bytes held by a process from which it releases compiled programs
ROOM = 200 * 2**20  # bytes at least beyond what was held after a release, before the next
CACHES: list[Callable[[], Any]] = []  # what else remembers programs; called to drop them
CGROUPS = Path("/sys/fs/cgroup")


def available() -> int | None:
    """Bytes that this process may still take: of the machine, of its group, of its own limit; None
    where the system does not say."""
    found = [_of_machine(), *_of_groups(), _of_limit()]
    return min((room for room in found if room is not None), default=None)


def _of_machine() -> int | None:
    with contextlib.suppress(OSError, ValueError, IndexError):
        for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return 1024 * int(line.split()[1])
    return None


def _of_groups() -> list[int]:
    """What is left to the control group, and to those around it, of either version."""
    found = []
    with contextlib.suppress(OSError, ValueError, IndexError):
        for line in Path("/proc/self/cgroup").read_text(encoding="utf-8").splitlines():
            _, names, path = line.split(":", 2)
            root = CGROUPS / "memory" if names else CGROUPS
            if names and "memory" not in names.split(","):
                continue
            limit, used = (
                ("memory.limit_in_bytes", "memory.usage_in_bytes")
                if names
                else ("memory.max", "memory.current")
            )
            place = root / path.lstrip("/")
            for folder in (place, *place.parents):
                if not folder.is_relative_to(root):
                    break
                with contextlib.suppress(OSError, ValueError):  # "max": no limit
                    most = int((folder / limit).read_text(encoding="ascii"))
                    found.append(most - int((folder / used).read_text(encoding="ascii")))
    return found


def _of_limit() -> int | None:
    """What `ulimit -v` leaves of the address space."""
    with contextlib.suppress(ImportError, OSError, ValueError, IndexError):
        import resource

        most, _ = resource.getrlimit(resource.RLIMIT_AS)
        if most != resource.RLIM_INFINITY:
            pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
            return max(0, most - pages * os.sysconf("SC_PAGE_SIZE"))
    return None


def resident() -> int:
    """Bytes that this process holds; 0 where the system does not say."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")
    return 0


def release() -> None:
    """Drop every compiled program, and hand free memory back to the system."""
    for drop in CACHES:
        drop()
    eqx.clear_caches()
    jax.clear_caches()  # some versions of Equinox leave these
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


class Ceiling:
    """How much this process may hold before it releases programs: MOST, or ROOM more than what a
    release could not give back."""

    def __init__(self, most: int = MOST):
        self.least = self._most = most

    def passed(self) -> bool:
        """Whether it holds more."""
        return resident() > self._most

    def release(self) -> None:
        """Drop compiled programs."""
        release()
        self._most = max(self.least, resident() + ROOM)


CEILING = Ceiling()
