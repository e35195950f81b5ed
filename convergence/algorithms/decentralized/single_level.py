"""Decentralized methods on a stack X ∈ Rⁿˣᵈ: G is the stack of stochastic gradients at X.

W mixes the agents' axis. `project` of a method with memory removes from a state what its
recursion conserves (a mean over agents), so that exact moments see the rest alone.
"""

from __future__ import annotations

import equinox as eqx
import jax.numpy as jnp

from convergence.algorithms.base import AbstractAlgorithm, AbstractState, State
from convergence.oracles.base import AbstractOracle
from convergence.parts.graphs import check_agents
from convergence.parts.strategies import Strategy
from convergence.shapes import Count, Iterate, Key, Reals, real


def centered(D: Iterate) -> Iterate:
    """D without its mean over agents."""
    return D - jnp.mean(D, axis=0)


class AbstractDecentralized(AbstractAlgorithm):
    """A method with a mixing matrix W and a step size alpha."""

    W: Reals = eqx.field(converter=real)
    alpha: Reals = eqx.field(converter=real)


class AbstractDSGD(AbstractDecentralized):
    """DSGD in one of its forms: no memory."""

    def init(self, x0: Iterate, oracle: AbstractOracle, key: Key) -> State:
        check_agents(x0, self.W)
        return State(x0)


class Diffusion(AbstractDSGD):
    """X⁺ = W(X − αG(X)): DSGD, adapt then combine."""

    def step(self, t: Count, state: State, oracle: AbstractOracle, key: Key) -> State:
        return State(self.W @ (state.x - self.alpha * oracle.grad(state.x, key)))


class CombineThenAdapt(AbstractDSGD):
    """Φ = WX, X⁺ = Φ − αG(Φ): DSGD, combine then adapt."""

    def step(self, t: Count, state: State, oracle: AbstractOracle, key: Key) -> State:
        mixed = self.W @ state.x
        return State(mixed - self.alpha * oracle.grad(mixed, key))


class ConsensusDescent(AbstractDSGD):
    """X⁺ = WX − αG(X): DSGD by consensus (DGD)."""

    def step(self, t: Count, state: State, oracle: AbstractOracle, key: Key) -> State:
        return State(self.W @ state.x - self.alpha * oracle.grad(state.x, key))


class Memory(AbstractState):
    """X and one companion stack D."""

    x: Iterate
    D: Iterate


class EXTRA(AbstractDecentralized):
    """X_{k+1} = V X_k − αG_k + Σ_{t<k} (V − Ṽ) X_t, V = 2W − I and Ṽ = (I + V)/2 = W.

    The cumulative form of X_{k+2} = (I + V) X_{k+1} − Ṽ X_k − α(G_{k+1} − G_k) with
    X_1 = V X_0 − αG_0; the W of the paper is V here. D is minus the sum; its mean stays 0.
    """

    def init(self, x0: Iterate, oracle: AbstractOracle, key: Key) -> Memory:
        check_agents(x0, self.W)
        return Memory(x0, jnp.zeros_like(x0))

    def step(self, t: Count, state: Memory, oracle: AbstractOracle, key: Key) -> Memory:
        mixed = self.W @ state.x
        x = 2 * mixed - state.x - self.alpha * oracle.grad(state.x, key) - state.D
        return Memory(x, state.D + state.x - mixed)

    def project(self, state: Memory) -> Memory:
        return Memory(state.x, centered(state.D))


class ExactDiffusion(AbstractDecentralized):
    """ψ = X − αG, φ = ψ + X − ψ⁻, X⁺ = Wφ with ψ₋₁ = X₀: exact diffusion, D².

    NIDS with one common step size is this recursion with (I + W)/2 in place of W. D is ψ⁻, and
    mean(X) − mean(ψ⁻) stays 0.
    """

    def init(self, x0: Iterate, oracle: AbstractOracle, key: Key) -> Memory:
        check_agents(x0, self.W)
        return Memory(x0, x0)

    def step(self, t: Count, state: Memory, oracle: AbstractOracle, key: Key) -> Memory:
        psi = state.x - self.alpha * oracle.grad(state.x, key)
        return Memory(self.W @ (psi + state.x - state.D), psi)

    def project(self, state: Memory) -> Memory:
        return Memory(state.x, centered(state.D) + jnp.mean(state.x, axis=0))


