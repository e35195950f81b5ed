"""What is read off a band, against slower formulas; and the judge of rates at its edges."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from convergence.statistics import (
    Grade,
    Judgement,
    Limit,
    Sample,
    Verdict,
    judge_rate,
    lower_limit,
    objection,
    regime,
    trend,
    upper_limit,
)
from convergence.statistics.rates import JUMP, RISE, Curve, bent, curve, halves, leads, limit, swing
from tests.statistics import SEED

INF = math.inf
C, R, I = Verdict.CONSISTENT, Verdict.REFUTED, Verdict.INCONCLUSIVE


def line(slopes: list[float], wide: float = 0.0, step: float = 1.0) -> Curve:
    """A curve of these slopes, horizons a factor e^step apart from T = e on, limits ± `wide`."""
    x = 1.0 + step * np.arange(len(slopes) + 1.0)
    y = np.concatenate([[0.3], 0.3 + np.cumsum(slopes) * step])
    return Curve(x, y, y - wide, y + wide)


def some(seed: int, k: int) -> Curve:
    """Uneven horizons, values and limits."""
    rng = np.random.default_rng(SEED + seed)
    x, y = np.cumsum(rng.uniform(0.3, 2, k)), rng.normal(size=k)
    return Curve(x, y, y - rng.uniform(0, 1, k), y + rng.uniform(0, 1, k))


def test_a_curve_is_logarithms_over_the_shape() -> None:
    bands = [(Limit(v, v, upper=False), Limit(w, w)) for v, w in ((1.0, 3.0), (-1.0, 5.0))]
    found = curve([2, 8], [2.0, 4.0], bands, [0.5, 0.25])
    assert found.x == pytest.approx(np.log([2, 8]))
    assert found.y == pytest.approx(np.log([4, 16]))
    assert found.low == pytest.approx([math.log(2), -INF])
    assert found.high == pytest.approx(np.log([6, 20]))
    assert found.span == pytest.approx(math.log(4))
    assert found.slopes == pytest.approx([1.0])


@pytest.mark.parametrize("k", [2, 3, 4, 5, 8])
@pytest.mark.parametrize("seed", [0, 1])
def test_slopes_and_swings_by_enumeration(k: int, seed: int) -> None:
    found = some(seed, k)
    for part in (slice(None), slice(0, 2), slice(k - 2, k)):
        x, y, low, high = (v[part] for v in (found.x, found.y, found.low, found.high))
        ends = [np.polyfit(x, e, 1)[0] for e in itertools.product(*zip(low, high, strict=True))]
        whole = trend(found, part)
        wanted = (np.polyfit(x, y, 1)[0], min(ends), max(ends))
        assert (whole.slope, whole.low, whole.high) == pytest.approx(wanted)
        pairs = list(itertools.combinations(range(len(x)), 2))
        rise = max(0.0, *(low[j] - high[i] for i, j in pairs), 0.0)
        fall = max(0.0, *(low[i] - high[j] for i, j in pairs), 0.0)
        assert swing(found, part) == pytest.approx((rise, fall))
    for i, j in itertools.combinations(range(k), 2):
        dx, chord = found.x[j] - found.x[i], found.chord(i, j)
        assert chord.slope == pytest.approx((found.y[j] - found.y[i]) / dx)
        assert chord.low == pytest.approx((found.low[j] - found.high[i]) / dx)
        assert chord.high == pytest.approx((found.high[j] - found.low[i]) / dx)
    assert [list(range(k)[half]) for half in halves(found)] == [
        list(range(math.ceil(k / 2))), list(range(k - math.ceil(k / 2), k))
    ]  # fmt: skip


def test_an_end_without_a_limit_counts_where_it_has_a_weight() -> None:
    x, y = np.arange(3.0), np.zeros(3)
    middle = trend(Curve(x, y, np.array([-1, -INF, -1]), np.array([1, INF, 1])))
    assert (middle.low, middle.high) == (-1.0, 1.0)
    last = trend(Curve(x, y, np.array([-1, -1, -INF]), np.array([1.0, 1, 1])))
    assert (last.low, last.high) == (-INF, 1.0)


@pytest.mark.parametrize(
    ("slopes", "where"),
    [
        ([0.2, 0.3], 0.3 + 0.1),
        ([0.3, 0.2], 0.2),
        ([0.2, 0.2], 0.2),
        ([0.0, 0.1, 0.15], 0.15 + 0.05**2 / 0.05),
        ([0.0, 0.1, 0.12], 0.12 + 0.02),  # .02²/.08 is less than one more
        ([0.0, 0.1, 0.19], 0.19 + 0.09 * 3),  # .09²/.01 is more than three more
        ([0.0, 0.1, 0.3], 0.3 + 0.2 * 3),
        ([0.5, 0.0, 0.0, 0.1, 0.3], 0.3 + 0.2 * 5),
    ],
)
def test_where_bends_lead(slopes: list[float], where: float) -> None:
    assert leads(line(slopes)) == pytest.approx(where)
    assert len(slopes) < 3 or limit(slopes) == pytest.approx(where)
    more = slopes[-1] + max(0.0, slopes[-1] - slopes[-2])
    assert leads(line(slopes, 0.05)) == pytest.approx(more)  # no bend is certain


@pytest.mark.parametrize("k", [-1, -2])
def test_a_bend_is_sure_to_a_tenth(k: int) -> None:
    """Limits ± h at three horizons one apart: either slope is known to ± 2h, both to 8h in all."""
    slopes = [0.1, 0.2, 0.2] if k == -2 else [0.2, 0.2, 0.1]
    for h, sure in ((0.1 / 80 * 0.999, True), (0.1 / 80 * 1.001, False)):
        assert bent(line(slopes, h), k) is sure
        far = bent(line(slopes, 2 * h, 2.0), k)
        assert far is sure  # twice the way, twice the doubt
    for bend, sure in ((1.5e-9, True), (0.5e-9, False)):
        assert bent(line([0.2, 0.2 + bend, 0.2 + 2 * bend]), k) is sure


def test_what_is_not_excluded_is_named() -> None:
    e = [round(math.exp(1 + k)) for k in range(6)]

    def said(slopes: list[float], wide: float = 0.0) -> str:
        return objection(line(slopes, wide), 0.05)

    assert said([0.049] * 4) == ""
    assert said([0.051] * 4) == "a slope of +0.051 over all horizons is not excluded"
    assert said([-0.2, 0.0, 0.051]) == (
        f"a slope of +0.051 from T={e[2]} to the last is not excluded"
    )
    assert said([-0.2, -0.1, 0.0, 0.0498]) != ""  # one more bend leads beyond
    assert said([-0.2, -0.1, 0.0, 0.0, 0.0]) == ""
    leads_on = "flattening: the last slopes -0.200, +0.020, +0.040 lead to +0.060"
    assert said([-0.2, 0.02, 0.04]) == leads_on
    just = (RISE + 0.05) * 0.999999
    assert said([just, -0.2, -0.2]) == ""
    rise = "a rise by a factor {:.3g} between T={} and T={} is not excluded"
    up = 1.01 * just
    assert said([up, -0.3, -0.3]) == rise.format(math.exp(up), e[0], e[1])
    two = (RISE + 0.1) / 2
    assert said([-0.5, 0.999999 * two, two, -0.2, -0.2]) == ""
    up = 1.01 * two
    assert said([-0.5, up, up, -0.2, -0.2]) == rise.format(math.exp(2 * up), e[1], e[3])
    assert said([0.0, 0.0, 0.0], 0.02) == ""  # ± .02 · 2 from neighbor to neighbor
    assert said([0.0, 0.0, 0.0], 0.026).endswith(f"from T={e[2]} to the last is not excluded")
    level = line([0.0, 0.0, 0.0])
    high = np.array([0.3, INF, 0.3, 0.3])
    open_ = objection(Curve(level.x, level.y, level.low, high), 0.05)
    assert open_ == rise.format(math.exp(700.0), e[0], e[1])


def test_regimes_by_their_definitions() -> None:
    up = regime(line([0.0, 0.0, 0.1, 0.1]), 0.05)
    assert (up.first.slope, up.last.slope) == pytest.approx((0.0, 0.1))
    assert (up.bend, up.fade, up.irregular) == (pytest.approx(0.1), 0.0, False)
    assert up.name == (
        "flattening (M/shape has slope +0.000 over the first half of the horizons, +0.100 over the "
        "last)"
    )
    down = regime(line([0.1, 0.1, 0.0, 0.0]), 0.05)
    assert (down.bend, down.fade) == pytest.approx((-0.1, -0.1))
    assert down.name.startswith("transient (")
    slight = regime(line([0.04, 0.04, 0.0, 0.0]), 0.05)
    assert (slight.bend, slight.fade, slight.name) == (0.0, pytest.approx(-0.04), "")
    # Halves of three horizons one apart, ± h: a slope is known to ± h, two of them apart by 2h.
    for h, sure in ((0.049, True), (0.051, False)):
        for slopes in ([0.1, 0.1, 0.0, 0.0], [0.0, 0.0, 0.1, 0.1]):
            assert bool(regime(line(slopes, h), 0.05).bend) is sure
    for size, irregular in ((JUMP * 1.001, True), (JUMP * 0.999, False)):
        found = regime(line([size, -size, 0.0, 0.0]), 2.0)
        assert found.irregular is irregular
        assert found.name == (
            "irregular (M/shape rises and falls by more than a factor 2)" if irregular else ""
        )
    assert not regime(line([2.0, 2.0, 2.0, -0.1]), 9.0).irregular


# --- the judge -------------------------------------------------------------------------------


def exactly(slopes: list[float], shape: float = 1.0, **options: float) -> Judgement:
    """Exact values on T = 2, 4, 8, …, M/shape of these slopes in log T, the shape T^-`shape`."""
    Ts = 2 ** np.arange(1, len(slopes) + 2)
    ratio = np.exp(np.concatenate([[0.0], np.cumsum(slopes)]) * math.log(2))
    samples = [
        Sample(int(T), np.array([r * float(T) ** -shape]), float(T) ** -shape, sure=True)
        for T, r in zip(Ts, ratio, strict=True)
    ]
    return judge_rate(samples, 1e-3, **options)


@pytest.mark.parametrize(
    ("slopes", "verdict", "said"),
    [
        ([0.0] * 4, C, "certified limits exclude"),
        ([0.1] * 4, R, "a transient longer than 2…32"),
        ([-0.3, -0.3, 0.0, 0.0], I, "flattening ("),  # the bend may happen once more
        ([0.6, 0.6, 0.1, 0.1], I, "transient ("),  # and this one too
        ([0.6, 0.6, 0.3, 0.3], I, "transient ("),
        ([0.6, 0.6, 0.4, 0.4], R, "transient ("),
        ([0.1, 0.2, 0.2, 0.15], I, "over all horizons"),  # a fall that began after none
        ([0.1, 0.3, 0.2, 0.2], R, "a transient longer"),
        ([-0.5, -0.5, 0.3, 0.3], R, "flattening ("),
        ([-0.3, -0.3, -1.2, 1.6], I, "flattening ("),  # the last half falls by more than 2
        ([0.11, 0.1, 0.085, 0.06], I, "a fading trend (M/shape still settles)"),
        ([1.2, -1.2, 1.2, -1.25], I, "irregular (M/shape"),
    ],
)
def test_verdicts_on_exact_rates(slopes: list[float], verdict: Verdict, said: str) -> None:
    found = exactly(slopes)
    assert found.verdict is verdict, found.reason
    assert said in found.reason
    x = np.arange(len(slopes) + 1.0)
    whole = float(np.polyfit(x, np.concatenate([[0.0], np.cumsum(slopes)]), 1)[0])
    assert found.slack == pytest.approx(2.0 ** (-whole * len(slopes)))
    assert found.power == pytest.approx(2.0 ** (max(0.0, 0.05 - whole) * len(slopes)))
    assert found.reason.split("; ")[verdict is I].startswith(
        f"M/shape has slope {whole:+.4f} in log T with limits [{whole:+.4f}, {whole:+.4f}] against "
        "a margin of 0.05"
    )
    assert found.grade is (None if verdict is I else Grade.CERTIFIED)


def test_the_margin_of_a_rate_is_a_choice_within_limits() -> None:
    assert exactly([0.1] * 4, margin=0.11).verdict is C
    assert exactly([0.1] * 4, margin=0.09).verdict is R
    for wrong in (0.0, 1.0, 1.5, -0.1):
        with pytest.raises(ValueError, match="margin"):
            exactly([0.1] * 4, margin=wrong)


def test_limits_of_a_rate_share_their_level_and_exclude_what_they_say() -> None:
    rng = np.random.default_rng(SEED)
    shapes = {64: 1.0, 256: 0.4, 1024: 0.09, 4096: 0.05, 16384: 0.01}
    draws = {T: rng.uniform(0.97, 1.03, 512) * T**-0.2 for T in shapes}
    samples = [Sample(T, s * draws[T], s, light=True) for T, s in shapes.items()]
    found = judge_rate(samples, 1e-3)
    bands = [(lower_limit(s, 1e-4), upper_limit(s, 1e-4)) for s in samples]
    assert [r.interval for r in found.rows] == [(low.value, high.value) for low, high in bands]
    assert found.verdict is C
    seen = curve(list(shapes), [s.values.mean() for s in samples], bands, list(shapes.values()))
    whole, last = trend(seen), trend(seen, slice(2, 5))
    first = math.log(1.0 / 0.01) / math.log(256) - whole.high
    half = math.log(0.09 / 0.01) / math.log(16) - last.high
    assert f"below {first:.2f} on 64…16384 and {half:.2f} on 1024…16384" in found.reason
    assert found.grade is Grade.ASYMPTOTIC
    assert not any(r.vacuous for r in found.rows)


def test_what_is_set_aside_and_what_is_lost() -> None:
    def on(values: list[list[float]], **options: float) -> Judgement:
        samples = [
            Sample(4**k, np.array(v), 4.0**-k, 2.0, sure=len(set(v)) == 1)
            for k, v in enumerate(values, 1)
        ]
        return judge_rate(samples, 1e-3, **options)

    six = [[4.0**-k] for k in range(1, 7)]
    aside = on([*six[:4], [1e-5], [1e-6]], roundoff=1e-5)
    assert "; 2 horizons at the round-off floor 1.0e-05 set aside" in aside.reason
    assert (aside.rows[4].interval, aside.rows[4].note) == ((-INF, INF), "at the round-off floor")
    assert (aside.rows[4].T, aside.rows[4].seeds, aside.rows[4].vacuous) == (4**5, 1, False)
    assert "set aside" not in on(six).reason
    eps = 2.0**-52
    for value, dropped in ((1.99e3 * eps, True), (2.01e3 * eps, False)):  # 1000 ulp of the start, 2
        assert ("; 1 horizons" in on([*six, [value]]).reason) is dropped
    none = on([[1e-9]] * 4, roundoff=1.0)
    assert none.reason == (
        "0 horizons over a factor 1 in T show no rate: need 4 over a factor 16; 4 horizons at the "
        "round-off floor 1.0e+00 set aside"
    )
    lost = on([*six[:3], [1.0, INF], [INF, INF]])
    assert lost.reason == "runs are not finite at T=256: a diverging mean is no O(shape)"
    hole = on([*six[:3], [1.0, math.nan]])
    assert (hole.verdict, hole.rows[0].T) == (I, 4)
    assert hole.reason == "the metric of 1 of 2 runs is NaN at T=256: no trend without it"
    huge = on([*six[:3], [1.7e308, 1.6e308]])
    assert (huge.verdict, huge.reason) == (I, "a mean exceeds the range of float64")
    assert on([[1.0], [0.3], [0.1], [0.03]]).needs is None
    few = judge_rate([Sample(4**k, np.linspace(1, 2, 20) / 4**k, 4.0**-k, light=True)
                      for k in range(1, 6)], 1e-3)  # fmt: skip
    assert few.needs == math.ceil(18 * math.log(1e4))
    assert few.reason.startswith("no two-sided confidence limit: 20 runs are too few")
