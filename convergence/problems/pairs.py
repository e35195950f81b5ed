"""n samples with two convex losses each, and weights between them: a convex–concave finite sum."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int

from convergence.constants import Constants
from convergence.errors import require
from convergence.problems.base import AbstractProblem
from convergence.shapes import Iterate, Reals, Scalar, Vector, real


class WeightedPairs(AbstractProblem):
    """ℒ(θ, b) = (1/n) Σ_i [b_i l_i(θ) + (1 − b_i) c_i(θ)], min over ‖θ − θ_0‖ ≤ r, max over b in
    [0, 1]ⁿ. l_i(θ) = ½k‖θ‖² + ⟨g, θ⟩ + e with k = k[0, i] ≥ 0 and so on; c_i by k[1, i] and so on.

    The iterate is (θ, b), from (θ_0, ½); the value is ℒ. With δ_i = l_i − c_i, on the ball and
    exactly: G_pair² = (1/n) Σ max(sup‖∇l_i‖, sup‖∇c_i‖)², for the gradient of an isotropic
    quadratic is largest at the far end of a diameter; D_pair² = (1/n) Σ sup δ_i², E_pair =
    (1/n) Σ sup|δ_i| sup‖∇δ_i‖ and delta_least = min_i inf|δ_i|, for on a sphere ‖θ − θ_0‖ = ρ the
    difference ranges over δ_i(θ_0) ± ‖∇δ_i(θ_0)‖ρ + ½κ_iρ², a quadratic of ρ on either side.
    """

    k: Reals = eqx.field(converter=real)
    g: Reals = eqx.field(converter=real)
    e: Reals = eqx.field(converter=real)
    theta0: Reals = eqx.field(converter=real)
    r: Reals = eqx.field(converter=real, default=1.0)

    def __check_init__(self) -> None:
        if not isinstance(self.k, np.ndarray):
            return
        n, d = np.shape(self.k)[-1], np.size(self.theta0)
        shapes = np.shape(self.k), np.shape(self.g), np.shape(self.e), np.shape(self.theta0)
        require(
            shapes == ((2, n), (2, n, d), (2, n), (d,)),
            f"k {shapes[0]}, g {shapes[1]}, e {shapes[2]}, theta0 {shapes[3]}",
            "k (2, n), g (2, n, d), e (2, n) and theta0 (d,)",
            "give every sample two losses",
        )
        low = float(np.min(self.k))
        require(low >= 0, f"a curvature {low:g}", "k ≥ 0", "losses have to be convex")
        require(float(self.r) > 0, f"r = {float(self.r):g}", "r > 0", "give θ a ball")

    @property
    def samples(self) -> int:
        """n."""
        return np.shape(self.k)[1]

    def center(self, dtype: Any) -> Vector:
        """θ_0."""
        return jnp.asarray(self.theta0, dtype)

    def losses(self, theta: Vector) -> Any:
        """(2, n) the losses l and c of all samples."""
        linear = jnp.einsum("kij,j->ki", jnp.asarray(self.g), theta)
        return 0.5 * jnp.asarray(self.k) * jnp.sum(theta**2) + linear + jnp.asarray(self.e)

    def pairs(self, theta: Vector, which: Int[Array, " m"]) -> Any:
        """(l, c, ∇l, ∇c) of the samples `which`."""
        k, g = jnp.asarray(self.k)[:, which], jnp.asarray(self.g)[:, which]
        linear = jnp.einsum("kij,j->ki", g, theta)
        l, c = 0.5 * k * jnp.sum(theta**2) + linear + jnp.asarray(self.e)[:, which]
        dl, dc = k[:, :, None] * theta + g
        return l, c, dl, dc

    def value(self, x: Iterate) -> Scalar:
        theta, b = x[: -self.samples], x[-self.samples :]
        l, c = self.losses(theta)
        return jnp.mean(b * l + (1 - b) * c)

    def gap(self, x: Iterate) -> Scalar:
        """max_b ℒ(θ, b) − min_θ ℒ(θ, b) of x = (θ, b), exactly: a sum of maxima, and the minimum
        of an isotropic quadratic over a ball."""
        theta, b = x[: -self.samples], x[-self.samples :]
        l, c = self.losses(theta)
        w = jnp.stack([b, 1 - b])
        K = jnp.sum(w * self.k) / self.samples
        slope = jnp.einsum("ki,kij->j", w, jnp.asarray(self.g)) / self.samples + K * self.theta0
        steep = jnp.sqrt(jnp.sum(slope**2))
        far = jnp.where(K * self.r > steep, steep / jnp.where(K > 0, K, 1.0), self.r)
        center = self.value(jnp.concatenate([jnp.asarray(self.theta0, x.dtype), b]))
        return jnp.mean(jnp.maximum(l, c)) - (center - steep * far + 0.5 * K * far**2)

    def start(self) -> Iterate:
        half = jnp.full(self.samples, 0.5)
        return jnp.concatenate([jnp.asarray(self.theta0, half.dtype), half])

    def constants(self) -> Constants:
        k, g, e, center = (np.asarray(v, float) for v in (self.k, self.g, self.e, self.theta0))
        r, n = float(self.r), self.samples
        steep = np.linalg.norm(k[:, :, None] * center + g, axis=2) + k * r
        bend, pull = k[0] - k[1], (k[0] - k[1])[:, None] * center + g[0] - g[1]
        slope = np.linalg.norm(pull, axis=1)
        here = 0.5 * bend * (center @ center) + (g[0] - g[1]) @ center + e[0] - e[1]
        high, low = here + _rise(slope, bend, r), here - _rise(slope, -bend, r)
        most = np.maximum(np.abs(high), np.abs(low))
        least = np.where((high > 0) & (low < 0), 0.0, np.minimum(np.abs(high), np.abs(low)))
        z0 = np.concatenate([center, np.full(n, 0.5)])
        start = np.concatenate([(k.sum(axis=0)[:, None] * center + g.sum(axis=0)).mean(axis=0) / 2,
                                here / n])  # fmt: skip
        return Constants(
            samples=n, split=len(center), d=len(z0), ball=r, grad0=float(np.linalg.norm(start)),
            G_pair=float(np.sqrt(np.mean(steep.max(axis=0) ** 2))),
            D_pair=float(np.sqrt(np.mean(most**2))),
            E_pair=float(np.mean(most * (slope + np.abs(bend) * r))),
            seesaw=bool(
                n == 1 and not k.any() and not e.any() and g.tolist() == [[[1.0]], [[-1.0]]]
            ),
            delta_least=float(least.min()), delta_here=float(np.abs(here).min()),
        )  # fmt: skip


def _rise(slope: np.ndarray, bend: np.ndarray, r: float) -> np.ndarray:
    """max of slope·ρ + ½ bend·ρ² over 0 ≤ ρ ≤ r, for slope ≥ 0."""
    top = np.where(bend < 0, slope / np.maximum(-bend, 1e-300), r)
    at = np.minimum(top, r)
    return np.maximum(slope * at + 0.5 * bend * at**2, 0.0)


def constant_pairs(n: int, gap: float = 1.0, r: float = 1.0) -> WeightedPairs:
    """l_i = gap and c_i = 0 whatever θ ∈ R: the weights alone play."""
    e = np.stack([np.full(n, gap), np.zeros(n)])
    return WeightedPairs(np.zeros((2, n)), np.zeros((2, n, 1)), e, np.zeros(1), r)


def linear_pairs(theta0: float = 0.5, r: float = 1e3) -> WeightedPairs:
    """One sample, l = θ and c = −θ: bilinear in (θ, 2b − 1), its saddle at (0, ½)."""
    return WeightedPairs(np.zeros((2, 1)), [[[1.0]], [[-1.0]]], np.zeros((2, 1)), [theta0], r)


def centered_pairs(
    curvatures: Any, minimizers: Any, floors: Any, theta0: Any, r: float
) -> WeightedPairs:
    """l_i = ½k‖θ − a‖² + e and c_i alike: k (2, n), a (2, n, d), e (2, n)."""
    k, a, e = (np.asarray(v, float) for v in (curvatures, minimizers, floors))
    shift = 0.5 * k * np.sum(a**2, axis=2)
    return WeightedPairs(k, -k[:, :, None] * a, e + shift, theta0, r)


def random_pairs(n: int, d: int, seed: int = 0, r: float = 1.0) -> WeightedPairs:
    """Curvatures from U[0, 1], minimizers from N(0, I) and floors from U[0, 1]; fixed by seed."""
    rng = np.random.default_rng(seed)
    k, a, e = rng.uniform(size=(2, n)), rng.standard_normal((2, n, d)), rng.uniform(size=(2, n))
    return centered_pairs(k, a, e, np.zeros(d), r)
