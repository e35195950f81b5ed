"""A violated bound, proved: balls that hold bound and metric of one run, and do not meet."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from flint import arb

from convergence.proofs.balls import Undecided, Unsupported, bits
from convergence.proofs.enclose import Program, enclose

# (bits of midpoints, bits of rationals): wider until decided. Rationals settle ties that no
# precision does; past a few thousand bits dyadic numbers are exact anyway.
LADDER = ((128, 0), (1024, 0), (4096, 0), (1024, 1 << 14), (1 << 14, 1 << 16))
DIGITS = 24


@dataclasses.dataclass(frozen=True)
class Proof:
    """The run `run` of horizon `T` has its metric in `metric`, beyond `bound` by more than
    `granted` times the larger of the two: what rounding the instance's last digits is worth.

    metric: decimal ends of the enclosure of the entry that violates most. bound: (low, high).
    precision: bits of the midpoints; rational: bits up to which rationals were kept. instance,
    draws: digests of the arrays that were run, and of all that was drawn.
    """

    slug: str
    T: int
    run: int
    seed: int
    dtype: str
    metric: tuple[str, str]
    bound: tuple[float, float]
    granted: float
    precision: int
    rational: int
    instance: str
    draws: str

    def to_json(self) -> dict[str, Any]:
        """JSON values; infinite ends of the bound by their names."""
        fields = dataclasses.asdict(self)
        fields["metric"] = list(self.metric)
        fields["bound"] = [b if np.isfinite(b) else str(b) for b in self.bound]
        return fields

    @property
    def limit(self) -> float:
        """The end of the bound that is violated."""
        low, high = self.bound
        return high if float(self.metric[1]) > high else low

    @property
    def off(self) -> float:
        """How far beyond it the metric is, in its own unit."""
        return abs(float(self.metric[1 if self.limit == self.bound[1] else 0]) - self.limit)

    @property
    def sentence(self) -> str:
        """What was proved, in one sentence."""
        limit, off = self.limit, self.off
        scale = max(abs(v) for v in (limit, *map(float, self.metric)))
        near = f", {off / scale:.2g} beyond it, of which {self.granted:.2g} were granted"
        return (
            f"proved: at T={self.T} the metric of run {self.run} lies in [{self.metric[0]}, "
            f"{self.metric[1]}], the bound is {limit!r}{near if off < 1e-3 * scale else ''} "
            f"({self.precision}-bit balls)"
        )


@dataclasses.dataclass(frozen=True)
class Decision:
    """What a replay says of a bound: it is violated, kept, or not decided for a reason."""

    violated: bool
    kept: bool
    reason: str = ""
    metric: tuple[str, str] = ("", "")
    precision: int = 0
    rational: int = 0
    draws: str = ""


def compare(values: np.ndarray, bound: tuple[float, float], granted: float) -> tuple[int, bool]:
    """(the entry that is certainly beyond the bound, or −1; whether all certainly keep it)."""
    low, high = map(arb, bound)
    known = arb(max((abs(b) for b in bound if np.isfinite(b)), default=0.0))
    kept = True
    for k, value in enumerate(values.ravel().tolist()):
        size = abs(value) if value.is_finite() else arb(0)  # no room is granted to an infinity
        room = arb(granted) * size.max(known)
        if value > high + room or value < low - room:
            return k, False
        kept = kept and bool(value <= high + room and value >= low - room)
    return -1, kept


def decimal(value: arb) -> tuple[str, str]:
    """Decimal numbers below and above a ball."""
    if not value.is_finite():
        end = str(value) if not abs(value) > 0 else "inf" if value > 0 else "-inf"
        return end, end
    ends = []
    for end, side in ((value.lower(), -1), (value.upper(), 1)):
        shift = arb(side) * arb(10) ** (1 - DIGITS) * abs(end)
        ends.append((end + shift).mid().str(DIGITS, radius=False))
    return ends[0], ends[1]


def settle(
    run: Program, bound: tuple[float, float], granted: float, ladder: Any = LADDER
) -> Decision:
    """Replay with growing precision until every value certainly keeps or one breaks the bound."""
    reason = "its enclosure is too wide"
    for precision, rational in ladder:
        try:
            found = enclose(run, precision, rational)
        except Undecided as undecided:
            reason = str(undecided)
            continue
        except Unsupported as unsupported:
            return Decision(False, False, str(unsupported))
        with bits(precision):
            entry, kept = compare(found.values, bound, granted)
            if kept:
                return Decision(False, True, "", ("", ""), precision, rational, found.draws)
            if entry >= 0:
                ends = decimal(found.values.ravel()[entry])
                return Decision(True, False, "", ends, precision, rational, found.draws)
        reason = "its enclosure is too wide"
    return Decision(False, False, f"{reason} with {ladder[-1][0]} bits")
