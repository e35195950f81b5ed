"""Faults planted in the heavy-tailed family: in methods, noises, oracles, bounds, certificates."""

from __future__ import annotations

import dataclasses
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp

from convergence.algorithms.base import AbstractAlgorithm, Samples
from convergence.algorithms.heavy_tailed.clipped_sgd import ClippedSGD
from convergence.algorithms.heavy_tailed.nigt import NIGT
from convergence.algorithms.heavy_tailed.nsgd import NSGD, NSGDM, NormalizedState, unit
from convergence.algorithms.heavy_tailed.storm import STORM
from convergence.claims.identity import Identity
from convergence.noise.atoms import Atoms
from convergence.noise.two_point import two_point
from convergence.oracles.chain import ChainOracle
from convergence.problems.nonconvex import Separable, bowl
from convergence.registry import claims_of
from convergence.theorems.classical.carmon2020 import ChainProgress
from convergence.theorems.heavy_tailed.closed_forms import (
    Exponents,
    RampLimits,
    StormForms,
    TransportForms,
)
from convergence.theorems.heavy_tailed.cutkosky2020 import GradientTransport
from convergence.theorems.heavy_tailed.laws import SpikeLaw
from convergence.theorems.heavy_tailed.lemmas import Clipping, VonBahrEsseen
from convergence.theorems.heavy_tailed.sun2025 import NSGDMomentum
from counterexamples import nsgd_small_batch
from tests.mutants.base import Mutant, tamper

CLAIM: dict[str, Any] = {
    claim.slug: claim for claim in (*claims_of("heavy_tailed"), *nsgd_small_batch.CLAIMS)
}


class Unnormalized(NSGDM):
    """The step is γ m instead of γ m/‖m‖."""

    def step(self, t: Any, state: Any, oracle: Any, key: Any) -> Any:
        after = super().step(t, state, oracle, key)
        return NormalizedState(state.x - self.gamma * after.m, after.m)


class Ascent(NSGDM):
    """The sign of the step is wrong."""

    def step(self, t: Any, state: Any, oracle: Any, key: Any) -> Any:
        after = super().step(t, state, oracle, key)
        return NormalizedState(state.x + self.gamma * unit(after.m), after.m)


class Swapped(NSGDM):
    """α weighs the OLD momentum."""

    def step(self, t: Any, state: Any, oracle: Any, key: Any) -> Any:
        g = oracle.grad(state.x, key)
        m = jnp.where(t == 0, g, self.alpha * state.m + (1 - self.alpha) * g)
        return NormalizedState(state.x - self.gamma * unit(m), m)


class Stale(STORM):
    """The correction has the wrong sign."""

    def step(self, t: Any, state: Any, oracle: Any, key: Any) -> Any:
        after = super().step(t, state, oracle, key)
        g, before = oracle.grad(state.x, key), oracle.grad(state.x_prev, key)
        m = after.m - 2 * jnp.where(t == 0, 0.0, 1 - self.alpha) * (g - before)
        return eqx.tree_at(lambda s: (s.x, s.m), after, (state.x - self.gamma * unit(m), m))


class Backwards(NIGT):
    """The look-ahead looks back."""

    def ahead(self, state: Any) -> Any:
        return -super().ahead(state)


class Unmasked(ChainOracle):
    """The mask of the chain is left out: every coordinate shows itself."""

    def grad(self, x: Any, key: Any) -> Any:
        return self.problem.grad(x)


class Understated(Separable):
    """A problem that certifies half of its Δ."""

    def constants(self) -> Any:
        c = super().constants()
        return c.but(Delta=0.5 * c.Delta)


class ConstantOfSymmetry(VonBahrEsseen):
    """The constant 1 of symmetric noise for all noises."""

    def constant(self, p: float) -> float:
        return 1.0


class HalfBias(Clipping):
    """Half the constant of the bias."""

    def factors(self, p: float) -> tuple[float, float]:
        b, v = super().factors(p)
        return b / 2, v


