"""Adaptive methods on a linear function: how far each goes, exactly.

A constant gradient fixes every average that a method keeps, so that each bias correction, clock and
exponent shows. All are judged as f(x_T) on f(x) = ⟨g, x⟩ from 0, with damping (ε) 0.
"""

from __future__ import annotations

from typing import Any

import equinox as eqx
import numpy as np

from convergence.algorithms.base import AbstractAlgorithm
from convergence.algorithms.shipped import choose, from_optax, from_torch
from convergence.constants import Constants
from convergence.metrics.pointwise import Value
from convergence.noise.base import AbstractNoise
from convergence.problems.base import AbstractProblem
from convergence.shapes import Reals, real
from convergence.theorems.assumptions import AbstractAssumption, Checked, Has, NoNoise
from convergence.theorems.base import AbstractTheorem, Kind, Provenance, Source, varies
from convergence.theorems.conditions import Within
from convergence.theorems.domains import code_of, number
from convergence.theorems.shrinking import gone, rectifiers, summed

BOTH = code_of("optax", "torch")
LEAST = 1e-140  # of a slope: averages of its square are floats


class Sloped(AbstractAssumption):
    """No entry of g has a square that is 0 in floats, and would be divided by it. x_0 = 0."""

    def check(self, problem: AbstractProblem, noise: AbstractNoise, c: Constants) -> Checked:
        least = float(np.min(np.abs(c.g))) if np.all(np.asarray(c.x0) == 0) else 0.0
        detail = f"no entry of g may be 0, or below {LEAST:g}, and x_0 must be"
        return Checked("slopes", least >= LEAST, least, detail)


class AbstractWalk(AbstractTheorem):
    """−f(x_T) = η · (what a method makes of T equal gradients)."""

    kind = Kind.PATHWISE
    provenance = Provenance.DERIVED
    assumes = (NoNoise(), Has("L", 0.0, 0.0), Sloped())
    domain = {"eta": number("(0, inf)"), "code": BOTH}

    eta: Reals = eqx.field(converter=real, default=0.01)
    code: str = "optax"

    def fall(self, c: Constants, t: np.ndarray) -> Any:
        """(T,) the fall of f at each step t = 1, …, T, for η = 1; ‖g‖₁ by default."""
        return np.sum(np.abs(c.g))

    def metric(self, c: Constants, T: int) -> Value:
        return Value()

    def bound(self, c: Constants, T: int) -> tuple[float, float]:
        falls = np.broadcast_to(self.fall(c, np.arange(1, T + 1)), T)
        exact = -float(self.eta) * float(np.sum(falls))
        return exact, exact


class AdaGradLinear(AbstractWalk):
    """f(x_T) = −η‖g‖₁ Σ_{t≤T} t^{−1/2} on f(x) = ⟨g, x⟩, for AdaGrad from an empty accumulator.

    Proof. The accumulator is tg² after t gradients, the gradient of the step included. ∎
    """

    source = Source("duchi2011", "the diagonal method, composite-free; derived")
    statement = "f(x_T) = −η‖g‖₁ Σ_{t≤T} t^{−1/2},  AdaGrad on f(x) = ⟨g, x⟩"

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        eta = float(self.eta)
        return choose(
            self.code,
            optax=lambda: from_optax(
                "adagrad", learning_rate=eta, initial_accumulator_value=0.0, eps=0.0
            ),
            torch=lambda: from_torch("Adagrad", lr=eta, eps=0.0),
        )

    def fall(self, c: Constants, t: np.ndarray) -> Any:
        return np.sum(np.abs(c.g)) / np.sqrt(t)


class RMSpropLinear(AbstractWalk):
    """f(x_T) = −η‖g‖₁ Σ_{t≤T} (1 − α^t)^{−1/2} on f(x) = ⟨g, x⟩, for RMSprop, which corrects no
    bias.

    Proof. v_t = (1 − α^t)g². ∎ The first step is η/√(1 − α): ten times η for α = .99.
    """

    source = Source("tieleman2012", "RMSprop as torch and optax ship it; derived")
    statement = "f(x_T) = −η‖g‖₁ Σ_{t≤T} (1−α^t)^{−1/2},  RMSprop on f(x) = ⟨g, x⟩"
    domain = {"alpha": number("[0, 1)")}

    alpha: Reals = eqx.field(converter=real, default=0.99)

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        eta, alpha = float(self.eta), float(self.alpha)
        return choose(
            self.code,
            optax=lambda: from_optax("rmsprop", learning_rate=eta, decay=alpha, eps=0.0),
            torch=lambda: from_torch("RMSprop", lr=eta, alpha=alpha, eps=0.0),
        )

    def fall(self, c: Constants, t: np.ndarray) -> Any:
        return np.sum(np.abs(c.g)) / np.sqrt(gone(1 - float(self.alpha), t))


