"""Exact values against numbers of a statement: what decides, by how much, and what is said."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import pytest

from convergence.claims.exact import AbstractExact, Exact, crossing, miss, ratio
from convergence.registry import registry
from convergence.statistics import Grade, Verdict
from convergence.theorems.base import Kind
from convergence.theorems.exact_moments import AbstractMoment

INF = math.inf
C, R, I = Verdict.CONSISTENT, Verdict.REFUTED, Verdict.INCONCLUSIVE


def decided(
    kind: Kind, found: list[tuple[float, float]], grain: float = 0.0, granted: float = 0.01
) -> Any:
    theorem = SimpleNamespace(quantity="mean", tolerance=granted, two_sided=False)
    claim: Any = SimpleNamespace(kind=kind, theorem=theorem, grain=lambda T: grain)
    Ts = tuple(4 * 2**k for k in range(len(found)))
    return AbstractExact.decide(claim, Ts, [(v, b, f"note {k}") for k, (v, b) in enumerate(found)])


def test_by_how_much_a_value_fails() -> None:
    for kind, value, bound, scale, missed in (
        (Kind.EXACT, 1.5, 2.0, 0.0, 0.25), (Kind.EXACT, 2.5, 2.0, 0.0, 0.25),
        (Kind.EXACT, 2.5, 2.0, 5.0, 0.1), (Kind.EXACT, -2.5, -2.0, 0.0, 0.25),
        (Kind.FLOOR, 1.5, 2.0, 0.0, 0.25), (Kind.FLOOR, 2.5, 2.0, 0.0, 0.0),
        (Kind.EXPECTATION, 2.5, 2.0, 0.0, 0.25), (Kind.EXPECTATION, 1.5, 2.0, 0.0, 0.0),
        (Kind.EXPECTATION, 2.5, 2.0, 4.0, 0.125), (Kind.EXPECTATION, math.nan, 2.0, 0.0, INF),
        (Kind.FLOOR, INF, 2.0, 0.0, INF), (Kind.EXPECTATION, INF, INF, 0.0, 0.0),
        (Kind.EXACT, 0.0, 0.0, 0.0, 0.0), (Kind.EXPECTATION, 2e-300, 1e-300, 0.0, 1.0),
        (Kind.EXPECTATION, 5e-301, 0.0, 0.0, 0.5),
    ):  # fmt: skip
        assert miss(kind, value, bound, scale) == pytest.approx(missed), (kind, value, bound)
    assert (ratio(2.0, 3.0), ratio(0.0, 3.0), ratio(-2.0, 3.0)) == (1.5, INF, -1.5)


def test_what_is_granted_is_kept_and_more_is_not() -> None:
    for kind, off, verdict in (
        (Kind.EXACT, 1.0099, C), (Kind.EXACT, 1.0101, R), (Kind.EXACT, 0.9901, C),
        (Kind.EXACT, 0.9899, R), (Kind.EXPECTATION, 1.0099, C), (Kind.EXPECTATION, 1.0101, R),
        (Kind.EXPECTATION, 0.5, C), (Kind.FLOOR, 0.9901, C), (Kind.FLOOR, 0.9899, R),
        (Kind.FLOOR, 1.5, C),
    ):  # fmt: skip
        found = decided(kind, [(2.0, 2.0), (3.0 * off, 3.0), (4.0, 4.0)])
        assert found.verdict is verdict, (kind, off)
        assert found.grade is Grade.CERTIFIED
        assert found.slack == pytest.approx(min(1.0, 1 / off))
        assert found.power == pytest.approx(1.01 if kind is Kind.EXACT else found.slack)
        assert [row.T for row in found.rows] == [4, 8, 16]
        assert all((row.seeds, row.vacuous) == (0, False) for row in found.rows)
        assert [row.note for row in found.rows] == ["note 0", "note 1", "note 2"]
        assert found.rows[1].interval == (3 * off, 3 * off)
        if verdict is R:
            assert found.reason == f"at T=8 the mean is {3 * off:.8g} against 3"
        elif off != 1.5 and off != 0.5:
            assert found.reason == (
                f"the mean is {3 * off:.8g} against 3 where it is closest to failing (relative "
                f"{abs(off - 1):.2g}, granted 0.01)"
            )


def test_what_decides_nothing() -> None:
    endless = decided(Kind.EXPECTATION, [(2.0, 3.0), (INF, INF)])
    assert (endless.verdict, endless.slack, endless.power) == (I, None, None)
    assert endless.reason == "value and bound are infinite: vacuous"
    assert decided(Kind.EXPECTATION, [(2.0, INF)]).verdict is C
    zero = decided(Kind.EXACT, [(0.0, 0.0), (2.0, 2.0)])
    assert (zero.verdict, zero.slack, zero.power) == (C, None, None)
    coarse = decided(Kind.EXPECTATION, [(2.0, 2.0), (3.3, 3.0)], grain=0.31)
    assert (coarse.verdict, coarse.power) == (I, None)
    assert coarse.reason.endswith("against 3, closer than 0.31, what float64 resolves there")
    assert decided(Kind.EXPECTATION, [(2.0, 2.0), (3.3, 3.0)], grain=0.29).verdict is R
    met = decided(Kind.EXPECTATION, [(2.0, 2.0), (3.5, 3.0)], grain=0.5)
    assert met.verdict is I
    assert decided(Kind.EXACT, [(2.5, 2.0)], granted=0.25).verdict is C
    lost = decided(Kind.EXPECTATION, [(2.0, 2.0), (INF, 3.0)], grain=INF)
    assert lost.verdict is R
    assert lost.reason == "at T=8 the mean is inf against 3, note 1"
    assert decided(Kind.RATE, [(4.0, 1.0), (2.0, 0.5), (1.0, 0.25)]).verdict is C


@pytest.mark.parametrize("power", [0.5, 1.0, 2.0])
def test_a_power_crosses_where_it_is_one(power: float) -> None:
    """1 + (N₀/N)^p is 2 at N₀."""
    for N in (10.0, 1e4, 3e6):
        asked: list[float] = []

        def excess(n: float, N: float = N, asked: list[float] = asked) -> float:
            asked.append(n)
            return 1 + (N / n) ** power

        assert crossing(excess) == pytest.approx(N, rel=1e-4)
        assert len(asked) <= 6
    assert crossing(lambda n: 1 + 100 / n + (30 / n) ** 2, start=50.0) == pytest.approx(
        50 + math.sqrt(2500 + 900), rel=2e-4
    )


def test_a_gap_beside_what_cancels(monkeypatch: pytest.MonkeyPatch) -> None:
    """Relative to the size that a statement names at each horizon, on the instance there."""

    def scale(self: Any, c: float, T: int) -> float:
        assert c == 10.0 * T
        return 4.0 * T

    known = (c for c in registry() if isinstance(c, Exact) and c.kind is Kind.EXACT)
    claim = next(c for c in known if isinstance(c.theorem, AbstractMoment))
    monkeypatch.setattr(type(claim.theorem), "scale", scale)
    monkeypatch.setattr(type(claim.theorem), "tolerance", 0.25)
    what: Any = SimpleNamespace(
        kind=Kind.EXACT, theorem=claim.theorem, grain=lambda T: 0.0,
        instance=lambda T: (None, None, 10.0 * T),
    )  # fmt: skip
    for off, verdict in (4.0, C), (4.1, R):
        found = AbstractExact.decide(what, (2, 4), [(0.0, 0.0, ""), (off, 0.0, "")])
        assert found.verdict is verdict


def asked(answers: Any, **start: float) -> tuple[list[float], float]:
    """What `crossing` asks of a function, and its answer."""
    seen: list[float] = []

    def excess(N: float) -> float:
        seen.append(N)
        return (
            answers[min(len(seen), len(answers)) - 1] if isinstance(answers, list) else answers(N)
        )

    return seen, crossing(excess, **start)


def test_secants_step_by_step() -> None:
    """In log N from 1e4 and 4e4, at most e⁵ a step, along a slope of −1/10 or steeper."""
    e5 = math.exp(5)
    for N, far in (100.0, 4e4 / e5), (1e9, 4e4 * e5), (2e4, 2e4):
        seen, found = asked(lambda n, N=N: 1 + N / n)
        assert seen[:3] == pytest.approx([1e4, 4e4, far], rel=1e-9)
        assert found == pytest.approx(N, rel=1e-9)
    seen, _ = asked(lambda n: 1 + (4.04e4 / n) ** 0.05)
    assert seen[2] == pytest.approx(4e4 * math.exp(0.5 * math.log(1.01)), rel=1e-9)
    seen, found = asked(lambda n: INF if n < 1e6 else 1 + 1e7 / n)
    assert seen[:8] == pytest.approx([1e4, 4e4, 8e4, 32e4, 64e4, 256e4, 512e4, 2048e4], rel=1e-9)
    assert found == pytest.approx(1e7, rel=1e-9)
    low = math.log(1e-300)
    seen, _ = asked([3.0, 1.0, 2.0])
    step = low * math.log(4) / (low - math.log(2))
    assert seen[2] == pytest.approx(4e4 * math.exp(-step), rel=1e-9)
    seen, found = asked([3.0])  # never
    assert len(seen) == 62
    assert math.isnan(found)
    for step, count in (0.98e-4, 3), (1.02e-4, 4):  # closer than 1e-4 is close enough
        seen, found = asked([math.exp(step / 10) + 1, math.exp(step / 10) + 1, 2.0])
        assert len(seen) == count
        assert found == pytest.approx(4e4 * math.exp(step), rel=1e-9)
    assert asked([2.5], start=50.0)[0][:2] == pytest.approx([50.0, 200.0])
