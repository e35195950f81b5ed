"""Noise on given points, by hand."""

from __future__ import annotations

import numpy as np

from convergence.noise.pair import Points


def test_points_far_out_are_no_light_tail() -> None:
    """n − 1 once and −1 otherwise: σ² = n − 1, so the far point lies √(n − 1) σ away."""
    for n, light in ((25, True), (32, False)):  # 4.9 σ and 5.6 σ
        points = Points(np.append(n - 1.0, -np.ones(n - 1))[:, None])
        assert points.constants((1,)).sigma == np.sqrt(n - 1)
        assert points.constants((1,)).light_tailed is light