class AbstractBetas(AbstractWalk):
    """A method with two averages."""

    domain = {"b1": number("[0, 1)"), "b2": number("(0, 1)")}

    b1: Reals = eqx.field(converter=real, default=0.9)
    b2: Reals = eqx.field(converter=real, default=0.99)

    @property
    def betas(self) -> tuple[float, float]:
        """(β₁, β₂)."""
        return float(self.b1), float(self.b2)

    def shipped(self, name: str, torch_name: str, more: Any = None) -> AbstractAlgorithm:
        """The method of two libraries, undamped; `more`: options of torch's."""
        eta, (b1, b2) = float(self.eta), self.betas
        return choose(
            self.code,
            optax=lambda: from_optax(name, learning_rate=eta, b1=b1, b2=b2, eps=0.0),
            torch=lambda: from_torch(torch_name, lr=eta, betas=(b1, b2), eps=0.0, **(more or {})),
        )


class AMSGradLinear(AbstractBetas):
    """f(x_T) = −ηT‖g‖₁ on f(x) = ⟨g, x⟩, for AMSGrad with bias correction.

    Proof. v_t = (1 − β₂^t)g² grows, so its largest value is the last one, corrected to g². ∎
    """

    source = Source("reddi2018", "Algorithm 2, with bias correction; derived")
    statement = "f(x_T) = −ηT‖g‖₁,  AMSGrad on f(x) = ⟨g, x⟩"

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        return self.shipped("amsgrad", "Adam", {"amsgrad": True})


class AdaMaxLinear(AbstractBetas):
    """f(x_T) = −ηT‖g‖₁ on f(x) = ⟨g, x⟩, for AdaMax.

    Proof. u_t = max{β₂u_{t−1}, |g|} = |g|, and m_t/(1 − β₁^t) = g. ∎
    """

    source = Source("kingma2015", "Algorithm 2, AdaMax; derived")
    statement = "f(x_T) = −ηT‖g‖₁,  AdaMax on f(x) = ⟨g, x⟩"

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        return self.shipped("adamax", "Adamax")


class RAdamLinear(AbstractBetas):
    """f(x_T) = −η Σ_t (‖g‖₁ r_t if ρ_t > 5, else ‖g‖₂²) on f(x) = ⟨g, x⟩, for RAdam: ρ_∞ = 2/(1 −
    β₂) − 1, ρ_t = ρ_∞ − 2tβ₂^t/(1 − β₂^t), r_t² = (ρ_t−4)(ρ_t−2)ρ_∞/((ρ_∞−4)(ρ_∞−2)ρ_t).

    Proof. Corrected moments are g and g²: before ρ_t > 5 it is gradient descent, then Adam times
    the rectification r_t. ∎
    """

    source = Source("liu2020radam", "Algorithm 2; derived")
    statement = "f(x_T) = −η Σ_t (r_t‖g‖₁ if ρ_t > 5, else ‖g‖₂²),  RAdam on f(x) = ⟨g, x⟩"

    @varies
    def assumes(self) -> Any:
        """torch has ρ_t as a difference of floats near 2/(1 − β₂), which leaves eps/(1 − β₂)²."""
        known = Within("1 − β₂", self, "rest", 1e-5 if self.code == "torch" else 0.0)
        return (*AbstractBetas.assumes, known)

    def rest(self, c: Constants, T: int) -> float:
        """1 − β₂."""
        return 1 - self.betas[1]

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        return self.shipped("radam", "RAdam")

    def fall(self, c: Constants, t: np.ndarray) -> Any:
        top, rho = rectifiers(self.betas[1], len(t))
        late = rho > 5
        safe = np.where(late, rho, 5.0)
        size = top if top > 5 else 5.0  # ρ_t < ρ_∞: otherwise no step is late
        r = np.sqrt((safe - 4) * (safe - 2) * size / ((size - 4) * (size - 2) * safe))
        return np.where(late, r * np.sum(np.abs(c.g)), np.sum(np.square(c.g)))


class AbstractOptaxWalk(AbstractBetas):
    """A method that torch does not have, or has another of that name."""

    domain = {"code": code_of("optax")}


