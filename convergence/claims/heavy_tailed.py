"""Heavy-tailed noise: normalized, clipped, variance-reduced and accelerated SGD."""

from __future__ import annotations

from convergence.claims import heavy_tailed_bounds, heavy_tailed_false, heavy_tailed_tight

CLAIMS = (*heavy_tailed_bounds.CLAIMS, *heavy_tailed_tight.CLAIMS, *heavy_tailed_false.CLAIMS)
