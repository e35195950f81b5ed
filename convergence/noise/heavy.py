"""Heavy-tailed noise with exact p-th moments: Pareto, Lomax, Student t, stable, truncated.

All vouch for one order p ∈ (1, 2] below the tail index. Nothing here is ever estimated from
samples: |ξ|^p has no variance once the tail index is below 2p. Double precision is meant: a
float32 uniform has 2^24 values, so that an inverse-transform sampler ends at scale·2^{24/β}.
"""

from __future__ import annotations

import math
import warnings
from abc import abstractmethod
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import scipy
from jax.core import Tracer

from convergence.constants import Constants
from convergence.draws import normal, radial
from convergence.errors import require
from convergence.noise.atoms import check_power, check_unit
from convergence.noise.base import AbstractNoise
from convergence.shapes import Iterate, Key, Reals, Scalar, real


def check_index(index: Any, p: Any, name: str) -> None:
    check_power(p)
    require(
        float(index) > float(p),
        f"tail index {name} = {float(index):g} with p = {float(p):g}",
        f"{name} > p, for the p-th moment does not exist otherwise",
        f"lower p below {float(index):g} or lighten the tail",
    )


def check_scale(scale: Any) -> None:
    require(float(scale) >= 0, f"scale {float(scale):g}", "scale ≥ 0", "flip it")


def exponential(u: Scalar, x: Iterate, beta: Any) -> Scalar:
    """E ~ Exp(1) as −log1p(−u), never log(u): some samplers draw u = 0, none draws u = 1."""
    if x.dtype == jnp.float32:
        end = "2^(24/beta)" if isinstance(beta, Tracer) else f"{2 ** (24 / beta):.3g}"
        warnings.warn(
            f"float32 uniforms have 2^24 values: the tail is truncated at {end} times the scale; "
            "compute in float64 (dtype='float64').",
            stacklevel=4,
        )
    return -jnp.log1p(-u)


class AbstractRadial(AbstractNoise):
    """ξ = R U, U uniform on the unit sphere, R ≥ 0 independent: symmetric, E‖ξ‖^p = E R^p.

    One call of the generator a sample: its code is a large part of every compiled step.
    """

    @abstractmethod
    def radius(self, x: Iterate, u: Scalar) -> Scalar:
        """R from one uniform on [0, 1)."""

    @abstractmethod
    def moment(self, p: float) -> float:
        """E R^p, +inf where it does not exist."""

    @abstractmethod
    def order(self) -> float:
        """The order p that is certified."""

    def draw(self, x: Iterate, key: Key) -> Iterate:
        u, z = radial(key, x.size, x.dtype)
        return self.radius(x, u) / jnp.sqrt(jnp.sum(z**2)) * z.reshape(x.shape)

    def constants(self, shape: tuple[int, ...]) -> Constants:
        return certified(self.order(), self.moment, symmetric=True)


def certified(p: float, moment: Any, symmetric: bool) -> Constants:
    """p, sigma_p, symmetric, and `sigma` where the variance is finite and p = 2."""
    own = {"sigma": moment(2.0) ** 0.5} if p == 2 else {}
    return Constants(
        p=p,
        sigma_p=moment(p) ** (1 / p),
        symmetric=symmetric,
        additive=True,
        light_tailed=False,
        **own,
    )


class Pareto(AbstractRadial):
    """R = scale (exp(E/β) − shift), E ~ Exp(1): isotropic Pareto (shift 0) or Lomax (shift 1).

    E R^p = β scale^p/(β−p) at shift 0 and scale^p Γ(p+1)Γ(β−p)/Γ(β) at shift 1, for p < β. With
    M < ∞ (shift 0 only) R is conditioned on R ≤ M, and E R^p = β scale^p ((M/scale)^{p−β} − 1)/
    ((p−β)(1 − (scale/M)^β)) for every p, β scale^p ln(M/scale)/(1 − (scale/M)^β) at p = β: the
    moment of the index's own order, infinite without the truncation.
    """

    beta: Reals = eqx.field(converter=real)
    scale: Reals = eqx.field(converter=real, default=1.0)
    p: Reals = eqx.field(converter=real, default=1.5)
    shift: Reals = eqx.field(converter=real, default=0.0)
    M: Reals = eqx.field(converter=real, default=math.inf)

    def __check_init__(self) -> None:
        if math.isinf(float(self.M)):
            check_index(self.beta, self.p, "beta")
        check_power(self.p)
        check_scale(self.scale)
        require(
            float(self.shift) in (0.0, 1.0),
            f"shift = {float(self.shift):g}",
            "0 (Pareto) or 1 (Lomax), whose moments have closed forms",
            "choose one of them",
        )
        require(
            math.isinf(float(self.M))
            or (float(self.M) > float(self.scale) and float(self.shift) == 0),
            f"M = {float(self.M):g} with scale {float(self.scale):g}, shift {float(self.shift):g}",
            "M > scale, and shift 0",
            "raise M, or leave it out",
        )

    @classmethod
    def of(cls, p: float, sigma: float = 1.0, beta: float | None = None, shift: float = 0.0):
        """E‖ξ‖^p = σ^p; β = p + 0.1 unless given."""
        beta = p + 0.1 if beta is None else beta
        unit = cls(beta, 1.0, p, shift)
        return cls(beta, sigma / unit.moment(p) ** (1 / p), p, shift)

    def radius(self, x: Iterate, u: Scalar) -> Scalar:
        mass = 1 - (self.scale / self.M) ** self.beta
        E = exponential(u * mass, x, self.beta)
        return self.scale * (jnp.exp(E / self.beta) - self.shift)

    def moment(self, p: float) -> float:
        beta, s, M = float(self.beta), float(self.scale), float(self.M)
        if math.isfinite(M) and s > 0:
            far = math.log1p((M - s) / s)  # ln(M/s): powers of M/s near 1 would lose their digits
            whole = far if p == beta else math.expm1((p - beta) * far) / (p - beta)
            return beta * s**p * whole / -math.expm1(-beta * far)
        if p >= beta:
            return math.inf
        if float(self.shift) == 0:
            return s**p * beta / (beta - p)
        return s**p * math.exp(math.lgamma(p + 1) + math.lgamma(beta - p) - math.lgamma(beta))

    def tail(self, shape: tuple[int, ...]) -> Callable[[np.ndarray], np.ndarray]:
        beta, s, M, shift = (float(v) for v in (self.beta, self.scale, self.M, self.shift))
        cut = (s / M) ** beta

        def beyond(r: np.ndarray) -> np.ndarray:
            whole = np.maximum(r / s + shift, 1.0) ** -beta
            return np.maximum(whole - cut, 0.0) / (1 - cut)

        return beyond

    def order(self) -> float:
        return float(self.p)


