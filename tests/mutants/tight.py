"""Faults planted in textbook methods, each in a claim whose bound is attained."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from convergence.algorithms.classical.accelerated import Nesterov, PolyakMomentum
from convergence.algorithms.classical.sgd import SGD
from convergence.algorithms.optax_adapter import FromOptax
from convergence.problems.max_abs import MaxAbs
from convergence.registry.classical.tight import CLAIMS
from tests.mutants.base import Mutant, tamper
from tests.mutants.deterministic import Late, half

CLAIM: dict[str, Any] = {claim.slug: claim for claim in CLAIMS}

NEEDLE = MaxAbs(
    [1.0]
)  # where a method that works descends: a corner shows no fault of a best value


def changed(**fields: Any) -> Any:
    """A method with other values in some of its fields."""
    return lambda a: dataclasses.replace(a, **{k: f(getattr(a, k)) for k, f in fields.items()})


def options(**new: Any) -> Any:
    """An optax method with other options."""

    def make(a: Any) -> FromOptax:
        given = {k: float(v) for k, v in a.options.items()} | dict(a.static)
        return FromOptax(a.factory, every=a.every, **{**given, **new})

    return make


def plant(name: str, slug: str, fault: Any, claims: Any = CLAIM) -> Mutant:
    """A fault in the method of a claim."""
    return Mutant(name, lambda: tamper(claims[slug], algorithm=fault))


MUTANTS = (
    plant("gd-quarter-step", "gd-value-half-step", half),
    plant("gd-longer-step", "gd-value-long-step", changed(eta=lambda e: 1.02 * e)),
    plant("gd-value-optax-momentum", "gd-value-optax", options(momentum=-0.1)),
    Mutant("gd-slope-one-step-ahead", lambda: tamper(
        CLAIM["gd-slope-half-step"], number=lambda b, T: b * (T + 1) / (T + 2))),
    plant("gd-slope-longer-step", "gd-slope-long-step", changed(eta=lambda e: 1.02 * e)),
    Mutant("gd-slope-from-distance-ahead", lambda: tamper(
        CLAIM["gd-slope-from-distance"], number=lambda b, T: b * (T + 1) / (T + 2))),
    plant("gd-distance-half-step", "gd-distance-contraction", half),
    plant("gd-value-contraction-longer", "gd-value-contraction", changed(eta=lambda e: 1.01 * e)),
    plant("projected-half-step", "projected-gradient", half),
    plant("ogm-last-theta", "ogm", changed(theta=lambda v: np.append(v[:-1], 1.3 * v[-1]))),
    plant("ogm-is-nesterov", "ogm", lambda a: Nesterov(a.eta)),
    plant("ogm-g-in-order", "ogm-g", lambda a: dataclasses.replace(a, theta=a.theta[::-1].copy())),
    plant("silver-late-clock", "silver-slope", lambda a: Late(a, 1)),
    plant("silver-constant", "silver-slope", lambda a: SGD(1.9 * a.eta)),
    plant("subgradient-half-step", "subgradient-average", lambda a: SGD(2.5 * a.eta)),
    plant("subgradient-no-decay", "subgradient-last-decayed", lambda a: SGD(3.0 * a.eta)),
    Mutant("polyak-step-constant", lambda: tamper(
        CLAIM["polyak-step-optax"], algorithm=lambda a: SGD(0.01), problem=NEEDLE)),
    Mutant("subgradient-short-step", lambda: tamper(
        CLAIM["subgradient-best"], algorithm=changed(eta=lambda e: e / 50), problem=NEEDLE)),
    plant("nesterov-heavy-ball", "nesterov-quadratic", lambda a: PolyakMomentum(a.eta, a.beta)),
    plant("nesterov-optax-plain", "nesterov-quadratic-optax", options(nesterov=False)),
    plant("polyak-optax-nesterov", "polyak-quadratic-optax", options(nesterov=True)),
    plant("fista-late-clock", "fista", changed(eta=lambda e: 0.8 * e)),
    plant("conditional-half-box", "conditional-gradient", changed(low=lambda v: 2.5 * v)),
    plant("entropic-half-step", "entropic-descent", half),
    plant("greedy-half-step", "greedy-coordinate-descent", half),
    plant("random-half-step", "random-coordinate-descent", half),
)  # fmt: skip
