"""A coin that hides and shows: multiplicative noise z/q − 1."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax

from convergence.constants import Constants
from convergence.errors import require
from convergence.noise.atoms import check_power
from convergence.noise.base import AbstractNoise
from convergence.shapes import Flag, Iterate, Key, Reals, real


class Coin(AbstractNoise):
    """ξ = (z/q − 1) y for the vector y that it is given, z ~ Bernoulli(q), ‖y‖ ≤ size.

    E‖ξ‖^p ≤ size^p [(1−q)^p q^{1−p} + 1 − q], with equality where ‖y‖ = size: a bound, so that
    sigma_p is certified and sigma is not. An oracle that hands it the iterate cannot keep ‖y‖ ≤
    size and is refused; `ChainOracle` hands it a hidden slope.
    """

    of_iterate = False

    q: Reals = eqx.field(converter=real)
    size: Reals = eqx.field(converter=real, default=1.0)
    p: Reals = eqx.field(converter=real, default=2.0)

    def __check_init__(self) -> None:
        check_power(self.p)
        q = float(self.q)
        require(0 < q < 1, f"a chance q = {q:g}", "0 < q < 1", "choose q strictly between")
        size = float(self.size)
        require(size >= 0, f"size = {size:g}", "size ≥ 0, a bound of ‖y‖", "flip its sign")

    def shown(self, key: Key, dtype: Any) -> Flag:
        """z, the one coin of the sample `key`."""
        return jax.random.uniform(key, (), dtype) < self.q

    def draw(self, x: Iterate, key: Key) -> Iterate:
        return (self.shown(key, x.dtype).astype(x.dtype) / self.q - 1) * x

    def constants(self, shape: tuple[int, ...]) -> Constants:
        p, q, size = float(self.p), float(self.q), float(self.size)
        moment = size**p * ((1 - q) ** p * q ** (1 - p) + 1 - q)
        return Constants(
            p=p,
            sigma_p=moment ** (1 / p),
            symmetric=False,
            additive=False,
            light_tailed=False,
            shown=q,
        )
