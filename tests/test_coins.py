"""How far a method's own coins spread a step, by hand from the docstrings of `coins`."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from convergence.algorithms.estimators.ist import IST
from convergence.algorithms.subspace.frugal import BernoulliMask, FrugalSGDM
from convergence.algorithms.subspace.projected import Subspace
from convergence.algorithms.subspace.qgalore import RoundedSGD
from convergence.algorithms.subspace.rso import RSO
from convergence.algorithms.zeroth_order.lozo import LOZO
from convergence.algorithms.zeroth_order.zo_sgd import ZOSGD
from convergence.constants import Constants
from convergence.parts.projectors import Haar, TopSVD
from convergence.parts.solvers import ExactMinimum

C = Constants(L=2.0, mu=0.5, d=15, m=5, n=3)


def seen(a: float, share: float, variance: float) -> float:
    """v where a part of mean `share` and `variance` is multiplied by 1 − a."""
    return math.log(1 + a * a * variance / (1 - a * share) ** 2)


def along(eta: float, d: int) -> float:
    """v of a Gaussian direction: 8η²(1 + η(d + 6)/2)²/(1 − 2η)²."""
    return math.log(1 + 8 * (eta * (1 + eta * (d + 6) / 2) / (1 - 2 * eta)) ** 2)


def test_directions() -> None:
    assert ZOSGD(0.01).coins(C, 9) == pytest.approx((along(0.02, 15), 0.01))
    share, var = 2 / 3, 2 * (2 / 3) * (1 / 3) / 5  # of 3 columns 2 are seen
    for T, nu in ((9, 4), (3, 3)):  # no period is longer than the run
        a = 1 - math.exp(-2 * 0.02 * nu / share)
        v = along(0.02 * math.sqrt(1 + var / share**2), 15) + seen(a, share, var) / nu
        assert LOZO(0.01, 4, 2).coins(C, T) == pytest.approx((v, 0.01))
    for other in (LOZO(0.01, 4, 2, law="gaussian"), LOZO(0.01, 4, 2, divide=False)):
        assert other.coins(C, 9) == (math.inf, 0.0)


def test_blocks() -> None:
    """Softmax (¼, ¾) mixed with ½ each at weight .2: (.3, .7); ηL = .6."""
    a = 1 - 0.4**2
    found = IST(0.3, np.array([0.0, math.log(3)]), mix=0.2).coins(C, 9)
    worst = max(seen(a, p, p * (1 - p)) for p in (0.3, 0.7))
    assert found == pytest.approx((worst, a * 0.3))
    # Where the chances are learned, one block may have all that is not mixed in: (.1, .9).
    learned = IST(0.3, np.array([0.0, math.log(3)]), mix=0.2, rule="learned").coins(C, 9)
    worst = max(seen(a, p, p * (1 - p)) for p in (0.1, 0.9))
    assert learned == pytest.approx((worst, a * 0.1))
    never: list[Any] = [IST(0.6, np.zeros(2), mix=0.2), IST(0.3, np.zeros(2), N_u=2)]
    assert [method.coins(C, 9) for method in never] == [(math.inf, 0.0)] * 2


@pytest.mark.parametrize(("side", "m"), [("left", 5), ("right", 3)])
def test_subspaces(side: str, m: int) -> None:
    """Two of m directions, held for three steps of ηL = .4."""
    share, var = 2 / m, 2 * (2 / m) * (1 - 2 / m) / (m + 2)
    a = 1 - 0.6**6
    found = Subspace(Haar(), 0.2, r=2, tau=3, side=side)
    assert found.coins(C, 9) == pytest.approx((seen(a, share, var) / 3, a * share / 3))
    short = 1 - 0.6**4
    assert found.coins(C, 2)[1] == pytest.approx(short * share / 2)
    other = Subspace(TopSVD(), 0.2, r=2, tau=3, side=side).coins(C, 9)
    assert other[0] == pytest.approx(seen(a, share, 0.25) / 3)  # any law on [0, 1]
    assert Subspace(Haar(), 0.51, r=2, side=side).coins(C, 9) == (math.inf, 0.0)


def test_subproblems_masks_and_rounding() -> None:
    share, var = 0.4, 2 * 0.4 * 0.6 / 7
    a = 1 - 1 / (1 + 0.3 * 2 / 0.4) ** 2
    method = RSO(0.3, 2, ExactMinimum())
    assert method.coins(C, 9) == pytest.approx((seen(a, share, var), a * share))
    a = 1 - 0.6**2
    masked = FrugalSGDM(0.2, 0.5, BernoulliMask(0.3))
    assert masked.coins(C, 9) == pytest.approx((seen(a, 0.5, 0.25), a * 0.5))
    assert RoundedSGD(0.2, 0.1).coins(C, 9) == pytest.approx((0.0, 0.1))
