"""A process that audits: `python -m convergence.audit.worker`, spoken to in lines of JSON.

It imports a package once and then forks for each optimizer, which so has a process of its own.
Nothing that audited code prints gets anywhere, nor what it forks, nor what it writes beside itself.
Answers go to the descriptor that the first argument names: {"pid"}, {"begin"} and {"cell"} for each
law, {"row"}, {"names"} or {"invalid"}, and {"exit"} when the child has ended. The second argument
is the process that asks, the third a folder to work in, which goes with that process.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import sys
import time
from pathlib import Path
from typing import Any

from convergence.audit.asking import cells, chosen, measured, quietly
from convergence.audit.cells import Audit, CannotRun, plain
from convergence.audit.torch_run import one_line
from convergence.errors import InvalidInput
from convergence.workers import leave_with

MEMORY = 4 * 2**30  # bytes a child may allocate


def main() -> None:
    """Answer jobs until the standard input ends."""
    answers = os.fdopen(int(sys.argv[1]), "w")
    speaker = [os.getpid()]  # what audited code forks off says nothing
    child_at: list[int] = []  # its process, while there is one

    def end_child() -> None:
        for end in (os.killpg, os.kill):  # it is a group of its own, once it has begun
            for pid in child_at:
                with contextlib.suppress(OSError):
                    end(pid, signal.SIGKILL)

    def end_all() -> None:
        end_child()
        shutil.rmtree(sys.argv[3], ignore_errors=True)

    leave_with(int(sys.argv[2]), end_all)

    def say(**what: Any) -> None:
        if os.getpid() not in speaker:
            os._exit(0)
        answers.write(json.dumps(plain(what)) + "\n")
        answers.flush()

    hush()
    move(sys.argv[3])
    for line in sys.stdin:
        job = json.loads(line)
        preload(job["target"])
        pid = os.fork() if hasattr(os, "fork") else 0
        if pid == 0:
            speaker[:] = [os.getpid()]
            child(job, say)
            answers.flush()
            os._exit(0)
        child_at[:] = [pid]
        say(pid=pid)
        _, status = os.waitpid(pid, 0)
        end_child()  # and what it has forked
        child_at.clear()
        say(exit=os.waitstatus_to_exitcode(status))


def hush() -> None:
    """Send what the process and its children print to nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)


def move(folder: str) -> None:
    """Work in a folder of its own: what audited code writes beside itself goes there."""
    from convergence.audit import find

    find.HOME = Path.cwd()
    sys.path[:] = [os.path.abspath(place) for place in sys.path]
    sys.dont_write_bytecode = True
    os.chdir(folder)


def preload(target: str) -> None:
    """Import a package before forking; whatever goes wrong is the child's to tell."""
    from convergence.audit.find import load, split

    with contextlib.suppress(BaseException):
        module, _ = split(target)
        if not module.endswith(".py"):  # a file may start JAX, which does not survive a fork
            with quietly():
                load(module)


def child(job: dict[str, Any], say: Any) -> None:
    """One job, in a process of its own."""
    from convergence.audit import find

    limit()
    try:
        with quietly():
            if job["do"] == "expand":
                say(names=find.expand(job["target"]))
                return
            say(begin="start")
            subject = find.subject(job["target"], job["options"], job["family"], job["every"])
    except InvalidInput as error:
        say(invalid=str(error))
        return
    except CannotRun as error:
        say(cannot=str(error))
        return
    except SystemExit as error:
        say(cannot=f"it calls sys.exit({error.code!r})")
        return
    except BaseException as error:
        say(cannot=one_line(error))
        return
    head = Audit(
        job["target"], subject.package, subject.name, subject.version, subject.family.name, (),
        dict(subject.options), {}, subject.notes,
    )  # fmt: skip
    say(row=head.to_json())
    laws = chosen(job["laws"], job["like"])
    for law in laws:
        say(begin=law.id)
        for cell, seconds in cells(subject, [law]):
            say(cell=cell.to_json(), seconds=round(seconds, 3))
    say(begin="measured")
    say(measured=measured(subject), took=round(time.process_time(), 2))


def limit() -> None:
    """Leave the terminal's signals to the parent, and bound the memory."""
    os.setsid()
    with contextlib.suppress(Exception):
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    main()
