"""A claim joins a theorem, a problem and a noise; `verify(claim)` returns a report.

`check → measure → judge`: the assumptions are checked on the instance, the prescribed algorithm
is run at every horizon, and the samples go to the judge of the theorem's kind. Nothing here knows
which method runs or what it is supposed to do.
"""

from __future__ import annotations

import dataclasses
import functools
from abc import abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from convergence.claims.answers import check_bound, check_made
from convergence.claims.assemble import as_pathwise, divergence, first_line, judge, lifted, refusal
from convergence.claims.certificates import LOOPED, certified, computed
from convergence.claims.credentials import answered, broken, credentials, uniform
from convergence.claims.fields import check_fields, counts
from convergence.claims.planning import judged
from convergence.claims.report import Draft, Report, source_text
from convergence.claims.settings import SEEDS_FACTOR, Progress, Session, Settings, Shelf
from convergence.claims.settle import held, settle
from convergence.constants import Constants
from convergence.errors import Unknown, require, shown
from convergence.noise.base import AbstractNoise, Noiseless
from convergence.oracles.base import AbstractOracle, Oracle
from convergence.precision import precision, wide
from convergence.problems.base import AbstractProblem
from convergence.runner.checks import check_metric
from convergence.runner.experiment import CHUNK, Experiment, Simulation
from convergence.runner.record import Record
from convergence.statistics import Judgement, Sample, Verdict
from convergence.theorems.assumptions import Checked
from convergence.theorems.base import AbstractTheorem, Kind


class AbstractClaim:
    """What the command line, pytest and the report need of any claim."""

    slug: str
    theorem: Any
    family: str
    expect: Verdict
    note: str = ""
    instead: str = ""

    @property
    def kind(self) -> Kind:
        """How it is judged."""
        raise NotImplementedError

    def join(self, family: str) -> None:
        """Take the name of the family that lists this claim, unless it has one."""
        if self.family == "own":
            object.__setattr__(self, "family", family)  # a claim is otherwise frozen

    def describe(self) -> dict[str, Any]:
        """Fields for `convergence show`."""
        return {
            "slug": self.slug,
            "family": self.family,
            "kind": str(self.kind),
            "statement": self.theorem.statement,
            "source": source_text(self.theorem),
            "provenance": str(self.theorem.provenance),
            "expect": str(self.expect),
            **self.particulars(),
            "note": self.note,
        }

    def particulars(self) -> dict[str, Any]:
        """Those of its kind alone."""
        raise NotImplementedError

    def verify(
        self, settings: Settings, shelf: Shelf | None = None, progress: Progress | None = None
    ) -> Report:
        """Run and judge."""
        raise NotImplementedError


