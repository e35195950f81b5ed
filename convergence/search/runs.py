"""The candidates of one claim that is judged by runs: admissible or not, and how bad.

Every search has `families`, scores their points by measured/allowed, and can put a point before
the judge. Here the runs of a batch of candidates are one compiled program.
"""

from __future__ import annotations

import dataclasses
import math
from abc import ABC, abstractmethod
from typing import Any

import jax
import numpy as np

from convergence.claims.base import Claim
from convergence.claims.settings import Settings
from convergence.errors import InvalidInput
from convergence.keys import claim_key, run_keys
from convergence.noise.ripple import Ripple
from convergence.oracles.base import Oracle
from convergence.oracles.ripple import RippleOracle
from convergence.problems.base import start_shape
from convergence.runner.checks import check_metric, check_step
from convergence.runner.experiment import Experiment
from convergence.search.batches import LONGEST, inner, program, simulate
from convergence.search.climbing import BATCH
from convergence.search.instances import Instances, families, losses
from convergence.search.render import claim_module
from convergence.search.variations import like, rebuilt, variations
from convergence.statistics import Verdict
from convergence.theorems.base import Kind

SEEDS = 16  # runs a candidate, at most
KINDS = (Kind.PATHWISE, Kind.EXPECTATION, Kind.FLOOR, Kind.RATE)
# What a candidate that a statement does not cover may raise while it is put together.
OUTSIDE = (InvalidInput, ArithmeticError, ValueError, AttributeError, np.linalg.LinAlgError)


class AbstractSearch(ABC):
    """What `falsify` needs of a claim."""

    claim: Any
    families: tuple[Instances, ...]
    candidates: int = 0
    word: str = ""  # of the judge, on the last that was put before him
    refuted: Any = None  # the last claim that he refuted

    @abstractmethod
    def scores(self, family: Instances, points: np.ndarray) -> np.ndarray:
        """(B,) measured/allowed of each point, −∞ where the statement does not cover it."""

    @abstractmethod
    def again(self, family: Instances, z: np.ndarray) -> float:
        """The score of one point as it will be reported: under fresh seeds, if it has any."""

    def false(self, family: Instances, z: np.ndarray) -> str:
        """What the instance at z certifies falsely, or '': no statement covers it then."""
        return ""

    @abstractmethod
    def confirm(
        self, family: Instances, z: np.ndarray, k: int, alpha: float
    ) -> tuple[str, str] | None:
        """The violation as a module and the judge's reason, if the judge refutes at `alpha`."""

    def judged(self, claim: Any, family: Instances, alpha: float) -> tuple[str, str] | None:
        """`claim` as a module and the judge's reason, if the judge refutes it at `alpha`."""
        report = claim.verify(Settings(alpha=alpha))
        self.word = f"{report.verdict}: {report.reason}"
        if report.verdict is not Verdict.REFUTED:
            return None
        self.refuted = claim
        story = (
            f"A violation of {self.claim.slug!r}.\n\n{claim.theorem.statement}\n\n"
            f"Found among {family.name}; {report.reason}\n"
        )
        return claim_module(story, claim), report.reason

    def edge(self, family: Instances, z: np.ndarray) -> str:
        """Where the violation begins, for a parameter that the statement leaves open; or ''."""
        return ""


