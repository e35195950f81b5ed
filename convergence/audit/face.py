"""`audit`: one optimizer, asked every law, in one call."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Mapping, Sequence
from typing import Any

from convergence.audit.asking import cells, chosen, measured, quietly
from convergence.audit.cells import Audit, CannotRun
from convergence.audit.families import FAMILIES, by_name
from convergence.audit.find import of
from convergence.errors import InvalidInput, require


def audit(
    optimizer: Any,
    *,
    like: str | None = None,
    family: str | None = None,
    options: Mapping[str, Any] | None = None,
    laws: Sequence[str] | None = None,
    every: int = 1,
) -> Audit:
    """What the laws say of an optimizer; `.broken` has those that it was held to and breaks.

    optimizer: "module:Name", which then runs in a process of its own, or an object: a class or
    object of torch.optim.Optimizer, a factory or transformation of optax, a class with
    `step(params, grads)`. like: a reference recursion such as "adam", or "module:Name", whose path
    it must take. family: whose promises it is held to, that of its name (or of `like`) without.
    options: arguments in place of its defaults. laws: their ids, all without. every: the calls that
    make one step, for an optimizer that accumulates gradients.
    """
    require(
        family is None or family in FAMILIES, f"the family {family!r}", "a known one",
        f"choose from {', '.join(FAMILIES)}",
    )  # fmt: skip
    options = dict(options or {})
    if isinstance(optimizer, str):
        from convergence.audit.pool import Job, Worker, listed, one

        worker = Worker()
        try:
            found = listed(worker, optimizer)
            require(len(found) == 1, f"{optimizer!r}, which are {len(found)} optimizers", "one",
                    "name one")  # fmt: skip
            asked = None if laws is None else tuple(laws)
            job = Job(found[0], options, family, asked, like, every)
            row = one(worker, job)
        finally:
            worker.end()
        if row.error:
            raise InvalidInput(f"{row.target} cannot be run: {row.error}.")
        return row
    began = time.process_time()
    asked = chosen(laws, like)
    name = getattr(optimizer, "__name__", type(optimizer).__name__)
    if family is None and by_name(name).name == "unknown" and like is not None:
        family = by_name(like.rpartition(":")[2]).name
    try:
        with quietly():
            subject = of(optimizer, name, family=family, options=options)
            subject = dataclasses.replace(subject, every=every)
    except CannotRun as error:
        raise InvalidInput(f"{name} cannot be run: {error}.") from error
    found = tuple(cell for cell, _ in cells(subject, asked))
    return Audit(
        name, subject.package, subject.name, subject.version, subject.family.name, found,
        dict(subject.options), measured(subject), subject.notes,
        seconds=round(time.process_time() - began, 2),
    )  # fmt: skip
