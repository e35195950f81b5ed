"""Faults planted in the decentralized family: in the method, the graph, the statement."""

from __future__ import annotations

import dataclasses
from typing import Any

import equinox as eqx
import numpy as np

from convergence.algorithms.decentralized.bilevel import StocBiO
from convergence.algorithms.decentralized.single_level import (
    EXTRA,
    Diffusion,
    ExactDiffusion,
    GradientTracking,
    Memory,
    SemiTracking,
    Tracker,
)
from convergence.algorithms.decentralized.sparkle import BilevelState, Sparkle
from convergence.claims.exact import Exact
from convergence.noise.agents import PerEntry
from convergence.oracles.base import Oracle
from convergence.parts.strategies import Strategy
from convergence.registry.decentralized import bilevel as decentralized_bilevel
from convergence.registry.decentralized import flatness as decentralized_flatness
from convergence.registry.decentralized import single_level as decentralized
from convergence.theorems.decentralized import (
    alghunaim2022,
    cao2024,
    cao2024_opposites,
    zhu2024,
)
from tests.mutants.base import Mutant

CLAIM: dict[str, Any] = {}
for _module in (decentralized_flatness, decentralized_bilevel, decentralized):
    CLAIM |= {claim.slug.split("-", 1)[1]: claim for claim in _module.CLAIMS}


def method(slug: str, change: Any) -> Exact:
    """A registered claim whose theorem prescribes `change(algorithm)`."""
    claim = CLAIM[slug]
    of = claim.theorem

    class Faulty(type(of)):
        __doc__ = type(of).__doc__

        def prescribe(self, c: Any, T: int) -> Any:
            return change(super().prescribe(c, T))

    fields = {f.name: getattr(of, f.name) for f in dataclasses.fields(of)}
    return dataclasses.replace(claim, theorem=Faulty(**fields))


def statement(slug: str, change: Any) -> Exact:
    """A registered claim whose theorem states `change(bound)`."""
    claim = CLAIM[slug]
    of = claim.theorem

    class Faulty(type(of)):
        __doc__ = type(of).__doc__

        def bound(self, c: Any, T: int) -> Any:
            return change(super().bound(c, T), T)

    fields = {f.name: getattr(of, f.name) for f in dataclasses.fields(of)}
    return dataclasses.replace(claim, theorem=Faulty(**fields))


def swap(kind: Any) -> Any:
    """The same W and α in another method."""
    return lambda a: kind(a.W, a.alpha)


class MixedTwice(Diffusion):
    """W(W(X − αG)): one gossip round too many."""

    def step(self, t: Any, state: Any, oracle: Any, key: Any) -> Any:
        return eqx.tree_at(lambda s: s.x, s := super().step(t, state, oracle, key), self.W @ s.x)


class Forgetful(ExactDiffusion):
    """The correction ψ⁻ is that of the mixed iterate."""

    def step(self, t: Any, state: Any, oracle: Any, key: Any) -> Memory:
        psi = state.x - self.alpha * oracle.grad(state.x, key)
        x = self.W @ (psi + state.x - state.D)
        return Memory(x, x)

    def project(self, state: Any) -> Memory:
        return state


class WrongSign(EXTRA):
    """The dual ascends with the wrong sign."""

    def step(self, t: Any, state: Any, oracle: Any, key: Any) -> Memory:
        after = super().step(t, state, oracle, key)
        return Memory(after.x, 2 * state.D - after.D)


class StaleTracker(GradientTracking):
    """The tracker adds a tenth of the gradient once more."""

    def step(self, t: Any, state: Any, oracle: Any, key: Any) -> Tracker:
        after = super().step(t, state, oracle, key)
        return Tracker(after.x, after.T + 0.1 * after.G, after.G)

    def project(self, state: Any) -> Tracker:
        return state


class ShortStep(SemiTracking):
    """Steps by 0.9 of what it says."""

    def step(self, t: Any, state: Any, oracle: Any, key: Any) -> Tracker:
        return SemiTracking(self.W, 0.9 * self.alpha).step(t, state, oracle, key)


def leaky(a: Sparkle) -> Sparkle:
    """z loses its dual."""
    return eqx.tree_at(lambda s: s.z, a, Strategy(a.z.A, 0 * a.z.B2, a.z.C, corrects=False))


def shifted(a: Sparkle) -> Sparkle:
    """A dual that starts with a mean."""
    return eqx.tree_at(lambda s: s.dual_x, a, np.asarray(0.01))


def old_average(a: Sparkle) -> Sparkle:
    """x moves by the old hypergradient average."""

    class Old(Sparkle):
        def step(self, t: Any, state: Any, oracle: Any, key: Any) -> BilevelState:
            after = super().step(t, state, oracle, key)
            x, dx = self.x(state.x, state.dx, self.alpha * state.r)
            return eqx.tree_at(lambda s: (s.x, s.dx), after, (x, dx))

    return Old(*(getattr(a, f.name) for f in dataclasses.fields(a)))


def longer(a: StocBiO) -> StocBiO:
    """Q + 1 terms."""
    return StocBiO(a.alpha, a.beta, a.eta, a.D, a.Q + 1)


