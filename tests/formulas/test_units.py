"""A bound scales as its metric does: f and x in other units change it by powers of the units."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import pytest

from convergence.constants import Constants
from convergence.precision import precision
from convergence.vocabulary import VOCABULARY
from tests.formulas.instances import FAMILIES, constants_of, family, statements

POWER = {"": 1, "²": 2, "³": 3}
# Their own fields, or matrices without a unit in the table of constants, carry units.
OWN = {
    "AcceleratedAsStated", "AdaGradNormSmooth", "AdaGradSmooth", "AdamDiverges",
    "AdamTowardsMedian", "AdamWBox",
    "AdapterAnyRows", "AdapterGD", "AlwaysBestToken", "BatchNSGDUnknown", "ClippedPlateau",
    "CoupledDecay", "ExactDirection", "FixedProjection", "FixedProjectionCorrected",
    "GoLoreMSGDLaw", "GoLoreRowLaw", "GradientFreeConvex", "GradientFreeStrong",
    "HeavyBallNormalized", "LionBox",
    "LowRank", "LowRankCorrected", "LowRankWithConditions", "ModeRadius", "NSGDUnknown",
    "NearestWorksToo", "NeumannBias", "PlainLikeNormalized", "Reshuffled", "Sampled", "SampledSGD",
    "SignConverges", "SignDecayRest", "SignSeeksMedian", "SignValleyDescends", "Simulated",
    "StochasticRounding", "TopOneDiverges", "WhichToken",
}  # fmt: skip


def powers(unit: str) -> tuple[int, int]:
    """The powers of f and of x in a unit, as the table of constants writes it."""
    found = {"f": 0, "x": 0}
    for side, part in zip((1, -1), f"{unit}/".split("/")[:2], strict=True):
        for letter, power in re.findall("([fx])([²³]?)", part):
            found[letter] += side * POWER[power]
    return found["f"], found["x"]


def scaled(c: Constants, f: float, x: float) -> Constants:
    """The constants in units so many times smaller."""
    values = {}
    for name, value in c.items():
        if name in VOCABULARY and VOCABULARY[name].unit:
            a, b = powers(VOCABULARY[name].unit)
            factor = float(f) ** a * float(x) ** b
            values[name] = value * factor if np.ndim(value) == 0 else np.asarray(value) * factor
    return c.but(**values)


def number(bound: Any) -> float:
    """The end of a range that says something."""
    ends = bound if isinstance(bound, tuple) else (bound, bound)
    return float(ends[1] if math.isfinite(ends[1]) else ends[0])


def power(theorem: Any, c: Constants, T: int, unit: str) -> float:
    """The power of a unit in a bound, read at 2 and at 3 of them; NaN where they differ."""
    found = [number(theorem.bound(c, T))]
    for k in (2.0, 3.0):
        found.append(number(theorem.bound(scaled(c, **{"f": 1.0, "x": 1.0, unit: k}), T)))
    if found[0] == 0:
        return 0.0 if found[1] == found[2] == 0 else math.nan
    ratios = [value / found[0] for value in found[1:]]
    if min(ratios) <= 0:
        return math.nan
    first, second = math.log(ratios[0], 2), math.log(ratios[1], 3)
    return first if abs(first - second) < 1e-6 else math.nan


def differences(of: str, among: set[str]) -> list[str]:
    """The statements of a family whose bounds are no powers of the units, or broken ones."""
    found = []
    with precision("float64"):
        for name, claims in statements().items():
            if name in among and name not in OWN and family(name) == of:
                T = claims[0].horizons[0]
                c = constants_of(claims[0])
                for unit in ("f", "x"):
                    k = power(claims[0].theorem, c, T, unit)
                    if math.isnan(k) or abs(2 * k - round(2 * k)) > 1e-6:
                        found.append(f"{name}: {unit} to the power {k}")
    return found


@pytest.mark.parametrize("of", FAMILIES)
def test_a_bound_scales_by_powers_of_the_units(of: str) -> None:
    assert not differences(of, set(statements()))


BOUND = test_a_bound_scales_by_powers_of_the_units.__name__


def test_the_list_is_about_statements() -> None:
    assert set(statements()) >= OWN


@pytest.mark.parametrize(
    ("unit", "found"),
    [("f/x²", (1, -2)), ("f", (1, 0)), ("x", (0, 1)), ("f²/x²", (2, -2)), ("1/x", (0, -1)),
     ("x²/f", (-1, 2)), ("f/x³", (1, -3)), ("", (0, 0))],
)  # fmt: skip
def test_powers_of_units(unit: str, found: tuple[int, int]) -> None:
    assert powers(unit) == found
