"""An oracle that answers Hessians besides."""

from __future__ import annotations

import jax

from convergence.oracles.base import Oracle
from convergence.shapes import Iterate, Matrix


class Curvature(Oracle):
    """∇²f(x), exactly; gradients and values as `Oracle`."""

    def hess(self, x: Iterate) -> Matrix:
        """(d, d) the Jacobian of the gradient."""
        return jax.jacfwd(self.problem.grad)(x)
