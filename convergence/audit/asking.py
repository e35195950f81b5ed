"""One optimizer, asked every law in turn: a row, or the cells as they come."""

from __future__ import annotations

import contextlib
import time
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from convergence.audit.cells import CannotRun, Cell, NotAsked, Outcome
from convergence.audit.laws import LAWS
from convergence.audit.laws.decay import label
from convergence.audit.laws.law import Law
from convergence.audit.laws.linear_response import FREE, respond
from convergence.audit.laws.scaling import power
from convergence.audit.laws.steps import travelled
from convergence.audit.laws.world import kept
from convergence.audit.same_path import same_path
from convergence.audit.subject import Subject
from convergence.audit.torch_run import because, one_line
from convergence.errors import require

WAY = 50  # steps on a linear f, after which the way is told, in units of η a step
HELD = {True: Outcome.KEEPS, False: Outcome.BREAKS, None: Outcome.UNDECIDED}


def ask(law: Law, subject: Subject, promised: bool | None = None) -> Cell:
    """The cell of one law; whatever the optimizer raises becomes one."""
    promised = law.promised(subject) if promised is None else promised
    if why := law.silent(subject):
        return Cell(law.id, Outcome.NOT_ASKED, why)
    try:
        with quietly():
            found = law.test(subject)
    except NotAsked as why:
        return Cell(law.id, Outcome.NOT_ASKED, str(why))
    except CannotRun as why:
        return Cell(law.id, Outcome.CANNOT, str(why), promised=promised)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        if isinstance(error, SystemExit):
            told = f"it calls sys.exit({error.code!r})"
        else:
            told = because(one_line(error))
        return Cell(law.id, Outcome.CANNOT, told, promised=promised)
    outcome = HELD[found.holds]
    return Cell(law.id, outcome, found.detail, found.amount, found.step, found.instance, promised,
                found.interval, found.sample)  # fmt: skip


@contextlib.contextmanager
def quietly() -> Iterator[None]:
    """Without warnings, of which the audited code has many."""
    with warnings.catch_warnings(), np.errstate(all="ignore"), kept():
        warnings.simplefilter("ignore")
        yield


def chosen(laws: Sequence[str] | None, like: str | None = None) -> tuple[Law, ...]:
    """The laws of given ids; all without any. With a reference its law comes first."""
    known = {law.id: law for law in (*((same_path(like),) if like is not None else ()), *LAWS)}
    for name in laws or ():
        require(
            name in known, f"the law {name!r}", "an id of docs/audit.md", f"as {', '.join(known)}"
        )
    return tuple(known[name] for name in known if laws is None or name in laws)


def cells(subject: Subject, laws: Sequence[Law]) -> Iterator[tuple[Cell, float]]:
    """Each cell with the seconds that it took."""
    for law in laws:
        began = time.perf_counter()
        yield ask(law, subject), time.perf_counter() - began


def measured(subject: Subject) -> dict[str, Any]:
    """What the laws do not ask but a reader wants to know; what cannot be measured is left out."""
    found: dict[str, Any] = {}
    with quietly():
        with contextlib.suppress(BaseException):
            found["scale power"] = round(power(subject)[0], 4)
        with contextlib.suppress(BaseException):
            found["decay"] = label(subject)
        with contextlib.suppress(BaseException):
            far = travelled(subject.quiet(), WAY)
            found["first step"] = float(f"{far[0]:.4g}")
            found["way"] = float(f"{far[-1] / WAY:.4g}")
        with contextlib.suppress(BaseException):
            response = respond(subject)
            if response.residual < FREE and response.gamma > 1e-9:
                found["linear response"] = str(response)
    return found
