"""Controls of methods for games: what is hoped of each, refuted beside it."""

from __future__ import annotations

from typing import Any

from convergence.registry.games import saddle
from convergence.registry.readings import misread

KNOWN: dict[str, Any] = {c.slug: c for c in saddle.CLAIMS}

CLAIMS = (
    misread(KNOWN, "game-extragradient-law", "game-extragradient-like-implicit",
            "‖z_T − z*‖² = Σ e_i (1 + η²σ_i²)^{−T} + e_0, extragradient on a bilinear game",
            lambda s, c, T: float(c.energies @ (1 + (s.eta(c) * c.couplings) ** 2) ** -float(T)
                                  + c.idle),
            "the implicit step, which it is near to for small η", horizons=(10,)),
    misread(KNOWN, "game-alternating-orbit", "game-alternation-converges",
            "‖z_t − z*‖² ≤ R² for all t, alternating descent–ascent on a bilinear game",
            lambda s, c, T: (0.0, c.R_saddle**2), "it goes round an ellipse", horizons=(64,)),
    misread(KNOWN, "game-extragradient-tight", "game-extragradient-like-descent",
            "(1/T) Σ ‖F(z_t)‖² ≤ R²/(η²T), extragradient, F monotone",
            lambda s, c, T: (0.0, float((c.L * c.R_saddle / float(s.al)) ** 2 / T)),
            "1 − η²L² is what the second gradient costs", horizons=(256,)),
    misread(KNOWN, "game-descent-ascent-strong-tight", "game-descent-ascent-without-floor",
            "E‖z_T − z*‖² ≤ q^T R²,  q = 1 − 2ημ + η²L²",
            lambda s, c, T: float((1 - 2 * s.eta(c) * c.mu_saddle + (s.eta(c) * c.L) ** 2) ** T
                                  * c.R_saddle**2), "noise stays", horizons=(16,)),
    misread(KNOWN, "game-optimistic-radius", "game-optimistic-like-extragradient",
            "radius = max_σ √(1 − a² + a⁴), a = ησ,  optimistic descent–ascent",
            lambda s, c, T: float(max(1 - a**2 + a**4 for a in s.eta(c) * c.couplings) ** 0.5),
            "the gradient it reuses is a step old"),
)  # fmt: skip
