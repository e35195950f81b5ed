"""How many programs the registry's claims are compiled to: claims of a family share them."""

from __future__ import annotations

import fnmatch
import importlib
import re
from typing import Any

import jax
import pytest

from convergence.claims.base import verify
from convergence.compiling import HASTE, WHOLE, at_hand
from convergence.memory import release
from convergence.registry import registry

RUN = importlib.import_module("convergence.runner.run")  # the package shows the function


@pytest.mark.parametrize(
    ("pattern", "most"),
    [
        ("nsgd-batch-p1[25]-*", 5),
        pytest.param("gd-*", 11, marks=pytest.mark.full),
        pytest.param("nsgdm-*", 12, marks=pytest.mark.full),
    ],
)
def test_claims_share_programs(pattern: str, most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """One program for each structure of problem, noise, method and metric, not one for each claim,
    horizon or constant."""
    release()
    traced = []
    real = RUN.trajectory

    def trajectory(*given: Any) -> Any:
        traced.append(pattern)
        return real(*given)

    monkeypatch.setattr(RUN, "trajectory", trajectory)
    claims = [c for c in registry() if fnmatch.fnmatch(c.slug, pattern)]
    assert len(claims) > most
    for claim in claims:
        verify(claim)
    assert 0 < len(traced) <= most


# What judges with runs compiles: the run, and walks that look along it or at its noise.
LONG = {"_share", "_walk", "_draw"}


@pytest.mark.parametrize(
    ("slug", "most"),
    [
        ("gwt-haar-orthonormal", 0),
        ("contraction-sign", 2),
        ("frugal-none-converges", 1),
        ("sign-feedback-skewed", 0),
    ],
)
def test_little_besides_runs_is_compiled(
    slug: str, most: int, caplog: pytest.LogCaptureFixture
) -> None:
    """No program of one operation for a start, a key or an integer of the host."""
    (claim,) = (c for c in registry() if c.slug == slug)
    at_hand(WHOLE | HASTE)  # asks XLA by programs
    release()
    with jax.log_compiles():
        verify(claim)
    found = re.findall(r"Finished XLA compilation of (?:jit\()?(\w+)", caplog.text)
    assert found or not most
    assert len([name for name in found if name not in LONG]) <= most, found
