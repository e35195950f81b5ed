"""The statement that a conjecture makes: a power or geometric law in the units of a theorem."""

from __future__ import annotations

import math

import equinox as eqx

from convergence.constants import Constants
from convergence.theorems.base import AbstractAbout, AbstractTheorem, Kind, Provenance
from convergence.theorems.domains import a, count, number, one_of


class Conjecture(AbstractAbout):
    """E M_T ≤ C b (T₀/T)^p, or C b e^{−r(T − T₀)}, for T ≥ T₀: method, metric and assumptions are
    those of `of`, and b is its number at T₀ (1 where that is 0 or infinite). Without a constant
    (C = ∞): M_T = O of the same.

    Nothing is proved: exponent and constant were fitted to runs or to exact moments.
    """

    provenance = Provenance.CONJECTURED
    domain = {
        "of": a(AbstractTheorem), "since": count(), "exponent": number("(-inf, inf)"),
        "constant": number("(0, inf]"), "geometric": one_of(False, True),
    }  # fmt: skip

    of: AbstractTheorem
    since: int = eqx.field(static=True)
    exponent: float = eqx.field(static=True)
    constant: float = eqx.field(static=True, default=math.inf)
    geometric: bool = eqx.field(static=True, default=False)

    @property
    def kind(self) -> Kind:
        return Kind.RATE if math.isinf(self.constant) else Kind.EXPECTATION

    @property
    def statement(self) -> str:
        T0, p = self.since, f"{self.exponent:.4g}"
        shape = f"e^(−{p}(T − {T0}))" if self.geometric else f"({T0}/T)^{p}"
        left = "M_T = O(" if math.isinf(self.constant) else f"E M_T ≤ {self.constant:.4g} b "
        close = ")" * math.isinf(self.constant)
        where = f"T ≥ {T0}" if math.isinf(self.constant) else f"T ≥ {T0}, b the number at {T0}"
        return f"{left}{shape}{close}, {where}, of: {self.of.statement}"

    def unit(self, c: Constants) -> float:
        """b."""
        bound = self.of.bound(c, self.since)
        number = float(bound[1] if isinstance(bound, tuple) else bound)
        return number if 0 < number < math.inf else 1.0

    def bound(self, c: Constants, T: int) -> float:
        if self.geometric:
            shape = math.exp(-self.exponent * (T - self.since))
        else:
            shape = (self.since / T) ** self.exponent
        return self.unit(c) * shape * (1.0 if math.isinf(self.constant) else self.constant)
