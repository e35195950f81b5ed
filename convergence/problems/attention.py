"""One softmax-attention head with a fixed value head: training it is a search for a separator."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from convergence.constants import Constants
from convergence.errors import require
from convergence.parts.svm import hard_margin
from convergence.problems.base import AbstractProblem
from convergence.shapes import Iterate, Reals, Scalar, real


class Attention(AbstractProblem):
    """f(W) = −(1/n) Σ_i Σ_t s_it g_it with s_i = softmax(X_i W z_i): n inputs of T tokens x_it, the
    rows of X_i, their scores g_it and queries z_i; W is d × e.

    ∇f = −(1/n) Σ_i Σ_{t<u} s_it s_iu (g_it − g_iu)(x_it − x_iu) z_iᵀ, in which nothing cancels
    where a token is selected: `scaled_grad` gives ∇f = e^M V with V of moderate size.
    f* = −mean max_t g_it is not attained. Along a direction D the second derivative of an input is
    −E(g − ḡ)(u − ū)², u_t = x_tᵀDz: L = mean of range(g) diam(X)²‖z‖²/4; likewise
    ‖∇f_i‖ ≤ range(g) diam(X)‖z‖/4.
    separator = argmin{‖W‖ : (x_i,best − x_it)ᵀ W z_i ≥ 1 for all others t}, where there is one;
    pairs = (x_best − x_other) zᵀ of inputs of two tokens.
    """

    tokens: Reals = eqx.field(converter=real)  # (n, T, d)
    queries: Reals = eqx.field(converter=real)  # (n, e)
    scores: Reals = eqx.field(converter=real)  # (n, T)
    x0: Reals = eqx.field(converter=real)  # (d, e)

    def __check_init__(self) -> None:
        if not isinstance(self.tokens, np.ndarray):
            return
        shapes = [np.shape(v) for v in (self.tokens, self.queries, self.scores, self.x0)]
        known = len(shapes[0]) == 3 and len(shapes[1]) == 2 and len(shapes[3]) == 2
        n, T, d = shapes[0] if known else (0, 0, 0)
        require(
            known and T >= 2 and shapes[1:] == [(n, shapes[3][1]), (n, T), (d, shapes[3][1])],
            f"tokens {shapes[0]}, queries {shapes[1]}, scores {shapes[2]}, x0 {shapes[3]}",
            "tokens (n, T, d) with T ≥ 2, queries (n, e), scores (n, T), x0 (d, e)",
            "give matching shapes",
        )
        tops = np.sort(self.scores, axis=1)
        require(
            np.all(tops[:, -1] > tops[:, -2]),
            f"the largest scores {tops[:, -1].tolist()} and the next {tops[:, -2].tolist()}",
            "one best token in each input",
            "let no two tokens of an input share the largest score",
        )

    def logits(self, W: Iterate) -> Any:
        """(n, T) log s_it."""
        return jax.nn.log_softmax(jnp.einsum("ntd,de,ne->nt", self.tokens, W, self.queries), axis=1)

    def short(self) -> Any:
        """(n, T) g_i,best − g_it."""
        return jnp.max(self.scores, axis=1, keepdims=True) - self.scores

    def value(self, x: Iterate) -> Scalar:
        return jnp.mean(jnp.sum(jnp.exp(self.logits(x)) * -self.scores, axis=1))

    def log_gap(self, x: Iterate) -> Scalar:
        """log(f − f*), where f − f* itself would underflow."""
        lost = self.short()
        room = jnp.where(lost > 0, self.logits(x) + jnp.log(jnp.where(lost > 0, lost, 1)), -jnp.inf)
        return jax.nn.logsumexp(room) - jnp.log(len(self.queries))

    def scaled_grad(self, x: Iterate) -> tuple[Iterate, Scalar]:
        """(V, M) with ∇f = e^M V."""
        logs = self.logits(x)
        g, X = jnp.asarray(self.scores), jnp.asarray(self.tokens)
        rise = g[:, :, None] - g[:, None, :]
        both = logs[:, :, None] + logs[:, None, :]
        # Any M gives ∇f, whose own derivative needs none of M's: that of a maximum asks which entry
        # it was, and finds none where XLA rounds `both` otherwise when it computes it again.
        M = jax.lax.stop_gradient(jnp.max(jnp.where(rise != 0, both, -jnp.inf)))
        # A pair of equal scores may weigh more than e^M: it is dropped before exp can overflow.
        weight = jnp.exp(jnp.where(rise != 0, both - M, -jnp.inf)) * rise
        apart = X[:, :, None] - X[:, None, :]
        found = jnp.einsum("ntu,ntud,ne->de", weight, apart, self.queries)
        return -found / (2 * len(g)), M

    def grad(self, x: Iterate) -> Iterate:
        V, M = self.scaled_grad(x)
        return jnp.exp(M) * V

    def start(self) -> Iterate:
        return jnp.asarray(self.x0)

    def constraints(self) -> np.ndarray:
        """(n (T − 1), d, e) the matrices (x_i,best − x_it) z_iᵀ, input by input."""
        X, z, best = np.asarray(self.tokens), np.asarray(self.queries), np.argmax(self.scores, 1)
        return np.stack(
            [
                np.outer(X[i, b] - X[i, t], z[i])
                for i, b in enumerate(best)
                for t in range(X.shape[1])
                if t != b
            ]
        )

    def at_rest(self, W: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(s, −∇f) at W, on the host."""
        X, z, g = (np.asarray(v, dtype=float) for v in (self.tokens, self.queries, self.scores))
        logs = np.einsum("ntd,de,ne->nt", X, W, z)
        s = np.exp(logs - logs.max(axis=1, keepdims=True))
        s /= s.sum(axis=1, keepdims=True)
        off = g - np.sum(s * g, axis=1, keepdims=True)
        return s, np.einsum("nt,nt,ntd,ne->de", s, off, X, z) / len(g)

    def constants(self) -> Constants:
        X, z, g = (np.asarray(v, dtype=float) for v in (self.tokens, self.queries, self.scores))
        W, a = np.asarray(self.x0, dtype=float), self.constraints()
        n, T = g.shape
        s, pull = self.at_rest(W)
        size, order = np.linalg.norm(z, axis=1), np.sort(g, axis=1)
        spread = order[:, -1] - order[:, 0]
        wide = np.linalg.norm(X[:, :, None] - X[:, None, :], axis=3).max(axis=(1, 2)) * size
        Delta = float(np.mean(np.sum(s * (order[:, -1:] - g), axis=1)))
        return Constants(
            L=float(np.mean(spread * wide**2)) / 4, G=float(np.mean(spread * wide)) / 4,
            f_star=-float(order[:, -1].mean()), Delta=Delta, grad0=float(np.linalg.norm(pull)),
            d=W.size, m=W.shape[0], n=W.shape[1], x0=W, inputs=n, tokens=T,
            gaps=np.stack([order[:, -1] - order[:, -2], spread], axis=1),
            **({"pairs": a} if T == 2 else {}), separator=hard_margin(a).w,
            three_tokens=X.tolist() == [[[0.0], [3.0], [2.0]]] and z.tolist() == [[1.0]]
            and g.tolist() == [[1.0, 0.5, 0.0]],
        )  # fmt: skip


