"""Instances that make the bounds tight, rates against exact curves, certificates, lower bounds."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from convergence.algorithms.clipped_sgd import ClippedSGD
from convergence.algorithms.nigt import NIGT
from convergence.algorithms.nsgd import NSGDM
from convergence.algorithms.storm import STORM
from convergence.claims.base import Claim
from convergence.claims.heavy_tailed_bounds import VR, rippled
from convergence.claims.heavy_tailed_instances import (
    E1,
    FEW,
    OBJECTIVES,
    POWERS,
    F,
    noises,
    stub,
    tag,
    walked,
)
from convergence.claims.identity import Identity
from convergence.noise.coin import Coin
from convergence.noise.heavy import Pareto
from convergence.noise.two_point import two_point
from convergence.oracles.chain import ChainOracle
from convergence.problems.chain import HIDDEN, Chain
from convergence.problems.nonconvex import Separable, bowl, log_cosh
from convergence.theorems.carmon2020 import ChainFloor, ChainProgress
from convergence.theorems.cutkosky2020 import GradientTransport
from convergence.theorems.fatkhullin2025 import SGDHoelder
from convergence.theorems.heavy_laws import (
    ClippedPlateau,
    MomentumTracksNoise,
    QuadraticLaw,
    SpikeLaw,
    plateau,
)
from convergence.theorems.heavy_tailed import Certified, Decay
from convergence.theorems.hubler2025 import BatchNSGD, BatchNSGDUnknown
from convergence.theorems.liu2023 import StormA, StormB
from convergence.theorems.liu2025 import NSGDUnknown
from convergence.theorems.moment_lemmas import Clipping, VonBahrEsseen, VonBahrEsseenSymmetric
from convergence.theorems.sun2025 import NSGDClipped, NSGDMomentum, NSGDMomentumExact
from convergence.theorems.zhang2020 import ClippedSGDNonconvex

LADDER = (64, 256, 1024, 4096)
RUNGS = {"standard": (256, 1024, 4096, 16384), "full": (256, 1024, 4096, 16384, 65536)}


def soft_ramp(theorem: GradientTransport, p: float, rho: float = 1.0) -> tuple[Any, Any]:
    """A ramp of class C³ for NIGT: log-cosh with slope b and width k = max(b, √(0.77 b/ρ)), from a
    start that the prescribed steps do not bring within 2k of the minimum; Δ close to 1."""
    noise = two_point(p, 0.2, 0.05)

    def problem(T: int) -> Separable:
        b, found = 0.1, log_cosh([1.0, 0.0])
        for _ in range(30):  # γ depends on b through L and ρ: a contraction, done in a few rounds
            k = max(b, math.sqrt(4 / (3 * math.sqrt(3)) * b / rho))
            c = stub(noise, 1.0, b / k) | {"rho": 4 / (3 * math.sqrt(3)) * b / k**2}
            reach = theorem.pair(c, T)[1] * T + 2 * k
            found = log_cosh([reach, 0.0], [b, 0.0], k)
            b = 1.0 / reach
        return found

    return problem, noise


def ramps() -> tuple[Claim, ...]:
    """On the ramp every path has ‖∇f‖ = s: D/s tends to 2 + √2 c_p p^{−1/p}, 3 to 4.8."""
    claims = []
    for name, theorem in (("nsgdm", NSGDMomentum()), ("nsgdc", NSGDClipped())):
        for p in POWERS:
            problem, noise = walked(theorem, p)
            claims.append(
                Claim(f"{name}-{tag(p)}-tight-ramp", theorem, problem, noise, F,
                      horizons=(256, 4096), seeds=16, chunk=16)
            )  # fmt: skip
    return tuple(claims)


def rates() -> tuple[Claim, ...]:
    """M_T = O(exact curve) on ramp + noise floor, for the exponents of the six methods."""
    claims = []
    shared: dict[str, Any] = {"horizons": LADDER, "more": RUNGS, "seeds": FEW, "family": F}
    methods = (
        ("nsgdm", NSGDMomentumExact(), POWERS),
        ("nsgdc", NSGDClipped(), (1.5,)),
        ("nsgdm-blind", NSGDUnknown(), (1.5, 2.0)),
        ("storm-a", StormA(), (1.2, 1.8)),
        ("storm-b", StormB(), (1.8,)),
    )
    for name, theorem, powers in methods:
        for p in powers:
            problem, noise = walked(theorem, p, 0.3, (1.0, 1.0))
            slug = f"{name}-{tag(p)}-rate-ramp"
            claims.append(Claim(slug, Decay(theorem), problem, noise, **shared))
    for p in (1.5, 1.8):
        theorem = GradientTransport()
        problem, noise = soft_ramp(theorem, p)
        slug = f"nigt-{tag(p)}-rate-ramp"
        claims.append(Claim(slug, Decay(theorem), problem, noise, **shared))
    far = log_cosh([6.0, 6.0], b=2.0, k=2.0)
    for name, theorem in (("clipped-sgd", ClippedSGDNonconvex()), ("sgd", SGDHoelder())):
        noise = noises(1.5)["skew"][0]
        slug = f"{name}-{tag(1.5)}-rate-logcosh"
        # A transient from far away: the ladder starts later.
        later = {**shared, "horizons": (256, 1024, 4096, 16384)}
        claims.append(Claim(slug, Decay(theorem), far, noise, **later))
    blind = {**shared, "horizons": (4, 16, 64, 256), "more": {}}
    problem, noise = walked(BatchNSGDUnknown(), 1.5, 0.3, (1.0, 1.0))
    claims.append(
        Claim("nsgd-batch-blind-p15-rate-ramp", Decay(BatchNSGDUnknown()), problem, noise, **blind)
    )
    return tuple(claims)


# Certificates hold for any noise whatever: here for tails without a p-th moment beyond 1.2.
HEAVIEST = Pareto.of(1.2, 1.0)
CERTIFICATES = (
    *(
        Claim(
            f"{name}-certificate",
            Certified(theorem),
            OBJECTIVES["quadcos"],
            HEAVIEST,
            F,
            horizons=(64, 512),
            seeds=FEW,
        )
        for name, theorem in (
            ("nsgd-batch", BatchNSGD(B=4)),
            ("nsgdm", NSGDMomentum()),
            ("nsgdc", NSGDClipped()),
            ("nigt", GradientTransport()),
        )
    ),
    Claim(
        "storm-certificate",
        Certified(StormA()),
        OBJECTIVES["quadcos"],
        rippled(HEAVIEST),
        F,
        horizons=(64, 512),
        seeds=FEW,
        oracle=VR["oracle"],
    ),
    Claim(
        "nsgdm-certificate-tight",
        Certified(NSGDMomentum(scale=0.25)),
        bowl([1.0, 0.0]),
        Pareto(1.3, 0.0, 1.2),
        F,
        horizons=(16,),
        seeds=2,
        note="σ = 0 on a quadratic: an equality",
    ),
    Claim(
        "nsgdm-tracks-noise",
        MomentumTracksNoise(),
        OBJECTIVES["quadcos"],
        HEAVIEST,
        F,
        horizons=(64, 512),
        seeds=FEW,
    ),
)

# ‖∇f‖ of the chain, λ = 1: steps of a fraction of a coordinate.
CHAIN = Chain(8, 1.0, 152.0)
COIN = Coin(0.05, HIDDEN, 1.5)
METHODS = {
    "sgd": ClippedSGD(0.004),
    "clipped-sgd": ClippedSGD(0.05, 10.0),
    "nsgdm": NSGDM(0.25, 0.3),
    "nigt": NIGT(0.1, 0.5),
}
LOWER = (
    *(
        Claim(
            f"chain-{name}",
            ChainProgress(method),
            CHAIN,
            COIN,
            F,
            horizons=(200, 400),
            seeds=FEW,
            oracle=ChainOracle,
            note="no method finds a coordinate before a coin has shown it",
        )
        for name, method in METHODS.items()
    ),
    *(
        Claim(
            f"chain-{name}-floor",
            ChainFloor(method),
            CHAIN,
            COIN,
            F,
            horizons=(100, 160),
            seeds=256,
            oracle=ChainOracle,
        )
        for name, method in (("nsgdm", METHODS["nsgdm"]), ("storm", STORM(0.25, 0.5)))
    ),
)

SPIKY = two_point(1.5, 1.0, 0.05, E1)
LAWS = (
    Claim(
        "clipping-plateau",
        ClippedPlateau(),
        bowl([plateau(0.05, float(np.asarray(SPIKY.values)[0]), 1.0), 0.0]),
        SPIKY,
        F,
        horizons=(256, 1024),
        seeds=256,
        note="the gradient at which clipped skewed noise has mean zero",
    ),
    Claim(
        "sgd-spikes-law",
        QuadraticLaw(),
        bowl([1.0, 0.0]),
        two_point(1.2, 1.0, 0.05, E1),
        F,
        horizons=(256, 1024),
        seeds=4096,
        note="the variance decides, although only a p-th moment is prescribed from",
    ),
    Identity("von-bahr-esseen", VonBahrEsseen(), F),
    Identity("von-bahr-esseen-symmetric", VonBahrEsseenSymmetric(), F),
    Identity("clipping-lemma", Clipping(), F),
    Identity("sgd-spikes-recursion", SpikeLaw(), F),
)

CLAIMS = (*ramps(), *rates(), *CERTIFICATES, *LOWER, *LAWS)
