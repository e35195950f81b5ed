"""From samples to a judgement, and what a report says of an instance, for every type of claim."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np

from convergence import statistics as st
from convergence.claims.rounding import cheap, ends, sizes
from convergence.claims.settings import Settings
from convergence.constants import Constants
from convergence.errors import gist, require
from convergence.runner.record import Record
from convergence.statistics import Judgement, Sample
from convergence.statistics.judges_rate import MARGIN
from convergence.theorems.assumptions import Checked
from convergence.theorems.base import Kind
from convergence.vocabulary import who_certifies


def judge(
    kind: Kind, samples: list[Sample], settings: Settings, margin: float, granted: float = 0.0
) -> Judgement:
    """The judgement of a simulated statement of this kind, before `settle`; `granted`: what
    rounding may make of a mean, if that is more than of any."""
    alpha = settings.level
    eps = float(np.finfo(settings.dtype).eps)
    rounding = max(rounded(settings.dtype), granted)
    if kind is Kind.PATHWISE:
        return st.judge_pathwise(samples, rounding=cheap(samples, settings))
    if kind is not Kind.EXACT:
        for sample in samples:
            signs(kind, sample)
    if kind is Kind.EXPECTATION:
        return st.judge_expectation(samples, alpha, rounding=rounding)
    if kind is Kind.EXACT:
        return st.judge_exact(samples, alpha, margin=margin, rounding=rounding)
    if kind is Kind.RATE:
        start = max((s.trivial or 0.0) for s in samples)
        floor = 1e3 * eps * start if start else None
        return st.judge_rate(samples, alpha, roundoff=floor, margin=tilted(samples, granted))
    if kind is Kind.FLOOR:
        return st.judge_floor(samples, alpha, rounding=rounding)
    raise ValueError(f"A statement of kind {kind} has its own type of claim.")


def tilted(samples: list[Sample], granted: float) -> float:
    """The margin of an exponent, and what means that may be off by a share can make of it."""
    share, span = min(granted, 0.99), max(s.T for s in samples) / min(s.T for s in samples)
    if share == 0 or span == 1:
        return MARGIN
    return min(0.99, MARGIN + 2 * math.log((1 + share) / (1 - share)) / math.log(span))


def as_pathwise(kind: Kind, sample: Sample) -> Sample:
    """A statement about the mean of a metric that tosses no coin, as one about its only value."""
    return dataclasses.replace(sample, bound=ends(kind, sample.number))


def rounded(dtype: Any) -> float:
    """Relative round-off of a metric, or of a mean of them: a few thousand roundings."""
    return max(1e-9, 100 * float(np.finfo(dtype).eps))


def lifted(claim: Any, record: Record) -> np.ndarray:
    """The metric of each run at T. Of a metric ≥ 0, such as f(x) − f* where it has gone to 0,
    rounding may leave less: it is 0 where a mean is judged."""
    values = record.final()
    below = values < 0
    signed = claim.kind is Kind.EXACT and claim.tickets(record.T).get("ceiling") is None
    if claim.kind is Kind.PATHWISE or signed or not np.any(below):
        return values
    _, whole = sizes(claim, record, Sample(record.T, values, 0.0))
    return np.where(below & (values >= -rounded(record.values.dtype) * whole), 0.0, values)


def signs(kind: Kind, sample: Sample) -> None:
    """A mean is judged for metrics ≥ 0, by bets on how large they are."""
    least = float(np.min(sample.values, where=~np.isnan(sample.values), initial=math.inf))
    require(
        least >= 0,
        f"a metric of {least:.6g} at T = {sample.T}",
        "one that is never negative, in a statement about its mean,",
        "state it of the square, the norm or f(x) − f*, or of every run (Kind.PATHWISE)",
    )
    require(
        kind is Kind.FLOOR or sample.number >= 0,
        f"the bound {sample.number:.6g} at T = {sample.T} for the mean of a metric ≥ 0",
        "a bound ≥ 0",
        "check the constants that it is made of, or state it of every run (Kind.PATHWISE)",
    )


def divergence(records: list[Record]) -> tuple[str, ...]:
    """One note a horizon at which runs left the finite numbers, with the first bad step."""
    notes: list[str] = []
    for record in records:
        bad = record.first_bad[record.first_bad >= 0]
        if len(bad):
            notes.append(
                f"T = {record.T}: {len(bad)} of {record.seeds} runs left the finite numbers, "
                f"the first at step {int(bad.min())}"
            )
    return tuple(notes)


def first_line(module: Any) -> str:
    """A module's class and what its docstring says first."""
    return f"{module.__class__.__name__}: {gist(module.__class__)}"


def refusal(failed: Checked, c: Constants) -> str:
    """Why a claim is inapplicable, and who certifies the constant that its instance lacks."""
    name = failed.name
    who = who_certifies(name) if c.get(name) in (None, False) else []
    some = f"{', '.join(who[:4])}{' and others' if len(who) > 4 else ''}"
    more = f"; {some} certify it (`convergence catalog --certifies {name}`)" if who else ""
    return f"assumption {name!r} fails: {failed.detail}{more}"