@dataclasses.dataclass(frozen=True)
class AbstractOnInstance(AbstractClaim):
    """ "`theorem` holds on `problem` under `noise`", with the verdict that we expect.

    problem and noise may be functions of the horizon T. horizons and seeds are those of the quick
    tier; higher tiers multiply the seeds (`SEEDS_FACTOR`) and use `more[tier]` for the horizons if
    given. margin: of the equivalence of an exact law. instead: the claim that corrects a false one.
    """

    compares: ClassVar[bool] = False  # whether it can judge a statement about two methods

    slug: str
    theorem: AbstractTheorem
    problem: AbstractProblem | Callable[[int], AbstractProblem]
    noise: AbstractNoise | Callable[[int], AbstractNoise] = Noiseless()
    _: dataclasses.KW_ONLY
    family: str = "own"
    expect: Verdict = Verdict.CONSISTENT
    horizons: tuple[int, ...] = (64, 256, 1024)
    seeds: int = 512  # what an asymptotic limit takes at a level of 1e-6 shared by 1000 claims
    more: Mapping[str, tuple[int, ...]] = dataclasses.field(
        default_factory=dict[str, tuple[int, ...]]
    )
    margin: float = 0.05
    note: str = ""
    chunk: int = CHUNK
    oracle: Callable[[AbstractProblem, AbstractNoise], AbstractOracle] = Oracle
    instead: str = ""
    judged, broken, settle, held, looped = judged, broken, settle, held, LOOPED  # less, at once

    def __post_init__(self) -> None:
        check_fields(self)
        for name, value in counts(self).items():
            object.__setattr__(self, name, value)

    @property
    def kind(self) -> Kind:
        return self.theorem.kind

    @property
    def varies(self) -> bool:
        """Whether the instance is a function of the horizon."""
        made = (self.problem, AbstractProblem), (self.noise, AbstractNoise)
        return not all(isinstance(part, kind) for part, kind in made)

    def instance(self, T: int) -> tuple[AbstractProblem, AbstractNoise, Constants]:
        """The instance at horizon T and its certified constants."""
        key = T if self.varies else 0, wide()
        if key not in self._made:
            problem = self.problem if isinstance(self.problem, AbstractProblem) else self.problem(T)
            noise = self.noise if isinstance(self.noise, AbstractNoise) else self.noise(T)
            self._made[key] = problem, noise, answered(self, problem, noise, T)
        return self._made[key]

    @functools.cached_property
    def _made(self) -> dict[Any, Any]:
        """What is made once in a precision: instances, by T if they vary, experiments, tickets."""
        return {}

    def plan(self, settings: Settings) -> tuple[tuple[int, ...], int]:
        """The horizons and the number of seeds of a tier."""
        horizons = tuple(self.more.get(settings.tier, self.horizons))
        own = self.seeds if self.seeds == 1 else self.seeds * SEEDS_FACTOR[settings.tier]
        return horizons, own if settings.seeds is None else settings.seeds

    def check(self, T: int) -> tuple[Checked, ...]:
        """The theorem's assumptions on the instance at horizon T; they also see, as `c.plain`,
        whether a gradient of the oracle is ∇f and one draw of the noise."""
        problem, noise, c = self.instance(T)
        seen = c | {"plain": type(self.oracle(problem, noise)).grad is Oracle.grad}
        return uniform(self, T, self.theorem.check(problem, noise, seen, T))

    def certified(self, T: int) -> Checked:
        """Whether what the instance at horizon T certifies agrees with what is seen of it."""
        problem, noise, c = self.instance(T)
        return credentials(self.theorem, self.oracle, problem, noise, c)

    def failing(self, horizons: tuple[int, ...]) -> tuple[Checked, ...]:
        """The assumptions at the first horizon at which one fails, or else at the last; first of
        them, that the instance certifies nothing false."""
        found: tuple[Checked, ...] = ()
        for T in horizons:
            found = (self.certified(T),)
            found += self.check(T) if found[0].holds else ()
            if not all(a.holds for a in found):
                break
        return found

    def experiment(self, T: int, rival: bool = False) -> Experiment:
        """What is run at horizon T: the prescribed method, or the theorem's rival."""
        key = "experiment", T, rival, wide()
        if key not in self._made:
            problem, noise, c = self.instance(T)
            prescribe = self.theorem.rival if rival else self.theorem.prescribe
            metric = self.theorem.metric(c, T)
            made = check_made(self, prescribe(c, T), metric, T)
            self._made[key] = Experiment(problem, self.oracle(problem, noise), made, metric)
        return self._made[key]

    def tickets(self, T: int, rival: bool = False) -> dict[str, Any]:
        """What is certified of the metric at horizon T, for `statistics.Sample`."""
        key = "tickets", T, rival, wide()
        if key not in self._made:
            c, run = self.instance(T)[2], self.experiment(T, rival)
            try:
                self._made[key] = certified(self.theorem, c, run, T, self.looped)
            except TypeError:
                check_metric(run, vectors=False)
                raise
        return self._made[key]

    def measure(self, T: int, session: Session, seeds: int, rival: bool = False) -> Record:
        """The record of `seeds` runs at horizon T."""
        return session.record(self.simulation(T, rival), seeds)

    def simulation(self, T: int, rival: bool = False) -> Simulation:
        """The runs that it asks for at horizon T."""
        return Simulation(self.slug, self.experiment(T, rival), T, self.chunk)

    def bound(self, T: int) -> Any:
        """What the theorem states at horizon T: a number, or a range."""
        return check_bound(self.theorem.bound(self.instance(T)[2], T), T, self.slug)

    def sample(self, record: Record) -> Sample:
        """What the judge sees of a record."""
        return Sample(
            T=record.T,
            values=lifted(self, record),
            bound=self.bound(record.T),
            trivial=computed(self.theorem.trivial, self.instance(record.T)[2], record.T),
            **({} if self.kind is Kind.PATHWISE else self.tickets(record.T)),
        )

    @abstractmethod
    def collect(
        self, horizons: tuple[int, ...], seeds: int, session: Session
    ) -> tuple[list[Record], Judgement]:
        """Measure at every horizon, and judge by the theorem's kind."""

    def verify(
        self, settings: Settings, shelf: Shelf | None = None, progress: Progress | None = None
    ) -> Report:
        session = Session(settings, shelf, progress)
        horizons, seeds = self.plan(settings)
        last, session.total = horizons[-1], seeds * len(horizons)
        with precision("float64"):  # hypotheses are about an instance, however it is run
            assumptions = self.failing(horizons)
        with precision(settings.dtype):
            failed = [a for a in assumptions if not a.holds]
            problem, noise, c = self.instance(last)
            found = Draft(
                verdict=Verdict.INAPPLICABLE,
                assumptions=assumptions,
                constants=dict(c),
                problem=first_line(problem),
                noise=first_line(noise),
            )
            if not failed:
                records, judgement = self.judged(horizons, seeds, session)
                failed = self.broken(records, judgement, session)
                found.assumptions += failed
                found.notes = divergence(records)
                found.hyper = self.experiment(last).algorithm.hyper()
                found.metric = self.theorem.metric(c, last).label()
                if not failed:
                    found.judge(judgement)
            if failed:
                found.reason = refusal(failed[0], c)
        return Report.of(self, found, session)

    def prescribed(self, c: Constants, T: int) -> dict[str, Any]:
        """The hyper-parameters; none where the instance lacks a constant that they need."""
        try:
            return self.theorem.prescribe(c, T).hyper()
        except Unknown as error:
            return {"none": str(error)}

    def particulars(self) -> dict[str, Any]:
        horizons, seeds = self.plan(Settings())
        problem, noise, c = self.instance(horizons[-1])
        return {
            "problem": first_line(problem),
            "noise": first_line(noise),
            "constants": dict(c),
            "hyper_parameters": self.prescribed(c, horizons[-1]),
            "horizons": horizons,
            "seeds": seeds,
        }


