"""What agents made of hidden units certify, against their aligned copies and activations."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jax.numpy as jnp
import numpy as np

from convergence.constants import Constants
from convergence.laws.faults import CURVED, ROUNDING, Fault, close
from convergence.laws.look import Look
from convergence.plainly import plainly


@plainly
def _seen(problem: Any) -> Any:
    x = problem.start()
    y = problem.aligned(x)
    mean = jnp.mean(y, axis=0)
    return (
        y,
        problem.goal_grad(mean),
        problem.grad(jnp.broadcast_to(mean, x.shape)),
        problem.quotients(x),
    )


@plainly
def _net(problem: Any) -> Any:
    x = problem.start()
    return problem.activations(x)[0], problem.deviations(x)


def units(problem: Any, s: Look, c: Constants) -> Iterator[Fault]:
    """The certificates of `UnitQuadratics` and of `PermutedNet`."""
    if "aligns" in c:
        yield from _aligned(problem, s, c)
    if "copies" in c:
        seen, off = map(np.asarray, _net(problem))
        if c.copies and off.max() > ROUNDING * max(1e-300, float(np.mean(seen**2))):
            yield Fault("copies", True, off.max(), "the deviation of a copy")
        spread = seen.std(axis=1)
        if not close(c.unit_spread, float(spread.min()), float(spread.max())):
            yield Fault("unit_spread", c.unit_spread, spread.min(), "the least of an activation")
        if c.unit_spread > 0:
            alike = float((np.corrcoef(seen) - 2 * np.eye(len(seen))).max())
            if not close(c.unit_correlation, alike, 1.0):
                yield Fault("unit_correlation", c.unit_correlation, alike, "of two units")


def _aligned(problem: Any, s: Look, c: Constants) -> Iterator[Fault]:
    y, g, rows, apart = map(np.asarray, _seen(problem))
    size, far = g.size, s.far**2
    spread = float(np.mean(np.sum((y - y.mean(axis=0)) ** 2, axis=(1, 2))))
    if not close(c.Xi0_aligned, spread, far):
        yield Fault("Xi0_aligned", c.Xi0_aligned, spread, "the spread of the aligned copies")
    if not close(c.grad0_aligned, float(np.linalg.norm(g)), float(c.L) * s.far):
        yield Fault("grad0_aligned", c.grad0_aligned, np.linalg.norm(g), "‖∇J‖ at their mean")
    if s.H is not None:
        risk = 0.5 * float(g.ravel() @ np.linalg.solve(s.H[0][:size, :size], g.ravel()))
        if not close(c.risk0_aligned, risk, float(c.L) * far):
            yield Fault("risk0_aligned", c.risk0_aligned, risk, "J − inf J at their mean")
    zeta = float(np.sqrt(np.mean(np.sum((rows - g) ** 2, axis=(1, 2)))))
    if zeta > c.zeta_all * (1 + CURVED) + 1e-12 * float(np.abs(rows).max()):
        yield Fault("zeta_all", c.zeta_all, zeta, "((1/n) Σ‖∇f_i − ∇J‖²)^½ at their mean")
    told = np.sum((y[:, None] - y[None]) ** 2, axis=(2, 3))
    if c.aligns and np.any(told > apart + ROUNDING * far):
        yield Fault("aligns", True, np.max(told - apart), "farther than needed by this, a pair")
    if c.symmetric_W and not np.array_equal(c.W, np.asarray(c.W).T):
        yield Fault("symmetric_W", True, np.abs(c.W - np.asarray(c.W).T).max(), "|W − Wᵀ|")
