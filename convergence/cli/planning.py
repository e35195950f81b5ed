"""`convergence plan`: how many seeds and which horizons a verdict needs, and at what cost."""

from __future__ import annotations

import dataclasses
import math
from argparse import Namespace
from collections.abc import Sequence
from typing import Any

from convergence.claims.base import AbstractClaim
from convergence.claims.planning import Needs, Rehearsal, pilot_of, search, speed
from convergence.claims.settings import Settings
from convergence.cli.gather import gather, sharers
from convergence.cli.streams import print_json
from convergence.errors import told
from convergence.files import write_json
from convergence.precision import precision
from convergence.statistics.planning import MOST
from convergence.store import Store
from convergence.theorems.base import Kind

SCHEMA = "convergence-plan/1"
NEEDS_NONE = "no number of seeds decides it: {}"


def plan(arguments: Namespace) -> int:
    """A table a claim; 2 if one cannot be planned."""
    claims = gather(arguments.targets)
    shared = sharers(arguments.targets, claims)
    settings = Settings(
        tier=arguments.tier, seed=arguments.seed, alpha=arguments.alpha, claims=shared
    )
    found = []
    for claim in claims:
        entry = one(claim, settings, arguments)
        found.append(entry)
        if str(arguments.json) != "-":
            show(entry, arguments)
    if arguments.json is not None:
        document = {
            "schema": SCHEMA,
            "power": arguments.power,
            "budget": arguments.budget,
            "tier": arguments.tier,
            "alpha": arguments.alpha,
            "claims": found,
        }
        print_json(document) if str(arguments.json) == "-" else write_json(arguments.json, document)
    return 2 if any(entry["error"] for entry in found) else 0


def one(claim: AbstractClaim, settings: Settings, arguments: Namespace) -> dict[str, Any]:
    """The plan of a claim as JSON."""
    entry = {
        "slug": claim.slug, "kind": str(claim.kind), "rows": [], "speed": None, "within": None,
        "look": 1, "note": "", "error": "",
    }  # fmt: skip
    try:
        with precision(settings.dtype):
            entry |= _planned(claim, settings, arguments)
    except Exception as error:
        entry["error"] = told(error)
    return entry


def _planned(claim: Any, settings: Settings, arguments: Namespace) -> dict[str, Any]:
    why = seedless(claim, settings)
    if why:
        return {"note": NEEDS_NONE.format(why)}
    store = Store(arguments.out)
    horizons = claim.plan(settings)[0]
    look = 1 + store.looks(claim.simulation(claim.horizons[-1]), settings)
    later = dataclasses.replace(settings, look=look)
    pilot = pilot_of(claim, settings, store)
    paired = claim.kind is Kind.SEPARATION
    rehearsal = Rehearsal(later, pilot, paired)
    together = {tuple(horizons): None, **{(T,): None for T in horizons}}
    plans = [search(claim, some, rehearsal, arguments.power) for some in together]
    rate = speed(claim, horizons[-1], settings) / (2 if paired else 1)
    whole = plans[0]
    seeds = int(min(arguments.budget * rate / whole.steps, 2**31 - 1))
    rehearsal.tilts = {}
    reached = claim.collect(horizons, max(2, min(seeds, MOST)), rehearsal.session)[1].power
    return {
        "look": look,
        "speed": rate,
        "rows": [row(found, rate) for found in plans],
        "within": {"seeds": seeds, "power": finite(reached)},
    }


def seedless(claim: Any, settings: Settings) -> str:
    """Why seeds do not decide a claim, or nothing."""
    if claim.kind in (Kind.PATHWISE, Kind.IDENTITY):
        return f"it is {claim.kind}, judged on every run by itself or without runs"
    horizons, seeds = claim.plan(settings)
    if seeds == 1 or all(claim.tickets(T).get("sure") for T in horizons):
        return "it tosses no coin, or is judged by exact moments"
    failed = [a for a in claim.failing(horizons) if not a.holds]
    return f"assumption {failed[0].name!r} fails, nothing is run" if failed else ""


def row(found: Needs, rate: float) -> dict[str, Any]:
    """A plan as JSON, with seconds."""

    def seconds(seeds: int | None) -> float | None:
        return None if seeds is None else seeds * found.steps / rate

    return {
        "horizons": list(found.horizons),
        "slack": finite(found.slack),
        "verdict": {"seeds": found.decides, "seconds": seconds(found.decides)},
        "power": {"seeds": found.reaches, "seconds": seconds(found.reaches)},
    }


def finite(value: float | None) -> float | None:
    """A number, or None where there is none or it is infinite."""
    return value if value is not None and math.isfinite(value) else None


def show(entry: dict[str, Any], arguments: Namespace) -> None:
    """The plan of a claim for people."""
    print(f"{entry['slug']} ({entry['kind']})")
    if entry["error"] or entry["note"]:
        print(f"  {'cannot be planned: ' * bool(entry['error'])}{entry['error'] or entry['note']}")
        return
    wanted = f"power {arguments.power:g}"
    print(f"  {'T':>16}  {'slack':>7}  {'a verdict':>10} {'takes':>8}  {wanted:>10} {'takes':>8}")
    for found in entry["rows"]:
        slack = "?" if found["slack"] is None else f"{found['slack']:.3g}"
        cells = [f"{span(found['horizons']):>16}", f"{slack:>7}"]
        for what in ("verdict", "power"):
            seeds, seconds = found[what]["seeds"], found[what]["seconds"]
            cells.append(f"{'none' if seeds is None else seeds:>10} {took(seconds):>8}")
        print("  " + "  ".join(cells))
    within = entry["within"]
    power = "no power" if within["power"] is None else f"power {within['power']:.4g}"
    print(f"  within {took(arguments.budget)}: {within['seeds']} seeds, {power}")
    if entry["look"] > 1:
        print(f"  as look {entry['look']} at this claim, at its level")
    seeds = entry["rows"][0]["verdict"]["seeds"]
    if seeds is not None:
        print(f"  convergence verify {entry['slug']} --seeds {seeds}")


def span(horizons: Sequence[int]) -> str:
    """Horizons in a cell."""
    return str(horizons[0]) if len(horizons) == 1 else f"{horizons[0]}–{horizons[-1]} together"


def took(seconds: float | None) -> str:
    """A time for people."""
    if seconds is None:
        return ""
    for unit, size in (("d", 86400.0), ("h", 3600.0), ("min", 60.0)):
        if seconds >= 2 * size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds:.2g} s" if seconds < 10 else f"{seconds:.0f} s"
