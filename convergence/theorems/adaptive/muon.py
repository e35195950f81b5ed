"""Muon as optax and torch ship it: torch rounds its iteration to bfloat16, optax does not."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import numpy as np

from convergence.algorithms.base import AbstractAlgorithm
from convergence.algorithms.shipped import choose, from_optax, from_torch
from convergence.constants import Constants
from convergence.metrics.folds import Average
from convergence.metrics.points import GradSum, LongestStep
from convergence.metrics.pointwise import Value
from convergence.noise.base import AbstractNoise
from convergence.problems.base import AbstractProblem
from convergence.shapes import Reals, real
from convergence.theorems.assumptions import (
    AbstractAssumption,
    Centered,
    Checked,
    Has,
    Is,
    Matrix,
    NoNoise,
)
from convergence.theorems.base import AbstractTheorem, Kind, Provenance, Source, varies
from convergence.theorems.conditions import FromZero, Within
from convergence.theorems.domains import code_of, number

LEAST, MOST, TOP = 0.64, 1.165, 1.2032
BETA = 0.95  # its momentum
FLOOR = 1e-7  # torch's, under the norm of a step before it is normalized


class OneARow(AbstractAssumption):
    """A square matrix with one entry other than 0 in each row and column; `name`: which one."""

    name: str = eqx.field(static=True)

    def check(self, problem: AbstractProblem, noise: AbstractNoise, c: Constants) -> Checked:
        A = np.atleast_2d(np.asarray(c[self.name])) != 0
        right = A.shape[0] == A.shape[1] and bool(np.all(A.sum(0) == 1) and np.all(A.sum(1) == 1))
        return Checked("one entry a row", right, None, f"of {self.name}, and one a column")


class AbstractMuon(AbstractTheorem):
    """Muon on matrices whose gradients have one entry a row and column: a round maps each entry s
    to p(s) = 3.4445s − 4.775s³ + 2.0315s⁵ by itself.

    Five rounds map [.01, 1] into [.681831, 1.134357] and (0, 1] below 1.20237, on a grid of 2·10⁶
    points. In bfloat16 they map its 862 numbers in [.01, 1 + 2⁻⁷] into [.640625, 1.164063], and all
    of (0, 1 + 2⁻⁷] below 1.203126, whether coefficients, products and sums are rounded one by one
    or a round at its end: enumerated.
    """

    kind = Kind.PATHWISE
    provenance = Provenance.DERIVED
    domain = {"eta": number("(0, inf)"), "code": code_of("optax", "torch")}

    eta: Reals = eqx.field(converter=real, default=0.01)
    code: str = "optax"

    def muon(self, momentum: float) -> AbstractAlgorithm:
        """Without decay; without ε, which is a floor of the norm, 1e-7, in torch's."""
        eta = float(self.eta)
        return choose(
            self.code,
            optax=lambda: from_optax("muon", learning_rate=eta, beta=momentum, eps=0.0),
            torch=lambda: from_torch("Muon", lr=eta, momentum=momentum, weight_decay=0.0),
        )

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        return self.muon(BETA)


class MuonEntries(AbstractMuon):
    """1.165 ηT‖G‖_* ≥ −f(X_T) ≥ .64 ηT‖G‖_* on f(X) = ⟨G, X⟩ for Muon, G square with one entry a
    row and column, none below .0102 of its norm, nor of 1e-7/(1 − β²) in torch's.

    Proof. Momentum leaves the direction of G, also in bfloat16, and entries over the norm, rounded,
    lie in [.01, 1 + 2⁻⁷]: five rounds take each into [.64, 1.165], see `AbstractMuon`. What torch
    divides by is 1e-7 at least, and what it divides (1 − β^{t+1})G at step t = 1, 2, …. ∎
    """

    source = Source("jordan2024", "the Newton–Schulz quintic, also in bfloat16; computed")
    statement = "1.165 ηT‖G‖_* ≥ −f(X_T) ≥ .64 ηT‖G‖_*,  Muon, f = ⟨G, X⟩, one entry a row of G"

    @varies
    def assumes(self) -> Any:
        """A slope of that shape."""
        return (NoNoise(), Has("L", 0.0, 0.0), Matrix(1), OneARow("g"),
                Within("min |G_ij|/‖G‖_F", self, "least", 0.0102), FromZero())  # fmt: skip

    def least(self, c: Constants, T: int) -> float:
        """The least entry over the Frobenius norm, or its floor."""
        g = np.abs(np.asarray(c.g))
        floor = FLOOR / (1 - BETA**2) if self.code == "torch" else 0.0
        return float(g[g > 0].min() / max(np.linalg.norm(g), floor)) if np.any(g) else 0.0

    def metric(self, c: Constants, T: int) -> Value:
        return Value()

    def bound(self, c: Constants, T: int) -> tuple[float, float]:
        far = float(self.eta) * T * float(np.sum(np.abs(c.g)))
        return -MOST * far, -LEAST * far


