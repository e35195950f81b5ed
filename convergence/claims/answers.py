"""What a theorem answers at a horizon, refused where it is no bound, method or metric."""

from __future__ import annotations

from typing import Any, TypeGuard

import numpy as np

from convergence.algorithms.base import AbstractAlgorithm
from convergence.errors import made_by, require, shown
from convergence.files import is_list
from convergence.metrics.base import AbstractMetric


def check_bound(bound: Any, T: int, slug: str) -> Any:
    """The bound of a theorem: a number, or two of them for a range; neither text, truth values nor
    complex numbers, and no NaN."""
    ends: list[Any] = [*bound] if is_pair(bound) else [bound]
    try:
        good = all(np.asarray(end).dtype.kind in "fiu" and np.ndim(end) == 0 for end in ends)
        good = good and bool(float(ends[0]) <= float(ends[-1]))
    except Exception:
        good = False
    require(
        good,
        f"the bound {shown(bound)} at T = {T} in claim {slug!r}",
        "a number, or a pair low ≤ high of them for a statement of every run",
        "let `bound` return one",
    )
    return bound


def is_pair(bound: Any) -> TypeGuard[tuple[Any, Any]]:
    """Whether a bound is a range."""
    return not isinstance(bound, list) and is_list(bound) and len(bound) == 2


def check_hyper(algorithm: Any, T: int, slug: str) -> Any:
    """The prescribed method; refused where a hyper-parameter is NaN."""
    odd = [k for k, v in algorithm.hyper().items() if not isinstance(v, str) and _nan(v)]
    require(
        not odd,
        f"{odd[:1]} = NaN prescribed at T = {T} in claim {slug!r}",
        "a number",
        "look at what `prescribe` makes of the constants",
    )
    return algorithm


def _nan(value: Any) -> bool:
    found = np.asarray(value)
    return found.dtype.kind in "fc" and bool(np.isnan(found).any())


def check_made(claim: Any, method: Any, metric: Any, T: int) -> Any:
    """The method that a theorem prescribes, if it is one without a NaN and the metric is one."""
    of: Any = claim.theorem.__class__
    parts: tuple[tuple[Any, type, Any], ...] = (
        (method, AbstractAlgorithm, of.prescribe),
        (metric, AbstractMetric, of.metric),
    )
    for made, kind, by in parts:
        name = made.__name__ if isinstance(made, type) else repr(made)
        require(
            isinstance(made, kind),
            f"{'the class ' * isinstance(made, type)}{name} from {of.__name__}."
            f"{by.__name__}{made_by(by)}",
            f"an instance of {kind.__name__}",
            f"return {name}(…)" if isinstance(made, type) else "return one",
        )
    return check_hyper(method, T, claim.slug)
