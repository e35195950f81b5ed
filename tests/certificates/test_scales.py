"""A right certificate is accused at no scale of the start."""

import numpy as np
import pytest

from convergence.constants import Constants
from convergence.laws import problem_laws
from convergence.precision import precision
from convergence.problems import (
    Cosines,
    MaxAbs,
    RotatedSeparable,
    SaddleQuadratic,
    Valley,
    WorkerQuadratics,
)  # fmt: skip
from convergence.problems.nonconvex import log_cosh

RIGHT = {
    "log cosh": lambda k: log_cosh([k, -k / 3]),
    "rotated": lambda k: RotatedSeparable(np.array([k, -k]), np.array([1.0, 2.0]), shape="logcosh"),
    "flat": lambda k: RotatedSeparable(np.array([k, k]), np.array([1.0, 1e-64]), shape="square"),
    "cosines": lambda k: Cosines(k * np.ones((2, 3))),
    "valley": lambda k: Valley(np.array([k, 0.7 * k])),
    "workers": lambda k: WorkerQuadratics(
        k * np.ones(2), np.array([np.eye(2), 2 * np.eye(2)]), np.array([[1.0, 0.3], [-1.0, -0.3]])
    ),
    "corner": lambda k: MaxAbs(np.array([k, 0.7 * k])),
}


@pytest.mark.parametrize("name", RIGHT)
@pytest.mark.parametrize("scale", [1e-6, 1e-3, 1.0, 30.0, 1e3])
def test_right_certificates_stand(name: str, scale: float):
    with precision("float64"):
        assert problem_laws(RIGHT[name](scale)) == []


CENTERS = 100 * np.array([[1.0, 0.3], [-0.7, 1.1], [-0.3, -1.4]])  # their sum rounds to 1e-14
FAR = {
    "workers": lambda k: WorkerQuadratics(k * np.ones(2), np.tile(np.eye(2), (3, 1, 1)), CENTERS),
    "game": lambda k: SaddleQuadratic(
        np.eye(2), np.eye(2), np.eye(2), k * np.ones(4), 100 * np.ones(2), -100 * np.ones(2)
    ),
}


@pytest.mark.parametrize("name", FAR)
@pytest.mark.parametrize("scale", [1e-12, 1e-9, 1e-6])
def test_what_is_a_difference_of_larger_numbers_is_accused_of_no_rounding(name: str, scale: float):
    with precision("float64"):
        assert problem_laws(FAR[name](scale)) == []


def test_a_gradient_that_is_off_by_more_than_its_rounding_is_still_found():
    class Off(WorkerQuadratics):
        def constants(self) -> Constants:
            known = super().constants()
            return known.but(grad0=1.01 * known.grad0)

    with precision("float64"):
        said = problem_laws(Off(1e-9 * np.ones(2), np.tile(np.eye(2), (3, 1, 1)), CENTERS))
    assert any("grad0" in one for one in said)
