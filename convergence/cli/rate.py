"""`convergence rate`: the exponent and the constant that runs show, and what breaks them."""

from __future__ import annotations

import math
import textwrap
from argparse import Namespace
from pathlib import Path
from typing import Any

from convergence.claims.report import number
from convergence.claims.settings import Settings
from convergence.cli.falsify import keep
from convergence.cli.gather import gather
from convergence.cli.streams import print_json
from convergence.errors import InvalidInput, require
from convergence.search.conjecture import Break, Inquiry, conjecture
from convergence.search.estimate import LADDER, Estimate, Point
from convergence.search.render import claim_module
from convergence.statistics.fits import FittedLaw
from convergence.statistics.judges_rate import HORIZONS

SCHEMA = "convergence-rate/1"


def run(arguments: Namespace) -> int:
    """One estimate a claim; 1 where one is left without a conjecture."""
    horizons = sorted(set(arguments.horizons or LADDER))
    require(
        len(horizons) >= HORIZONS, f"the horizons {horizons}", f"{HORIZONS} different ones",
        "add some: a law is seen over a range",
    )  # fmt: skip
    settings = Settings(seed=arguments.seed, seeds=arguments.seeds, alpha=arguments.alpha)
    claims = gather(arguments.targets)
    found = []
    for claim in claims:
        share = arguments.budget / len(claims)
        outcome = conjecture(claim, horizons, settings, share)
        if not arguments.json:
            show(claim, outcome, settings.alpha, share)
        found.append(entry(claim, outcome, kept(claim, outcome, arguments)))
    if arguments.json:
        print_json({"schema": SCHEMA, "alpha": settings.alpha, "claims": found})
    return int(not all(one["conjecture"] for one in found))


def kept(claim: Any, outcome: Inquiry, arguments: Namespace) -> dict[str, Any]:
    """The files of the last conjecture and of what broke earlier ones."""
    quiet = bool(arguments.json)
    broken = [
        keep(f"{claim.slug}_{k}", b.module, arguments.out, quiet)
        for k, b in enumerate(outcome.breaks, start=1)
    ]
    if outcome.claim is None:
        return {"conjecture": None, "breaks": broken}
    try:
        module = claim_module(
            f"A conjecture: exponent and constant were fitted, nothing is proved.\n\n"
            f"{outcome.claim.theorem.statement}\n",
            outcome.claim,
        )
    except InvalidInput as error:  # an instance that is a function of T without a name
        if not quiet:
            tell(f"not kept: {error}")
        return {"conjecture": None, "breaks": broken}
    file = keep(claim.slug, module, arguments.out, quiet, "conjecture")
    return {"conjecture": file, "breaks": broken}


def show(claim: Any, outcome: Inquiry, alpha: float, budget: float) -> None:
    """What was found in `budget` seconds, for people."""
    of = outcome.estimate
    print(f"{claim.slug}: {claim.theorem.statement}")
    print(f"{'T':>7} {'runs':>7} {'mean':>12} {'limits':^27} {'local exponent':>15}")
    for point, local in zip(of.points, slopes(of), strict=True):
        limits = f"[{point.low:.6g}, {point.high:.6g}]" if of.grade != "exact" else "exact"
        runs = point.seeds or "moment"
        told = "round-off" if point.aside else "" if local is None else f"{local:.4f}"
        print(f"{point.T:7d} {runs:>7} {point.mean:12.6g} {limits:^27} {told:>15}")
    for one in of.laws:
        tell(sentence(one, of, alpha))
    for one in outcome.breaks:
        tell(f"broken: {one.statement}")
        tell(f"by {one.family}: {one.reason}", 4)
        tell(f"there: {sentence(one.law, of, alpha) if one.law else 'no law'}", 4)
    if outcome.claim is None:
        tell(f"no conjecture: {outcome.why}")
        return
    tell(f"conjecture: {outcome.claim.theorem.statement}")
    if outcome.candidates:
        ratio = f"worst measured/conjectured {outcome.worst:.4g}"
        worst = "" if math.isinf(outcome.worst) else f", {ratio}"
        tell(f"not broken by {outcome.candidates} instances{worst}, {outcome.seconds:.0f} s")
    elif budget > 0:
        tell(f"not searched: nothing was left of {budget:g} s")


