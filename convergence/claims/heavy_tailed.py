"""Heavy-tailed noise: normalized, clipped, variance-reduced and accelerated SGD."""

from __future__ import annotations

from convergence.claims.heavy_tailed_bounds import CLAIMS as BOUNDS
from convergence.claims.heavy_tailed_false import CLAIMS as FALSE
from convergence.claims.heavy_tailed_lower import CLAIMS as LOWER
from convergence.claims.heavy_tailed_tight import CLAIMS as TIGHT

CLAIMS = (*BOUNDS, *TIGHT, *LOWER, *FALSE)