class RunSearch(AbstractSearch):
    """A bound or a rate, on instances that are simulated."""

    def __init__(self, claim: Claim, seed: int = 0):
        self.claim, self.seed, self.calls = claim, seed, 0
        self.recent: dict[Any, Claim] = {}
        usable = [T for T in claim.horizons if T >= 8] or [claim.horizons[-1]]
        first = usable[0]
        last = next((T for T in usable if 8 * first <= T), usable[-1])
        # Three horizons of a rate: what grows between the first two alone is a transient.
        ladder = (T for T in usable if last >= T)
        self.horizons = tuple(ladder) if claim.kind is Kind.RATE else (first,)
        self.open = tuple(getattr(claim.theorem, "open", ()))
        problem, noise, c = claim.instance(first)
        shape = start_shape(problem)
        # A long run of a large iterate is worth fewer seeds a candidate.
        self.seeds = SEEDS if self.horizons[-1] * math.prod(shape) <= 20_000 else SEEDS // 4
        more = [*self.generic(shape, noise, c), *losses(problem)]
        order = np.random.default_rng(seed).permutation(len(more))  # short searches see few
        found = [*self.own(problem, noise, first), *(more[k] for k in order)]
        if not found:
            raise InvalidInput(
                f"The instance of {claim.slug!r} has the shape {shape} and varies with T, but "
                "vectors or matrices, or one instance for all T, is needed; give it such a one."
            )
        self.families = tuple(f._replace(size=f.size + len(self.open)) for f in found)

    def own(self, problem: Any, noise: Any, T: int) -> list[Instances]:
        """Instances like the claim's own, unless it varies with T and several T are compared."""
        fixed = not self.claim.varies
        if not fixed and len(self.horizons) > 1:
            return []
        (k, make), (more, shake) = variations(problem), variations(noise)
        noisy = noise.constants(start_shape(problem)).get("sigma", 1.0) != 0

        def both(z: np.ndarray) -> Any:
            return make(z[:k]), shake(z[k : k + more])

        # The method may draw samples of its own, whatever the noise.
        return [Instances(like(problem, noise), k + more, both, noisy or self.claim.seeds > 1)]

    def generic(self, shape: tuple[int, ...], noise: Any, c: Any) -> list[Instances]:
        """Problems and noises in closed form, where the claim's oracle can ask them."""
        ripple = noise if isinstance(noise, Ripple) else None
        c = ripple.zeta.constants(shape) if ripple is not None else c
        heavy = "sigma_p" in c and float(c.get("p", 2.0)) < 2
        sigma = float(c.sigma_p if heavy else c.get("sigma", 0.0))
        plain = self.claim.oracle is Oracle or (
            ripple is not None and self.claim.oracle is RippleOracle
        )
        if not plain or len(shape) not in (1, 2) or not math.isfinite(sigma):
            return []
        found = families(shape, sigma, float(c.p) if heavy else None)
        if ripple is None:
            return list(found)
        return [f._replace(make=_rippled(f, ripple)) for f in found]

    def theorem(self, z: np.ndarray) -> Any:
        """The claim's theorem with its open parameters times eᶻ, the last entries of z."""
        if not self.open:
            return self.claim.theorem
        theorem, tail = self.claim.theorem, z[-len(self.open) :]
        new = {n: float(getattr(theorem, n)) * math.exp(e) for n, e in zip(self.open, tail)}
        return rebuilt(theorem, **new)

    def candidate(self, family: Instances, z: np.ndarray) -> Claim:
        """The claim on the instance at z; of the last points it is kept, for every horizon."""
        key = family.name, z.tobytes()
        if key not in self.recent:
            problem, noise = family.make(z)
            if len(self.recent) >= BATCH:
                self.recent.clear()
            self.recent[key] = dataclasses.replace(
                self.claim, problem=problem, noise=noise, theorem=self.theorem(z)
            )
        return self.recent[key]

    def false(self, family: Instances, z: np.ndarray) -> str:
        found = [self.candidate(family, z).certified(T) for T in self.horizons]
        return next((c.detail for c in found if not c.holds), "")

    @np.errstate(all="ignore")  # far-off candidates overflow, and are left out
    def parts(self, family: Instances, z: np.ndarray, T: int) -> tuple[Experiment, Any] | None:
        """The experiment and the bound; None if the statement does not cover the instance."""
        try:
            claim = self.candidate(family, z)
            _, _, c = claim.instance(T)
            theorem = claim.theorem
            if not all(a.holds for a in claim.check(T)):
                return None
            bound = theorem.bound(c, T)
            low, high = bound if isinstance(bound, tuple) else (-math.inf, float(bound))
            if math.isnan(low + high) or (low, high) == (-math.inf, math.inf):
                return None
            made = claim.experiment(T)
            return None if inner(made.algorithm) * T > LONGEST else (made, bound)
        except OUTSIDE:
            return None

    def scores(self, family: Instances, points: np.ndarray) -> np.ndarray:
        rows = np.array([self.ratios(family, points, T) for T in self.horizons])
        self.candidates += len(points)
        found = growth(rows, self.horizons) if len(rows) > 1 else rows[0]
        return np.where(np.isnan(found), -math.inf, found)

    def ratios(self, family: Instances, points: np.ndarray, T: int) -> np.ndarray:
        """measured/bound at T."""
        made = [self.parts(family, z, T) for z in points]
        groups: dict[Any, list[int]] = {}
        for j, m in enumerate(made):
            if m is not None:
                groups.setdefault(program(m[0]), []).append(j)
        found = np.full(len(points), -math.inf)
        for members in groups.values():
            if not measurable(made[members[0]]):
                continue
            runs = [made[j] for j in np.resize(members, len(points))]
            keys = self.keys(family, len(points), T)
            values = simulate([m[0] for m in runs if m is not None], T, keys)
            for j, v in zip(members, values):
                m = made[j]
                found[j] = self.ratio(v, m[1]) if m is not None else found[j]
        return found

    def keys(self, family: Instances, count: int, T: int) -> Any:
        """(count, seeds) fresh ones."""
        self.calls += 1
        key = claim_key(f"{self.claim.slug} search {self.calls}", self.seed, T)
        seeds = self.seeds if family.noisy else 1
        return run_keys(key, jax.numpy.arange(count * seeds)).reshape(count, seeds)

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

    def again(self, family: Instances, z: np.ndarray) -> float:
        """Under fresh seeds, BATCH times as many."""
        scores = self.scores(family, np.tile(z, (BATCH, 1)))
        return float(scores.max() if self.claim.kind is Kind.PATHWISE else scores.mean())

    def confirm(
        self, family: Instances, z: np.ndarray, k: int, alpha: float, most: int = 256
    ) -> tuple[str, str] | None:
        claim = self.candidate(family, z)
        given: dict[str, Any] = dict(
            slug=f"{claim.slug}-violated-{k}",
            expect=Verdict.REFUTED,
            family="violations",
            horizons=tuple(claim.horizons) if claim.kind is Kind.RATE else self.horizons,
            seeds=max(16, min(most, max(most // 16, claim.seeds))) if family.noisy else 1,
            note=f"found by a search of {self.candidates} instances: {family.name}",
        )
        return self.judged(dataclasses.replace(claim, more={}, **given), family, alpha)

    def edge(self, family: Instances, z: np.ndarray) -> str:
        """The least violated value of the open parameter at a long horizon, by four grids."""
        if len(self.open) != 1:
            return ""
        short, self.horizons = self.horizons, (64 * self.horizons[0],)
        low, high = z[-1] - math.log(1e4), z[-1]
        for _ in range(4):
            grid = np.linspace(low, high, BATCH)
            points = np.tile(z, (BATCH, 1))
            points[:, -1] = grid
            good = np.flatnonzero(self.scores(family, points) <= 1)
            low = grid[good[-1]] if len(good) else low
            high = grid[min(good[-1] + 1, BATCH - 1)] if len(good) else high
        T, self.horizons = self.horizons[0], short
        value = float(getattr(self.claim.theorem, self.open[0])) * math.exp(high)
        return f"violated from {self.open[0]} = {value:.4g} on at T = {T}"


def measurable(made: tuple[Experiment, Any] | None) -> bool:
    """Whether the problem answers all that metric and method ask: f*, say, or a minimizer."""
    try:
        if made is not None:
            check_metric(made[0], updated=True)
            check_step(made[0])
    except OUTSIDE:
        return False
    return made is not None


@np.errstate(all="ignore")
def growth(rows: np.ndarray, horizons: Any) -> np.ndarray:
    """(B,) from rows of shape (horizons, B): the growth from first to last at the slowest pace,
    ∞ where the last runs diverge and the first do not, NaN where a row is not positive."""
    logT = np.log(np.asarray(horizons, float))
    pace = np.diff(np.log(rows), axis=0) / np.diff(logT)[:, None]
    grown = np.exp(np.fmin.reduce(pace) * (logT[-1] - logT[0]))
    grown = np.where(np.isinf(rows[-1]) & np.isfinite(rows[0]), math.inf, grown)
    return np.where(np.all(rows > 0, axis=0), grown, math.nan)


def _rippled(family: Instances, ripple: Ripple) -> Any:
    """The family's noises with the claim's ripple on top."""

    def make(z: np.ndarray) -> Any:
        problem, noise = family.make(z)
        return problem, Ripple(noise, ripple.s)

    return make
