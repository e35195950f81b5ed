"""Runs of the command line in forks of a process that has imported everything: a run then costs
what it does, and nothing for the imports. No backend of JAX may have been started before."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

import jax._src.xla_bridge as bridge
import matplotlib.pyplot  # noqa: F401 - loaded once, before the forks

import tests.own  # noqa: F401 - likewise
from convergence.cli import main


class Run(NamedTuple):
    """A command, where it is run, and after how many seconds it is killed, if at all."""

    argv: list[str]
    cwd: Path
    kill: float | None = None


class Done(NamedTuple):
    """An exit code, negative for a signal, and the end of what was printed."""

    code: int
    out: str


def begin(run: Run, out: Any) -> int:
    """Fork a run that prints to a file; its process."""
    assert not bridge.backends_are_initialized(), "a fork of it would hang"
    pid = os.fork()
    if pid:
        return pid
    code = 70
    try:
        os.setsid()
        for stream in (1, 2):
            os.dup2(out.fileno(), stream)
        os.chdir(run.cwd)
        code = main(run.argv)
    except SystemExit as leave:
        code = leave.code if isinstance(leave.code, int) else 2
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def runs(*asked: Run) -> list[Done]:
    """Runs made at once."""
    begun = time.monotonic()
    files = [tempfile.TemporaryFile() for _ in asked]  # noqa: SIM115, closed below
    children = [begin(run, file) for run, file in zip(asked, files, strict=True)]
    kills = [(r.kill, pid) for r, pid in zip(asked, children, strict=True) if r.kill is not None]
    for after, pid in sorted(kills):
        time.sleep(max(0.0, begun + after - time.monotonic()))
        os.kill(pid, signal.SIGKILL)
    done = []
    for pid, file in zip(children, files, strict=True):
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        file.seek(0)
        done.append(Done(code, file.read().decode(errors="replace")[-4000:]))
        file.close()
    return done


def one(argv: list[str], cwd: Path, kill: float | None = None) -> Done:
    """One run."""
    return runs(Run(argv, cwd, kill))[0]
