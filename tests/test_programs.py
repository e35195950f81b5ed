"""How many programs the registry's claims are compiled to: claims of a family share them."""

from __future__ import annotations

import fnmatch
import importlib
from typing import Any

import pytest

from convergence.claims.base import verify
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
