"""Controls of adaptive, sign and matrix methods: what is hoped of each, refuted beside it."""

from __future__ import annotations

from typing import Any

import numpy as np

from convergence.problems.quadratic import Isotropic
from convergence.registry.adaptive import feedback, linear, matrices, online, steps
from convergence.registry.readings import misread
from convergence.theorems.adaptive.matrices import nuclear
from convergence.theorems.adaptive.skewed import SignSeeksMedian

KNOWN: dict[str, Any] = {
    c.slug: c
    for c in (*linear.CLAIMS, *matrices.CLAIMS, *online.CLAIMS, *steps.CLAIMS, *feedback.CLAIMS)
}


def of(slug: str, name: str, told: str, number: Any, note: str = "", **changes: Any) -> Any:
    """A control of an adaptive claim."""
    return misread(KNOWN, slug, name, told, number, note, **changes)


def both(value: float) -> tuple[float, float]:
    """Just this number."""
    return value, value


def like_adam(s: Any, c: Any, T: int) -> tuple[float, float]:
    """−ηT‖g‖₁."""
    return both(-float(s.eta) * T * float(np.sum(np.abs(c.g))))


def like_adagrad(s: Any, c: Any, T: int) -> tuple[float, float]:
    """−η‖g‖₁ Σ t^{−1/2}."""
    return both(-float(s.eta) * float(np.sum(np.arange(1, T + 1) ** -0.5) * np.sum(np.abs(c.g))))


def rests(s: Any, c: Any, T: int) -> tuple[float, float]:
    """Within half of where it began."""
    return 0.0, c.R / 2


def large_start(K: float, b: float) -> float:
    """K(K + √(K² + 4b²))/2."""
    return K * (K + (K**2 + 4 * b**2) ** 0.5) / 2


def walk(slug: str, method: str, note: str, T: int = 5) -> Any:
    """A method that is said to move like Adam on a slope."""
    told = f"f(x_T) = −ηT‖g‖₁ on f(x) = ⟨g, x⟩, as of Adam,  {method}"
    return of(slug, f"{slug}-like-adam", told, like_adam, note, horizons=(T,))


def damped(slug: str, method: str) -> Any:
    """A method that is said to move like AdaGrad on a slope."""
    told = f"f(x_T) = −η‖g‖₁ Σ t^(−1/2) on f(x) = ⟨g, x⟩, as of AdaGrad,  {method}"
    note = "averages forget: the steps do not shrink"
    return of(slug, f"{slug}-like-adagrad", told, like_adagrad, note, horizons=(5,))