class MuonStep(AbstractMuon):
    """‖X_{t+1} − X_t‖ ≤ 1.2032 η in the operator norm for Muon, on (L/2)‖X‖² from a square X_0 with
    one entry a row and column.

    Proof. Gradients and their averages keep the shape, and entries over the norm lie in (0, 1 +
    2⁻⁷]: five rounds take none above 1.2032, see `AbstractMuon`; 0 stays. The operator norm of such
    a matrix is its largest entry. ∎ Attained by an entry of .0041114 of the norm. Without the shape
    the same holds of optax's in exact arithmetic, for singular values.
    """

    source = Source("jordan2024", "the Newton–Schulz quintic, also in bfloat16; computed")
    statement = "‖X_{t+1} − X_t‖ ≤ 1.2032 η (operator norm) for all t,  Muon"
    assumes = (NoNoise(), Is("isotropic"), Centered(), Matrix(1), OneARow("x0"))

    def metric(self, c: Constants, T: int) -> LongestStep:
        return LongestStep()

    def bound(self, c: Constants, T: int) -> float:
        return TOP * float(self.eta)


class MuonNeverRests(AbstractMuon):
    """(1/T) Σ_{t<T} ‖∇f(X_t)‖_* ≥ .32 ηnL for even T and Muon without momentum on (L/2)‖X‖² from an
    n × n matrix X_0 = xQ with one entry ±x a row and column, n ≤ 9000: steps do not shrink near the
    minimizer. Of optax's: those of torch do where the gradient's norm is below its floor of 1e-7.

    Proof. X_{t+1} = (x_t − ηu_t sign(x_t))Q with u_t ≥ .64, for entries over the norm are 1/√n; and
    |x_t| + |x_{t+1}| ≥ ηu_t in any case. |x_{t+1}| ≤ max{|x_t|, 1.165η} besides. The nuclear norm
    of such a matrix is the sum of its entries' sizes. ∎ Nearly attained by n = 3 within ηu_t of 0,
    where X goes to and fro.
    """

    source = Source("jordan2024", "a constant step; derived")
    statement = "(1/T) Σ ‖∇f(X_t)‖_* ≥ .32 ηnL for even T,  Muon on (L/2)‖X‖² from xQ"

    domain = {"code": code_of("optax")}

    @varies
    def assumes(self) -> Any:
        """Equal entries, whole turns."""
        return (NoNoise(), Is("isotropic"), Centered(), Matrix(1), Has("n", 1, 9000), OneARow("x0"),
                Within("x_min/x_max", self, "even", 1.0, 1.0),
                Within("T mod 2", self, "left", 0.0, 0.0))  # fmt: skip

    def even(self, c: Constants, T: int) -> float:
        """The least entry over the largest."""
        x = np.abs(np.asarray(c.x0))
        return float(x[x > 0].min() / x.max()) if np.any(x) else 0.0

    def left(self, c: Constants, T: int) -> float:
        """T mod 2."""
        return float(T % 2)

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        return self.muon(0.0)

    def metric(self, c: Constants, T: int) -> Average:
        return Average(GradSum())

    def bound(self, c: Constants, T: int) -> tuple[float, float]:
        eta, x = float(self.eta), float(np.max(np.abs(c.x0)))
        return 0.5 * LEAST * eta * c.n * c.L, c.n * c.L * max(x, MOST * eta)
