"""A verdict does not hang on the processor, the BLAS, the compiler's haste, devices or float32."""

from __future__ import annotations

import pytest

from tests.portability import ALL, FAST, FEW, Setting


def check(setting: Setting, slugs: tuple[str, ...]) -> None:
    found = setting.verdicts(slugs)
    assert set(slugs) <= set(found)
    assert {slug: f for slug, f in found.items() if f[0] != f[1]} == {}


@pytest.mark.parametrize("setting", FAST, ids=lambda s: s.name)
def test_verdicts_that_rounding_could_move_are_the_same(setting: Setting) -> None:
    check(setting, FEW)


@pytest.mark.full
@pytest.mark.parametrize("setting", ALL, ids=lambda s: s.name)
def test_all_verdicts_that_rounding_could_move_are_the_same(setting: Setting) -> None:
    check(setting, ())
