"""A claim joins a theorem, a problem and a noise; `verify(claim)` returns a report.

`prepare → measure → judge`: the assumptions are checked on the instance, the prescribed algorithm
is run at every horizon, and the samples go to the judge of the theorem's kind. Nothing here knows
which method runs or what it is supposed to do.
"""

from __future__ import annotations

import contextlib
import dataclasses
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol

import jax
import numpy as np

from convergence import statistics as st
from convergence.algorithms.base import AbstractAlgorithm
from convergence.claims.report import Report
from convergence.constants import Constants
from convergence.errors import require
from convergence.keys import claim_key
from convergence.noise.base import AbstractNoise, Noiseless
from convergence.oracles.base import AbstractOracle, Oracle
from convergence.problems.base import AbstractProblem
from convergence.runner.record import Record
from convergence.runner.run import CHUNK, run
from convergence.statistics import Judgement, Sample, Verdict
from convergence.theorems.assumptions import Checked
from convergence.theorems.base import AbstractTheorem, Kind

TIERS = ("quick", "standard", "full")
SEEDS_FACTOR = {"quick": 1, "standard": 4, "full": 32}


@dataclasses.dataclass(frozen=True)
class Settings:
    """How a registry is run. `alpha` is the budget of the whole run, shared by `claims` claims."""

    tier: str = "quick"
    seed: int = 0
    alpha: float = 1e-3
    claims: int = 1
    seeds: int | None = None
    dtype: str = "float64"

    def __post_init__(self) -> None:
        require(self.tier in TIERS, f"tier {self.tier!r}", f"one of {TIERS}", "choose one of them")
        require(0 < self.alpha < 1, f"alpha = {self.alpha}", "0 < alpha < 1", "try 1e-3")
        require(
            self.seeds is None or self.seeds >= 2,
            f"seeds = {self.seeds}",
            "at least 2 seeds",
            "a spread needs two runs; leave it out for the claim's own number",
        )
        require(
            self.dtype in ("float32", "float64"),
            f"dtype {self.dtype!r}",
            "float32 or float64",
            "choose one of them",
        )

    @property
    def share(self) -> float:
        """The part of alpha that one claim may spend."""
        return st.share(self.alpha, self.claims)


class Shelf(Protocol):
    """Where records are kept between runs; `convergence.store` has the one on disk."""

    def fetch(self, claim: Any, T: int, settings: Settings, seeds: int) -> Record | None:
        """A stored record with as many runs as there are, or None."""
        ...

    def keep(self, claim: Any, record: Record, settings: Settings) -> None:
        """Store a record."""
        ...

    def notes(self) -> tuple[str, ...]:
        """What a reader must be told since the last call (corrupt records that were recomputed)."""
        ...


Progress = Callable[[int, int], None]  # (runs done, runs in all)


@contextlib.contextmanager
def precision(dtype: str) -> Iterator[None]:
    """Compute in `dtype`, whatever the caller's global setting is."""
    with jax.enable_x64(dtype == "float64"):
        yield


class AbstractClaim:
    """What the command line, pytest and the report need of any claim."""

    slug: str
    family: str
    expect: Verdict
    kind: Kind

    def describe(self) -> dict[str, Any]:
        """Fields for `convergence show`."""
        raise NotImplementedError

    def verify(
        self, settings: Settings, shelf: Shelf | None = None, progress: Progress | None = None
    ) -> Report:
        """Run and judge."""
        raise NotImplementedError