class HalfVariance(Clipping):
    """Half the constant of the variance."""

    def factors(self, p: float) -> tuple[float, float]:
        b, v = super().factors(p)
        return b, v / 2


class WrongVariance(SpikeLaw):
    """The recursion with σ_p² = 1 in place of E‖ξ‖²."""

    def discrepancies(self) -> dict[str, float]:
        found = super().discrepancies()
        law = two_point(1.5, 1.0, 0.1)
        return found | {"variance": abs(law.moment(2.0) - 1.0)}


class Louder(Atoms):
    """A noise 1.2 times as large as it certifies."""

    def draw(self, x: Any, key: Any) -> Any:
        return 1.2 * super().draw(x, key)


class SharperStorm(StormForms):
    """A tenth less in front of x."""

    def lead(self, c_p: float) -> float:
        return 0.9 * super().lead(c_p)


class SharperTransport(TransportForms):
    """A tenth less in front of x."""

    def lead(self, c_p: float) -> float:
        return 0.9 * super().lead(c_p)


class ExponentOfMomentum(Exponents):
    """NIGT with the exponent of NSGD-M, as if its curvature did nothing."""

    def table(self, p: float) -> dict[type[Any], float]:
        found = super().table(p)
        return found | {GradientTransport: found[NSGDMomentum]}


class LimitWithoutPower(RampLimits):
    """2 + √2c_p for NSGD-M: (1−θ^p)^{−1/p} taken for α^{−1/p}."""

    def limits(self, p: float) -> dict[type[Any], float]:
        return super().limits(p) | {NSGDMomentum: 2 + 2**0.5 * 2 ** ((2 - p) / p)}


def rebuilt(slug: str, make: Any) -> Any:
    """A claim whose prescribed method is replaced by `make(method)`."""
    return lambda: tamper(CLAIM[slug], algorithm=make)


def like(slug: str, kind: Any, **change: Any) -> Any:
    """A claim whose prescribed method becomes a `kind` with the same fields, some multiplied."""

    def make(method: Any) -> Any:
        values = {n: v for n, v in vars(method).items() if n in kind.__dataclass_fields__}
        return kind(**{n: v * change.get(n, 1) for n, v in values.items()})

    return rebuilt(slug, make)


def bounded(slug: str, factor: float) -> Any:
    """A claim with its bound multiplied."""
    return lambda: tamper(CLAIM[slug], number=lambda b, T: b * factor)


def steeper(slug: str) -> Any:
    """A rate with its exponent made better by 0.15."""
    return lambda: tamper(CLAIM[slug], number=lambda b, T: b * T**-0.15)


def replaced(slug: str, **fields: Any) -> Any:
    """A claim with some fields replaced."""
    return lambda: dataclasses.replace(CLAIM[slug], **fields)


class CountedOnce(NSGD):
    """A batch of which one sample is declared."""

    @property
    def respects(self) -> Samples:
        return Samples(1)


class TwoCountedAsOne(STORM):
    """Two samples a step, one of them declared."""

    @property
    def respects(self) -> Samples:
        return Samples(first=self.B0)

    def again(self, key: Any) -> Any:
        return jax.random.fold_in(key, 1)


FEWER: dict[str, Any] = {"horizons": (200,), "seeds": 2}  # to replay a run takes seconds


def counted(name: str, method: AbstractAlgorithm) -> Any:
    """A lower bound on the chain with a method that declares its samples wrongly."""
    return replaced(f"chain-{name}", theorem=ChainProgress(method), **FEWER)


def fields_of(module: Any) -> dict[str, Any]:
    """A module's fields by name."""
    return {f.name: getattr(module, f.name) for f in dataclasses.fields(module)}


LAW = CLAIM["sgd-spikes-law"].noise

