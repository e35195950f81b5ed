"""A search for an admissible instance on which a claim's statement fails.

Batches of candidates run as one compiled program: drawn at random, then around the worst so far
with an adapting spread. What looks like a violation is measured again with fresh seeds, made
plainer, and put before the judge at level α/(k(k+1)), k = 1, 2, … attempts: all of them together
err with probability at most α.
"""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import numpy as np

from convergence.claims.base import Claim
from convergence.claims.settings import Settings, precision
from convergence.errors import InvalidInput
from convergence.keys import claim_key, run_keys
from convergence.runner.run import _one, checkpoints
from convergence.statistics import Verdict
from convergence.testing.families import Family, families
from convergence.testing.render import claim_module
from convergence.theorems.base import Kind

BATCH = 16  # candidates a program call
SEEDS = 16  # runs a candidate, at most
EXCESS = 1.02  # smaller violations than this are left to those who look for them
KINDS = (Kind.PATHWISE, Kind.EXPECTATION, Kind.FLOOR, Kind.RATE)


@dataclasses.dataclass(frozen=True)
class Findings:
    """What a search found. ratio: the worst measured/bound under fresh seeds, 1 where the bound is
    attained; for a rate the growth of measured/shape over the horizons. module: the violation as
    a file that `convergence verify` reproduces, or None."""

    slug: str
    ratio: float
    family: str
    candidates: int
    attempts: int
    seconds: float
    module: str | None
    reason: str


@eqx.filter_jit
def _batch(arrays: Any, rest: Any, marks: Any, keys: Any) -> Any:
    """(candidates, seeds, …): the metric at the last mark, NaN where a run diverged."""

    def one(arrays: Any, key: Any) -> Any:
        problem, oracle, algorithm, metric = eqx.combine(arrays, rest)
        values, finite, _ = _one(problem, oracle, algorithm, metric, marks, key)
        return jax.numpy.where(finite[-1], values[-1], math.nan)

    return jax.vmap(jax.vmap(one, in_axes=(None, 0)))(arrays, keys)