class Tracker(AbstractState):
    """X, the tracker T of the mean gradient, and the last gradients G."""

    x: Iterate
    T: Iterate
    G: Iterate


class AbstractTracking(AbstractDecentralized):
    """A method whose tracker T follows the mean gradient.

    mean(T) − mean(G) is conserved; tracker = 1 makes it 0, any other value is a wrong start.
    """

    tracker: Reals = eqx.field(converter=real, default=1.0)

    def init(self, x0: Iterate, oracle: AbstractOracle, key: Key) -> Tracker:
        check_agents(x0, self.W)
        G = oracle.grad(x0, key)
        return Tracker(x0, self.tracker * self.begin(G), G)

    def begin(self, G: Iterate) -> Iterate:
        """T₀ for tracker = 1."""
        return G

    def project(self, state: Tracker) -> Tracker:
        return Tracker(state.x, centered(state.T) + jnp.mean(state.G, axis=0), state.G)


class GradientTracking(AbstractTracking):
    """X⁺ = W(X − αT), T⁺ = W(T + G⁺ − G), T₀ = tracker · W G₀: adapt then combine."""

    def begin(self, G: Iterate) -> Iterate:
        return self.W @ G

    def step(self, t: Count, state: Tracker, oracle: AbstractOracle, key: Key) -> Tracker:
        x = self.W @ (state.x - self.alpha * state.T)
        G = oracle.grad(x, key)
        return Tracker(x, self.W @ (state.T + G - state.G), G)


class SemiTracking(AbstractTracking):
    """X⁺ = W(X − αT), T⁺ = WT + G⁺ − G, T₀ = tracker · G₀: semi-ATC."""

    def step(self, t: Count, state: Tracker, oracle: AbstractOracle, key: Key) -> Tracker:
        x = self.W @ (state.x - self.alpha * state.T)
        G = oracle.grad(x, key)
        return Tracker(x, self.W @ state.T + G - state.G, G)


class DIGing(AbstractTracking):
    """X⁺ = WX − αT, T⁺ = WT + G⁺ − G, T₀ = tracker · G₀: non-ATC."""

    def step(self, t: Count, state: Tracker, oracle: AbstractOracle, key: Key) -> Tracker:
        x = self.W @ state.x - self.alpha * state.T
        G = oracle.grad(x, key)
        return Tracker(x, self.W @ state.T + G - state.G, G)


class PrimalDual(AbstractAlgorithm):
    """X⁺ = C X − αA G − D, D⁺ = D + B² X⁺, D₀ = dual: the unified form of the methods above.

    Equal to each of them from a consensual X_0 (exact diffusion from any). Gradient tracking
    corresponds to the tracker T₀ = W G₀ (ATC) or G₀. The dual starts in range(B): B² annihilates 1,
    so that one with a mean would keep it and move the fixed point.
    """

    strategy: Strategy
    alpha: Reals = eqx.field(converter=real)
    dual: Reals = eqx.field(converter=real, default=0.0)

    def __check_init__(self) -> None:
        self.strategy.check_dual(self.dual)

    def init(self, x0: Iterate, oracle: AbstractOracle, key: Key) -> Memory:
        check_agents(x0, self.strategy.C)
        return Memory(x0, jnp.broadcast_to(jnp.asarray(self.dual, x0.dtype), x0.shape))

    def step(self, t: Count, state: Memory, oracle: AbstractOracle, key: Key) -> Memory:
        move = self.alpha * oracle.grad(state.x, key)
        return Memory(*self.strategy(state.x, state.D, move))

    def project(self, state: Memory) -> Memory:
        return Memory(state.x, self.strategy.moving(state.D))