@dataclasses.dataclass(frozen=True)
class Claim(AbstractOnInstance):
    """A statement on an instance, judged by runs; by one, pathwise, where no coin is tossed."""

    def collect(
        self, horizons: tuple[int, ...], seeds: int, session: Session
    ) -> tuple[list[Record], Judgement]:
        kind = self.kind
        sure = kind is not Kind.PATHWISE and all(self.tickets(T).get("sure") for T in horizons)
        records = [self.measure(T, session, 1 if sure else seeds) for T in horizons]
        samples = [self.sample(record) for record in records]
        if sure and kind is not Kind.RATE:
            kind, samples = Kind.PATHWISE, [as_pathwise(kind, sample) for sample in samples]
        if kind is not Kind.PATHWISE:
            session.look(self.simulation(self.horizons[-1]), samples)
        judgement = judge(kind, samples, session.settings, self.margin)
        if judgement.verdict is Verdict.REFUTED or kind is Kind.FLOOR:
            stand = self.settle if kind is Kind.PATHWISE else self.held
            judgement = stand(records, samples, session)
        return records, judgement


def verify(claim: AbstractClaim, **settings: Any) -> Report:
    """Run one claim and judge it: `verify(claim, tier="standard", alpha=1e-6)`."""
    known: Any = claim
    require(isinstance(known, AbstractClaim), shown(claim), "a Claim", "see docs/adding.md")
    return claim.verify(Settings.of(settings))
