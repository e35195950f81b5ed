"""A right certificate is accused at no scale of the start."""

import numpy as np
import pytest

from convergence.laws import problem_laws
from convergence.precision import precision
from convergence.problems import (
    Cosines,
    MaxAbs,
    RotatedSeparable,
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
