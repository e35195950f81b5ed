"""M_T = O(shape(T)): a one-sided statement about a trend; faster is consistent."""

import math
from collections.abc import Sequence

import numpy as np

from convergence.statistics.judges import check_samples
from convergence.statistics.judges_mean import average, measured
from convergence.statistics.multiple import check_alpha
from convergence.statistics.rates import JUMP, Curve, Regime, curve, halves, regime, swing, trend
from convergence.statistics.verdict import Floats, Judgement, Row, Sample, Verdict

# Lower-order terms move the slope of a true bound by 0.01 to 0.02 at T about 1e4 (for
# T^{-a} + T^{-2a} with a = 1/5: -0.212 against -0.200), and exponents worth telling apart differ
# by 0.1 and more. Half of that both forgives and still bites.
MARGIN = 0.05
HORIZONS, SPAN = 4, 16.0  # fewer or closer horizons show no rate
ROUNDOFF = 1e3 * float(np.finfo(np.float64).eps)  # a thousand units in the last place


def judge_rate(
    samples: Sequence[Sample],
    alpha: float,
    *,
    margin: float = MARGIN,
    roundoff: float | None = None,
    resamples: int = 1000,
) -> Judgement:
    """M_T = O(shape(T)), shape(T) = bound, judged by the trend s of log(mean M_T / shape(T)).

    The data are finite, O() is not: both verdicts forgive an exponent of `margin`, for lower-order
    terms bend a slope that much without touching the O(). REFUTED: the lower limit of s exceeds
    the margin and the last half of the horizons agrees, or a run is not finite. CONSISTENT: the
    upper limit of s is at most the margin and the last half agrees. Otherwise, and below 4
    horizons or a factor 16 in T, INCONCLUSIVE.

    First a regime diagnostic. Means below `roundoff` (default: 1e3 ulp of `trivial`, or of the
    largest mean; say what float32 leaves) are set aside. Where one run carries half of a sum
    nothing is decided. Where the curve bends or jumps only the last half can refute; a bend, down
    or up, leaves a verdict only if that would survive bending once more by as much, and a
    refutation also has to survive a bend down that is smaller than the margin: slopes that fade
    from half to half are what lower-order terms look like. A single seed is taken to be as noisy
    as the scatter about the line; run deterministic methods with two.

    Slack is span^(-s) and power span^d, span = T_max / T_min, d >= 0 the smallest improvement of
    the claimed exponent that these data refute: the factor by which the shape could be overstated
    from one end of the horizons to the other. Level: alpha for either verdict, asymptotically in
    the seeds and for a finite variance.
    """
    check_samples(samples)
    check_alpha(alpha)
    if not 0 < margin < 1:
        raise ValueError(f"the margin on an exponent is in (0, 1), got {margin}")
    samples = sorted(samples, key=lambda sample: sample.T)
    data = [measured(sample) for sample in samples]
    for sample in samples:
        if not 0 < sample.number < math.inf:
            raise ValueError(f"shape({sample.T}) = {sample.number}: need a positive finite number")
    lost = [s.T for s, v in zip(samples, data, strict=True) if not np.all(np.isfinite(v))]
    if lost:
        reason = f"runs are not finite at T={lost[0]}: a diverging mean is no O(shape)"
        rows = _rows(samples, data, None, [], alpha)
        return Judgement(Verdict.REFUTED, reason, rows, None, None)
    means = [average(v) for v in data]
    if roundoff is None:
        roundoff = ROUNDOFF * max([*means, *(s.trivial for s in samples if s.trivial is not None)])
    kept = [k for k, mean in enumerate(means) if mean > roundoff]
    dropped = len(samples) - len(kept)
    aside = f"; {dropped} horizons at the round-off floor {roundoff:.1e} set aside" * bool(dropped)
    span = samples[kept[-1]].T / samples[kept[0]].T if kept else 1.0
    if len(kept) < HORIZONS or span < SPAN:
        reason = (
            f"{len(kept)} horizons over a factor {span:g} in T show no rate: need {HORIZONS} over "
            f"a factor {SPAN:g}{aside}"
        )
        rows = _rows(samples, data, None, kept, alpha)
        return Judgement(Verdict.INCONCLUSIVE, reason, rows, None, None)
    line = curve(
        [samples[k].T for k in kept],
        [data[k] for k in kept],
        [samples[k].number for k in kept],
        resamples,
    )
    found = regime(line, [data[k] for k in kept], margin)
    whole = trend(line)
    rows = _rows(samples, data, line, kept, alpha)
    low, high = whole.lower(alpha / 2), whole.upper(alpha)
    slack, power = span ** (-whole.slope), span ** max(0.0, margin - low)
    said = (
        f"M/shape has slope {whole.slope:+.4f} in log T with limits [{low:+.4f}, {high:+.4f}] "
        f"against a margin of {margin:g}{aside}"
    )
    if found.dominated:
        reason = f"{found.name}: a trend of means says nothing here; {said}"
        return Judgement(Verdict.INCONCLUSIVE, reason, rows, slack, None)
    if _refuted(line, found, low, alpha, margin):
        reason = f"{said}; {found.name}" if found.name else said
        return Judgement(Verdict.REFUTED, reason, rows, slack, power)
    # A bend downwards is faster than the shape says; one upwards, as lower-order terms die out,
    # may happen once more.
    settled = found.last.slope + max(0.0, found.bend) <= margin
    if settled and not found.irregular and high <= margin:
        return Judgement(Verdict.CONSISTENT, said, rows, slack, power)
    fading = "a fading trend (M/shape still settles)" if found.fade and low > margin else ""
    why = found.name or fading or "more seeds or longer horizons are needed"
    return Judgement(Verdict.INCONCLUSIVE, f"{why}; {said}", rows, slack, power)


def _refuted(line: Curve, found: Regime, low: float, alpha: float, margin: float) -> bool:
    """Two routes of alpha/2 each: the whole line if it is one, else the last half alone."""
    last = found.last
    if last.slope + found.fade <= margin:
        return False
    if not found.bend and not found.irregular:
        return low > margin
    _, fall = swing(line, halves(line)[1])
    return last.lower(alpha / 2) > margin and fall <= JUMP


def _rows(
    samples: Sequence[Sample],
    data: Sequence[Floats],
    line: Curve | None,
    kept: Sequence[int],
    alpha: float,
) -> tuple[Row, ...]:
    """Means with the interval of the log mean; the whole line where there is none."""
    from scipy import special

    z = float(-special.ndtri(alpha / 2))
    rows: list[Row] = []
    for k, (sample, values) in enumerate(zip(samples, data, strict=True)):
        mean = average(values)
        interval = (-math.inf, math.inf)
        note = ""
        if line is not None and k in kept:
            error = math.sqrt(float(line.variance[list(kept).index(k)]))
            interval = (mean * math.exp(-z * error), mean * math.exp(min(z * error, 700.0)))
        elif not math.isfinite(mean):
            note = f"{int((~np.isfinite(values)).sum())} of {values.size} runs are not finite"
        elif line is not None:
            note = "at the round-off floor"
        rows.append(Row(sample.T, sample.seeds, mean, interval, sample.number, None, False, note))
    return tuple(rows)
