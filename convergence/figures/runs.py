"""Runs as pictures: a claim's method on its instance, with the band of its runs and the bound."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import numpy as np
from matplotlib.figure import Figure

from convergence.claims.settings import Session, Settings
from convergence.constants import Constants
from convergence.errors import InvalidInput
from convergence.figures import style
from convergence.metrics.base import AbstractMetric
from convergence.metrics.folds import Average, AverageEvery, Extremes
from convergence.metrics.pointwise import AbstractPointwise, GradNorm, GradNormSq
from convergence.precision import precision
from convergence.runner.experiment import Experiment, Simulation
from convergence.runner.record import Record
from convergence.store import Store
from convergence.theorems.base import Kind

POINTS = 120  # at which a trajectory is drawn
LOW, HIGH = 5, 95  # percentiles of the band
SHORT = 7  # letters an inch of width, of words that stand two in a row


def simulate(
    name: str,
    oracle: Any,
    algorithm: Any,
    metric: Any,
    T: int,
    seeds: int = 1,
    *,
    marks: Any = None,
    chunk: int | None = None,
    tier: str = "quick",
) -> Record:
    """`seeds` runs up to T in float64 under the keys of the figure, as many at once as `chunk`.

    They are kept in results/figure-NAME like those of claims, and never repeated. The program of a
    `standard` run takes longer to compile and less to run.
    """
    experiment = Experiment(oracle.problem, oracle, algorithm, metric)
    what = Simulation(f"figure-{name}", experiment, T, chunk or seeds, marks)
    settings = Settings(tier)
    with precision(settings.dtype):
        return Session(settings, Store()).record(what, seeds)


class Trajectory(NamedTuple):
    """A metric along runs: (K,) steps t, its mean (a root mean square where the statement bounds
    the square), the percentiles of the runs, what the theorem allows (NaN where it says nothing),
    and the labels of the three."""

    t: np.ndarray
    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray
    bound: np.ndarray
    label: str
    middle: str
    stated: str

    def columns(self) -> dict[str, Any]:
        """What is written beside a figure."""
        return {name: getattr(self, name) for name in ("t", "mean", "low", "high", "bound")}


def base_of(metric: AbstractMetric) -> AbstractMetric:
    """What a fold over the run is a fold of."""
    return metric.of if isinstance(metric, Average | AverageEvery | Extremes) else metric


def trajectory(
    claim: Any,
    T: int | None = None,
    metric: AbstractMetric | None = None,
    seeds: int = 64,
    session: Session | None = None,
    chunk: int | None = None,
    bounds: int = POINTS,
) -> Trajectory:
    """The runs that a claim is judged by at horizon T (its last), a metric at every t.

    metric: by default what the theorem is about, ‖∇f(x_t)‖ where that is its square or no metric
    of the current state. session: where runs are kept, by default results/. chunk: runs at once.
    bounds: at about how many t the bound is asked for.
    """
    T = int(claim.horizons[-1] if T is None else T)
    with precision("float64"):
        problem, _, c = claim.instance(T)
        own = base_of(claim.theorem.metric(c, T))
        about = own if isinstance(own, AbstractPointwise) else GradNorm()
        usual = GradNorm() if isinstance(about, GradNormSq) else about
        chosen = usual if metric is None else metric
        if not isinstance(chosen, AbstractPointwise):
            raise InvalidInput(
                f"Got the metric {type(chosen).__name__} along the runs of {claim.slug!r}, but one "
                "of the current state is needed, as in plot_run(claim, metric=GradNorm())."
            )
        root = isinstance(own, GradNormSq) and isinstance(chosen, GradNorm)
        marks = np.unique(np.linspace(1, T, min(POINTS, T)).astype(np.int32))
        # As many for every T, for their number is compiled in.
        padded = np.concatenate([marks, np.full(POINTS - len(marks), T, np.int32)])
        experiment = claim.experiment(T)
        what = Simulation(
            f"figure-{claim.slug}",
            Experiment(problem, experiment.oracle, experiment.algorithm, chosen),
            T,
            chunk or seeds,
            padded,
        )
        record = (session or Session(Settings(), Store())).record(what, seeds)
        values = record.values[:, : len(marks)]
        start = experiment.algorithm.init(problem.start(), experiment.oracle, jax.random.key(0))
        first = np.full((seeds, 1), float(chosen.at(problem, start)))
    values = np.concatenate([first, values], axis=1)
    t = np.concatenate([[0], marks])
    mean = np.sqrt(np.mean(values**2, axis=0)) if root else values.mean(axis=0)
    low, high = np.percentile(values, (LOW, HIGH), axis=0)
    same = root or type(own) is type(chosen)
    bound, stated = np.full(t.shape, np.nan), ""
    if same:
        some = np.unique(np.linspace(0, len(t) - 1, bounds + 1).astype(int))
        bound[some], stated = allowed(claim, c, T, t[some], root)
    middle = "root mean square" if root else "mean"
    words = f"{middle} of {seeds} runs" if seeds > 1 else "one run"
    return Trajectory(t, mean, low, high, bound, chosen.label("x_t"), words, stated)


def allowed(claim: Any, c: Constants, T: int, t: np.ndarray, root: bool) -> tuple[np.ndarray, str]:
    """(K,) the bound at every t, and what it is called.

    A fold over the run up to T is bounded by one number, drawn as a level. A bound on x_T holds at
    every t if the method prescribed for t is that for T, and is drawn at T alone otherwise.
    """
    theorem = claim.theorem
    size = np.sqrt if root else np.asarray
    sign = {Kind.EXACT: "law", Kind.FLOOR: "lower bound"}.get(claim.kind, "bound")
    if theorem.metric(c, T) is not base_of(theorem.metric(c, T)) and not isinstance(
        theorem.metric(c, T), AbstractPointwise
    ):
        level = size(upper(claim.bound(T)))
        words = f"{'root of the ' * root}{sign} on {theorem.metric(c, T).label()}"
        return np.full(t.shape, float(level)), words
    found = np.full(t.shape, np.nan)
    method = [] if claim.varies else jax.tree.leaves(theorem.prescribe(c, T))
    for k, at in enumerate(int(v) for v in t):
        if at == T or (at >= 1 and not claim.varies and same(theorem.prescribe(c, at), method)):
            found[k] = float(size(upper(claim.bound(at))))
    return found, sign if np.isfinite(found).sum() > 1 else f"{sign} at T"


def same(method: Any, leaves: list[Any]) -> bool:
    """Whether a method has these numbers."""
    own = jax.tree.leaves(method)
    return len(own) == len(leaves) and all(map(np.array_equal, own, leaves))


def upper(bound: Any) -> float:
    """The number of a statement, or the upper end of its range."""
    return float(bound[1] if isinstance(bound, tuple) else bound)


def plot_run(
    claim: Any,
    T: int | None = None,
    metric: AbstractMetric | None = None,
    seeds: int = 64,
    size: tuple[float, float] = (4.2, 3.0),
    session: Session | None = None,
) -> Figure:
    """A figure of ‖∇f(x_t)‖, or what the theorem is about, against t with its band and bound.

    `plot_run(claim).savefig("run.pdf")` is all that a paper needs; the runs are kept in results/,
    or nowhere with `session=Session()`.
    """
    with style.styled():
        return picture(trajectory(claim, T, metric, seeds, session), size)


def picture(found: Trajectory, size: tuple[float, float] = (4.2, 3.0)) -> Figure:
    """The figure of a trajectory; call it, and save it, inside `with style.styled()`."""
    figure, axes = style.panels(size=size)
    if np.any(found.high > found.low):
        label = f"{LOW} to {HIGH} % of the runs"
        axes.fill_between(
            found.t, found.low, found.high, color=style.BLUE, alpha=0.2, linewidth=0, label=label
        )
    axes.plot(found.t, found.mean, color=style.BLUE, label=found.middle)
    if found.stated:
        one = np.isfinite(found.bound).sum() == 1
        marks = {"marker": "_", "markersize": 12, "linestyle": "none"} if one else {}
        axes.plot(
            found.t, found.bound, **{"linestyle": "--", **marks}, color=style.VERMILION,
            label=style.math_text(found.stated),
        )  # fmt: skip
    lines = np.concatenate([found.mean, found.bound])
    lines = lines[np.isfinite(lines)]
    if lines.size and lines.min() > 0 and lines.max() > 3 * lines.min():
        low = max(float(np.min(found.low)), float(lines.min()) / 30)  # a band may reach to zero
        high = max(float(lines.max()), float(np.max(found.high[np.isfinite(found.high)])))
        axes.set_yscale("log")
        axes.set_ylim(low / 1.2, high * 1.2)
        style.plain_log(axes.yaxis, low / 1.2, high * 1.2)
    axes.set(xlabel="t", ylabel=style.math_text(found.label))
    # Above, for anywhere inside it would hide something.
    short = max(len(found.middle), len(found.stated)) < SHORT * size[0]
    figure.legend(loc="outside upper left", ncols=2 if short else 1)
    return figure
