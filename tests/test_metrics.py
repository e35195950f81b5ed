"""Every metric folded over a recorded walk, beside its formula in NumPy."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

from convergence.metrics import (
    agents,
    attention,
    certificates,
    effort,
    errors,
    federated,
    folds,
    games,
    newton,
    points,
    pointwise,
    preconditioned,
    projected,
    travel,
    travel_weighted,
    units,
)
from convergence.precision import precision
from convergence.problems import Isotropic
from tests.walked import STAR, C, M, N, T, X, f, fold, goal, slope, square, walk


@pytest.fixture(autouse=True)
def _double() -> Iterator[None]:
    with precision("float64"):
        yield


G = [square(slope(x)) for x in X]
F = [float(f(x)) for x in X]
END = X[T]
GRAD = pointwise.GradNormSq()


def goal_slope(x: np.ndarray) -> np.ndarray:
    gap = x - np.array([1.0, 2.0])
    return 2 * square(gap) * gap


def descends() -> float:
    start, end, gamma, L = F[0], F[T], 0.3, 2.5
    left = sum(math.sqrt(g) for g in G[:T]) / T
    rest = L * gamma / 2 + 2 / T * sum(math.sqrt(square(M[t + 1] - slope(X[t]))) for t in range(T))
    right = (start - end) / (gamma * T) + rest
    return 1 + (left - right) / ((abs(start) + abs(end)) / (gamma * T) + rest + left)


def noises() -> float:
    gamma, alpha, L = 0.02, 0.3, 0.5
    theta, N_, excess = 0.7, np.zeros((N, 2)), []
    for t in range(T):
        xi = (M[t + 1] - theta * M[t]) / alpha - slope(X[t])
        N_ = M[1] - slope(X[0]) if t == 0 else theta * N_ + alpha * xi
        error = math.sqrt(square(M[t + 1] - slope(X[t]) - N_))
        excess.append(error - L * gamma * (theta - theta ** (t + 1)) / alpha)
    return 1 + max(excess) / max(math.sqrt(square(m)) for m in M[1:])


def weighted(p: int) -> float:
    far = [math.sqrt(square(x - X[0])) for x in X]
    r = [max(0.4, *far[: t + 1]) for t in range(T + 1)]
    d = max(math.sqrt(square(x - STAR)) for x in X)
    gaps = sum(r[t] ** p * (F[t] - 0.7) for t in range(T))
    slopes = sum(r[t] ** (2 * (p - 1)) * G[t] for t in range(T))
    return gaps / (r[T] * (2 * d + r[T]) * math.sqrt(slopes))


def relative_errors() -> float:
    errors_ = [1 - square((X[t] - X[t + 1]) / 0.9 - slope(X[t])) / G[t] for t in range(T)]
    return max(0.0, min(1.0, *errors_)) * sum(G[:T]) / T


def roots(A: np.ndarray) -> float:
    return float((np.linalg.eigvalsh(A).clip(0) ** 0.25).sum())


def regret() -> float:
    whole = sum(float((slope(X[t]) * (X[t] - STAR)).sum()) for t in range(T))
    D = max(square(x - STAR) for x in X)
    size = D / (2 * 0.3) + 0.3 * 1.5
    return whole / (size * roots(END.T @ END) * roots(M[T].T @ M[T]))


def kept_energy() -> float:
    energy = [1 + square(x) for x in X]
    return max((energy[t + 1] + 0.5 * 0.35 * square(2 * X[t])) / energy[t] for t in range(T))


def norm(v: Any) -> float:
    return math.sqrt(square(v))


mean = X[T].mean(axis=0)
local = slope(np.broadcast_to(mean, (N, 2)))
clients = np.stack([END**2, END**3, 2 * END])
CASES: dict[str, tuple[Any, Callable[[], Any]]] = {
    "GradNorm": (pointwise.GradNorm(), lambda: math.sqrt(G[T])),
    "GradNormSq": (GRAD, lambda: G[T]),
    "Value": (pointwise.Value(), lambda: F[T]),
    "Gap": (pointwise.Gap(), lambda: F[T] - 0.7),
    "DistanceSq": (pointwise.DistanceSq(), lambda: square(END - STAR)),
    "MeanSquare": (agents.MeanSquare(), lambda: square(END - STAR) / 3),
    "TotalSquare": (agents.TotalSquare(), lambda: square(END - STAR)),
    "CenterSquare": (agents.CenterSquare(), lambda: square(mean - STAR)),
    "Consensus": (agents.Consensus(), lambda: square(END - mean) / 3),
    "ExcessRisk": (agents.ExcessRisk(), lambda: sum(float(goal(x)) for x in END) / 3),
    "CenterGradSq": (agents.CenterGradSq(), lambda: square(goal_slope(mean))),
    "CenterGradLessSpread": (
        agents.CenterGradLessSpread(1.7),
        lambda: square(local.mean(axis=0)) - 1.7 * square(local - local.mean(axis=0)) / 3,
    ),
    "CenterExcess": (agents.CenterExcess(1.7), lambda: 1.7 * float(goal(mean))),
    "Descent": (certificates.Descent(0.3, 2.5), descends),
    "NoiseAverage": (certificates.NoiseAverage(0.02, 0.3, 0.5), noises),
    "Lead": (certificates.Lead(), lambda: max(10 * X[t, 0, 0] - 2 * t for t in range(T + 1))),
    "Calls": (effort.Calls(), lambda: 3 * T),
    "UpToExcess": (effort.UpToExcess(GRAD, 1.3), lambda: G[T] - 1.3 * 0.1 * T / T),
    "Excess": (agents.CenterExcess(), lambda: float(goal(mean))),
    "RelativeErrors": (errors.RelativeErrors(0.9), relative_errors),
    "Average": (folds.Average(GRAD), lambda: sum(G[:T]) / T),
    "AverageAndLast": (
        folds.AverageAndLast(folds.Average(GRAD), pointwise.Value()),
        lambda: sum(G[:T]) / T + F[T],
    ),
    "Extremes": (folds.Extremes(GRAD), lambda: (min(G), max(G))),
    "Largest": (folds.Largest(GRAD), lambda: max(G)),
    "Smallest": (folds.Smallest(GRAD), lambda: min(G)),
    "AverageEvery": (folds.AverageEvery(GRAD, 3), lambda: (G[0] + G[3] + G[6]) / 3),
    "AverageGap": (games.AverageGap(), lambda: (X[:T].sum(axis=0) / T).sum() ** 2),
    "LeastLogOdds": (games.LeastLogOdds(), lambda: min(abs(M[T, 0]))),
    "ClippedSteps": (newton.ClippedSteps(0.2, 0.1, "newton"), lambda: clipped_steps("newton")),
    "Distance": (points.Distance(STAR), lambda: norm(END - STAR)),
    "MeanIterateGradSq": (
        points.MeanIterateGradSq(8.0), lambda: square(slope(X.sum(axis=0) / 8))
    ),
    "Farthest": (points.Farthest(STAR), lambda: abs(END - STAR).max()),
    "Above": (points.Above(0.3), lambda: F[T] - 0.3),
    "GradSum": (points.GradSum(), lambda: abs(slope(END)).sum()),
    "LongestStep": (points.LongestStep(), lambda: abs(np.diff(X, axis=0)).max()),
    "GradNuclear": (
        points.GradNuclear(), lambda: np.linalg.svd(slope(END), compute_uv=False).sum()
    ),
    "DistanceSquare": (points.DistanceSquare(), lambda: square(END)),
    "PreconditionedRegret": (preconditioned.PreconditionedRegret(STAR, 0.3, 1.5), regret),
    "ProjectedGradNorm": (
        projected.ProjectedGradNorm(C[:, :1], STAR[:2]),
        lambda: norm(C[:, :1].T @ slope(END) @ STAR[:2]),
    ),
    "WorstRatio": (
        projected.WorstRatio(GRAD, 20.0),
        lambda: max(G[t + 1] / G[t] for t in range(T) if G[t] > 20),
    ),
    "StableRank": (
        projected.StableRank(),
        lambda: square(slope(END)) / np.linalg.norm(slope(END), 2) ** 2,
    ),
    "AverageStepSq": (
        travel.AverageStepSq(0.4), lambda: square(np.diff(X, axis=0)) / 0.4**2 / T
    ),
    "Overlap": (travel.Overlap(), lambda: (END * X[0]).sum() / square(X[0])),
    "TravelWeighted": (travel_weighted.TravelWeighted(STAR, 0.4), lambda: weighted(1)),
    "TravelWeighted2": (travel_weighted.TravelWeighted(STAR, 0.4, 2), lambda: weighted(2)),
    "LargestDeviation": (units.LargestDeviation(), lambda: (END**2).sum(axis=1).max() / 4),
    "NetDeviations": (units.NetDeviations(), lambda: (END**2).sum(axis=1)),
    "AlignedGradSq": (units.AlignedGradSq(), lambda: square((2 * mean) ** 3)),
    "LargestQuotient": (units.LargestQuotient(), lambda: (END**2).max() / (X[0] ** 2).max()),
    "QuotientEnergy": (
        units.QuotientEnergy(), lambda: (1 + square(END)) / (1 + square(X[0]))
    ),
    "QuotientEnergyKept": (units.QuotientEnergy(True), kept_energy),
    "GradLessSpread": (
        federated.GradLessSpread(1.7),
        lambda: square(clients.mean(axis=0)) - 1.7 * square(clients - clients.mean(axis=0)) / 3,
    ),
    "MissedDirection": (
        attention.MissedDirection(C), lambda: 1 - (END * C).sum() / norm(END) / norm(C)
    ),
    "Along": (attention.Along(C), lambda: (END * C).sum()),
    "LossForDirection": (
        attention.LossForDirection(C, 0.3),
        lambda: math.exp(square(END) / 3) * (1 + math.exp((END * C).sum() / square(C))) / 0.3,
    ),
}  # fmt: skip


def clipped_steps(which: str, rho: float = 0.2, level: float = 0.1) -> float:
    found = 0.0
    for t in range(T):
        g, s = slope(X[t]), 1 + X[t] ** 2
        clipped, decrease = bool((abs(g / s) > rho).any()), F[t] - F[t + 1]
        ratio = {
            "descent": np.minimum(rho * abs(g), g**2 / s).sum() / 4 / decrease,
            "newton": F[t + 1] / (0.75 * F[t]),
            "clipped": level / decrease,
        }[which]
        if which != "newton" and decrease <= 0:
            ratio = math.inf
        if clipped is {"newton": False, "clipped": True}.get(which, clipped):
            found = max(found, ratio)
    return found


@pytest.mark.parametrize("name", CASES)
def test_a_metric_by_its_formula(name: str) -> None:
    metric, wanted = CASES[name]
    np.testing.assert_allclose(fold(metric), wanted(), rtol=1e-10)


def test_averages_over_no_step_are_0() -> None:
    for metric in (folds.Average(GRAD), folds.AverageEvery(GRAD, 3), travel.AverageStepSq(0.4)):
        assert fold(metric, 0) == 0.0
    assert fold(folds.AverageEvery(GRAD, 3), 4) == pytest.approx((G[0] + G[3]) / 2)
    assert fold(folds.AverageEvery(GRAD, 3), 6) == pytest.approx((G[0] + G[3]) / 2)


def test_the_first_step_above_a_level() -> None:
    means = X.mean(axis=(1, 2))[1:]
    for level in (-0.2, 0.0, 0.2, 9.0):
        over = np.flatnonzero(means > level)
        found = fold(agents.EscapeTime(level, 50.0))
        assert found == (over[0] + 1 if len(over) else 50.0)


@pytest.mark.parametrize("which", ["descent", "newton", "clipped"])
@pytest.mark.parametrize("rho", [0.05, 0.3, 30.0])
def test_clipped_newton_steps(which: str, rho: float) -> None:
    found = fold(newton.ClippedSteps(rho, 0.1, which))
    assert found == pytest.approx(clipped_steps(which, rho))


def test_energies_of_saddles_and_pairs() -> None:
    state = SimpleNamespace(s=jnp.array([1.6, 0.2]), x=jnp.array([0.7, 0.1]))
    found = games.SaddleEnergy(0.3, 0.4).at(walk()[0], state)
    assert float(found) == pytest.approx(0.49 / 0.6 + math.log(math.cosh(0.8)) / 0.4)
    pair = SimpleNamespace(x=(jnp.asarray(C), jnp.asarray(STAR)))
    D = np.array([[0.1, 0.2], [0.2, 0.5]])
    gap = C.T @ C - STAR.T @ STAR - D
    assert float(attention.Imbalance(D).at(walk()[0], pair)) == pytest.approx(norm(gap))


def test_a_weighed_regret() -> None:
    """r = 2, d = 3, Σ r (f − f*) = 10, Σ ‖g‖² = 16: 10/(2 · 8 · 4)."""
    metric = travel_weighted.TravelWeighted(np.zeros(1), np.float64(1.0))
    kept = jnp.array([2.0, 3.0, 10.0, 16.0])
    found = metric.read(jnp.asarray(5), kept, Isotropic([1.0]), None)
    assert float(found) == pytest.approx(10 / 64)
