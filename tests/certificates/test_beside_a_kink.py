"""Slopes against differences of values: beside a kink the two differ, and nothing lies."""

from __future__ import annotations

import pytest

from convergence.laws import certificates
from convergence.noise import Noiseless
from convergence.precision import precision
from convergence.problems import Huber, Sawtooth


@pytest.mark.parametrize("steps", [47, 97, 99, 129])
def test_huber_with_a_point_beside_its_kink(steps: int) -> None:
    """At w = 1/97 a point that is looked at lies within the difference's reach of w."""
    with precision("float64"):
        assert not certificates(Huber(1 / steps), Noiseless())


def test_a_slope_that_is_a_little_false_is_told() -> None:
    class Steeper(Huber):
        """Its gradient is off by one part in a thousand."""

        def grad(self, x):
            return 1.001 * super().grad(x)

    with precision("float64"):
        assert any("∇f" in str(fault) for fault in certificates(Steeper(1 / 97), Noiseless()))


@pytest.mark.parametrize(("n", "w", "L"), [(1, 1.0, 1.0), (4, 0.3, 2.0), (32, 2.0, 0.25)])
def test_teeth(n: int, w: float, L: float) -> None:
    """From peak to peak: f falls by ¾Lw² a step of 1/L, and by ½Lw² at the last."""
    with precision("float64"):
        f = Sawtooth(n, w, L)
        assert not certificates(f, Noiseless())
        x = f.start()
        for k in range(n, 0, -1):
            assert float(f.grad(x)[0]) == pytest.approx(L * w)
            assert float(f.value(x)) == pytest.approx((3 * k + 2) * L * w**2 / 4)
            x = x - f.grad(x) / L
        assert float(f.value(x)) == pytest.approx(L * w**2 / 2)
