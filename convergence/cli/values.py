"""Values of options: each is sound when it is parsed, or refused in one sentence; without JAX."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from convergence.cluster.executors import ADDRESSES, SCHEDULERS


def is_path(text: str) -> bool:
    """Whether a target names a file or folder rather than a slug."""
    return text.endswith(".py") or os.sep in text or os.path.isdir(text)


def target(text: str) -> str:
    """A slug or glob as given, or a path that exists."""
    if is_path(text) and not os.path.exists(text):
        raise argparse.ArgumentTypeError(f"there is no file or folder {text!r}; check the path")
    return text


def seeds(text: str) -> int:
    """At least two: a spread needs two runs."""
    return _whole(text, 2, "a number of seeds")


def seed(text: str) -> int:
    """A root for the keys, between 0 and 2³² − 1."""
    found = _whole(text, 0, "a seed")
    if found >= 2**32:
        raise argparse.ArgumentTypeError(f"got {text}, but a seed below 2**32 is needed")
    return found


def shard(text: str) -> tuple[int, int]:
    """i/n with 1 ≤ i ≤ n."""
    i, _, n = text.partition("/")
    try:
        found = int(i), int(n)
    except ValueError:
        found = 0, 0
    if not 1 <= found[0] <= found[1]:
        raise argparse.ArgumentTypeError(f"got {text!r}, but i/n with 1 ≤ i ≤ n is needed: 1/4")
    return found


def scheduler(text: str) -> str:
    """The name of a scheduler, or the address of one of dask."""
    address = text.startswith(ADDRESSES) and text.rpartition(":")[2].isdigit()
    if text not in SCHEDULERS and not address:
        raise argparse.ArgumentTypeError(
            f"got {text!r}, but {', '.join(SCHEDULERS)} or the address of a scheduler of dask is "
            "needed: tcp://host:8786"
        )
    return text


def jobs(text: str) -> int:
    """At least one."""
    return _whole(text, 1, "a number")


def _whole(text: str, least: int, what: str) -> int:
    try:
        found = int(text)
    except ValueError:
        found = least - 1
    if found < least:
        raise argparse.ArgumentTypeError(f"got {text!r}, but {what} of at least {least} is needed")
    return found


def port(text: str) -> int:
    """A port of this machine; 0 is one that is free."""
    found = _whole(text, 0, "a port")
    if found > 65535:
        raise argparse.ArgumentTypeError(f"got {text}, but a port of at most 65535 is needed")
    return found


def ratio(text: str) -> float:
    """A number above 1."""
    try:
        found = float(text)
    except ValueError:
        found = float("nan")
    if not 1 < found < float("inf"):
        raise argparse.ArgumentTypeError(f"got {text!r}, but a number above 1 is needed; try 4")
    return found


def alpha(text: str) -> float:
    """A probability strictly between 0 and 1."""
    try:
        found = float(text)
    except ValueError:
        found = float("nan")
    if not 0 < found < 1:
        raise argparse.ArgumentTypeError(f"got {text!r}, but 0 < alpha < 1 is needed; try 1e-3")
    return found


def budget(text: str) -> float:
    """A time in seconds, positive and finite: 60, 60s, 10m or 1h."""
    unit = {"s": 1.0, "m": 60.0, "h": 3600.0}.get(text[-1:], 0.0)
    try:
        found = float(text[:-1]) * unit if unit else float(text)
    except ValueError:
        found = float("nan")
    if not 0 < found < float("inf"):
        raise argparse.ArgumentTypeError(f"got {text!r}, but a time of more than 0 s is needed")
    return found


def wait(text: str) -> float:
    """A time as for `budget`, or 0."""
    return 0.0 if text == "0" else budget(text)


def file(text: str) -> Path:
    """A file that can be written; `-` is the standard output."""
    path = Path(text)
    if text == "-":
        return path
    if path.is_dir():
        raise argparse.ArgumentTypeError(f"{text!r} is a folder; name a file in it")
    return _writable(path, path.parent)


def certificate(text: str) -> Path:
    """A file in JSON, since its badge goes beside it."""
    if Path(text).suffix != ".json":
        raise argparse.ArgumentTypeError(f"got {text!r}, but a name that ends in .json is needed")
    return file(text)


def folder(text: str) -> Path:
    """A folder that can be written or made."""
    path = Path(text)
    return _writable(path, path)


def _writable(path: Path, place: Path) -> Path:
    """`path`, if `place`, or the nearest folder above it that exists, can be written."""
    at = place.absolute()
    while not os.path.lexists(at):  # a dangling link is there
        at = at.parent
    if not (at.is_dir() and os.access(at, os.W_OK | os.X_OK)):
        raise argparse.ArgumentTypeError(f"{str(path)!r} cannot be written; choose another place")
    return path


SECTIONS = (
    "problems", "noises", "oracles", "metrics", "assumptions", "algorithms", "constants",
)  # fmt: skip


def section(text: str) -> str:
    """A section of the catalog."""
    if text not in SECTIONS:
        raise argparse.ArgumentTypeError(f"got {text!r}, but need one of {', '.join(SECTIONS)}")
    return text
