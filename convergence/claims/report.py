"""A report: the verdict of a claim as a value, with all that is needed to read and reproduce it."""

from __future__ import annotations

import dataclasses
import inspect
import math
from typing import Any

from convergence.claims.settings import Session
from convergence.files import is_list
from convergence.statistics import Judgement, Verdict
from convergence.theorems.assumptions import Checked

SCHEMA = "convergence-report/1"


@dataclasses.dataclass
class Draft:
    """What became of a claim, before it is a report."""

    verdict: Verdict
    reason: str = ""
    judgement: Judgement | None = None
    assumptions: tuple[Checked, ...] = ()
    constants: dict[str, Any] = dataclasses.field(default_factory=dict[str, Any])
    hyper: dict[str, Any] = dataclasses.field(default_factory=dict[str, Any])
    notes: tuple[str, ...] = ()
    problem: str = ""
    noise: str = ""
    metric: str = ""

    def judge(self, judgement: Judgement) -> None:
        """Take over a judgement."""
        self.verdict, self.reason, self.judgement = judgement.verdict, judgement.reason, judgement


@dataclasses.dataclass(frozen=True)
class Report:
    """What `verify(claim)` found.

    hyper: the prescribed hyper-parameters at the largest horizon. constants: those of the
    instance. notes: warnings a reader must see (vacuous bounds, divergence, recomputed records).
    theorem, problem, noise: names of the classes, the latter two with their first line;
    metric: what was measured, as the label of an axis; explanation: the docstring of the theorem;
    note, instead: those of the claim.
    """

    slug: str
    family: str
    kind: str
    statement: str
    source: str
    provenance: str
    verdict: Verdict
    expect: Verdict
    reason: str
    judgement: Judgement | None
    assumptions: tuple[Checked, ...]
    constants: dict[str, Any]
    hyper: dict[str, Any]
    notes: tuple[str, ...]
    alpha: float
    tier: str
    seed: int
    dtype: str
    seconds: float
    theorem: str = ""
    explanation: str = ""
    problem: str = ""
    noise: str = ""
    metric: str = ""
    note: str = ""
    instead: str = ""
    look: int = 1

    @classmethod
    def of(cls, claim: Any, outcome: Draft, session: Session) -> Report:
        """The report on a claim that has a `theorem`."""
        theorem, settings = claim.theorem, session.settings
        found: dict[str, Any] = {
            f.name: getattr(outcome, f.name) for f in dataclasses.fields(outcome)
        }
        found["notes"] = (*outcome.notes, *session.notes())
        return cls(
            **found,
            slug=claim.slug,
            family=claim.family,
            kind=str(claim.kind),
            statement=theorem.statement,
            source=source_text(theorem),
            provenance=str(theorem.provenance),
            expect=claim.expect,
            alpha=settings.level,
            look=settings.look,
            tier=settings.tier,
            seed=settings.seed,
            dtype=settings.dtype,
            seconds=session.seconds,
            theorem=type(theorem).__name__,
            explanation=inspect.cleandoc(type(theorem).__doc__ or ""),
            note=claim.note,
            instead=claim.instead,
        )

    @property
    def proof(self) -> Any:
        """The replay that proves a pathwise refutation, or None."""
        return self.judgement.proof if self.judgement else None

    @property
    def expected(self) -> bool:
        """Whether the verdict is the one that the claim expects."""
        return self.verdict is self.expect

    @property
    def vacuous(self) -> bool:
        """Whether at every horizon the bound exceeds what holds trivially."""
        rows = self.judgement.rows if self.judgement else ()
        return bool(rows) and all(row.vacuous for row in rows)

    def to_json(self) -> dict[str, Any]:
        """The entry of the array `claims` in the schema of docs/json.md."""
        j = self.judgement
        return {
            "slug": self.slug,
            "family": self.family,
            "kind": self.kind,
            "statement": self.statement,
            "source": self.source,
            "provenance": self.provenance,
            "theorem": self.theorem,
            "explanation": self.explanation,
            "problem": self.problem,
            "noise": self.noise,
            "metric": self.metric,
            "note": self.note,
            "instead": self.instead,
            "verdict": str(self.verdict),
            "expect": str(self.expect),
            "reason": self.reason,
            "proof": self.proof.to_json() if self.proof else None,
            "slack": number(j.slack) if j else None,
            "power": number(j.power) if j else None,
            "grade": str(j.grade) if j and j.grade else None,
            "vacuous": self.vacuous,
            "assumptions": [
                {"name": a.name, "holds": a.holds, "value": number(a.value), "detail": a.detail}
                for a in self.assumptions
            ],
            "constants": {k: plain(v) for k, v in self.constants.items()},
            "hyper_parameters": {k: plain(v) for k, v in self.hyper.items()},
            "horizons": [
                {
                    "T": row.T,
                    "seeds": row.seeds,
                    "estimate": number(row.estimate),
                    "interval": [number(v) for v in row.interval],
                    "bound": [number(v) for v in row.bound]
                    if isinstance(row.bound, tuple)
                    else number(row.bound),
                    "e_value": number(row.e_value),
                    "grade": str(row.grade) if row.grade else None,
                    "vacuous": row.vacuous,
                    "note": row.note,
                }
                for row in (j.rows if j else ())
            ],
            "notes": list(self.notes),
            "alpha": self.alpha,
            "look": self.look,
            "tier": self.tier,
            "seconds": round(self.seconds, 3),
        }


def source_text(theorem: Any) -> str:
    """The source of a theorem as one string."""
    return f"{theorem.source.key}, {theorem.source.locus}"


def number(value: float | None) -> float | str | None:
    """A JSON number; the infinities and NaN, which JSON lacks, become their names."""
    if value is None:
        return None
    value = float(value)
    return value if math.isfinite(value) else str(value)


def plain(value: Any) -> Any:
    """A JSON value of a constant or hyper-parameter: number, string, or nested list."""
    if isinstance(value, bool | str) or value is None:
        return value
    if hasattr(value, "tolist"):
        value = value.tolist()
    if is_list(value):
        return [plain(v) for v in value]
    return number(value)