class Search:
    """The candidates of one claim: admissible or not, and how bad."""

    def __init__(self, claim: Claim, seed: int = 0):
        self.claim, self.seed, self.calls, self.candidates = claim, seed, 0, 0
        usable = [T for T in claim.horizons if T >= 8] or [claim.horizons[-1]]
        first = usable[0]
        later = [T for T in claim.horizons if 8 * first <= T] or [claim.horizons[-1]]
        self.horizons = (first, later[0]) if claim.kind is Kind.RATE else (first,)
        problem, _, c = claim.instance(self.horizons[0])
        heavy = "sigma_p" in c and float(c.get("p", 2.0)) < 2
        sigma = float(c.sigma_p if heavy else c.get("sigma", 0.0))
        shape = np.shape(problem.start())
        # A long run of a large iterate is worth fewer seeds a candidate.
        self.seeds = SEEDS if self.horizons[-1] * math.prod(shape) <= 20_000 else SEEDS // 4
        if len(shape) not in (1, 2) or not math.isfinite(sigma):
            raise InvalidInput(
                f"The instance of {claim.slug!r} has the shape {shape} and σ = {sigma:g}, but "
                "vectors or matrices and a finite moment are needed; give it such an instance."
            )
        self.families = families(shape, sigma, float(c.p) if heavy else None)

    def parts(self, family: Family, z: np.ndarray, T: int) -> tuple[Any, float] | None:
        """(problem, oracle, algorithm, metric) and the bound; None if the statement does not
        cover the instance."""
        try:
            problem, noise = family.make(z)
            claim = dataclasses.replace(self.claim, problem=problem, noise=noise)
            _, _, c = claim.instance(T)
            if not all(a.check(problem, noise, c).holds for a in self.claim.theorem.assumes):
                return None
            theorem, bound = claim.theorem, claim.theorem.bound(c, T)
            low, high = bound if isinstance(bound, tuple) else (-math.inf, float(bound))
            if math.isnan(low + high) or (low, high) == (-math.inf, math.inf):
                return None
            oracle = claim.oracle(problem, noise)
            return (problem, oracle, theorem.prescribe(c, T), theorem.metric(c, T)), bound  # type: ignore[return-value]
        except (InvalidInput, ArithmeticError, ValueError, np.linalg.LinAlgError):
            return None

    def scores(self, family: Family, points: np.ndarray) -> np.ndarray:
        """(BATCH,) measured/bound of each row, −inf where the statement does not cover it."""
        found = np.ones(len(points))
        for k, T in enumerate(self.horizons):
            values = self.ratios(family, points, T)
            found = values if k == 0 else values / np.where(found > 0, found, math.nan)
        self.candidates += len(points)
        return np.where(np.isnan(found), -math.inf, found)

    def ratios(self, family: Family, points: np.ndarray, T: int) -> np.ndarray:
        """measured/bound at T."""
        made = [self.parts(family, z, T) for z in points]
        valid = [m for m in made if m is not None]
        if not valid:
            return np.full(len(points), -math.inf)
        split = [eqx.partition((m or valid[0])[0], eqx.is_array) for m in made]
        arrays = jax.tree.map(lambda *leaves: np.stack(leaves), *(a for a, _ in split))
        self.calls += 1
        key = claim_key(f"{self.claim.slug} search {self.calls}", self.seed, T)
        seeds = self.seeds if family.noisy else 1
        keys = run_keys(key, jax.numpy.arange(len(points) * seeds))
        values = np.asarray(
            _batch(arrays, split[0][1], checkpoints(T), keys.reshape(len(points), seeds))
        )
        return np.array(
            [-math.inf if m is None else self.ratio(v, m[1]) for m, v in zip(made, values)]
        )

    def ratio(self, values: np.ndarray, bound: Any) -> float:
        """How far one candidate's runs exceed the bound, as a factor; ∞ if some diverged."""
        if np.any(np.isnan(values)):
            return math.inf
        kind = self.claim.kind
        if kind is Kind.PATHWISE:
            low, high = bound if isinstance(bound, tuple) else (-math.inf, float(bound))
            over = float(values.max()) / high if 0 < high < math.inf else 0.0
            under = low / max(float(values.min()), 1e-300) if low > 0 else 0.0
            return max(over, under)
        mean = float(values.mean())
        if kind is Kind.FLOOR:
            return float(bound) / max(mean, 1e-300)
        return mean / max(float(bound), 1e-300)


def falsify(
    claim: Any,
    budget: float = 60.0,
    alpha: float = 1e-3,
    seed: int = 0,
    tell: Callable[[str], None] | None = None,
) -> Findings:
    """Search for `budget` seconds, compilation included; at least one batch of each family."""
    if not isinstance(claim, Claim) or claim.kind not in KINDS:
        raise InvalidInput(
            f"The statement of {claim.slug!r} is of kind {claim.kind}, but one of "
            f"{', '.join(KINDS)} is needed: only a bound has a ratio to be driven up."
        )
    began, attempts = time.perf_counter(), 0
    worst: tuple[float, Family | None] = (-math.inf, None)
    module, reason = None, "no candidate was admissible"
    with precision("float64"):
        search, rng = Search(claim, seed), np.random.default_rng(seed)
        best = {f.name: (-math.inf, np.zeros(f.size), 1.0) for f in search.families}
        turn, needed = 0, EXCESS
        while turn < len(search.families) or time.perf_counter() - began < budget:
            family = search.families[turn % len(search.families)]
            turn += 1
            top, center, width = best[family.name]
            spread = np.where(np.arange(BATCH) % 2 == 0, 1.0, width)[:, None]
            around = np.where(np.arange(BATCH) % 2 == 0, 0.0, 1.0)[:, None] * center
            points = around + spread * rng.standard_normal((BATCH, family.size))
            points[0] = center
            scores = search.scores(family, points)
            k = int(np.argmax(scores))
            if scores[k] == -math.inf:
                continue
            fresh = again(search, family, points[k]) if scores[k] > top else top
            improved = fresh > top
            best[family.name] = (
                (fresh, points[k], min(1.0, 1.2 * width)) if improved
                else (top, center, max(0.05, 0.85 * width))
            )  # fmt: skip
            if improved and fresh > worst[0]:
                worst, reason = (fresh, family), "no violation survived fresh seeds"
                if tell:
                    tell(f"{family.name}: ratio {fresh:.4g} after {search.candidates} candidates")
            if improved and fresh > needed:
                attempts += 1
                until = time.perf_counter() + budget / 4
                plain = plainer(search, family, points[k], rng, until)
                found = confirm(search, family, plain, attempts, alpha)
                if found is not None:
                    module, reason = found
                    break
                needed = 1.15 * fresh  # the judge wants more: come back with a clearer case
    return Findings(
        claim.slug, worst[0], worst[1].name if worst[1] else "none", search.candidates, attempts,
        time.perf_counter() - began, module, reason,
    )  # fmt: skip


