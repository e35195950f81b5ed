"""What the explorer shows: a statement on an instance that sliders vary, run and judged."""

from __future__ import annotations

import dataclasses
import functools
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import numpy as np

from convergence.claims.base import AbstractClaim, Claim
from convergence.claims.report import plain
from convergence.claims.settings import Session, Settings
from convergence.constants import Constants
from convergence.errors import InvalidInput, require, told
from convergence.explore import picture
from convergence.explore.explored import Explored, KeptRuns, Rough
from convergence.explore.query import Query
from convergence.figures.runs import POINTS, Trajectory, trajectory
from convergence.precision import precision
from convergence.report.page import typeset
from convergence.search.variations import parts_of, rebuilt
from convergence.theorems.base import Kind

SCHEMA = "convergence-explore/1"
DRAWN = 128  # runs of the picture at most; all are judged
AT_ONCE = 32  # runs of a chunk, so that a few cost little
ROUGH = 32  # runs while a slider moves
FEW = 12  # places at which the bound is then asked for
KEPT = 32  # experiments whose runs are remembered


class Bench:
    """Answers queries about the statements of `claims`, one at a time."""

    def __init__(self, claims: Sequence[AbstractClaim]):
        self.claims = {c.slug: c for c in claims if type(c) is Claim}
        require(
            self.claims,
            "no claim that is judged by runs",
            "at least one",
            "name other claims, or none for all that are known",
        )
        self.first: dict[str, Claim] = {}  # the first claim of each statement
        for claim in self.claims.values():
            self.first.setdefault(type(claim.theorem).__name__, claim)
        self.lock = threading.Lock()
        self.remember = functools.lru_cache(KEPT)(self._remember)
        self.choices = functools.cache(self._choices)
        self.knobs = functools.lru_cache(KEPT)(self._knobs)

    def menu(self) -> list[dict[str, str]]:
        """The statements, with the slug of the claim that each begins at."""
        return [
            {"slug": claim.slug, "family": claim.family, "name": name}
            for name, claim in sorted(self.first.items(), key=lambda item: item[1].family)
        ]

    def claim(self, slug: str) -> Claim:
        """The claim of a slug that can be explored."""
        require(
            slug in self.claims,
            f"the claim {slug!r}",
            "one that is judged by runs on an instance",
            "choose one of the lists",
        )
        return self.claims[slug]

    def answer(self, query: Query) -> dict[str, Any]:
        """What the page shows for a query, under the schema of `explore.schema.json`."""
        with self.lock:
            began = time.perf_counter()
            base, shelf, _ = self.remember(query.without_factor())
            claim = base.times(query.factor)
            report = claim.verify(Settings(alpha=query.alpha), shelf)
            told_of = report.to_json()
            shown, why = None, report.reason
            if told_of["horizons"]:
                shown, why = self.runs(claim, query)
            return {
                "schema": SCHEMA,
                "query": query.to_json(),
                "report": told_of,
                "trajectory": shown and listed(shown),
                "no_trajectory": why,
                "statement": str(typeset(told_of["statement"])),
                "svg": picture.draw(shown) if shown else "",
                "controls": self.controls(query),
                "seconds": round(time.perf_counter() - began, 4),
            }

    def runs(self, claim: Explored, query: Query) -> tuple[Trajectory | None, str]:
        """The picture's runs, or why there are none."""
        try:
            runs = self.remember(query.without_factor())[2]
            with precision("float64"):
                return trajectory(
                    claim,
                    query.T,
                    seeds=min(claim.seeds, DRAWN),
                    session=runs,
                    chunk=AT_ONCE,
                    bounds=FEW if query.rough else POINTS,
                ), ""
        except (InvalidInput, TypeError, ValueError, NotImplementedError) as error:
            return None, told(error)

    def _remember(self, query: Query) -> tuple[Explored, KeptRuns, Session]:
        """The varied claim, where its runs are kept, and those of its picture."""
        start, sides = self.claim(query.claim), self.sides(query)
        varied = {side: vary(thing, query.of(side)) for side, thing in sides.items()}
        T, last = query.T, start.horizons[-1]
        seeds = min(query.seeds, ROUGH) if query.rough else query.seeds
        ladder = start.horizons if start.kind is Kind.RATE else (last,)
        claim = (Rough if query.rough else Explored)(
            "explore",
            **varied,
            family=start.family,
            horizons=tuple(sorted({max(1, T * at // last) for at in ladder})),
            seeds=1 if start.seeds == 1 and not query.noise else seeds,
            margin=start.margin,
            chunk=min(start.chunk, AT_ONCE),
            oracle=start.oracle,
        )
        return claim, KeptRuns(), Session(Settings(), KeptRuns())

    def controls(self, query: Query) -> dict[str, Any]:
        """The problems and noises that a statement can be put on, and what can be varied."""
        return {
            **self.choices(query.claim),
            "knobs": self.knobs(query.without_factor()._replace(factors=(), rough=False)),
        }

    def _knobs(self, query: Query) -> list[str]:
        return [
            f"{side}.{name}"
            for side, thing in self.sides(query).items()
            for name, _, _ in parts_of(built(thing, query.T))
        ]

    def sides(self, query: Query) -> dict[str, Any]:
        """Theorem, problem and noise before they are varied."""
        return {
            "theorem": self.claim(query.claim).theorem,
            "problem": self.claim(query.problem or query.claim).problem,
            "noise": self.claim(query.noise or query.claim).noise,
        }

    def _choices(self, slug: str) -> dict[str, list[dict[str, str]]]:
        start = self.claim(slug)
        T = start.horizons[-1]
        with precision("float64"):
            x = built(start.problem, T).start()
            problems, noises = {}, {}
            for claim in (start, *self.claims.values()):
                if claim.oracle is not start.oracle:
                    continue
                name = label(claim.problem)
                own = type(claim.theorem) is type(start.theorem)
                if (own or name not in problems) and fits(claim, x.ndim):
                    problems.setdefault(f"{name} · {claim.slug}" if own else name, claim.slug)
                name = label(claim.noise)
                if name not in noises and draws(claim, x):
                    noises[name] = claim.slug
        return {
            side: [{"slug": found, "name": name} for name, found in options.items()]
            for side, options in (("problems", problems), ("noises", noises))
        }


def built(thing: Any, T: int) -> Any:
    """A problem or noise, at T where it is a function of that."""
    return thing if not callable(thing) or dataclasses.is_dataclass(thing) else thing(T)


def label(thing: Any) -> str:
    """What a menu calls a problem or noise."""
    made = built(thing, 16)
    return type(made).__name__ + (" for each T" if made is not thing else "")


def fits(claim: Claim, ndim: int) -> bool:
    """Whether its problem has iterates of as many axes."""
    try:
        return built(claim.problem, claim.horizons[-1]).start().ndim == ndim
    except (TypeError, ValueError):
        return False


def draws(claim: Claim, x: Any) -> bool:
    """Whether its noise can be added to a gradient at x, and vouches for itself there."""
    noise = built(claim.noise, claim.horizons[-1])
    try:
        drawn = jax.eval_shape(noise.draw, x, jax.random.key(0))
        known: Constants = noise.constants(x.shape)
    except (TypeError, ValueError, IndexError):
        return False
    return drawn.shape == x.shape and bool(known)


def vary(thing: Any, factors: Mapping[str, float]) -> Any:
    """`thing` with each of its numbers times its factor, checked as when it was built."""
    if not factors:
        return thing
    if callable(thing) and not dataclasses.is_dataclass(thing):
        return lambda T: vary(thing(T), factors)
    parts: dict[str, tuple[int, Callable[[np.ndarray], Any]]] = {
        name: (size, make) for name, size, make in parts_of(thing)
    }
    for name in factors:
        require(
            name in parts,
            f"a factor for {name!r} of {type(thing).__name__}",
            f"one of {', '.join(parts) or 'nothing: it has no number to vary'}",
            "leave it out",
        )
    changed = {
        name: parts[name][1](np.full(parts[name][0], np.log(factor)))
        for name, factor in factors.items()
    }
    return rebuilt(thing, **changed)


def listed(found: Trajectory) -> dict[str, Any]:
    """A trajectory as JSON takes it."""
    columns = {name: plain(values) for name, values in found.columns().items()}
    return {**columns, "label": found.label, "middle": found.middle, "stated": found.stated}
