"""A verdict does not hang on the processor, the BLAS, the compiler's haste, devices or float32."""

from __future__ import annotations

import pytest

from tests.portability import ALL, FAST, FEW, Foreign, Setting

# What float32 leaves open, and says so: a metric that is 0 but for rounding, balls that grow, and
# pairs of entries of opposite sign, from which its digits decide all.
MORE = {
    "dimat-keeps-the-function", "adawac-last-iterate-comes", "gwt-adam-diverges",
    "two-entries-overflow", "so-does-a-matrix-of-pairs", "gwt-adam-ends-below-its-start",
}  # fmt: skip


def check(setting: Setting, slugs: tuple[str, ...]) -> None:
    try:
        found = setting.verdicts(slugs)
    except Foreign as error:
        pytest.skip(str(error))
    assert set(slugs) <= set(found)
    other = {slug: f for slug, f in found.items() if f[0] != f[1]}
    if setting.dtype == "float32":
        asked_more = {slug: other.pop(slug) for slug in MORE & set(other)}
        assert {f[0] for f in asked_more.values()} <= {"INCONCLUSIVE"}
    assert other == {}


@pytest.mark.parametrize("setting", FAST, ids=lambda s: s.name)
def test_verdicts_that_rounding_could_move_are_the_same(setting: Setting) -> None:
    check(setting, FEW)


@pytest.mark.full
@pytest.mark.parametrize("setting", ALL, ids=lambda s: s.name)
def test_all_verdicts_that_rounding_could_move_are_the_same(setting: Setting) -> None:
    check(setting, ())
