"""Explicit-constant bounds for p in {1.2, 1.5, 1.8, 2} on three objectives under three noises."""

from __future__ import annotations

from typing import Any

from convergence.claims.base import Claim
from convergence.noise.base import AbstractNoise
from convergence.noise.gaussian import Gaussian
from convergence.noise.heavy import Pareto, Stable, StudentT, truncated_pareto
from convergence.noise.lomax import OneSidedLomax
from convergence.noise.ripple import Ripple
from convergence.noise.two_point import dyadic, three_point, two_point
from convergence.oracles.ripple import RippleOracle
from convergence.problems.nonconvex import Welsch, bowl
from convergence.registry.heavy_tailed.instances import (
    BOUNDED,
    E1,
    FEW,
    LONGER,
    MANY,
    OBJECTIVES,
    SILENT,
    WIDER,
    grid,
    tag,
)
from convergence.theorems.classical.ghadimi2013 import SGDNonconvex
from convergence.theorems.heavy_tailed.cutkosky2020 import GradientTransport, MomentumFiniteVariance
from convergence.theorems.heavy_tailed.fatkhullin2025 import SGDHoelder
from convergence.theorems.heavy_tailed.hubler2025 import (
    BatchNSGD,
    BatchNSGDBudget,
    BatchNSGDUnknown,
)
from convergence.theorems.heavy_tailed.liu2023 import StormA, StormB, StormMoment
from convergence.theorems.heavy_tailed.liu2025 import NSGDUnknown
from convergence.theorems.heavy_tailed.sun2025 import (
    NSGDClipped,
    NSGDClippedLevel,
    NSGDMomentum,
    NSGDMomentumExact,
    NSGDMomentumRate,
)
from convergence.theorems.heavy_tailed.zhang2020 import ClippedSGDNonconvex


def swollen(noise: Any) -> Ripple:
    """Waves of random height without a second moment: smooth in p-th mean, not in mean square."""
    return Ripple(noise, 0.3, Pareto.of(float(noise.p), 1.0))


def rippled(noise: AbstractNoise) -> Ripple:
    """The noise with a part that moves with the iterate, without which STORM has nothing to do."""
    return Ripple(noise, 0.5)


VR: dict[str, Any] = {"wrap": rippled, "oracle": RippleOracle}

NORMALIZED = (
    *grid("nsgd-batch", BatchNSGD(B=4), BOUNDED),
    *grid(
        "nsgd-batch-budget",
        BatchNSGDBudget(),
        BOUNDED,
        powers=(1.5, 2.0),
        horizons=(16, 64),
        more={},
    ),
    *grid("nsgd-batch-blind", BatchNSGDUnknown(), BOUNDED, horizons=(16, 64), more={}),
    *grid("nsgdm", NSGDMomentum()),
    *grid("nsgdm-exact", NSGDMomentumExact(), seeds=MANY),
    *grid("nsgdm-rate", NSGDMomentumRate(), powers=(1.2, 2.0)),
    *grid("nsgdm-blind", NSGDUnknown(), powers=(1.5, 2.0)),
    *grid("nsgdc", NSGDClipped()),
    *grid("nsgdc-quoted-level", NSGDClippedLevel(), powers=(1.5,)),
    *grid("storm-a", StormA(), **VR),
    *grid("storm-b", StormB(), **VR),
    *grid("storm-clipped", StormA(clipped=True), powers=(1.5,), **VR),
    *(
        Claim(
            f"storm-moment-{tag(p)}-{where}",
            StormMoment(),
            OBJECTIVES[where],
            swollen(two_point(p, 0.3, 0.05)),
            horizons=(128, 512),
            seeds=MANY // 2,
            more=WIDER,
            oracle=RippleOracle,
            note="E‖∇F(w;ξ) − ∇F(v;ξ)‖² = ∞: schedule A is INAPPLICABLE here",
        )
        for p, where in ((1.2, "logcosh"), (1.5, "lattice"), (1.8, "quadcos"))
    ),
    *grid("nigt", GradientTransport(), seeds=2048),
    *grid("nigt-clipped", GradientTransport(clipped=True), powers=(1.5,)),
)

