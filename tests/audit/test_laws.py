"""Every law catches its planted fault and passes an honest optimizer."""

from __future__ import annotations

from typing import Any

import pytest

from convergence.audit import audit
from convergence.audit.laws import LAWS
from tests.audit import optimizers as o

# law, faulty, right
PAIRS: tuple[tuple[str, Any, Any], ...] = (
    ("U1", o.Idle, o.Local),
    ("S4", o.Uphill, o.Local),
    ("S4", o.Warmup, o.WarmupFromOne),
    ("S13", o.NormalizedAtZero, o.Normalized),
    ("S13f", o.AdamWithoutDamping, o.Adam),
    ("U2", o.RateInsideMomentum, o.Momentum),
    ("U5", o.Uphill, o.Local),
    ("U11", o.LateStep, o.Local),
    ("C23", o.ProportionalToX, o.Local),
    ("U4", o.Overflowing, o.Adam),
    ("U3", o.TallOnly, o.AnyShape),
    ("S8", o.AdamOutsideState, o.Adam),
    ("U10", o.AdamWithSharedCounter, o.Adam),
    ("S12", o.DoubleInSingle, o.Adam),
    ("U8", o.AdamSquaringComplex, o.Adam),
    ("U7d", o.AdamWithoutDecay, o.Adam),
    ("U7", o.AdamWithoutDamping, o.Adam),
    ("U14", o.MaximizerOfOneTerm, o.Maximizer),
    ("U15", o.ClippedBeforeUnscaling, o.Clipped),
    ("U9", o.AccumulatingSum, o.Accumulating),
    ("U9", o.AccumulatingLast, o.Accumulating),
    ("S9", o.Normalized, o.Adam),
    ("U3t", o.TallOnly, o.Adam),
)


@pytest.mark.parametrize(
    ("law", "faulty", "right"), PAIRS, ids=[f"{a}-{b.__name__}" for a, b, _ in PAIRS]
)
def test_a_law_catches_its_fault_and_passes_what_is_right(law: str, faulty: Any, right: Any):
    found = audit(faulty, laws=[law])[law]
    assert str(found.outcome) == "breaks" if law != "U3t" else "cannot be run", found
    assert str(audit(right, laws=[law])[law].outcome) == "keeps"


def test_laws_have_statements_and_names_of_their_own():
    assert len({law.id for law in LAWS}) == len(LAWS)
    for law in LAWS:
        assert (law.test.__doc__ or "").startswith(f"{law.id}."), law.id
