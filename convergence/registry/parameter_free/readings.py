"""Controls of methods without a step size: what is hoped of each, refuted beside it."""

from __future__ import annotations

from typing import Any

from convergence.registry.parameter_free import pathwise
from convergence.registry.readings import misread

KNOWN: dict[str, Any] = {c.slug: c for c in pathwise.CLAIMS}

CLAIMS = (
    misread(KNOWN, "schedule-free", "schedule-free-like-smooth",
            "f(x_T) − f* ≤ GR/T,  schedule-free SGD", lambda s, c, T: c.G * c.R / T, "a corner",
            horizons=(4,)),
    misread(KNOWN, "prodigy-distance", "prodigy-within-half", "d_T ≤ R/2,  Prodigy",
            lambda s, c, T: c.R / 2, "a long slope", horizons=(1024,)),
    misread(KNOWN, "dog-regret", "dog-tenth",
            "Σ r_t(f(x_t) − f*) ≤ (1/10) r_T(2d_T + r_T)√(Σ‖g_t‖²),  DoG",
            lambda s, c, T: 0.1, horizons=(4,)),
    misread(KNOWN, "dowg-regret", "dowg-tenth",
            "Σ r_t²(f(x_t) − f*) ≤ (1/10) r_T(2d_T + r_T)√(Σ r_t²‖g_t‖²),  DoWG",
            lambda s, c, T: 0.1, horizons=(4,)),
    misread(KNOWN, "coin-linear", "coin-like-gradient-descent",
            "f(x_T) − f(x_0) = −G²εT,  coin betting on f = ⟨g, x⟩",
            lambda s, c, T: (float((c.g * c.x0).sum()) - c.G**2 * float(s.eps) * T,) * 2,
            "wealth grows exponentially", horizons=(4,)),
)  # fmt: skip
