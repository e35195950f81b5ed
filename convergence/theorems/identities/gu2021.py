"""Gu et al. 2021 (arXiv 2110.13985): state-space layers, as recurrence and as convolution."""

from __future__ import annotations

import equinox as eqx
import numpy as np
import scipy

from convergence.theorems.base import AbstractIdentity, Provenance, Source

A = np.array([[-0.5, 1.0], [-1.0, -0.3]])
B = np.array([1.0, 0.5])


def discretized(al: float, step: float, solved: bool = True) -> tuple[np.ndarray, np.ndarray]:
    """(Ā, B̄) of the generalized bilinear transform; B̄ = ΔB unless `solved`."""
    left = np.eye(2) - al * step * A
    Bb = np.linalg.solve(left, step * B) if solved else step * B
    return np.linalg.solve(left, np.eye(2) + (1 - al) * step * A), Bb


def states(al: float, step: float, u: np.ndarray, solved: bool = True) -> np.ndarray:
    """x_1 … x_K of x_k = Āx_{k−1} + B̄u_k from 0."""
    Ab, Bb = discretized(al, step, solved)
    x, found = np.zeros(2), []
    for value in u:
        x = Ab @ x + Bb * value
        found.append(x)
    return np.array(found)


class Convolution(AbstractIdentity):
    """y_k = Cx_k of x_k = Āx_{k−1} + B̄u_k, x_0 = 0, is the causal convolution of u_1 … u_K with
    K_j = CĀʲB̄, j ≥ 0. Circular, by a Fourier transform without zero padding, it is another one.

    Proof. Unroll. ∎
    """

    source = Source("gu2021", "recurrent and convolutional view; derived")
    provenance = Provenance.DERIVED
    statement = "x_k = Āx_{k−1} + B̄u_k, y = Cx: y = K ∗ u causal, K_j = CĀʲB̄"
    tolerance = 1e-12

    padded: bool = eqx.field(static=True, default=True)

    def discrepancies(self) -> dict[str, float]:
        found, C, n = {}, np.array([1.0, -2.0]), 50
        u = np.random.default_rng(0).standard_normal(n)
        for al in (0.0, 0.5, 1.0):
            Ab, Bb = discretized(al, 0.1)
            kernel = np.array([C @ np.linalg.matrix_power(Ab, j) @ Bb for j in range(n)])
            size = 2 * n if self.padded else n
            y = np.fft.irfft(np.fft.rfft(kernel, size) * np.fft.rfft(u, size), size)[:n]
            found[f"α = {al:g}"] = float(np.max(np.abs(y - states(al, 0.1, u) @ C)))
        return found


class CircularConvolution(Convolution):
    """FALSE: the Fourier transform needs no zero padding."""

    statement = "y is the circular convolution of K and u (false)"
    padded: bool = eqx.field(static=True, default=False)


def order(al: float, varying: bool, averaged: bool = False, solved: bool = True) -> float:
    """The order of the error at time 4 in the step: log₂ of its decrease when 1/640 is halved."""
    errors = []
    for K in (2560, 5120):
        step = 4 / K
        times = step * np.arange(K + 1)
        u = np.sin(times) if varying else np.ones(K + 1)
        seen = (u[:-1] + u[1:]) / 2 if averaged else u[1:]
        end = states(al, step, seen, solved)[-1]
        # x′ = Ax + Bu with u′′ = −u, or u′ = 0: one exponential of the whole.
        whole = np.zeros((4, 4))
        whole[:2, :2], whole[:2, 2] = A, B
        whole[2:, 2:] = [[0, 1], [-1, 0]] if varying else 0
        grown = scipy.linalg.expm(4 * whole)
        exact = (grown @ np.array([0, 0, *([0, 1] if varying else [1, 0])]))[:2]
        errors.append(float(np.linalg.norm(end - exact)))
    return float(np.log2(errors[0] / errors[1]))


class BilinearOrder(AbstractIdentity):
    """For constant u the discretization with α = ½ has order 2, with α = 0 or 1 order 1. For u_k =
    u(t_k) of an input that varies all have order 1; with (u(t_{k−1}) + u(t_k))/2 α = ½ has 2.

    Proof. x_k − x(t_k) obeys the same recursion with the local error as input: Δ³ for the
    trapezoidal rule on Ax + Bu, which the average is. u_k in its place adds Δ²Bu′/2 a step, and
    Σ is Δ. ∎ Measured where Δ is halved from 1/640; what is left of the next term is a share Δ of
    the constants here, 0.01 is granted.
    """

    source = Source("gu2021", "generalized bilinear transform; order derived")
    provenance = Provenance.DERIVED
    statement = "α = ½ has order 2 for constant u or averaged inputs, order 1 for u_k = u(t_k)"
    tolerance = 0.01

    sampled: int = eqx.field(static=True, default=1)
    solved: bool = eqx.field(static=True, default=True)

    def discrepancies(self) -> dict[str, float]:
        return {
            "constant, α = 0": abs(order(0.0, False, solved=self.solved) - 1),
            "constant, α = ½": abs(order(0.5, False, solved=self.solved) - 2),
            "constant, α = 1": abs(order(1.0, False, solved=self.solved) - 1),
            "sin, u(t_k), α = ½": abs(order(0.5, True, solved=self.solved) - self.sampled),
            "sin, averaged, α = ½": abs(order(0.5, True, True, self.solved) - 2),
        }


class BilinearSecondOrder(BilinearOrder):
    """FALSE: the bilinear discretization has order 2 for sampled inputs u_k = u(t_k)."""

    statement = "α = ½ has order 2 also for u_k = u(t_k) (false)"
    sampled: int = eqx.field(static=True, default=2)
