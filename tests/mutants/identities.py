"""Faults planted in what identities are about."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from convergence.registry.identities.methods import CLAIMS
from convergence.statistics import scoring
from tests.mutants.base import Mutant, altered

CLAIM: dict[str, Any] = {claim.slug: claim for claim in CLAIMS}
TAU = np.linspace(1.0, 4.0, 100)


def hit_only(times: Any) -> Any:
    """n reduced to the workloads that somebody hits."""
    t = np.asarray(times)
    hit = np.isfinite(t).any(axis=0)
    return scoring.scores(t[:, hit]) if hit.any() else np.zeros(len(t))


def budget(times: Any) -> Any:
    """A miss counted as the budget of 10."""
    return scoring.scores(np.where(np.isinf(times), 10.0, times))


def to_median(times: Any) -> Any:
    """Ratios to the median solver instead of the fastest."""
    t = np.asarray(times, dtype=float)
    middle = np.median(t, axis=0)
    r = np.where(np.isinf(t), np.inf, t / np.where(np.isinf(middle), 1.0, middle))
    return np.mean(np.clip(4 - r, 0, 3), axis=1) / 3


def strictly(times: Any) -> Any:
    """Profiles with < in place of ≤."""
    rho = np.mean(scoring.time_ratios(times)[:, :, None] < TAU, axis=1)
    return np.trapezoid(rho, TAU, axis=1) / 3


def broken(name: str, slug: str, **changes: Any) -> Mutant:
    """`slug` with fields of its theorem replaced."""
    claim = CLAIM[slug]
    other = dataclasses.replace(claim, theorem=altered(claim.theorem, **changes))
    return Mutant(name, lambda: other)


MUTANTS = (
    broken("noisyquant-noise-kept", "noisyquant-error", subtract=False),
    broken("ffa-averaged-before-multiplying", "ffa-averaged-factors", covariance=False),
    broken("tract-batch-size-forgotten", "tract-proposed-change", mean=False),
    broken("clipping-the-mean", "clipping-bias", each=False),
    broken("private-noise-without-C", "private-floor", scaled=False),
    broken("private-batch-twice", "private-floor", power=4),
    broken("intrinsic-orthogonal-subspace", "intrinsic-dimension", aligned=False),
    broken("randlora-shared-diagonal", "randlora-counts", shared=True),
    broken("lssl-input-not-solved", "lssl-bilinear-order", solved=False),
    broken("random-features-not-centered", "random-feature-moments", centered=False),
    broken("layer-features-not-centered", "layer-feature", centered=False),
    broken("layer-of-one-draw", "drawn-layer-error", shared=True),
    broken("pissa-residual-not-frozen", "pissa-first-step", frozen=False),
    broken("annealed-variance-as-deviation", "annealed-noise-level", squared=True),
    broken("rscp-shift-times-sigma", "rscp-coverage", shift=0.125),
    broken("rscp-correction-reversed", "rscp-coverage", sign=-1.0),
    broken("rscp-no-shift", "rscp-coverage", shift=0.0),
    broken("maestro-prefix-too-long", "maestro-minimum", leak=1),
    broken("maestro-slope-of-all-columns", "maestro-sampled-rank", held=False),
    broken("maestro-one-column-more", "maestro-sampled-rank", extra=1),
    broken("algoperf-n-reduced", "algoperf-score-properties", score=hit_only),
    broken("algoperf-miss-is-budget", "algoperf-score-properties", score=budget),
    broken("algoperf-ratio-to-median", "algoperf-score-properties", score=to_median),
    broken("algoperf-strict-profile", "algoperf-score-properties", rule=strictly),
)