UNNORMALIZED = (
    *grid("clipped-sgd", ClippedSGDNonconvex(), BOUNDED, seeds=4096),
    *grid("sgd-bounded-gradient", SGDHoelder(), BOUNDED, seeds=1024),
    *(
        Claim(
            f"sgd-{where}-{law}",
            SGDNonconvex(),
            problem,
            noise,
            horizons=(128, 512),
            seeds=2048,
            more=WIDER,
        )
        for where, problem in OBJECTIVES.items()
        for law, noise in (
            ("gauss", Gaussian(0.5)),
            ("skew", two_point(2.0, 0.5, 0.05)),
            ("spikes", three_point(2.0, 0.5, 0.1)),
        )
    ),
    Claim(
        "sgd-quadratic",
        SGDNonconvex(),
        bowl([1.0, 0.0]),
        two_point(2.0, 10.0, 0.3, E1),
        horizons=(64, 256),
        seeds=1024,
        note="tight: the noise term is an equality on (L/2)‖w‖²",
    ),
    Claim(
        "nsgdm-finite-variance",
        MomentumFiniteVariance(),
        OBJECTIVES["quadcos"],
        two_point(2.0, 1.0, 0.05),
        horizons=(128, 512),
        seeds=FEW,
        more=LONGER,
        note="recalled constants, 29 and 21: loose, and implied by nsgdm-p20",
    ),
)

# One method under every law of the library.
LAWS = {
    "dyadic": dyadic(1.5, 0.3),
    "lomax": Pareto.of(1.5, 0.3, shift=1.0),
    "skewed-lomax": lambda T: OneSidedLomax.of(1.5, E1, 0.3),
    "student": StudentT(1.8, 0.1, 1.5),
    "stable": Stable(1.7, E1, 0.1, 1.5),
    "truncated": truncated_pareto(1.5, 0.1, 1e6),
}
LIBRARY = (
    *(
        Claim(
            f"nsgdm-{tag(1.5)}-logcosh-{law}",
            NSGDMomentum(),
            OBJECTIVES["logcosh"],
            noise,
            horizons=(128, 512),
            seeds=MANY // 2,
            more=WIDER,
        )
        for law, noise in LAWS.items()
    ),
    Claim(
        "nsgdm-welsch",
        NSGDMomentum(),
        Welsch([1.5, 1.5], 2.0),
        two_point(1.5, 0.3),
        horizons=(128, 512),
        seeds=FEW,
    ),
)

# σ = 0: every normalized method keeps √(2LΔ/T). On a quadratic with γ = w⁰/T (scale 1/√T) it walks
# to the minimum in T steps and every inequality is an equality: slack 1.
TIGHT = {"horizons": (16,), "seeds": FEW, "more": {}}
LINE = bowl([1.0, 0.0])
NOISELESS = (
    Claim("nsgd-batch-noiseless", BatchNSGD(scale=0.25), LINE, SILENT, **TIGHT),
    Claim("nsgdm-noiseless", NSGDMomentum(scale=0.25), LINE, SILENT, **TIGHT),
    Claim("nsgdc-noiseless", NSGDClipped(scale=0.25), LINE, SILENT, **TIGHT),
    Claim(
        "storm-noiseless",
        StormA(scale=0.25),
        LINE,
        Ripple(SILENT, 0.0),
        oracle=RippleOracle,
        **TIGHT,
    ),
    Claim("nigt-noiseless", GradientTransport(scale=0.25), LINE, SILENT, **TIGHT),
    Claim(
        "nsgdm-noiseless-rate",
        NSGDMomentumRate(),
        LINE,
        SILENT,
        horizons=(64, 256, 1024),
        seeds=FEW,
        note="σ = 0 gives √(2LΔ/T)",
    ),
)

LARGE_STEP = Claim(
    "nsgdm-large-step",
    NSGDMomentum(scale=4.0),
    OBJECTIVES["logcosh"],
    two_point(1.5, 0.3),
    horizons=(128, 512),
    seeds=FEW,
    note="any step is allowed; here 4 times the prescribed one",
)

CLAIMS = (*NORMALIZED, *UNNORMALIZED, *LIBRARY, *NOISELESS, LARGE_STEP)