def tell(text: str, indent: int = 2) -> None:
    """A sentence in lines of 100 columns."""
    margin = " " * indent
    lines = textwrap.wrap(text, 100, initial_indent=margin, subsequent_indent=f"{margin}  ")
    print("\n".join(lines), flush=True)


def sentence(law: FittedLaw, of: Estimate, alpha: float) -> str:
    """A law in words."""
    low, high = law.exponent
    sure = "exact" if of.grade == "exact" else f"{of.grade}, error {alpha:g}"
    where = f"T = {law.first} … {law.last}"
    if law.level:
        return (
            f"level: {law.constant[1]:.4g} on {where}; exponents [{low:.4g}, {high:.4g}] ({sure})"
        )
    if law.second is not None:
        (q, D), C = law.second, law.constant[0]
        return (
            f"two powers on {where}: {C:.4g} T^−{law.guess:.4g} + {D:.4g} T^−{q:.4g}, "
            f"slower exponents [{low:.4g}, {high:.4g}] ({sure})"
        )
    shape = f"C T^−{law.guess:.4g}" if law.shape == "power" else f"C e^(−{law.guess:.4g} T)"
    return (
        f"{law.shape} law on {where}: {shape}, exponents [{low:.4g}, {high:.4g}], C in "
        f"[{law.constant[0]:.4g}, {law.constant[1]:.4g}] ({sure})"
    )


def slopes(of: Estimate) -> list[float | None]:
    """The local exponent between each horizon and the one before."""
    found: list[float | None] = [None]
    for a, b in zip(of.points, of.points[1:], strict=False):
        good = 0 < a.mean < math.inf and 0 < b.mean < math.inf
        found.append(math.log(a.mean / b.mean) / math.log(b.T / a.T) if good else None)
    return found


def entry(claim: Any, outcome: Inquiry, files: dict[str, Any]) -> dict[str, Any]:
    """An outcome as JSON (convergence/schemas/rate.schema.json)."""
    stated: Any = outcome.claim.theorem if outcome.claim is not None else None
    return {
        "slug": claim.slug,
        "statement": claim.theorem.statement,
        "grade": outcome.estimate.grade,
        "points": [row(point) for point in outcome.estimate.points],
        "laws": [written(law) for law in outcome.estimate.laws],
        "conjecture": None if stated is None else {
            "statement": stated.statement, "since": stated.since, "exponent": stated.exponent,
            "constant": stated.constant, "geometric": stated.geometric,
            "candidates": outcome.candidates, "worst": number(outcome.worst),
            "file": files["conjecture"],
        },
        "breaks": [
            broke(one, file) for one, file in zip(outcome.breaks, files["breaks"], strict=True)
        ],
        "why": outcome.why,
        "seconds": outcome.seconds,
    }  # fmt: skip


def row(point: Point) -> dict[str, Any]:
    """A point as JSON."""
    return {
        "T": point.T, "seeds": point.seeds, "mean": number(point.mean),
        "interval": [number(point.low), number(point.high)], "aside": point.aside,
    }  # fmt: skip


def written(law: FittedLaw) -> dict[str, Any]:
    """A law as JSON."""
    return {
        "shape": law.shape, "first": law.first, "last": law.last, "guess": number(law.guess),
        "exponent": [number(end) for end in law.exponent],
        "constant": [number(end) for end in law.constant],
        "second": None if law.second is None else [number(end) for end in law.second],
    }  # fmt: skip


def broke(one: Break, file: Path | str | None) -> dict[str, Any]:
    """What broke a conjecture, as JSON."""
    return {
        "statement": one.statement, "family": one.family, "reason": one.reason,
        "law": None if one.law is None else written(one.law),
        "file": None if file is None else str(file),
    }  # fmt: skip
