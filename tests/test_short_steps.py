"""Steps, decays and instances of such a size that float64 loses a statement's digits."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from convergence import Verdict, verify
from convergence.registry import named
from convergence.theorems.classical.finite_sums import AveragedLaw


def judged(slug: str, **theorem: float) -> Any:
    """The verdict on a registered claim whose theorem has other numbers."""
    claim: Any = named(slug)
    other = dataclasses.replace(claim.theorem, **{k: np.asarray(v) for k, v in theorem.items()})
    return verify(dataclasses.replace(claim, slug="own", theorem=other))


@pytest.mark.parametrize("small", [1e-10, 1e-18, 1e-161])
def test_what_is_left_of_one_less_a_power_is_not_lost(small: float) -> None:
    for slug, field in (("averaged-sgd-law", "a"), ("adamw-box", "decay"), ("lion-box", "decay")):
        report = judged(slug, **{field: small})
        assert report.verdict is Verdict.CONSISTENT, (slug, report.reason)


def test_the_average_s_law_is_its_closed_form() -> None:
    claim: Any = named("averaged-sgd-law")
    c, T = claim.instance(7)[2], 7
    for a in (0.3, 1.0, 1.7):
        q = 1 - a
        weights = T - 2 * (1 - q**T) / a + (1 - q ** (2 * T)) / (a * (2 - a))
        start = ((1 - q**T) * c.L * c.R / (a * T)) ** 2
        bound = AveragedLaw(a=a).bound(c, T)
        assert bound == pytest.approx(start + c.sigma**2 * weights / T**2, rel=1e-12)


@pytest.mark.parametrize(
    ("slug", "field", "value"),
    [
        ("heavy-ball-steady", "beta", 1 - 1e-10),
        ("fed-floor-of-any-tau", "al", 1e-10),
        ("fed-floor-of-any-tau", "al", 1e-18),
        ("fed-sampling-floor-sampled", "al", 1e-10),
    ],
)
def test_a_limit_at_a_radius_of_one_is_not_judged(slug: str, field: str, value: float) -> None:
    report = judged(slug, **{field: value})
    assert report.verdict is Verdict.INAPPLICABLE, report.reason
    assert "a radius that float64 tells from 1" in report.reason


@pytest.mark.parametrize("scale", [1e-158, 1e-130, 1e145])
@pytest.mark.parametrize("slug", ["galore-stalls", "sam-cycle"])
def test_sizes_that_float64_cannot_hold_decide_nothing(slug: str, scale: float) -> None:
    """A stall was refuted by what denormal numbers make of its gradient."""
    claim: Any = named(slug)
    name = "X0" if slug == "galore-stalls" else "x0"
    start = np.asarray(getattr(claim.problem, name))
    problem = dataclasses.replace(claim.problem, **{name: scale * start})
    noise = claim.noise
    if hasattr(noise, "sigma"):
        noise = dataclasses.replace(noise, sigma=scale * np.asarray(noise.sigma))
    report = verify(dataclasses.replace(claim, slug="own", problem=problem, noise=noise))
    assert report.verdict is Verdict.INAPPLICABLE, report.reason
    assert "whose fourth power float64 does not hold" in report.reason