MUTANTS: tuple[Mutant, ...] = (
    Mutant("exact diffusion without its correction",
           lambda: method("no-bias-ed", swap(Diffusion))),
    Mutant("exact diffusion that corrects by the mixed iterate",
           lambda: method("no-bias-ed", swap(Forgetful))),
    Mutant("EXTRA with the dual's sign flipped", lambda: method("no-bias-extra", swap(WrongSign))),
    Mutant("gradient tracking whose tracker grows",
           lambda: method("no-bias-atc-gt", swap(StaleTracker))),
    Mutant("semi-ATC at 0.9 of the step", lambda: method("variance-semi-atc-gt", swap(ShortStep))),
    Mutant("EXTRA in place of exact diffusion", lambda: method("variance-ed", swap(EXTRA))),
    Mutant("one gossip round too many", lambda: method("bias-atc", swap(MixedTwice))),
    Mutant("noise of another variance than certified",
           lambda: dataclasses.replace(
               CLAIM["variance-atc-gt"], oracle=lambda p, n: Oracle(p, PerEntry(1.01)))),
    Mutant("threshold overstated by 5 %",
           lambda: dataclasses.replace(CLAIM["threshold-extra"], horizons=(98, 105),
                                       theorem=_Late("EXTRA"))),
    Mutant("variance formula without the factor ½ on b²", lambda: dataclasses.replace(
        CLAIM["variance-ed"], theorem=_NoHalf("ED"))),
    Mutant("transient exponent improved by one", lambda: statement(
        "transient-gap-ed", lambda b, T: b / T)),
    Mutant("transient law without the factor ¼ of tracking", lambda: statement(
        "transient-law-atc-gt", lambda b, T: 4 * b)),
    Mutant("transient in n of another exponent", lambda: statement(
        "transient-n-extra", lambda b, T: b / T**0.1)),
    Mutant("the entry of SPARKLE-ED for D-SOBA", lambda: statement(
        "transient-table-atc-atc", lambda b, T: b**0.5)),
    Mutant("SPARKLE that forgets the dual of z",
           lambda: method("no-bias-ed-ed", leaky)),
    Mutant("SPARKLE's radius with x moved by the old average",
           lambda: method("radius-ed-ed", old_average)),
    Mutant("SPARKLE's radius with the levels exchanged", lambda: dataclasses.replace(
        CLAIM["radius-extra-atc-gt"],
        theorem=_Exchanged("EXTRA", "ATC-GT"))),
    Mutant("SPARKLE with a dual that starts with a mean",
           lambda: method("no-bias-extra-extra", shifted)),
    Mutant("SPARKLE that moves x by the old average",
           lambda: method("mixed-is-faster-than-ed", old_average)),
    Mutant("linear speed-up squared", lambda: statement(
        "small-step-ed-ed", lambda b, T: b / 4)),
    Mutant("S4 without the adjoint noise", lambda: statement(
        "soba-small-step", lambda b, T: 0.9 * b)),
    Mutant("bias of small DSGD steps off by 2 %", lambda: statement(
        "small-step-atc", lambda b, T: 1.02 * b)),
    Mutant("excess risk of small steps off by 3 %", lambda: statement(
        "excess-risk-small-step-consensus", lambda b, T: 1.03 * b)),
    Mutant("excess risk of consensus with diffusion's gain", lambda: dataclasses.replace(
        CLAIM["excess-risk-consensus"], theorem=_Diffusive("consensus"))),
    Mutant("ordering reversed", lambda: dataclasses.replace(
        CLAIM["diffusion-below-consensus-95"],
        theorem=_Reversed("diffusion", 0.95))),
    Mutant("stocBiO with one Neumann term more than stated",
           lambda: method("stocbio-neumann-bias-3", longer)),
    Mutant("centralized strategy escapes first", lambda: dataclasses.replace(
        CLAIM["diffusion-escapes-before-centralized"],
        theorem=cao2024_opposites.EscapeExchanged("diffusion", "centralized"))),
)  # fmt: skip


class _Late(alghunaim2022.Stability):
    """The threshold of a method, overstated."""

    def alpha(self, c: Any, T: int) -> float:
        return 1.05 * super().alpha(c, T)


class _Reversed(cao2024.Ordering):
    """ER_con ≤ ER_dif."""

    def prescribe(self, c: Any, T: int) -> Any:
        return super().rival(c, T)

    def rival(self, c: Any, T: int) -> Any:
        return super().prescribe(c, T)


class _NoHalf(alghunaim2022.Variance):
    """a²α²s²/[(1 − p)(1 + p − b²)]."""

    def bound(self, c: Any, T: int) -> float:
        a, s2 = self.alpha(c, T), c.sigma**2 / (c.agents * len(c.h))
        lam, h = self.grid(c)
        w, b2, p = alghunaim2022.mode(self.name, lam, a * h)
        mean = np.sum(a * s2 / (c.h * (2 - a * c.h)))
        return float(mean + np.sum(w**2 * a**2 * s2 / ((1 - p) * (1 + p - b2)))) / c.agents


class _Exchanged(zhu2024.ModeRadius):
    """The radius of upper and lower strategies exchanged."""

    def bound(self, c: Any, T: int) -> float:
        return zhu2024.ModeRadius(self.lower, self.upper).bound(c, T)


class _Diffusive(cao2024.DiffusionExcessRisk):
    """The law of diffusion for consensus."""

    def bound(self, c: Any, T: int) -> float:
        return cao2024.excess_risk("diffusion", c, self.alpha(c, T))