class KeyQuery(AbstractProblem):
    """f(K, Q) = g(KQᵀ) of an attention g: x holds K and Q, (2, d, m), W = KQᵀ.

    ∇_K f = ∇g Q and ∇_Q f = ∇gᵀ K. inf f = inf g for m ≥ d, the only case that is allowed.
    """

    of: Attention
    x0: Reals = eqx.field(converter=real)

    def __check_init__(self) -> None:
        if not isinstance(self.x0, np.ndarray):
            return
        shape, inner = np.shape(self.x0), np.shape(self.of.x0)
        require(
            len(shape) == 3 and shape[:2] == (2, *inner[:1]) and inner[0] == inner[1] <= shape[2],
            f"K and Q of shape {shape} for W of shape {inner}",
            "(2, d, m) with m ≥ d for W of shape (d, d)",
            "stack K and Q",
        )

    def value(self, x: Iterate) -> Scalar:
        return self.of.value(x[0] @ x[1].T)

    def scaled_grad(self, x: Iterate) -> tuple[Iterate, Scalar]:
        """(V, M) with ∇f = e^M V."""
        V, M = self.of.scaled_grad(x[0] @ x[1].T)
        return jnp.stack([V @ x[1], V.T @ x[0]]), M

    def grad(self, x: Iterate) -> Iterate:
        V, M = self.scaled_grad(x)
        return jnp.exp(M) * V

    def start(self) -> Iterate:
        return jnp.asarray(self.x0)

    def constants(self) -> Constants:
        K, Q = np.asarray(self.x0, dtype=float)
        best = np.asarray(self.of.scores).max(axis=1)
        s, G = self.of.at_rest(K @ Q.T)
        lost = np.sum(s * (best[:, None] - self.of.scores), axis=1)
        slope = np.hypot(np.linalg.norm(G @ Q), np.linalg.norm(G.T @ K))
        return Constants(
            f_star=-float(best.mean()), Delta=float(lost.mean()), grad0=float(slope),
            d=self.x0.size, x0=np.asarray(self.x0), balance=K.T @ K - Q.T @ Q,
        )  # fmt: skip


def two_inputs(x0: Any = None) -> Attention:
    """n = 2, T = 3, d = 3 with a separator in closed form: columns (1, 0, 0), (4, −2, 5)/9 and 0,
    multipliers 1, 0 and 1/9, 4/9."""
    X = [[[2, 0, 0], [1, 0, 0], [0, 3, 0]], [[0, 0, 1], [0, 2, 0], [-1, 0, 0]]]
    z = [[1, 0, 0], [0, 1, 0]]
    return Attention(X, z, [[1, 0, 0], [1, 0, 0]], np.zeros((3, 3)) if x0 is None else x0)


def three_tokens(w: float) -> Attention:
    """Tokens 0, 3, 2 on a line with the scores 1, ½, 0: the one at 0 is the best, the one at 3 is
    locally so."""
    return Attention([[[0], [3], [2]]], [[1]], [[1, 0.5, 0]], [[w]])