@dataclasses.dataclass(frozen=True)
class Claim(AbstractClaim):
    """ "`theorem` holds on `problem` under `noise`", with the verdict that we expect.

    problem and noise may be functions of T for instances that vary with the horizon. horizons and
    seeds are those of the quick tier; higher tiers multiply the seeds (`SEEDS_FACTOR`) and use
    `more[tier]` for the horizons if given. margin is the equivalence margin of an exact law.
    slowest is a rounding model: the relative error allowed on a pathwise statement after one step,
    times T.
    """

    slug: str
    theorem: AbstractTheorem
    problem: AbstractProblem | Callable[[int], AbstractProblem]
    noise: AbstractNoise | Callable[[int], AbstractNoise] = Noiseless()
    family: str = "own"
    expect: Verdict = Verdict.CONSISTENT
    horizons: tuple[int, ...] = (64, 256, 1024)
    seeds: int = 256
    more: Mapping[str, tuple[int, ...]] = dataclasses.field(default_factory=dict)
    margin: float = 0.05
    note: str = ""
    chunk: int = CHUNK
    oracle: Callable[[AbstractProblem, AbstractNoise], AbstractOracle] = Oracle

    def __post_init__(self) -> None:
        require(
            all(T >= 1 for T in self.horizons) and len(self.horizons) > 0,
            f"horizons {self.horizons} in claim {self.slug!r}",
            "horizons T ≥ 1",
            "give at least one",
        )
        require(
            self.seeds >= 1, f"{self.seeds} seeds in claim {self.slug!r}", "one or more", "ask more"
        )

    @property
    def kind(self) -> Kind:  # type: ignore[override]
        return self.theorem.kind

    def instance(self, T: int) -> tuple[AbstractProblem, AbstractNoise, Constants]:
        """The instance at horizon T and its certified constants."""
        problem = self.problem if isinstance(self.problem, AbstractProblem) else self.problem(T)
        noise = self.noise if isinstance(self.noise, AbstractNoise) else self.noise(T)
        c = problem.constants()
        return problem, noise, c | noise.constants(np.shape(problem.start()))

    def plan(self, settings: Settings) -> tuple[tuple[int, ...], int]:
        """The horizons and the number of seeds of a tier."""
        horizons = tuple(self.more.get(settings.tier, self.horizons))
        own = self.seeds if self.seeds == 1 else self.seeds * SEEDS_FACTOR[settings.tier]
        return horizons, own if settings.seeds is None else settings.seeds

    def check(self, T: int) -> tuple[Checked, ...]:
        """The theorem's assumptions on the instance at horizon T."""
        problem, noise, c = self.instance(T)
        return tuple(a.check(problem, noise, c) for a in self.theorem.assumes)

    def measure(
        self,
        T: int,
        settings: Settings,
        seeds: int,
        shelf: Shelf | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> Record:
        """The record of `seeds` runs at horizon T, extending what the shelf holds."""
        stored = shelf.fetch(self, T, settings, seeds) if shelf else None
        have = stored.seeds if stored else 0
        if stored is not None and have >= seeds:
            return stored.first(seeds)
        problem, noise, c = self.instance(T)
        record = run(
            problem,
            self.oracle(problem, noise),
            self.theorem.prescribe(c, T),
            self.theorem.metric(c, T),
            T,
            claim_key(self.slug, settings.seed, T),
            seeds=range(have, seeds),
            chunk=1 if seeds == 1 else self.chunk,
            progress=progress,
        )
        record = stored.join(record) if stored else record
        if shelf:
            shelf.keep(self, record, settings)
        return record

    def sample(self, record: Record, dtype: str = "float64") -> Sample:
        """What the judge sees of a record."""
        _, _, c = self.instance(record.T)
        return Sample(
            T=record.T,
            values=record.final(),
            bound=self.theorem.bound(c, record.T),
            trivial=self.theorem.trivial(c, record.T),
            ceiling=self.theorem.ceiling(c, record.T),
        )

    def judge(self, samples: list[Sample], settings: Settings) -> Judgement:
        """The judgement of the theorem's kind."""
        _, _, c = self.instance(samples[-1].T)
        return judge(self.kind, samples, settings, c, self.margin)

    def verify(
        self, settings: Settings, shelf: Shelf | None = None, progress: Progress | None = None
    ) -> Report:
        began = time.perf_counter()
        with precision(settings.dtype):
            horizons, seeds = self.plan(settings)
            assumptions = self.check(horizons[-1])
            failed = [a for a in assumptions if not a.holds]
            if failed:
                judgement, notes = None, ()
                verdict = Verdict.INAPPLICABLE
                reason = f"assumption {failed[0].name!r} fails: {failed[0].detail}"
            else:
                done = 0

                def tell(more: int) -> None:
                    nonlocal done
                    done += more
                    if progress:
                        progress(done, seeds * len(horizons))

                records = [self.measure(T, settings, seeds, shelf, tell) for T in horizons]
                judgement = self.judge([self.sample(r) for r in records], settings)
                verdict, reason = judgement.verdict, judgement.reason
                notes = divergence(records)
            notes += shelf.notes() if shelf else ()
            _, _, c = self.instance(horizons[-1])
            hyper = {} if failed else hyper_parameters(self.theorem.prescribe(c, horizons[-1]))
        return report(
            self, settings, verdict, reason, judgement, assumptions, dict(c), hyper, notes, began
        )

    def describe(self) -> dict[str, Any]:
        horizons, seeds = self.plan(Settings())
        problem, noise, c = self.instance(horizons[-1])
        return {
            "slug": self.slug,
            "family": self.family,
            "kind": str(self.kind),
            "statement": self.theorem.statement,
            "source": source_text(self.theorem),
            "provenance": str(self.theorem.provenance),
            "expect": str(self.expect),
            "problem": first_line(problem),
            "noise": first_line(noise),
            "constants": dict(c),
            "hyper_parameters": hyper_parameters(self.theorem.prescribe(c, horizons[-1])),
            "horizons": horizons,
            "seeds": seeds,
            "note": self.note,
        }


def judge(
    kind: Kind, samples: list[Sample], settings: Settings, c: Constants, margin: float
) -> Judgement:
    """The judgement of a simulated statement of this kind."""
    alpha = settings.share
    finite = bool(np.isfinite(c["sigma"])) if "sigma" in c else False
    if kind is Kind.PATHWISE:
        eps = float(np.finfo(settings.dtype).eps)
        # One rounding of the metric's magnitude a step, with a factor 8 for the few operations.
        return st.judge_pathwise(samples, rounding=8 * eps * max(s.T for s in samples))
    if kind is Kind.EXPECTATION:
        return st.judge_expectation(samples, alpha, finite_variance=finite)
    if kind is Kind.EXACT:
        return st.judge_exact(samples, alpha, margin=margin, finite_variance=finite)
    if kind is Kind.RATE:
        return st.judge_rate(samples, alpha)
    if kind is Kind.FLOOR:
        return st.judge_floor(samples, alpha, finite_variance=finite)
    raise ValueError(f"A statement of kind {kind} has its own type of claim.")


def report(
    claim: Any,
    settings: Settings,
    verdict: Verdict,
    reason: str,
    judgement: Judgement | None,
    assumptions: tuple[Checked, ...],
    constants: dict[str, Any],
    hyper: dict[str, Any],
    notes: tuple[str, ...],
    began: float,
) -> Report:
    """Assemble the report of any kind of claim that has a `theorem`."""
    theorem = claim.theorem
    return Report(
        slug=claim.slug,
        family=claim.family,
        kind=str(claim.kind),
        statement=theorem.statement,
        source=source_text(theorem),
        provenance=str(theorem.provenance),
        verdict=verdict,
        expect=claim.expect,
        reason=reason,
        judgement=judgement,
        assumptions=assumptions,
        constants=constants,
        hyper=hyper,
        notes=tuple(notes),
        alpha=settings.share,
        tier=settings.tier,
        seed=settings.seed,
        dtype=settings.dtype,
        seconds=time.perf_counter() - began,
    )


def divergence(records: list[Record]) -> tuple[str, ...]:
    """One note a horizon at which runs left the finite numbers, with the first bad step."""
    notes = []
    for record in records:
        bad = record.first_bad[record.first_bad >= 0]
        if len(bad):
            notes.append(
                f"T = {record.T}: {len(bad)} of {record.seeds} runs left the finite numbers, "
                f"the first at step {int(bad.min())}"
            )
    return tuple(notes)


def hyper_parameters(algorithm: AbstractAlgorithm) -> dict[str, Any]:
    """The prescribed values by their path in the algorithm, small arrays included."""
    found: dict[str, Any] = {"algorithm": type(algorithm).__name__}
    for path, leaf in jax.tree_util.tree_flatten_with_path(algorithm)[0]:
        if np.size(leaf) <= 8:
            found[jax.tree_util.keystr(path).lstrip(".")] = np.asarray(leaf)
    return found


def first_line(module: Any) -> str:
    """A module's class and the first line of its docstring."""
    line = (type(module).__doc__ or "").strip().splitlines()
    return f"{type(module).__name__}: {line[0] if line else ''}"


def source_text(theorem: Any) -> str:
    """The source of a theorem as one string."""
    return f"{theorem.source.key}, {theorem.source.locus}"


def verify(claim: AbstractClaim, **settings: Any) -> Report:
    """Run one claim and judge it: `verify(claim, tier="standard", alpha=1e-6)`."""
    return claim.verify(Settings(**settings))