def truncated_pareto(p: float, x_m: float = 1.0, M: float = 1e3) -> Pareto:
    """R ~ Pareto of index p given R ≤ M: E R^p = p x_m^p ln(M/x_m)/(1 − (x_m/M)^p)."""
    return Pareto(p, x_m, p, 0.0, M)


class StudentT(AbstractNoise):
    """ξ = scale Z √(ν/χ²_ν), Z standard normal in R^d: the multivariate t with index ν.

    E‖ξ‖^p = scale^p ν^{p/2} Γ((d+p)/2)Γ((ν−p)/2)/(Γ(d/2)Γ(ν/2)) for p < ν.
    """

    nu: Reals = eqx.field(converter=real)
    scale: Reals = eqx.field(converter=real, default=1.0)
    p: Reals = eqx.field(converter=real, default=1.5)

    def __check_init__(self) -> None:
        check_index(self.nu, self.p, "nu")
        check_scale(self.scale)

    def draw(self, x: Iterate, key: Key) -> Iterate:
        if x.size == 2:  # the radius has a closed inverse: P(R > r) = (1 + r²/ν)^{−ν/2}
            u, z = radial(key, 2, x.dtype)
            radius = jnp.sqrt(self.nu * jnp.expm1(2 * exponential(u, x, self.nu) / self.nu))
            return self.scale * radius / jnp.sqrt(jnp.sum(z**2)) * z.reshape(x.shape)
        first, second = jax.random.split(key)
        chi2 = jax.random.chisquare(second, jnp.asarray(self.nu, x.dtype), (), x.dtype)
        z = normal(first, x.shape, x.dtype)
        return self.scale * z * jnp.sqrt(self.nu / chi2)

    def moment(self, p: float, d: int) -> float:
        """E‖ξ‖^p in dimension d."""
        nu = float(self.nu)
        if p >= nu:
            return math.inf
        log = math.lgamma((d + p) / 2) + math.lgamma((nu - p) / 2)
        log -= math.lgamma(d / 2) + math.lgamma(nu / 2)
        return float(self.scale) ** p * nu ** (p / 2) * math.exp(log)

    def tail(self, shape: tuple[int, ...]) -> Callable[[np.ndarray], np.ndarray]:
        d, nu, scale = int(np.prod(shape)), float(self.nu), float(self.scale)
        # ‖ξ‖²/(d scale²) has Fisher's law with d and ν degrees of freedom.
        return lambda r: scipy.special.betainc(nu / 2, d / 2, nu / (nu + (r / scale) ** 2))

    def constants(self, shape: tuple[int, ...]) -> Constants:
        d = int(np.prod(shape))
        return certified(float(self.p), lambda p: self.moment(p, d), symmetric=True)


class Stable(AbstractNoise):
    """ξ = v e, v symmetric stable: E exp(itv) = exp(−scale^a|t|^a), 1 < a < 2, e a unit vector.

    E|v|^p = scale^p 2^p Γ((1+p)/2)Γ(1−p/a)/(√π Γ(1−p/2)) for p < a. Sampled by Chambers, Mallows
    and Stuck 1976, eq. (2.3) at β = 0.
    """

    a: Reals = eqx.field(converter=real)
    along: Reals = eqx.field(converter=real)
    scale: Reals = eqx.field(converter=real, default=1.0)
    p: Reals = eqx.field(converter=real, default=1.5)

    def __check_init__(self) -> None:
        check_index(self.a, self.p, "a")
        check_scale(self.scale)
        check_unit(self.along)
        require(
            float(self.a) < 2, f"a = {float(self.a):g}", "a < 2", "use Gaussian noise for a = 2"
        )

    def draw(self, x: Iterate, key: Key) -> Iterate:
        u = jax.random.uniform(key, (2,), x.dtype)
        v = (u[0] - 0.5) * jnp.pi
        w = exponential(u[1], x, self.a)
        w = jnp.maximum(w, jnp.finfo(x.dtype).tiny)
        a = self.a
        sample = jnp.sin(a * v) / jnp.cos(v) ** (1 / a)
        sample = sample * (jnp.cos((1 - a) * v) / w) ** ((1 - a) / a)
        return self.scale * sample * jnp.asarray(self.along, x.dtype)

    def moment(self, p: float) -> float:
        """E|v|^p."""
        a = float(self.a)
        if p >= a:
            return math.inf
        ratio = math.gamma((1 + p) / 2) * math.gamma(1 - p / a) / math.gamma(1 - p / 2)
        return (2 * float(self.scale)) ** p * ratio / math.pi**0.5

    def constants(self, shape: tuple[int, ...]) -> Constants:
        return certified(float(self.p), self.moment, symmetric=True)