def again(search: Search, family: Family, z: np.ndarray) -> float:
    """The ratio of one candidate under fresh seeds, BATCH times as many."""
    scores = search.scores(family, np.tile(z, (BATCH, 1)))
    return float(scores.max() if search.claim.kind is Kind.PATHWISE else scores.mean())


def plainer(search: Search, family: Family, z: np.ndarray, rng: Any, until: float) -> np.ndarray:
    """z with as many zeros as leave a clear violation: a few rounds of zeroing coordinates."""
    floor = 1.0 + 0.5 * (min(again(search, family, z), 3.0) - 1.0)
    for _ in range(8):
        if time.perf_counter() > until:
            break
        trials = np.tile(z, (BATCH, 1))
        for j, trial in enumerate(trials):
            kept = np.flatnonzero(trial)
            drop = rng.choice(kept, max(1, len(kept) * (j + 1) // (2 * BATCH)), replace=False) \
                if len(kept) else kept  # fmt: skip
            trial[drop] = 0.0
        scores = search.scores(family, trials)
        good = np.flatnonzero(scores > floor)
        if not len(good):
            break
        z = trials[good[np.argmin([np.count_nonzero(trials[g]) for g in good])]]
    rounded = np.round(z, 1)
    return rounded if again(search, family, rounded) > floor else z


def confirm(
    search: Search, family: Family, z: np.ndarray, k: int, alpha: float
) -> tuple[str, str] | None:
    """The violation as a module and the judge's reason, if the judge refutes at α/(k(k+1))."""
    claim = search.claim
    problem, noise = family.make(z)
    rate = claim.kind is Kind.RATE
    slug = f"{claim.slug}-violated-{k}"
    given: dict[str, Any] = dict(
        slug=slug,
        expect=Verdict.REFUTED,
        family="violations",
        horizons=tuple(claim.horizons) if rate else search.horizons,
        seeds=min(256, max(16, claim.seeds)) if family.noisy else 1,
        note=f"found by a search of {search.candidates} instances: {family.name}",
    )
    judged = dataclasses.replace(claim, problem=problem, noise=noise, more={}, **given)
    report = judged.verify(Settings(alpha=alpha / (k * (k + 1)), seed=0))
    if report.verdict is not Verdict.REFUTED:
        return None
    story = (
        f"An instance that violates {claim.slug!r}.\n\n{claim.theorem.statement}\n\n"
        f"Found among {family.name}; {report.reason}\n"
    )
    text = claim_module(
        story.replace("\\", "\\\\"), claim.theorem, problem, noise, chunk=claim.chunk,
        margin=claim.margin, oracle=claim.oracle, **given,
    )  # fmt: skip
    return text, report.reason
