"""What subspace methods, rounding and their problems refuse, in one sentence each."""

from __future__ import annotations

import numpy as np
import pytest

from convergence.algorithms.subspace.frugal import BernoulliMask, FixedMask, Frugal, FrugalSGDM
from convergence.algorithms.subspace.gwt import GWT, GWTSGDM
from convergence.algorithms.subspace.natural_galore import NaturalGaLore
from convergence.algorithms.subspace.qgalore import QGaLore, RoundedSGD
from convergence.algorithms.subspace.rso import RSO
from convergence.errors import InvalidInput
from convergence.noise.diagonal import DiagonalGaussian
from convergence.parts.projectors import TopSVD
from convergence.parts.solvers import GD
from convergence.problems.matrix_quadratic import EntryQuadratic
from convergence.problems.quadratic import Isotropic
from convergence.problems.shifted import Shifted
from tests.subspace.test_recursions import walk

BAD = {
    "rso rank 0": lambda: RSO(0.5, 0, GD(1)),
    "rso eta 0": lambda: RSO(0.0, 1, GD(1)),
    "rso rank above m": lambda: walk(RSO(0.5, 5, GD(1)), Isotropic(np.ones((2, 2))), 1),
    "frugal gap 0": lambda: Frugal(0.1, FixedMask(1.0), 0),
    "frugal beta 1": lambda: FrugalSGDM(0.1, 1.0, FixedMask(1.0)),
    "frugal residual": lambda: Frugal(0.1, FixedMask(1.0), residual="adam"),
    "frugal stateful": lambda: Frugal(0.1, FixedMask(1.0), stateful="lion"),
    "bernoulli p": lambda: BernoulliMask(1.5),
    "gwt level": lambda: walk(GWT(0.1, 2), Isotropic(np.ones((2, 6))), 1),
    "gwt negative level": lambda: GWT(0.1, -1),
    "gwt eps 0": lambda: GWT(0.1, eps=0.0),
    "gwtsgdm beta": lambda: GWTSGDM(0.1, 1.0),
    "grid width": lambda: RoundedSGD(0.1, 0.0),
    "rounding": lambda: RoundedSGD(0.1, 0.1, "up"),
    "qgalore rank": lambda: walk(QGaLore(0.1, 3), Isotropic(np.ones((2, 2))), 1),
    "qgalore schedule": lambda: QGaLore(0.1, 1, schedule="never"),
    "qgalore side": lambda: QGaLore(0.1, 1, side="up"),
    "qgalore rounding": lambda: QGaLore(0.1, 1, rounding="up"),
    "frugal buffer": lambda: Frugal(0.1, FixedMask(1.0), buffer="ring"),
    "qgalore gap": lambda: QGaLore(0.1, 1, gap=0),
    "qgalore group": lambda: walk(
        QGaLore(0.1, 1, weight_group=3, frame_group=2), Isotropic(np.ones((2, 2))), 1
    ),
    "natural lam": lambda: NaturalGaLore(TopSVD(), 0.1, 1, lam=0.0),
    "natural tau": lambda: NaturalGaLore(TopSVD(), 0.1, 1, tau=0),
    "natural history": lambda: NaturalGaLore(TopSVD(), 0.1, 1, s=0),
    "shifted L": lambda: Shifted([1.0], L=0.0),
    "entry shapes": lambda: EntryQuadratic(np.ones((2, 2)), np.ones((2, 3))),
    "entry curvature": lambda: EntryQuadratic(np.ones((2, 2)), -np.ones((2, 2))),
    "diagonal variance": lambda: DiagonalGaussian([-1.0]),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_one_sentence(name: str) -> None:
    with pytest.raises(InvalidInput, match=r"^Got .+, but .+; .+\.$"):
        BAD[name]()
