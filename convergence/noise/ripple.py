"""Noise that moves with the iterate: what variance reduction needs to be more than a name."""

from __future__ import annotations

import math
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from convergence.constants import Constants
from convergence.errors import require
from convergence.noise.base import AbstractNoise, of_part
from convergence.shapes import Iterate, Key, Reals, Scalar, real


class Ripple(AbstractNoise):
    """ξ(w) = ζ + sA cos(w + φ), φ uniform on [0, 2π)^d, A a noise on numbers (`swell`), 1 if not
    given; all independent.

    ‖ξ(w) − ξ(v)‖ ≤ s|A|‖w − v‖ for a ζ that does not depend on w: noise_lipschitz = s(E A²)^{1/2}
    where that is certified, and noise_lipschitz_p = s(E|A|^p)^{1/p} =: s_p. A ζ(w) that certifies
    its own adds its square to the first, for E cos(w + φ) = 0, and itself to the second; of another
    ζ(w) neither is known. E‖ξ‖^p ≤ (σ_ζ + s_p√(d/2))^p by Minkowski and E cos² = 1/2, and E‖ξ‖² =
    σ_ζ² + s²E A²d/2 exactly. Symmetric with ζ, for φ + π is as likely as φ.
    """

    zeta: AbstractNoise
    s: Reals = eqx.field(converter=real, default=0.5)
    swell: AbstractNoise | None = None

    of_iterate, size = of_part("zeta", "of_iterate"), of_part("zeta", "size")

    def __check_init__(self) -> None:
        require(float(self.s) >= 0, f"s = {float(self.s):g}", "s ≥ 0", "flip its sign")

    def parts(self, x: Iterate, key: Key) -> tuple[Iterate, Iterate, Scalar]:
        """(ζ, φ, sA) of the sample `key`."""
        first, second = jax.random.split(key)
        phase = jax.random.uniform(second, x.shape, x.dtype, maxval=2 * jnp.pi)
        height = jnp.asarray(self.s, x.dtype)
        if self.swell is not None:
            height = height * self.swell.draw(jnp.zeros((), x.dtype), jax.random.fold_in(second, 1))
        return self.zeta.draw(x, first), phase, height

    def draw(self, x: Iterate, key: Key) -> Iterate:
        zeta, phase, height = self.parts(x, key)
        return zeta + height * jnp.cos(x + phase)

    def potential(self, x: Iterate, key: Key) -> Scalar:
        """A function whose gradient in x is ξ(x): that of ζ, plus sA Σ sin(x_i + φ_i)."""
        _, phase, height = self.parts(x, key)
        zeta = self.zeta.potential(x, jax.random.split(key)[0])
        return zeta + height * jnp.sum(jnp.sin(x + phase))

    def constants(self, shape: tuple[int, ...]) -> Constants:
        c, s = self.zeta.constants(shape), float(self.s)
        wide = (int(np.prod(shape)) / 2) ** 0.5
        high = Constants(p=2.0, sigma=1.0, sigma_p=1.0, light_tailed=True)
        if self.swell is not None:
            high = self.swell.constants(())
            if "p" not in high:
                high |= {"p": 2.0, "sigma_p": high.sigma}
            p, own = float(high.p), float(c.get("p", 2.0))
            require(p == own, f"a swell of order {p:g}", f"{own:g}, that of ζ", "certify one p")
        still = {"noise_lipschitz": 0.0} if c.get("additive") else c
        fast = still.get("noise_lipschitz")
        slow = still.get("noise_lipschitz_p", fast)  # by Jensen at most `fast`
        moved: dict[str, Any] = {}
        if slow is not None:
            moved["noise_lipschitz_p"] = slow + s * high.sigma_p
        if "sigma_p" in c:
            moved["sigma_p"] = c.sigma_p + s * high.sigma_p * wide
        if fast is not None and "sigma" in high:
            moved["noise_lipschitz"] = math.hypot(fast, s * high.sigma)
        if "sigma" in c and "sigma" in high:
            moved["sigma"] = (c.sigma**2 + (s * high.sigma * wide) ** 2) ** 0.5
            moved["sigma_p"] = min(moved.get("sigma_p", math.inf), moved["sigma"])
        own = {"p": c.get("p", 2.0), **c.only("symmetric")}
        light = bool(c.get("light_tailed") and high.get("light_tailed") and "sigma" in moved)
        return Constants(additive=False, light_tailed=light, **own, **moved)
