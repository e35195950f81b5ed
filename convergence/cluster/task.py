"""A task: what a worker is told in plain values, and what it answers: a report.

Importing this imports no JAX, so that a worker can set the environment of JAX first.
"""

from __future__ import annotations

import dataclasses
import json
import os
import secrets
import socket
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from convergence.errors import InvalidInput, told
from convergence.files import read_json, write_json
from convergence.workers import ALONE

MARK = ".scheduler"  # in the store while somebody sends tasks that write there
# What a worker must have as its sender has it, before JAX is imported.
PASSED = (
    "NPROC", "JAX_ENABLE_X64", "JAX_PLATFORMS", "XLA_FLAGS", "OPENBLAS_CORETYPE", *ALONE,
)  # fmt: skip


def environment() -> dict[str, str]:
    """The variables of a worker: those of this process, and memory of a GPU taken as needed."""
    passed = {name: os.environ[name] for name in PASSED if name in os.environ}
    return {**passed, "XLA_PYTHON_CLIENT_PREALLOCATE": "false"}


def order(claim: Any, settings: Any, out: Path) -> dict[str, Any]:
    """What a worker is told of a claim: where to find it, how to run it, where to keep records."""
    from convergence.claims.modules import file_of

    file = file_of(claim)
    return {
        "slug": claim.slug,
        "file": None if file is None else str(file.absolute()),
        "family": claim.family,
        "settings": dataclasses.asdict(settings),
        "out": str(out.absolute()),
    }


def facts() -> dict[str, Any]:
    """What the sender of a task and its worker must have in common for records to fit."""
    import jax

    from convergence.digest import source_hash, versions

    backend = jax.default_backend()
    return {"versions": versions(), "source": source_hash()[:12], "backend": backend}


class Desk:
    """A store that tasks are sent from, held by one scheduler at a time."""

    def __init__(self, out: Path):
        self.out = out.absolute()
        self.out.mkdir(parents=True, exist_ok=True)
        self._lock = FileLock(self.out / f"{MARK}.lock")
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            raise InvalidInput(
                f"{str(out)!r} is being filled by another scheduler ({_holder(self.out)}); wait "
                "for it, or choose another folder with --out."
            ) from None
        self.token = secrets.token_hex(8)
        self.common = facts()
        self.environment = environment()
        mine = {"token": self.token, "host": socket.gethostname(), "pid": os.getpid()}
        write_json(self.out / MARK, mine)

    def task(self, claim: Any, settings: Any) -> dict[str, Any]:
        """What a worker elsewhere is told of a claim."""
        return {
            **order(claim, settings, self.out),
            "token": self.token,
            "facts": self.common,
            "environment": self.environment,
        }

    def close(self) -> None:
        """Let others send tasks from here."""
        (self.out / MARK).unlink(missing_ok=True)
        self._lock.release()


def _holder(out: Path) -> str:
    try:
        found = read_json(out / MARK)
        return f"process {found['pid']} on {found['host']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "which does not say its name"


def work(tasks: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Judge claims elsewhere, one after another; one answer a claim."""
    return [_one(task) for task in tasks]


def _one(task: Mapping[str, Any]) -> dict[str, Any]:
    for name, value in task["environment"].items():
        os.environ.setdefault(name, value)
    where = f"{socket.gethostname()}, process {os.getpid()}"
    try:
        if unfit := misfit(task, where):
            return {"unfit": unfit}
    except Exception as error:
        return raised(error)
    return judged(task)


def judged(
    task: Mapping[str, Any], progress: Callable[[int, int], None] | None = None
) -> dict[str, Any]:
    """Judge the claim of a task and keep its records. What is answered: its report, hashes of what
    it used, and what could not be kept; or in words what it raised."""
    try:
        from convergence.claims.notary import Notary
        from convergence.claims.settings import Settings
        from convergence.memory import CEILING
        from convergence.store import Store

        store = Store(task["out"])
        witness = Notary(store)
        if CEILING.passed():
            CEILING.release()
        report = found(task).verify(Settings(**task["settings"]), witness, progress)
    except BaseException as error:  # sys.exit in a claim is no business of the worker
        return raised(error)
    return {"report": report, "seen": witness.of(report.slug), "unwritten": store.unwritten}


def raised(error: BaseException) -> dict[str, Any]:
    """The answer of a claim that cannot be judged."""
    said = error if isinstance(error, Exception) else RuntimeError(told(error))
    lines = traceback.format_exception(error)
    return {"error": told(said), "traceback": "".join(lines).rstrip()}


def found(task: Mapping[str, Any]) -> Any:
    """The claim of a task, which this process has to import."""
    from convergence.claims.modules import claims_in
    from convergence.registry import named, registry

    slug, file = task["slug"], task["file"]
    known = claims_in(Path(file)) if file else ()
    claim = next((claim for claim in known if claim.slug == slug), None)
    if file is None:
        claim = named(slug) or next((claim for claim in registry() if claim.slug == slug), None)
    if claim is None:
        raise InvalidInput(f"There is no claim {slug!r} in {file or 'the registry'}.")
    claim.join(task["family"])
    return claim


def misfit(task: Mapping[str, Any], where: str) -> str:
    """Why records made here would not be found by the sender, or nothing."""
    mark = Path(task["out"]) / MARK
    try:
        seen = read_json(mark)["token"]
    except (OSError, ValueError, KeyError, TypeError):
        seen = None
    if seen != task["token"]:
        return (
            f"The worker on {where} does not see the folder {task['out']!r} as the scheduler does; "
            "choose one with --out that all machines share."
        )
    here = facts()
    for name, value in task["facts"].items():
        if here[name] != value:
            return (
                f"The worker on {where} has {name} = {_short(here[name])} and the scheduler "
                f"{_short(value)}; install the same on both."
            )
    return ""


def _short(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
