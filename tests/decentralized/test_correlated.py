"""Noise of a user's own that certifies what is true, and of which a proof asks more."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

from convergence.claims.base import verify
from convergence.claims.exact import Exact
from convergence.constants import Constants
from convergence.draws import normal
from convergence.noise.agents import PerAgent, PerEntry
from convergence.noise.base import AbstractNoise
from convergence.noise.gaussian import Gaussian
from convergence.noise.matrix import BatchMean
from convergence.oracles.bilevel import BilevelOracle
from convergence.parts import graphs
from convergence.problems.agents import common
from convergence.problems.bilevel import random_bilevel
from convergence.statistics import Verdict
from convergence.theorems.decentralized.cao2024 import DiffusionExcessRisk
from convergence.theorems.decentralized.dagreou2022 import SOBASmallStep
from convergence.theorems.decentralized.zhu2024 import SmallUpperStep

RING = graphs.lazy(graphs.ring(4))
ALIKE = common(RING, [0.5, 1.0], np.zeros((4, 2)))


class Shared(AbstractNoise):
    """One sample u ~ N(0, I_d) for all agents: each has the covariance I."""

    normal = True

    def draw(self, x: Any, key: Any) -> Any:
        return self.of_unit(normal(key, x.shape, x.dtype))

    def of_unit(self, unit: Any) -> Any:
        return jnp.broadcast_to(unit[0], unit.shape)

    def constants(self, shape: tuple[int, ...]) -> Constants:
        n, d = shape
        each = np.broadcast_to(np.eye(d), (n, d, d)).copy()
        return Constants(
            sigma=(n * d) ** 0.5, symmetric=True, additive=True, light_tailed=True,
            covariances=each,
        )  # fmt: skip


def test_covariances_of_agents_that_draw_together() -> None:
    """Var x̄ is four times that of independent agents: the risk is not the stated one."""
    for theorem in DiffusionExcessRisk(), DiffusionExcessRisk("consensus", finite=True):
        report = verify(Exact("own", theorem, ALIKE, Shared(), horizons=(20,)))
        assert report.verdict is Verdict.INAPPLICABLE, report.reason
        assert "known covariances" in report.reason
    apart = PerAgent(np.broadcast_to(np.eye(2), (4, 2, 2)).copy())
    report = verify(Exact("own", DiffusionExcessRisk(), ALIKE, apart, horizons=(20,)))
    assert report.verdict is Verdict.CONSISTENT, report.reason
    c = BatchMean(apart, 4).constants((4, 2))
    assert c.independent
    np.testing.assert_allclose(c.covariances, np.asarray(apart.S) / 4)


class PerTotal(Gaussian):
    """Gaussian noise that says what an entry has, which depends on how many there are."""

    def constants(self, shape: tuple[int, ...]) -> Constants:
        return super().constants(shape) | {"s": float(self.sigma) / float(np.prod(shape)) ** 0.5}


@pytest.mark.parametrize("theorem", [SmallUpperStep(), SOBASmallStep()])
def test_a_noise_whose_entries_differ_between_levels(theorem: Any) -> None:
    """Of two upper entries and three lower ones."""
    for noise, judged in (PerTotal(1.0), False), (PerEntry(0.5), True):
        claim = Exact(
            "own", theorem, random_bilevel(RING, 2, 3), noise, horizons=(10**5,),
            oracle=BilevelOracle,
        )  # fmt: skip
        failed = [a.name for a in claim.check(10**5) if not a.holds]
        assert failed == ([] if judged else ["one size of noise"])
