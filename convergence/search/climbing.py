"""Driving a score up over Rᵏ: hypothesis with `target()`, then an evolution strategy.

A score maps a batch of points (B, k) to (B,) numbers, −∞ where a point is not admissible. Draws of
hypothesis are good at the corners (zeros, ones, equal entries), the evolution strategy at valleys.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from convergence.errors import InvalidInput

BATCH = 16  # points a call
REACH = 3.0  # hypothesis draws coordinates within ± this


def explore(score: Callable[[np.ndarray], float], size: int, examples: int, seed: int) -> None:
    """`examples` batches around centers that hypothesis draws, guided by `target(log score)`.

    score: the best of a batch (BATCH, size), the first row of which is the center.
    """
    try:
        import hypothesis
        from hypothesis import strategies as st
    except ImportError as error:
        raise InvalidInput(
            "The search draws its instances with hypothesis, which is not installed; "
            "pip install 'convergence-lab[falsify]'."
        ) from error
    checks = hypothesis.HealthCheck
    numbers = st.floats(-REACH, REACH)
    centers = st.one_of(
        st.lists(numbers, min_size=size, max_size=size),
        st.lists(st.sampled_from((0.0, 1.0, -1.0)), min_size=size, max_size=size),
    )

    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=examples,
        database=None,
        deadline=None,
        phases=(hypothesis.Phase.generate, hypothesis.Phase.target),
        suppress_health_check=(checks.too_slow, checks.data_too_large, checks.large_base_example),
    )
    @hypothesis.given(centers, st.sampled_from((0.1, 0.5, 1.0)), st.integers(0, 2**16))
    def example(center: list[float], spread: float, stir: int) -> None:
        around = np.random.default_rng((seed, stir)).standard_normal((BATCH, size))
        around[0] = 0.0
        best = score(np.asarray(center) + spread * around)
        if 0 < best < math.inf:
            hypothesis.target(math.log(best), label="measured/bound")

    example()


class Evolution:
    """A separable CMA-ES (Ros and Hansen 2008) that climbs from `center`; ties and −∞ rank last.

    Standard weights and rates of Hansen's tutorial with the diagonal's rates (k + 2)/3 larger.
    """

    def __init__(self, center: np.ndarray, width: float, rng: np.random.Generator):
        k, half = len(center), BATCH // 2
        self.mean, self.width, self.rng = np.array(center, float), width, rng
        self.scale, self.drift, self.path = np.ones(k), np.zeros(k), np.zeros(k)
        weights = math.log(half + 0.5) - np.log(np.arange(1, half + 1))
        self.weights = weights / weights.sum()
        mass = 1 / float(np.sum(self.weights**2))
        self.mass, self.norm = mass, math.sqrt(k) * (1 - 1 / (4 * k) + 1 / (21 * k**2))
        self.c_drift = (mass + 2) / (k + mass + 5)
        self.damp = 1 + self.c_drift + 2 * max(0.0, math.sqrt((mass - 1) / (k + 1)) - 1)
        self.c_path = (4 + mass / k) / (k + 4 + 2 * mass / k)
        faster = (k + 2) / 3
        self.c_one = min(0.5, faster * 2 / ((k + 1.3) ** 2 + mass))
        rank = 2 * (mass - 2 + 1 / mass) / ((k + 2) ** 2 + mass)
        self.c_rank = min(1 - self.c_one, faster * rank)

    def ask(self) -> np.ndarray:
        """(BATCH, k) points around the mean, the first of them the mean itself."""
        around = self.rng.standard_normal((BATCH, len(self.mean))) * np.sqrt(self.scale)
        around[0] = 0.0
        return self.mean + self.width * around

    def tell(self, points: np.ndarray, scores: np.ndarray) -> None:
        """Move the mean, the width and the scales towards the better half of `points`."""
        order = np.argsort(-np.nan_to_num(scores, nan=-math.inf, posinf=1e300, neginf=-1e300))
        steps = (points[order[: len(self.weights)]] - self.mean) / self.width
        move = self.weights @ steps
        self.mean = self.mean + self.width * move
        cs, cc = self.c_drift, self.c_path
        self.drift = (1 - cs) * self.drift + math.sqrt(cs * (2 - cs) * self.mass) * (
            move / np.sqrt(self.scale)
        )
        self.path = (1 - cc) * self.path + math.sqrt(cc * (2 - cc) * self.mass) * move
        kept = 1 - self.c_one - self.c_rank
        self.scale = (
            kept * self.scale + self.c_one * self.path**2 + self.c_rank * self.weights @ steps**2
        )
        growth = (cs / self.damp) * (float(np.linalg.norm(self.drift)) / self.norm - 1)
        # A plateau of equal scores must not blow the width up.
        self.width = min(2.0, max(0.01, self.width * math.exp(growth)))
