"""Controls of classical statements: what is hoped of each method, refuted where it is tight."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from convergence.algorithms.classical.optimized import thetas
from convergence.registry.classical import laws, methods, stochastic, sums, tight
from convergence.registry.readings import misread
from convergence.theorems.classical import taylor2018
from convergence.theorems.classical.defazio2014 import SAGALaw
from convergence.theorems.classical.stochastic_laws import Reshuffled, Sampled

KNOWN: dict[str, Any] = {
    c.slug: c
    for c in (*methods.CLAIMS, *tight.CLAIMS, *stochastic.CLAIMS, *sums.CLAIMS, *laws.CLAIMS)
}
LONG, FEW = 1.9, 4096


def of(slug: str, name: str, told: str, number: Any, note: str = "", **changes: Any) -> Any:
    """A control of a classical claim."""
    return misread(KNOWN, slug, name, told, number, note, **changes)


def like_ogm(s: Any, c: Any, T: int) -> float:
    """LR²/(2θ_T²)."""
    R = c.get("box_R", c.get("R"))
    return c.L * R**2 / (2 * float(thetas(T)[-1]) ** 2)


def by_mu(s: Any, c: Any, T: int) -> float:
    """(1 − ημ)^T."""
    return (1 - float(s.scale) * c.mu / c.L) ** T


def polyak_rate(c: Any) -> float:
    """ρ."""
    return (c.L**0.5 - c.mu**0.5) / (c.L**0.5 + c.mu**0.5)


def like_sgd(s: Any, c: Any, T: int) -> float:
    """aσ²/(2 − a)."""
    a = float(s.a)
    return a * c.sigma**2 / (2 - a)


PLAIN = "E‖∇f(x_T)‖² = q^T‖∇f(x_0)‖² + ηLσ²(1−q^T)/(2−ηL)"


def one_sample(s: Any, c: Any, T: int) -> float:
    """The law of plain SGD."""
    a = float(s.scale)
    left = (1 - a) ** (2 * T)
    return left * c.grad0**2 + a * c.sigma**2 / (2 - a) * (1 - left)


CLAIMS = (
    of("nesterov-convex", "nesterov-like-ogm", "f(x_T) − f* ≤ LR²/(2θ_T²),  Nesterov's method",
       like_ogm, "what OGM has, and half as much as Nesterov's method", horizons=(4,)),
    of("heavy-ball-convex", "heavy-ball-accelerates",
       "f(x_T) − f* ≤ 2LR²/(T + 1)²,  heavy ball with t/(t+2) and 1/(L(t+2))",
       lambda s, c, T: 2 * c.L * c.R**2 / (T + 1) ** 2, "inertia without acceleration",
       horizons=(32,)),
    of("gd-nonconvex-worst", "gd-nonconvex-like-convex", "min_{t≤T} ‖∇f(x_t)‖² ≤ 2LΔ/(2T + 1),  "
       "η = 1/L, f not convex", lambda s, c, T: 2 * c.L * c.Delta / (2 * T + 1),
       "a row of teeth", horizons=(4,)),
    of("gd-value-long-step", "gd-value-any-step", "f(x_T) − f* ≤ LR²/(4Th + 2),  any h < 2",
       lambda s, c, T: c.L * c.R**2 / (4 * T * float(s.scale) + 2), "h = 1.9 overshoots",
       horizons=(4,)),
    of("gd-slope-long-step", "gd-slope-any-step", "‖∇f(x_T)‖² ≤ 2LΔ/(2Th + 1),  any h < 2",
       lambda s, c, T: 2 * c.L * c.Delta / (2 * T * float(s.scale) + 1), "h = 1.9", horizons=(4,)),
    of("gd-slope-from-distance-long", "gd-slope-from-distance-any-step",
       "‖∇f(x_T)‖ ≤ LR/(Th + 1),  any h < 2",
       lambda s, c, T: c.L * c.R / (T * float(s.scale) + 1), "h = 1.9", horizons=(4,)),
    of("gd-distance-contraction", "gd-distance-by-mu-alone", "‖x_T − x*‖ ≤ (1 − ημ)^T R,  η < 2/L",
       lambda s, c, T: by_mu(s, c, T) * c.R, "h = 1.9: the steep direction rules", horizons=(4,),
       theorem=taylor2018.DistanceContraction(LONG), problem=tight.STIFF),
    of("gd-slope-contraction", "gd-slope-by-mu-alone", "‖∇f(x_T)‖ ≤ (1 − ημ)^T ‖∇f(x_0)‖",
       lambda s, c, T: by_mu(s, c, T) * c.grad0, "h = 1.9", horizons=(4,)),
    of("gd-value-contraction", "gd-value-by-mu-alone", "f(x_T) − f* ≤ (1 − ημ)^{2T} Δ,  η < 2/L",
       lambda s, c, T: by_mu(s, c, T) ** 2 * c.Delta, "h = 1.9", horizons=(4,)),
    of("projected-gradient", "projection-is-free", "f(x_T) − min_C f ≤ LR²/(4T + 2)",
       lambda s, c, T: c.L * c.box_R**2 / (4 * T + 2), "a slope that goes on at the wall",
       horizons=(4,)),
    of("ogm", "ogm-two-steps-more", "f(x_T) − f* ≤ LR²/(T + 3)²,  OGM",
       lambda s, c, T: c.L * c.R**2 / (T + 3) ** 2, horizons=(4,)),
    of("ogm-g", "ogm-g-two-steps-more", "‖∇f(x_T)‖² ≤ 4LΔ/(T + 3)²,  OGM-G",
       lambda s, c, T: 4 * c.L * c.Delta / (T + 3) ** 2, horizons=(4,)),
    of("silver-value", "silver-value-without-root", "f(x_T) − f* ≤ LR²/(4ρ^k),  silver steps",
       lambda s, c, T: c.L * c.R**2 / (4 * (1 + 2**0.5) ** ((T + 1).bit_length() - 1)),
       horizons=(31,)),
    of("silver-slope", "silver-like-momentum", "‖∇f(x_T)‖ ≤ 4LR/(T + 1)²,  silver steps",
       lambda s, c, T: 4 * c.L * c.R / (T + 1) ** 2, "T^1.27 is less than T²"),
    of("subgradient-best", "subgradient-best-like-smooth", "min_{t≤T} f(x_t) − f* ≤ GR/(T + 1)",
       lambda s, c, T: c.G * c.R / (T + 1), "a corner", horizons=(4,)),
    of("subgradient-average", "subgradient-average-like-smooth", "(1/T) Σ f(x_t) − f* ≤ GR/T",
       lambda s, c, T: c.G * c.R / T, "a corner", horizons=(4,)),
    of("subgradient-last-decayed", "subgradient-last-like-smooth", "f(x_T) − f* ≤ GR/(T + 1)",
       lambda s, c, T: c.G * c.R / (T + 1), "a corner", horizons=(4,)),
    of("polyak-step-optax", "polyak-step-like-smooth", "min_{t≤T} f(x_t) − f* ≤ GR/(T + 1),  "
       "Polyak's step", lambda s, c, T: c.G * c.R / (T + 1), "a corner", horizons=(4,)),
    of("nesterov-quadratic", "nesterov-quadratic-from-start", "f(y_T) − f* ≤ (1−q)^{2T} Δ",
       lambda s, c, T: c.Delta * (1 - (c.mu / c.L) ** 0.5) ** (2 * T),
       "a double root: the rate comes with a factor T", horizons=(4,)),
    of("polyak-quadratic-optax", "polyak-quadratic-from-start", "f(x_T) − f* ≤ (L/2)[ρ^T R]²",
       lambda s, c, T: c.L / 2 * (polyak_rate(c) ** T * c.R) ** 2, "a double root", horizons=(8,)),
    of("fista", "fista-like-ogm", "f(x_T) − min_C f ≤ LR²/(2θ_T²),  FISTA", like_ogm,
       horizons=(4,)),
    of("conditional-gradient", "conditional-gradient-accelerates",
       "f(x_T) − min_C f ≤ 2LD²/(T + 2)²,  conditional gradients",
       lambda s, c, T: 2 * c.L * c.box_D**2 / (T + 2) ** 2, "the far corner first", horizons=(1,)),
    of("entropic-descent", "entropic-descent-of-any-dimension",
       "(1/T) Σ ⟨g, x_t⟩ − min g ≤ 1/(2ηT) + η(max g − min g)²/8",
       lambda s, c, T: s.spread(c) * (1 / (2 * float(s.scale) * T) + float(s.scale) / 8),
       "ln d is the price of the entropy"),
    of("greedy-coordinate-descent", "greedy-like-gradient-descent",
       "f(x_T) − f* ≤ (1 − μ/L)^T Δ,  greedy coordinate descent",
       lambda s, c, T: (1 - c.mu / c.L) ** T * c.Delta, "one entry of 32 a step", horizons=(1,)),
    of("random-coordinate-descent", "random-like-gradient-descent",
       "E f(x_T) − f* ≤ (1 − μ/L)^T Δ,  random coordinate descent",
       lambda s, c, T: (1 - c.mu / c.L) ** T * c.Delta, "one entry of four a step",
       horizons=(2,), seeds=1024),
    of("heavy-ball-steady", "heavy-ball-steady-like-sgd",
       "lim E‖∇f(x_t)‖² = aσ²/(2−a),  heavy ball", like_sgd, "10 times SGD's noise at β = .9"),
    of("nesterov-steady", "nesterov-steady-like-sgd",
       "lim E‖∇f(y_t)‖² = aσ²/(2−a),  Nesterov's momentum", like_sgd),
    of("heavy-ball-radius", "heavy-ball-radius-by-step", "spectral radius = |1 − ηL|,  heavy ball",
       lambda s, c, T: abs(1 - float(s.a)), "between the edges β rules, not the step"),
    of("heavy-ball-edge", "heavy-ball-edge-like-descent",
       "spectral radius = 1 + β at ηL = 2(1 + β),  heavy ball, as gradient descent's |1 − ηL|",
       lambda s, c, T: 1 + 2 * float(s.beta), "momentum widens the stable steps"),
    of("nesterov-edge", "nesterov-edge-like-descent",
       "spectral radius = |1 − ηL| at ηL = 2(1 + β)/(1 + 2β),  Nesterov's momentum",
       lambda s, c, T: abs(1 - 2 * (1 + float(s.beta)) / (1 + 2 * float(s.beta))),
       "momentum narrows the stable steps"),
    of("sgd-strongly-convex", "sgd-without-floor", "E‖x_T − x*‖² ≤ ϱ^{2T}R²,  SGD",
       lambda s, c, T: max(by_mu(s, c, T), abs(1 - float(s.scale)) ** T) ** 2 * c.R**2,
       "noise stays at a constant step", horizons=(16,)),
    of("stochastic-polyak-law", "stochastic-polyak-of-any-dimension",
       "E‖x_T−x*‖² = (1 − (1/c)(1−1/(4c)))^T R²,  Polyak's step",
       lambda s, c, T: (1 - s.share()) ** T * c.R**2, "a step sees one direction of the plane",
       horizons=(1,), seeds=FEW),
    of("random-reshuffling-law", "reshuffling-like-sampling",
       "E‖x_T−x*‖² = q^{2T}R² + η²ζ²(1−q^{2T})/(1−q²),  random reshuffling",
       lambda s, c, T: Sampled(s.eta).bound(c, T), "an epoch sees every function once",
       horizons=(6,)),
    of("sampling-law", "sampling-like-reshuffling",
       "E‖x_{Kn}−x*‖² = q^{2nK}R² + V(1−q^{2nK})/(1−q^{2n}),  sampling with replacement",
       lambda s, c, T: Reshuffled(s.eta).bound(c, T), "η⁴ is for reshuffling alone",
       horizons=(6,), seeds=FEW),
    of("saga-strongly-convex", "saga-as-fast-as-descent", "E‖x_T−x*‖² ≤ (1 − μ/L)^{2T} R²,  SAGA",
       lambda s, c, T: (1 - s.scales(c)[0] / c.L_max) ** (2 * T) * c.R**2,
       "its step is half as long", horizons=(16,)),
    of("armijo-round", "armijo-round-longer", "‖x_T−x*‖² ≤ (1 − 2(1−c))^{2T}R²,  Armijo's search",
       lambda s, c, T: (2 * float(s.c) - 1) ** (2 * T) * c.R**2,
       "backtracking stops a factor γ below the longest step", horizons=(1,)),
    of("sgd-batch-law", "sgd-batch-like-one", f"{PLAIN},  SGD in batches", one_sample,
       horizons=(8,), seeds=FEW),
    of("sgd-momentum-law", "sgd-momentum-like-sgd",
       f"{PLAIN},  MSGD", one_sample,
       horizons=(2,), seeds=FEW),
    of("heavy-ball-average", "heavy-ball-average-for-nothing",
       "(1/T) Σ f(x_t) − f* ≤ LR²/(4hT),  heavy ball with β = .9",
       lambda s, c, T: c.L * c.R**2 / (4 * T), "momentum makes no constant smaller",
       horizons=(64,)),
    of("gd-erring-gradients", "gd-erring-for-nothing",
       "f(x_T) − f* ≤ ((L−μ)/(L+μ))^{2T} Δ,  ‖d_t − ∇f(x_t)‖ ≤ ε‖∇f(x_t)‖",
       lambda s, c, T: ((c.L - c.mu) / (c.L + c.mu)) ** (2 * T) * c.Delta, "ε = .2", horizons=(4,)),
    of("nesterov-strong", "nesterov-strong-squared",
       "f(y_T) − f* ≤ (1−q)^{2T} Δ for strongly convex f,  Nesterov's momentum",
       lambda s, c, T: (1 - (c.mu / c.L) ** 0.5) ** (2 * T) * c.Delta,
       "a double root: the rate comes with a factor T", horizons=(4,)),
    of("cyclic-coordinate-descent", "cyclic-like-gradient-descent",
       "f(x_{Kd}) − f* ≤ (1 − μ/L)^{2Kd} Δ,  cyclic coordinate descent",
       lambda s, c, T: (1 - c.mu / c.L) ** (2 * T) * c.Delta, "one coordinate a step",
       horizons=(2,)),
    of("sgd-subgradient-average", "sgd-subgradient-without-noise",
       "(1/T) Σ E f(x_t) − f* ≤ GR/√T − R√(G²+σ²)/(8√T),  SGD",
       lambda s, c, T: (c.G - s.size(c) / 8) * c.R / T**0.5, horizons=(4,), seeds=FEW),
    of("sgd-subgradient-last", "sgd-subgradient-last-like-smooth",
       "E f(x_T) − f* ≤ 2GR/(T + 1),  SGD",
       lambda s, c, T: 2 * c.G * c.R / (T + 1), "a corner", horizons=(32,), seeds=1024),
    of("momentum-averages-tight", "momentum-averages-accelerates",
       "E f(x_T) − f* ≤ 2LR²/(T + 1)² + hσ²/(2L),  heavy ball t/(t+2), h/(L(t+2))",
       lambda s, c, T: 2 * c.L * c.R**2 / (T + 1) ** 2 + float(s.scale) * c.sigma**2 / (2 * c.L),
       horizons=(32,)),
    of("sgd-sampled-law", "sgd-sampled-without-floor", "E‖x_T−x*‖² = Σ_k α_k^T (x_0−x*)_k²,  SGD",
       lambda s, c, T: float(np.sum(((1 - s.eta(c) * np.asarray(c.client_h)) ** 2).mean(axis=0) ** T
                                    * s.squares(c))), "σ* stays", horizons=(64,)),
    of("sgd-expected-smoothness", "sgd-smoothness-without-floor", "E‖x_T−x*‖² ≤ q^T R²,  SGD",
       lambda s, c, T: (1 - 2 * s.eta(c) * c.mu * (1 - float(s.al))) ** T * c.R**2, "σ* stays",
       horizons=(64,)),
    of("saga-scikit-law", "saga-scikit-like-saga",
       "E‖x_T−x*‖² = Σ_k [M_k^T 1]_1 (x_0−x*)_k² of SAGA's full table,  scikit-learn's SAGA",
       lambda s, c, T: SAGALaw(s.eta(c) * c.L_max).bound(c, T), "the table is empty at first",
       horizons=(2,), seeds=FEW, problem=dataclasses.replace(sums.SEEN, x0=np.full(2, 0.5))),
    of("sophia-g-linear", "sophia-g-like-sign", "f(x_T) = −ηT‖g‖₁,  Sophia-G on f(x) = ⟨g, x⟩",
       lambda s, c, T: (-float(s.eta) * T * float(np.sum(np.abs(c.g))),) * 2,
       "curvature holds steep entries back", horizons=(40,)),
)  # fmt: skip