class AdaBeliefLinear(AbstractOptaxWalk):
    """f(x_T) = −η‖g‖₁ Σ_t [(1 − β₂) Σ_{k≤t} β₂^{t−k}β₁^{2k}/(1 − β₂^t)]^{−1/2} on f(x) = ⟨g, x⟩,
    for AdaBelief without damping.

    Proof. g − m_k = β₁^k g. ∎ Where g never errs from m the divisor dies out: a step of AdaBelief
    is not bounded by any multiple of η, and only ε ends its growth.
    """

    source = Source("zhuang2020", "Algorithm 2, ε → 0; derived")
    statement = "f(x_T) = −η‖g‖₁ Σ_t [(1−β₂)Σ_k β₂^{t−k}β₁^{2k}/(1−β₂^t)]^{−1/2},  AdaBelief"
    domain = {"b1": number("(0, 1)")}  # at 0 it is 0/0

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        b1, b2 = self.betas
        return from_optax(
            "adabelief", learning_rate=float(self.eta), b1=b1, b2=b2, eps=0.0, eps_root=0.0
        )

    def fall(self, c: Constants, t: np.ndarray) -> Any:
        b1, b2 = self.betas
        v, falls = 0.0, []
        for k in t:
            v = b2 * v + b1 ** (2 * int(k))
            falls.append((float(summed(1 - b2, k)) / v) ** 0.5)
        return np.sum(np.abs(c.g)) * np.asarray(falls)


class NAdamLinear(AbstractOptaxWalk):
    """f(x_T) = −η‖g‖₁ Σ_t [β₁(1 − β₁^t)/(1 − β₁^{t+1}) + (1 − β₁)/(1 − β₁^t)] on f(x) = ⟨g, x⟩, for
    NAdam with a constant β₁.

    Proof. m_t = (1 − β₁^t)g is corrected for t + 1 steps, the gradient for t. ∎
    """

    source = Source("dozat2016", "Algorithm 2 with constant decay; derived")
    statement = "f(x_T) = −η‖g‖₁ Σ_t [β₁(1−β₁^t)/(1−β₁^{t+1}) + (1−β₁)/(1−β₁^t)],  NAdam"

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        return self.shipped("nadam", "")

    def fall(self, c: Constants, t: np.ndarray) -> Any:
        b1 = self.betas[0]
        left = 1 - b1
        ahead = b1 * gone(left, t) / gone(left, t + 1) + left / gone(left, t)
        return ahead * np.sum(np.abs(c.g))


class NovoGradLinear(AbstractOptaxWalk):
    """f(x_T) = −η‖g‖₂ Σ_t (1 − β₁^t)/(1 − β₁) on f(x) = ⟨g, x⟩, for NovoGrad.

    Proof. One number, ‖g‖², normalizes the whole layer, and m_t = β₁m_{t−1} + g/‖g‖. ∎ Its steps
    grow to η/(1 − β₁).
    """

    source = Source("ginsburg2019", "Algorithm 1; derived")
    statement = "f(x_T) = −η‖g‖₂ Σ_t (1−β₁^t)/(1−β₁),  NovoGrad on f(x) = ⟨g, x⟩"

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        return self.shipped("novograd", "")

    def fall(self, c: Constants, t: np.ndarray) -> Any:
        b1 = self.betas[0]
        return np.linalg.norm(c.g) * summed(1 - b1, t)


class LionLinear(AbstractOptaxWalk):
    """f(x_T) = −ηT‖g‖₁ on f(x) = ⟨g, x⟩, for Lion without decay.

    Proof. β₁m + (1 − β₁)g is a positive multiple of g. ∎
    """

    source = Source("chen2023lion", "Program 1; derived")
    statement = "f(x_T) = −ηT‖g‖₁,  Lion on f(x) = ⟨g, x⟩"

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        b1, b2 = self.betas
        return from_optax("lion", learning_rate=float(self.eta), b1=b1, b2=b2, weight_decay=0.0)


class RpropLinear(AbstractWalk):
    """f(x_T) = −‖g‖₁ Σ_{t<T} min{η 1.2^t, 50} on f(x) = ⟨g, x⟩, for Rprop with factors ½ and 1.2
    and η ≥ 10⁻⁶, below which no code goes.

    Proof. The sign never changes, so a step is 1.2 times the one before, up to the longest. ∎
    """

    source = Source("riedmiller1993", "the growth of steps; derived")
    statement = "f(x_T) = −‖g‖₁ Σ_{t<T} min{η 1.2^t, 50},  Rprop on f(x) = ⟨g, x⟩"
    domain = {"eta": number("[1e-6, inf)")}  # the shortest step of optax and torch

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        eta = float(self.eta)
        return choose(
            self.code,
            optax=lambda: from_optax("rprop", learning_rate=eta),
            torch=lambda: from_torch("Rprop", lr=eta),
        )

    def fall(self, c: Constants, t: np.ndarray) -> Any:
        eta = float(self.eta)
        return np.sum(np.abs(c.g)) * np.minimum(eta * 1.2 ** (t - 1.0), 50.0) / eta
