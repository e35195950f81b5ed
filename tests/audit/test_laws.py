"""Every law catches its planted fault and passes an honest optimizer."""

from __future__ import annotations

from typing import Any

import pytest

from convergence.audit import audit
from convergence.audit.laws import LAWS
from docs.make.audit import PAGE, filled
from tests.audit import faults as f
from tests.audit import more as m
from tests.audit import optimizers as o
from tests.audit.test_hidden import PLAIN, TORCH
from tests.audit.test_kinds import ROWS as KINDS
from tests.audit.test_more_kinds import ROWS as MORE
from tests.audit.test_public_faults import ROWS
from tests.audit.test_solvers import ROWS as SOLVERS

# law, faulty, right
PAIRS: tuple[tuple[str, Any, Any], ...] = (
    ("U1", o.Idle, o.Local),
    ("S4", o.Uphill, o.Local),
    ("S4z", o.Warmup, o.WarmupFromOne),
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
    ("S12w", m.RoundedToSingle, o.Local),
    ("U8", o.AdamSquaringComplex, o.Adam),
    ("U6h", o.Adam, o.Local),
    ("U7d", o.AdamWithoutDecay, o.Adam),
    ("U7", o.AdamWithoutDamping, o.Adam),
    ("U14", o.MaximizerOfOneTerm, o.Maximizer),
    ("U15", o.ClippedBeforeUnscaling, o.Clipped),
    ("U9", o.AccumulatingSum, o.Accumulating),
    ("U9", o.AccumulatingLast, o.Accumulating),
    ("S9", o.Normalized, o.Adam),
    ("U3t", o.TallOnly, o.Adam),
    ("S5", m.AdamWithFixedDamping, o.Adam),
    ("S6", m.Positional, o.Adam),
    ("S6r", o.Adam, o.Momentum),
    ("S7", o.ProportionalToX, o.Adam),
    ("S2", m.Halved, o.Local),
    ("S3", m.AdagradWithoutRoot, m.Adagrad),
    ("S14", m.Raw, m.Polar),
    ("N1", f.HeavyBall, f.Inertia),
    ("W1", o.Adam, m.AdamW),
    ("C4", m.Signed, o.Adam),
    ("C7", m.Signed, o.Local),
    ("C12", m.SAMWithoutAscent, m.SAM),
    ("C12", m.SAMOfEach, m.SAM),
    ("C22", m.Centralized, o.Local),
    ("C2", o.Adam, f.AMSGrad),
    ("C6", m.Signed, o.Adam),
    ("C11", f.HeavyBall, o.Local),
)

# Whose promises both are held to, where the law is about one family alone.
FAMILY = {
    "S2": "sgd", "S3": "adagrad", "S5": "adam", "S14": "orthogonalized", "N1": "nesterov",
    "W1": "adamw", "C4": "adam", "U7": "adam",
    "C2": "adam", "C6": "adam", "C11": "heavy-ball",
}  # fmt: skip


@pytest.mark.parametrize(
    ("law", "faulty", "right"), PAIRS, ids=[f"{a}-{b.__name__}" for a, b, _ in PAIRS]
)
def test_a_law_catches_its_fault_and_passes_what_is_right(law: str, faulty: Any, right: Any):
    found = audit(faulty, laws=[law], family=FAMILY.get(law))[law]
    expected = "cannot be run" if law == "U3t" else "breaks"  # it raises at a wide matrix
    assert str(found.outcome) == expected, found
    kept = audit(right, laws=[law], family=FAMILY.get(law))[law]
    assert str(kept.outcome) == "keeps", kept


def test_every_law_has_a_fault_or_is_about_torch_alone():
    tested = {law for law, *_ in (*PAIRS, *KINDS, *MORE, *SOLVERS, *PLAIN, *TORCH)} | {
        law for _, law, *_ in ROWS
    }
    torch = {"U10l", "S9a", "U18", "U19", "U20", "U22", "U24"}
    assert {law.id for law in LAWS} - tested == torch | {"C14"}  # test_torch.py


def test_laws_have_statements_and_names_of_their_own():
    assert len({law.id for law in LAWS}) == len(LAWS)
    for law in LAWS:
        assert (law.test.__doc__ or "").startswith(f"{law.id}."), law.id


def test_the_page_of_the_docs_names_every_law_and_reference():
    assert filled(PAGE.read_text()) == PAGE.read_text(), "run `python -m docs.make.audit`"
