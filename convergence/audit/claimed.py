"""Cells as reports of claims: that an optimizer keeps a law under the arguments it was run with."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from convergence.audit.asking import chosen
from convergence.audit.cells import ALPHA, VERDICTS, Audit, Cell, Outcome
from convergence.audit.laws.law import Law
from convergence.claims.report import Report
from convergence.errors import require
from convergence.statistics import Grade, Judgement, Row, Verdict
from convergence.theorems.base import Kind


def slug(target: str, law: str) -> str:
    """The name of the claim that a target keeps a law."""
    return f"{target} {law}"


def reports(row: Audit, like: str | None = None) -> tuple[Report, ...]:
    """The report on each cell; like: the reference of its law P."""
    laws = {law.id: law for law in chosen(None, like)}
    require("P" in laws or all(cell.law != "P" for cell in row.cells), "a row with the law P",
            "its reference", "name it with like=")  # fmt: skip
    return tuple(report(row, cell, laws[cell.law]) for cell in row.cells)


def report(row: Audit, cell: Cell, law: Law) -> Report:
    """One cell. What a family does not promise is expected to be as it was found; of a promise it
    is expected that it is kept wherever it is asked."""
    verdict = VERDICTS[cell.outcome]
    held = cell.promised and cell.outcome is not Outcome.NOT_ASKED
    text = inspect.cleandoc(law.test.__doc__ or "")
    sampled = cell.interval is not None
    found = {"amount": cell.amount, "step": cell.step, **cell.instance}
    return Report(
        slug=slug(row.target, cell.law), family="audit",
        kind=str(Kind.EXPECTATION if law.within else Kind.PATHWISE),
        statement=f"{row.name} keeps: {' '.join(text.split())}",
        source=f"docs/audit.md, {cell.law}", provenance="derived", verdict=verdict,
        expect=Verdict.CONSISTENT if held else verdict, reason=cell.detail,
        judgement=judged(cell, law, verdict), assumptions=(), constants=flat(found),
        hyper=flat(row.options), notes=row.notes, alpha=ALPHA if sampled else 0.0, tier="quick",
        seed=0, dtype="float64", seconds=0.0, theorem=law.title, explanation=text,
        metric=law.title,
    )  # fmt: skip


def judged(cell: Cell, law: Law, verdict: Verdict) -> Judgement:
    """The limits of a stochastic law as a row; a deterministic one is decided by one run."""
    decided = verdict in (Verdict.CONSISTENT, Verdict.REFUTED)
    if law.within is None or cell.interval is None or cell.amount is None:
        grade = Grade.CERTIFIED if decided and law.within is None else None
        return Judgement(verdict, cell.detail, (), None, None, grade)
    T, copies = int(cell.instance.get("T", 0)), int(cell.instance["copies"])
    row = Row(T, copies, cell.amount, cell.interval, law.within, None, False, "", Grade.ASYMPTOTIC)
    grade = Grade.ASYMPTOTIC if decided else None
    return Judgement(verdict, cell.detail, (row,), None, None, grade)


def flat(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values as a report holds them: numbers, words and lists; anything else as text."""
    plain = (int, float, str, list, type(None))
    return {k: v if isinstance(v, plain) else repr(v) for k, v in values.items()}
