"""Statements with explicit constants that no claim of a run holds tightly: power above 1.25.

    python -m tests.statistics.power results/report.json

reads the JSON of `convergence verify --json` and writes its table into docs/verdicts.md: the
statement, its tightest claim, that claim's slack and power, and where the looseness comes from.
"""

import json
import math
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

TIGHT = 1.25  # a constant overstated by a quarter would have been seen
PAGE = Path(__file__).parents[2] / "docs/verdicts.md"
BEGIN = "<!-- power: python -m tests.statistics.power results/report.json -->"
END = "<!-- end of power -->"
RUNS = "attained: what is left is the scatter of so few runs"
# Why the tightest instance that is known is no tighter, by theorem.
WHY = {
    "DSGDTuned": "the terms of the bound at their worst apart; 1/4 of it is the most that is known",
    "DSGDSpeedUp": "its last term may be as large as the first two; 1/4 of it is the most known",
    "LocalStepsNonconvex": "drift and sampling attained apart; no sharper instance is known",
    "LocalStepsAlong": "drift and sampling attained apart; no sharper instance is known",
    "DSGDNonconvexAlong": "mixing and heterogeneity attained apart; `DSGDDescent` is attained",
    "MomentumFiniteVariance": "constants 29, 21 and 8 as recalled; derived ones are 5 and 2",
    "NSGDClippedLevel": "the quoted clip level is far above the gradients",
    "NSGDMomentumRate": "rounded to a closed form in T",
    "NSGDUnknown": "rounded to a closed form in T",
    "GoLoreMSGD": "Young's inequality on every block of a held subspace",
    "GoLoreLazy": "Young's inequality on every block of a held subspace",
    "GaLoreLargeBatch": "Young's inequality between noise and gradient outside the subspace",
    "RSGF": "a step four times shorter than the second moment allows",
    "RSGFTuned": "a step four times shorter than the second moment allows, then rounded",
    "GradientFreeConvex": "a step four times shorter than the second moment allows",
    "AcceleratedAsStated": "steps of the paper, four and sixteen times shorter than allowed",
    "Accelerated": "two equal parts of a potential, of which f is one: 2 is attained",
    "RSOBudgetZO": "Markov's inequality on the number of steps",
    "RSOBudgetSGD": "the number of steps is rounded up to halve the error",
    "RSOPaper": "the recalled 18 in place of 6",
    "RSOSteps": "strong convexity and smoothness, attained apart",
    "RSOInexact": "strong convexity and smoothness, attained apart",
    "StormMoment": "Minkowski's inequality in place of orthogonality",
    "SGDMBase": "Young's inequality between momentum and gradient; recalled",
    "FixedSplitRounded": "Young's inequality, rounded",
    "RandomSplit": "the weighted inner product at its worst in every coordinate",
    "LozoSmooth": "Young's inequality on every period",
    "SGDHoelder": "the Hölder constant that L and G imply is attained at one length of step",
    "ClippedSGDNonconvex": "bias and variance of clipping, attained apart",
    "SampledSGD": "a rare row: more runs",
    "BatchNSGDBudget": "the moment lemma is attained in the limit of rare spikes",
    "StormB": "the moment lemma is attained in the limit of rare spikes",
    "NSGDMomentumExact": "drift and noise, attained apart",
    "EvenBatchConverges": "more than one visible row: `EvenBatchLaw` is the equality",
    "EControlStochastic": "Minkowski's inequality between drift and noise",
}


def loose(claims: Iterable[dict[str, Any]]) -> list[tuple[str, str, float, float]]:
    """(theorem, its tightest claim, slack, power) of those above `TIGHT`, the loosest first."""
    best: dict[str, tuple[float, float, str]] = {}
    for claim in claims:
        if claim["kind"] != "expectation" or claim["expect"] != "CONSISTENT":
            continue
        power, slack = (
            float(claim[key]) if claim[key] is not None else math.inf for key in ("power", "slack")
        )
        found = power, slack, claim["slug"]
        best[claim["theorem"]] = min(best.get(claim["theorem"], found), found)
    rows = [(name, slug, slack, power) for name, (power, slack, slug) in best.items()]
    return sorted((row for row in rows if row[3] > TIGHT), key=lambda row: -row[3])


def table(claims: Iterable[dict[str, Any]]) -> str:
    """The Markdown."""
    claims = list(claims)
    lines = ["| statement | tightest claim | slack | power | why |", "|---|---|---|---|---|"]
    for name, slug, slack, power in loose(claims):
        why = WHY.get(name, RUNS if slack <= 1.03 else "a tighter instance was not looked for")
        lines.append(f"| `{name}` | `{slug}` | {slack:.3g} | {power:.3g} | {why} |")
    return "\n".join(lines)


def write(claims: Iterable[dict[str, Any]]) -> None:
    """Put the table into its page."""
    before, rest = PAGE.read_text().split(BEGIN)
    after = rest.split(END)[1]
    PAGE.write_text(f"{before}{BEGIN}\n\n{table(claims)}\n\n{END}{after}")


if __name__ == "__main__":
    write(json.loads(Path(sys.argv[1]).read_text())["claims"])
