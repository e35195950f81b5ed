"""Bounds with explicit constants that no claim of a run holds tightly: power above 1.25.

    python -m tests.statistics.power results/report.json

reads the JSON of `convergence verify --json` and writes its table into docs/verdicts.md: the
statement, its tightest claim, that claim's slack and power, and where the looseness comes from.
The tightest claims of all other statements go into tight.json, and are held to it by
tests/test_registry.py.
"""

import json
import math
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

TIGHT = 1.25  # a constant overstated by a quarter would have been seen
KINDS = ("expectation", "floor", "pathwise")
PAGE = Path(__file__).parents[2] / "docs/verdicts.md"
CLAIMS = Path(__file__).with_name("tight.json")  # statement → its tightest claim
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
    "SGDMBase": "Young's inequality between momentum and gradient",
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
    "NesterovStrong": "no sharper instance is known: quadratics fall by (1 − q)² a step",
    "ExpectedSmoothness": "noise at x* and slopes away from it do not go together on quadratics",
    "AdaWACGap": "a second regret pays for the noise of one sample; `AdaWACWholeGap` has none",
    "SAGAStronglyConvex": "already at T = 1 the bracket has half more than R²",
    "AlignedNonconvex": "as `DSGDNonconvex`: mixing and heterogeneity attained apart",
    "FeedbackInterpolation": "Young's inequality between error and gradient",
    "ErrorFeedbackNonconvex": "Young's inequality between error and gradient, at the best s",
    "ThreeAtomFloor": "1/60 as recalled; the proof gives 1/30",
    "ChainFloor": "slopes before the last coordinate lie between ε and √e ε",
    "AdamRecovers": "says that a run ends below its start, no more",
    "MergeKeepsFunction": "1e-20 stands for none",
    "AMSGradInTurn": "the regret of every step and the drift of every period, each at its worst",
    "DoGRegret": "distance and travel at their largest over the whole run",
    "DoWGRegret": "distance and travel at their largest over the whole run",
    "RSOBudget": "every step contracts as on the worst Hessian, from the worst start",
    "RSOBudgetAGD": "every step contracts as on the worst Hessian, from the worst start",
    "RSOBudgetMSGD": "every step contracts as on the worst Hessian, from the worst start",
    "DAdaptationDistance": "the estimate stays below R, how far depends on the losses",
    "ProdigyDistance": "the estimate stays below R, how far depends on the losses",
    "LowRankWithConditions": "‖G_t‖₂ bounded by its limit; `LowRankCorrected` is sharper",
    "MeasuredErrors": "f(x_T) ≥ f*, where much is left after few steps",
    "GaLoreDeterministic": "f(x_T) ≥ f*, where much is left after few steps",
    "OneWorker": "f(x_T) ≥ f*, where much is left after few steps",
    "EveryStep": "¼ for any Hessian within a factor 2; half a Newton step gains 3/8",
    "StallsOddBatch": "every singular value at its least, attained apart",
    "ShampooRegret": "one step of one entry takes 1/√2 of it, the most that is known",
    "SilverValue": "the instance of `SilverSlope`; none that attains the values' bound is known",
    "SophiaRuntime": "steps are counted in full, and curvatures at the ends of a factor 2",
    "ConditionalGradientConvex": "steps 2/(t + 2) at the worst of every step",
}


def tightest(claims: Iterable[dict[str, Any]]) -> dict[str, tuple[float, float, str]]:
    """Power, slack and slug of the tightest claim of each bound."""
    best: dict[str, tuple[float, float, str]] = {}
    for claim in claims:
        if claim["kind"] not in KINDS or claim["expect"] != "CONSISTENT":
            continue
        power, slack = (
            float(claim[key]) if claim[key] is not None else math.inf for key in ("power", "slack")
        )
        found = power, slack, claim["slug"]
        best[claim["theorem"]] = min(best.get(claim["theorem"], found), found)
    return best


def loose(claims: Iterable[dict[str, Any]]) -> list[tuple[str, str, float, float]]:
    """(theorem, its tightest claim, slack, power) of those above `TIGHT`, the loosest first."""
    best = tightest(claims)
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
    claims = list(claims)
    before, rest = PAGE.read_text().split(BEGIN)
    after = rest.split(END)[1]
    PAGE.write_text(f"{before}{BEGIN}\n\n{table(claims)}\n\n{END}{after}")
    kept = {name: slug for name, (power, _, slug) in tightest(claims).items() if power <= TIGHT}
    CLAIMS.write_text(json.dumps(dict(sorted(kept.items())), indent=1) + "\n")


if __name__ == "__main__":
    write(json.loads(Path(sys.argv[1]).read_text())["claims"])