CLAIMS = (
    walk("adagrad-linear", "AdaGrad", "steps shrink like t^(−1/2)"),
    walk("rmsprop-linear", "RMSprop", "no bias is corrected: the first step is 10η"),
    damped("amsgrad-linear", "AMSGrad"),
    damped("adamax-linear", "AdaMax"),
    damped("lion-linear", "Lion"),
    walk("radam-linear", "RAdam", "rectified"),
    walk("adabelief-linear", "AdaBelief", "the divisor dies out"),
    walk("nadam-linear", "NAdam", "momentum is corrected for a step that is to come", 1),
    walk("novograd-linear", "NovoGrad", "one norm a layer, and momentum that sums"),
    of("amsgrad-descends", "amsgrad-climbs", "x_T = 1 = argmax Σf_t,  AMSGrad on 3x, −x, −x, …",
       lambda s, c, T: both(2.0), "the largest moment is kept", horizons=(180,)),
    of("adopt-descends", "adopt-climbs", "x_T = 1 = argmax Σf_t,  ADOPT on 3x, −x, −x, …",
       lambda s, c, T: both(2.0), "v is that of before the gradient", horizons=(180,)),
    of("adagrad-smooth", "adagrad-smooth-from-nothing", "Σ ‖∇f(x_t)‖² ≤ K²,  AdaGrad from b ≥ ηL",
       lambda s, c, T: (2 * c.Delta / float(s.eta)) ** 2 / T, "what it began with counts",
       horizons=(4,)),
    of("adagrad-norm-any-start", "adagrad-norm-like-large-start",
       "Σ ‖∇f(x_t)‖² ≤ K(K + √(K²+4b²))/2,  K = 2Δ/η,  AdaGrad with one norm from any b > 0",
       lambda s, c, T: large_start(2 * c.Delta / float(s.eta), float(s.b)) / T,
       "from b ≪ ηL f rises first"),
    of("adagrad-norm-regret", "adagrad-norm-regret-halved",
       "Σ (f(x_t) − f*) ≤ ½[(D²/(2η) + η)√(Σ‖g_t‖²) − η‖g_0‖/2],  AdaGrad with one norm",
       lambda s, c, T: 0.5, "one step from η to 0"),
    of("sign-seeks-median", "sign-stays-at-mean", "E x_T = x_0 near the mean,  sign descent",
       lambda s, c, T: float(np.ravel(c.x0)[0]), "the median of the samples is elsewhere",
       horizons=(12,)),
    of("adam-towards-median", "adam-like-sign-to-median",
       "E x_T = Σ_k p_T(k)(x_0 + kη), as of sign descent,  Adam with β = (0, .9)",
       lambda s, c, T: SignSeeksMedian(float(s.eta)).bound(c, T),
       "averages of squares give the rare value more weight", horizons=(10,)),
    of("sign-descent-smooth", "sign-descent-of-any-dimension",
       "(1/T) Σ ‖∇f(x_t)‖₁ ≤ Δ/(ηT) + ηL/2,  sign descent",
       lambda s, c, T: c.Delta / (s.eta(c, T) * T) + s.eta(c, T) * c.L / 2,
       "a sign has the norm √d", horizons=(32,)),
    of("spectral-descent-smooth", "spectral-descent-of-any-rank",
       "(1/T) Σ ‖∇f(X_t)‖_* ≤ Δ/(ηT) + ηL/2,  X ← X − ηUVᵀ",
       lambda s, c, T: c.Delta / (s.eta(c, T) * T) + s.eta(c, T) * c.L / 2,
       "a polar factor has the norm √r", horizons=(1,),
       problem=Isotropic([[3.0, 0.0], [0.0, 2.0]])),
    of("adam-two-cycle", "adam-comes-to-rest", "|x_t| ≤ η/4 for all t ≤ T,  Adam, β₁ = 0", rests,
       horizons=(4,)),
    of("sign-two-cycle", "sign-comes-to-rest", "|x_t| ≤ η/4 for all t ≤ T,  sign descent", rests,
       horizons=(4,)),
    of("lars-factor", "lars-like-descent", "‖x_T‖ = |1 − ηκL|^T ‖x_0‖,  LARS on (L/2)‖x‖²",
       lambda s, c, T: both(abs(1 - float(s.step) * c.L) ** T * c.R), "L does not count",
       horizons=(4,)),
    of("fromage-factor", "fromage-without-root", "‖x_T‖ = (1−η)^T ‖x_0‖,  Fromage on (L/2)‖x‖²",
       lambda s, c, T: both((1 - float(s.step)) ** T * c.R), "Fromage divides by √(1+η²)",
       horizons=(32,)),
    of("lookahead-factor", "lookahead-like-descent",
       "‖x_T‖ = |1−ηL|^T ‖x_0‖,  Lookahead over gradient descent",
       lambda s, c, T: both(abs(1 - float(s.scale)) ** T * c.R), "slow weights go α of the way",
       horizons=(5,)),
    of("sam-cycle", "sam-comes-to-rest", "‖x_t‖ ≤ R/2 for all t ≤ T,  SAM", rests, horizons=(4,)),
    of("adamw-decay-alone", "adamw-decay-moves-nothing", "x_T = x_0,  AdamW where ∇f = 0",
       lambda s, c, T: both(c.R), "decay needs no gradient", horizons=(4,)),
    of("sgd-coupled-decay", "sgd-coupled-decay-by-l-alone",
       "‖x_T − Lx*/(L+λ)‖ = |1−ηL|^T ‖x_0 − Lx*/(L+λ)‖,  SGD with weight decay",
       lambda s, c, T: both(abs(1 - float(s.eta) * c.L) ** T
                            * float(np.linalg.norm(np.asarray(c.x0) - s.rest(c)))),
       "λ adds to the curvature", horizons=(4,)),
    of("adamw-box", "adamw-without-time", "|x_T|_∞ ≤ 1/λ for all T,  AdamW",
       lambda s, c, T: 1 / float(s.decay), "from outside the box it takes time", horizons=(4,)),
    of("lion-box", "lion-without-time", "|x_T|_∞ ≤ 1/λ for all T,  Lion",
       lambda s, c, T: 1 / float(s.decay), "from outside the box it takes time", horizons=(4,)),
    of("sign-decay-rest", "sign-decay-like-plain", "|x_T − x*|_∞ ≤ η,  sign descent with decay",
       lambda s, c, T: float(s.eta), "a step inward has the decay besides", horizons=(1,)),
    of("sign-feedback-skewed", "feedback-climbs",
       "E f(x_T) − f(x_0) = +ηT/8,  sign descent with error feedback",
       lambda s, c, T: float(s.eta) * T / 8, "the climb is sign descent's", seeds=1024),
    of("shampoo-half-linear", "shampoo-half-like-quarter",
       "f(X_T) = −ηr Σ t^(−1/2),  Shampoo with exponents −½",
       lambda s, c, T: both(-float(s.eta) * min(c.m, c.n)
                            * float(np.sum(np.arange(1, T + 1) ** -0.5))),
       "the step dies out like 1/t", horizons=(16,)),
    of("adafactor-linear", "adafactor-like-adam", "f(X_T) = −ηT⟨G, Û⟩,  Adafactor on f = ⟨G, X⟩",
       lambda s, c, T: both(-float(s.eta) * T * float(np.sum(np.asarray(c.g) * s.update(c)))),
       "steps are relative to the size of X, which is 0 at first", horizons=(64,)),
    of("muon-linear", "muon-exact-polar", "f(X_T) = −ηT‖G‖_*,  Muon",
       lambda s, c, T: both(-float(s.eta) * T * nuclear(c)),
       "five rounds of the quintic do not come to 1", horizons=(1,)),
    of("muon-entries", "muon-entries-exact", "f(X_T) = −ηT‖G‖_*,  Muon, one entry a row of G",
       lambda s, c, T: both(-float(s.eta) * T * nuclear(c)), "the quintic does not come to 1",
       horizons=(1,)),
    of("muon-step", "muon-step-of-one", "‖X_{t+1} − X_t‖ ≤ η (operator norm) for all t,  Muon",
       lambda s, c, T: float(s.eta), "small singular values come out above 1", horizons=(1,)),
    of("muon-never-rests", "muon-comes-to-rest", "(1/T) Σ ‖∇f(X_t)‖_* ≤ ηnL/4 for T ≥ 16,  Muon",
       lambda s, c, T: (0.0, float(s.eta) * c.n * c.L / 4), "X goes to and fro",
       horizons=(16,)),
)  # fmt: skip
