"""Agents whose parameters are hidden units in no order of their own."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from convergence.constants import Constants
from convergence.errors import require
from convergence.parts.graphs import check_mixing, ring
from convergence.parts.matching import alone, matchings, quotient_square
from convergence.problems.base import AbstractProblem
from convergence.problems.quadratic import rounding, shape_constants
from convergence.shapes import Iterate, Reals, Scalar, real

ACTIVATIONS = {"relu": jax.nn.relu, "tanh": jnp.tanh}


def rows_of(orders: Any) -> Any:
    """Orders as tuples, which tell two of them apart, as a field that compiles has to."""
    found = np.asarray(orders)
    return tuple(map(tuple, found.tolist())) if found.ndim == 2 else orders


def inverses(orders: Any) -> np.ndarray:
    """(n, H) the inverse of each permutation."""
    return np.argsort(np.asarray(orders), axis=1)


def check_orders(orders: Any, shape: tuple[int, ...]) -> None:
    """Refuse rows that are no permutations of the units."""
    n, H = shape[:2]
    orders = np.asarray(orders)
    require(
        orders.shape == (n, H) and bool(np.all(np.sort(orders, axis=1) == np.arange(H))),
        f"orders of shape {orders.shape}",
        f"{n} permutations of {H} units",
        "give every agent an order of its units",
    )


class UnitQuadratics(AbstractProblem):
    """f_i(θ) = (h/2) Σ_u ‖θ_u‖² + (k/2) ‖Σ_u θ_u − c_i‖² over H units θ_u ∈ Rᵖ, mixed by W: no
    order of the units matters.

    The iterate is the stack (n, H, p). Its start is y0[i] in the order orders[i]; aligned means put
    back: y_i = P_i x_i. The Hessian of every f_i is hI + k(11ᵀ ⊗ I): L = h + kH, mu = h. ∇f_i − ∇J
    is −k(c_i − c̄) in every unit: zeta_all² = (H k²/n) Σ‖c_i − c̄‖². risk0_aligned, Xi0_aligned and
    grad0_aligned are J(ȳ_0) − inf J, (1/n) Σ‖y_i − ȳ_0‖² and ‖∇J(ȳ_0)‖ of the aligned copies.
    aligns: weight matching of the start finds P_iᵀP_j for every pair.
    """

    W: Reals = eqx.field(converter=real)
    y0: Reals = eqx.field(converter=real)
    c: Reals = eqx.field(converter=real)
    orders: Any = eqx.field(static=True, converter=rows_of)
    h: Reals = eqx.field(converter=real, default=1.0)
    k: Reals = eqx.field(converter=real, default=0.0)

    def __check_init__(self) -> None:
        if not isinstance(self.W, np.ndarray):
            return
        check_mixing(self.W)
        shapes = np.shape(self.W), np.shape(self.y0), np.shape(self.c)
        n, H, p = shapes[1] if len(shapes[1]) == 3 else (0, 0, 0)
        require(
            n > 0 and shapes == ((n, n), (n, H, p), (n, p)),
            f"W {shapes[0]}, y0 {shapes[1]}, c {shapes[2]}",
            "W (n, n), y0 (n, H, p) and c (n, p)",
            "give every agent its units and a target",
        )
        check_orders(self.orders, shapes[1])
        require(float(self.h) > 0 and float(self.k) >= 0, f"h = {float(self.h):g}, "
                f"k = {float(self.k):g}", "h > 0 and k ≥ 0", "flip a sign")  # fmt: skip

    def value(self, x: Iterate) -> Scalar:
        total = jnp.sum(x, axis=1) - self.c
        return 0.5 * self.h * jnp.sum(x**2) + 0.5 * self.k * jnp.sum(total**2)

    def grad(self, x: Iterate) -> Iterate:
        return self.h * x + self.k * (jnp.sum(x, axis=1) - self.c)[:, None]

    def aligned(self, x: Iterate) -> Iterate:
        """y_i = P_i x_i."""
        back = jnp.asarray(inverses(self.orders))
        return jax.vmap(lambda one, order: one[order])(x, back)

    def goal_grad(self, theta: Float[Array, "H p"]) -> Float[Array, "H p"]:
        """∇J(θ)."""
        return self.h * theta + self.k * (jnp.sum(theta, axis=0) - jnp.mean(self.c, axis=0))

    def quotients(self, x: Iterate) -> Float[Array, "n n"]:
        """min_P ‖x_i − P x_j‖² of all pairs of agents."""
        return jax.vmap(lambda one: jax.vmap(lambda two: quotient_square(one, two))(x))(x)

    def energy(self, x: Iterate) -> Scalar:
        """V_W = Σ_{i<j} w_ij min_P ‖x_i − P x_j‖²."""
        return 0.5 * jnp.sum(self.W * self.quotients(x))

    def energy_grad(self, x: Iterate) -> Iterate:
        """2 Σ_k w_ik (x_i − P_ik x_k), the gradient of V_W where the best P_ik are unique."""
        P = matchings(jnp.einsum("iup,kvp->ikuv", x, x))
        own = jnp.arange(len(x))
        pulls = x[:, None] - x[own[None, :, None], P]  # P_ik x_k
        return 2 * jnp.einsum("ik,ikup->iup", self.W, pulls)

    def start(self) -> Iterate:
        order = jnp.asarray(np.asarray(self.orders))
        return jax.vmap(lambda one, order: one[order])(jnp.asarray(self.y0), order)

    def constants(self) -> Constants:
        W, y0, c = (np.asarray(v, float) for v in (self.W, self.y0, self.c))
        h, k = float(self.h), float(self.k)
        n, H, _ = y0.shape
        mean, target = y0.mean(axis=0), c.mean(axis=0)
        star = np.broadcast_to(k * target / (h + k * H), mean.shape)
        away = mean - star
        slope = h * away + k * away.sum(axis=0)
        orders = np.asarray(self.orders)
        x0 = np.stack([y0[i][orders[i]] for i in range(n)])
        found = shape_constants(x0.shape) | {"agents": n, "W": W, "L": h + k * H, "mu": h}
        grad0 = h * x0 + k * (x0.sum(axis=1) - c)[:, None]
        best = k * c / (h + k * H)
        low = 0.5 * h * H * np.sum(best**2) + 0.5 * k * np.sum((H * best - c) ** 2)
        value = 0.5 * h * np.sum(x0**2) + 0.5 * k * np.sum((x0.sum(axis=1) - c) ** 2)
        return Constants(
            **found, quadratic=True, convex=True, f_star=float(low), Delta=float(value - low),
            grad0=float(np.linalg.norm(grad0)),
            zeta_all=float(k * np.sqrt(H * np.mean(np.sum((c - target) ** 2, axis=1)))),
            risk0_aligned=float(0.5 * np.sum(away * slope)),
            grad0_aligned=float(np.linalg.norm(slope)),
            Xi0_aligned=float(np.mean(np.sum((y0 - mean) ** 2, axis=(1, 2)))),
            aligns=finds(x0, orders), symmetric_W=bool(np.array_equal(W, W.T)),
        )  # fmt: skip


def finds(X: np.ndarray, orders: np.ndarray) -> bool:
    """Whether weight matching of X finds the order of every pair, and no other is as good."""
    back, n = np.argsort(orders, axis=1), len(X)
    rounded = rounding(X[0].size) * float(np.max(np.sum(X**2, axis=(1, 2))))
    # Unit u of i is orders[i][u], which j has there.
    return all(
        alone(X[i] @ X[j].T, back[j][orders[i]], rounded) for i in range(n) for j in range(n)
    )


class PermutedNet(AbstractProblem):
    """f_i = ½ · mean over a grid of (N(x_i) − N(net))², N a net with one hidden layer, the agents'
    copies of one net in their own orders.

    net: (H, q + 2), a row (w; b; a) a unit: N(z) = Σ_u a_u φ(⟨w_u, z⟩ + b_u) at the points `grid`
    (m, q). The start is the net itself, in the order orders[i]: f_star = 0, attained. Of the
    units on the grid: unit_spread, the least standard deviation of an activation, and
    unit_correlation, the largest correlation of two.
    """

    W: Reals = eqx.field(converter=real)
    net: Reals = eqx.field(converter=real)
    grid: Reals = eqx.field(converter=real)
    orders: Any = eqx.field(static=True, converter=rows_of)
    phi: str = eqx.field(static=True, default="relu")

    def __check_init__(self) -> None:
        require(self.phi in ACTIVATIONS, f"phi = {self.phi!r}", f"one of {tuple(ACTIVATIONS)}",
                "choose one")  # fmt: skip
        if not isinstance(self.W, np.ndarray):
            return
        check_mixing(self.W)
        rows, points = np.shape(self.net), np.shape(self.grid)
        require(
            len(rows) == 2 and len(points) == 2 and rows[1] == points[1] + 2,
            f"a net {rows} and a grid {points}",
            "a net (H, q + 2) and a grid (m, q)",
            "give a unit q weights, a bias and an outgoing weight",
        )
        check_orders(self.orders, (len(self.W), rows[0]))

    def activations(self, X: Iterate) -> Float[Array, "n H m"]:
        """φ(⟨w, z⟩ + b) of all units on the grid."""
        inner = jnp.einsum("nhq,mq->nhm", X[:, :, :-2], jnp.asarray(self.grid))
        return ACTIVATIONS[self.phi](inner + X[:, :, -2:-1])

    def outputs(self, X: Iterate) -> Float[Array, "n m"]:
        """N of all agents on the grid."""
        return jnp.einsum("nhm,nh->nm", self.activations(X), X[:, :, -1])

    def deviations(self, X: Iterate) -> Float[Array, " n"]:
        """The mean squares of N(x_i) − N(net)."""
        right = self.outputs(jnp.asarray(self.net)[None])
        return jnp.mean((self.outputs(X) - right) ** 2, axis=1)

    def gross(self) -> Scalar:
        """The mean square of Σ_u |a_u|(⟨|w_u|, |z|⟩ + |b_u|): roundings of N are a share of it."""
        net, grid = jnp.abs(jnp.asarray(self.net)), jnp.abs(jnp.asarray(self.grid))
        inner = net[:, :-2] @ grid.T + net[:, -2:-1]
        return jnp.mean((net[:, -1] @ inner) ** 2)

    def value(self, x: Iterate) -> Scalar:
        return 0.5 * jnp.sum(self.deviations(x))

    def start(self) -> Iterate:
        return jnp.asarray(self.net)[jnp.asarray(np.asarray(self.orders))]

    def constants(self) -> Constants:
        net, grid = np.asarray(self.net, float), np.asarray(self.grid, float)
        inner = net[:, :-2] @ grid.T + net[:, -2:-1]
        seen = np.maximum(inner, 0) if self.phi == "relu" else np.tanh(inner)
        # Of a unit with one value the deviation may be that value's rounding.
        constant = np.ptp(seen, axis=1) <= 1e-13 * np.abs(seen).max(axis=1)
        spread = float(np.where(constant, 0.0, seen.std(axis=1)).min())
        alike = np.corrcoef(seen) - 2 * np.eye(len(net)) if spread > 0 else np.ones((1, 1))
        x0 = net[np.asarray(self.orders)]
        return Constants(
            agents=len(x0), W=np.asarray(self.W, float), **shape_constants(x0.shape), f_star=0.0,
            copies=True, unit_spread=spread,
            unit_correlation=float(alike.max()),
        )  # fmt: skip


def five_copies(phi: str = "relu") -> PermutedNet:
    """A net of four units on the grid {−2, −1.5, …, 2}², five copies of it on a ring."""
    net = [[1.0, 0, 0.5, 1], [-1, 1, 0, -2], [0.5, -1, 0.2, 1.5], [0.3, 0.8, -0.4, 0.5]]
    orders = ((0, 1, 2, 3), (1, 2, 3, 0), (2, 3, 0, 1), (3, 2, 1, 0), (1, 0, 3, 2))
    side = np.arange(-2, 2.5, 0.5)
    grid = np.stack(np.meshgrid(side, side, indexing="ij"), axis=-1).reshape(-1, 2)
    return PermutedNet(ring(5), net, grid, orders, phi)


def opposite_pairs(W: Any, delta: Any) -> UnitQuadratics:
    """Two units a net, at ±δ_i."""
    delta = np.asarray(delta, float)
    y0 = np.stack([delta, -delta], axis=1)
    return UnitQuadratics(W, y0, np.zeros(delta.shape), ((0, 1),) * len(delta))