MUTANTS = (
    Mutant("nsgdm-not-normalized", like("nsgdm-certificate-tight", Unnormalized)),
    Mutant("nsgdm-uphill", like("nsgdm-certificate-tight", Ascent)),
    Mutant("nsgdm-step-halved", like("nsgdm-certificate-tight", NSGDM, gamma=0.5)),
    Mutant("nsgdm-steps-too-long", like("nsgdm-tracks-noise", NSGDM, gamma=3.0)),
    Mutant("nsgdm-alpha-on-the-old-momentum", like("nsgd-momentum-descends", Swapped)),
    Mutant("nsgdm-bound-three-quarters", bounded("nsgdm-noiseless", 0.75)),
    Mutant("nigt-bound-three-quarters", bounded("nigt-noiseless", 0.75)),
    Mutant("nsgdm-ramp-bound-sixteenth", bounded("nsgdm-p12-tight-ramp", 1 / 16)),
    Mutant("nsgdm-exponent-improved", steeper("nsgdm-p15-rate-ramp")),
    Mutant("storm-exponent-improved", steeper("storm-a-p18-rate-ramp")),
    Mutant("storm-correction-wrong-sign", like("storm-b-p18-rate-ramp", Stale)),
    Mutant("storm-control-with-one-sample", like("storm-two-samples", STORM)),
    Mutant("nigt-looks-back", like("nigt-extrapolates", Backwards)),
    Mutant(
        "nigt-control-with-extrapolation",
        replaced("nigt-without-extrapolation", theorem=CLAIM["nigt-extrapolates"].theorem),
    ),
    Mutant("clip-level-doubled", like("clipping-plateau", ClippedSGD, h=2.0)),
    Mutant("plateau-off-by-a-tenth", bounded("clipping-plateau", 0.9)),
    Mutant("clipped-sgd-bound-fifth", bounded("clipped-sgd-p18-lattice-skew", 0.2)),
    Mutant("chain-unmasked", replaced("chain-nsgdm", oracle=Unmasked, **FEWER)),
    Mutant("chain-floor-unmasked", replaced("chain-nsgdm-floor", oracle=Unmasked)),
    Mutant("chain-batch-counted-once", counted("nsgd-batch", CountedOnce(0.25, 4))),
    Mutant("chain-storm-two-samples", counted("storm", TwoCountedAsOne(0.25, 0.5))),
    Mutant("storm-moment-bound-fifth", bounded("storm-moment-p15-lattice", 0.2)),
    Mutant("budget-bound-two-fifths", bounded("nsgd-batch-budget-p15-logcosh-skew", 0.4)),
    Mutant("sgd-ramp-bound-eighth", bounded("sgd-bounded-gradient-p20-tight-ramp", 1 / 8)),
    Mutant("short-steps-exponent-improved", steeper("sgd-short-steps-p15")),
    Mutant("storm-form-sharper", lambda: Identity("mutant", SharperStorm())),
    Mutant("nigt-form-sharper", lambda: Identity("mutant", SharperTransport())),
    Mutant("nigt-exponent-of-momentum", lambda: Identity("mutant", ExponentOfMomentum())),
    Mutant("ramp-limit-without-power", lambda: Identity("mutant", LimitWithoutPower())),
    Mutant(
        "noise-louder-than-certified", replaced("sgd-spikes-law", noise=Louder(**fields_of(LAW)))
    ),
    Mutant(
        "delta-understated",
        replaced("nsgdm-noiseless", problem=Understated(**fields_of(bowl([1.0, 0.0])))),
    ),
    Mutant("von-bahr-esseen-constant-1", lambda: Identity("mutant", ConstantOfSymmetry())),
    Mutant("clipping-bias-halved", lambda: Identity("mutant", HalfBias())),
    Mutant("clipping-variance-halved", lambda: Identity("mutant", HalfVariance())),
    Mutant("variance-taken-for-p-th-moment", lambda: Identity("mutant", WrongVariance())),
)
