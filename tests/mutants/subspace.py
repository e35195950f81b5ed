"""Faults planted in the subspace family: in the method, the oracle, the statement, the metric."""

from __future__ import annotations

import dataclasses
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import optax

from convergence.algorithms.base import AbstractAlgorithm
from convergence.algorithms.optax_adapter import FromOptax
from convergence.claims.base import Claim
from convergence.linalg import haar
from convergence.metrics.folds import Average
from convergence.noise.base import AbstractNoise
from convergence.oracles.base import AbstractOracle, Oracle
from convergence.parts.projectors import AbstractProjector, Coordinates, Haar, TopSVD
from convergence.registry.subspace.galore import CLAIMS
from tests.mutants.base import Mutant, tamper

CLAIM: dict[str, Any] = {claim.slug: claim for claim in CLAIMS}


class Stretched(AbstractProjector):
    """A frame that is not orthonormal."""

    def frame(self, t: Any, G: Any, key: Any, r: int) -> Any:
        return 1.1 * haar(key, G.shape[0], r, G.dtype)


class Wrapped(AbstractAlgorithm):
    """Another algorithm whose new iterate is changed by `change(x_old, x_new)`."""

    of: AbstractAlgorithm
    change: Any = eqx.field(static=True)

    def init(self, x0: Any, oracle: AbstractOracle, key: Any) -> Any:
        return self.of.init(x0, oracle, key)

    def step(self, t: Any, state: Any, oracle: AbstractOracle, key: Any) -> Any:
        after = self.of.step(t, state, oracle, key)
        return eqx.tree_at(lambda s: s.x, after, self.change(state.x, after.x))


class SameSample(Oracle):
    """Every step sees the same noise."""

    def grad(self, x: Any, key: Any) -> Any:
        return self.problem.grad(x) + self.noise.draw(x, jax.random.key(0))


class SumOfBatch(Oracle):
    """Gradients that are 8 times too large: a batch of 8 summed and not divided."""

    def grad(self, x: Any, key: Any) -> Any:
        return 8 * super().grad(x, key)


class Biased(AbstractNoise):
    """Noise with a mean of 0.3 in every entry."""

    of: AbstractNoise

    def draw(self, x: Any, key: Any) -> Any:
        return self.of.draw(x, key) + 0.3

    def constants(self, shape: tuple[int, ...]) -> Any:
        return self.of.constants(shape)


class LateAverage(Average):
    """(1/T) Σ_{1≤t≤T}: off by one."""

    def update(self, t: Any, acc: Any, problem: Any, before: Any, after: Any) -> Any:
        return acc + self.of.at(problem, after)


def adam_without_correction(learning_rate: Any, eps: Any) -> optax.GradientTransformation:
    """Adam that corrects its second moment with the clock of the next step."""
    scale = optax.scale_by_adam(eps=eps)

    def update(updates: Any, state: Any, params: Any = None) -> Any:
        direction, state = scale.update(updates, state, params)
        late = jax.tree.map(lambda u: u * jnp.sqrt(1 - 0.999 ** (state.count + 1.0)), direction)
        return late, state

    late = optax.GradientTransformation(scale.init, update)
    return optax.chain(late, optax.scale_by_learning_rate(learning_rate))


def swap(slug: str, **changes: Any) -> Any:
    """A mutant of `slug` whose algorithm has some fields replaced."""
    return lambda: tamper(CLAIM[slug], algorithm=lambda a: dataclasses.replace(a, **changes))


def scaled_step(slug: str, factor: float) -> Any:
    """A mutant of `slug` whose step is multiplied."""
    return lambda: tamper(
        CLAIM[slug], algorithm=lambda a: dataclasses.replace(a, eta=factor * a.eta)
    )


def shrunk(slug: str) -> Any:
    """A mutant of `slug` with its bound multiplied by 0.8."""
    return lambda: tamper(CLAIM[slug], number=lambda b, T: 0.8 * b)


def with_oracle(slug: str, oracle: Any) -> Any:
    """A mutant of `slug` that asks another oracle."""
    return lambda: dataclasses.replace(CLAIM[slug], oracle=oracle)


def decayed() -> Claim:
    """GaLore on the counterexample with decoupled weight decay."""
    return tamper(
        CLAIM["galore-stalls-adam"],
        algorithm=lambda a: Wrapped(a, lambda old, new: new - 1e-3 * old),
        horizons=(16,),  # at T = 2000 its proof takes two minutes
    )


MUTANTS = (
    Mutant("golore-subspace-from-svd", swap("golore-counterexample-law", projector=TopSVD())),
    Mutant("golore-coordinate-frames", swap("golore-counterexample-law", projector=Coordinates())),
    Mutant("golore-row-law-of-coordinates", swap("golore-row-law", projector=Coordinates())),
    Mutant("golore-row-law-of-haar", swap("golore-row-law-coordinates", projector=Haar())),
    Mutant("golore-row-law-one-percent-off", scaled_step("golore-row-law-coordinates", 1.01)),
    Mutant("golore-right-projection", swap("golore-counterexample-law", side="right")),
    Mutant("projector-not-orthonormal", swap("golore-sgd-law", projector=Stretched())),
    Mutant("weight-decay-in-galore", decayed),
    Mutant("m-over-r-scaling", scaled_step("golore-sgd-law", 3.0)),
    Mutant("never-refreshed", swap("golore-sgd-law", tau=10**6)),
    Mutant("momentum-not-projected", swap("golore-msgd-law", momentum="keep")),
    Mutant(
        "momentum-weight-off",
        lambda: tamper(
            CLAIM["golore-msgd-law"],
            algorithm=lambda a: dataclasses.replace(
                a, inner=dataclasses.replace(a.inner, beta1=0.9 * a.inner.beta1)
            ),
        ),
    ),
    Mutant("noise-reused", with_oracle("sgd-ghadimi-lan", SameSample)),
    Mutant(
        "biased-noise",
        lambda: dataclasses.replace(
            CLAIM["sgd-ghadimi-lan"], noise=Biased(CLAIM["sgd-ghadimi-lan"].noise)
        ),
    ),
    Mutant("step-beyond-stability", scaled_step("galore-deterministic", 2.5)),
    Mutant("wrong-sign", scaled_step("sgd-ghadimi-lan", -1.0)),
    Mutant("batch-not-divided", with_oracle("galore-large-batch", SumOfBatch)),
    Mutant("bound-shrunk-golore", shrunk("golore-sgd")),
    Mutant("bound-shrunk-sgd", shrunk("sgd-ghadimi-lan")),
    Mutant("bound-shrunk-huber", shrunk("gd-huber-tight")),
    Mutant(
        "exponent-improved",
        lambda: tamper(CLAIM["galore-isotropic-converges"], number=lambda b, T: b**2),
    ),
    Mutant(
        "adam-bias-correction",
        lambda: tamper(
            CLAIM["adam-constant-gradient"],
            algorithm=lambda a: FromOptax(adam_without_correction, learning_rate=0.01, eps=1e-8),
        ),
    ),
    Mutant(
        "average-off-by-one",
        lambda: tamper(CLAIM["golore-sgd-law"], measure=lambda m: LateAverage(m.of)),
    ),
)
