"""The statements about methods that ship, on torch's and optax's code besides ours."""

from __future__ import annotations

import dataclasses
import importlib.util
from typing import Any

import pytest

from convergence.claims.base import Settings
from convergence.claims.exact import AbstractExact
from convergence.errors import InvalidInput
from convergence.moments.tape import NotAffine
from convergence.registry import registry
from convergence.statistics import Verdict
from convergence.theorems.domains import domains

CLAIMS: dict[str, Any] = {c.slug: c for c in registry() if hasattr(c.theorem, "code")}


def others() -> list[tuple[str, str]]:
    """Each claim that says whose code it is about, with whose else it may be."""
    found = []
    for slug, claim in CLAIMS.items():
        allowed = domains(type(claim.theorem))["code"]
        for code in ("own", "optax", "torch"):
            if code != claim.theorem.code and allowed.admits(code):
                found.append((slug, code))
    return found


@pytest.mark.parametrize(("slug", "code"), others())
def test_by_another_hand(slug: str, code: str) -> None:
    if code == "torch" and importlib.util.find_spec("torch") is None:
        pytest.skip("torch is not installed: make test TORCH=1")
    claim = CLAIMS[slug]
    if slug == "rprop-linear-optax":  # what is false of optax's is true of torch's
        claim = dataclasses.replace(claim, expect=Verdict.CONSISTENT)
    named = {"theorem": dataclasses.replace(claim.theorem, code=code)}
    if code == "torch" and isinstance(claim, AbstractExact):  # it is no program of JAX
        with pytest.raises(NotAffine, match="use its simulation"):
            dataclasses.replace(claim, **named).verify(Settings())
        return
    settings = Settings()
    if code == "torch" and claim.seeds > 4096:  # 0.2 ms a step of a run, and one claim needs fewer
        named["horizons"], settings = claim.horizons[:1], Settings(seeds=4096)
    report = dataclasses.replace(claim, **named).verify(settings)
    if code == "torch" and claim.expect is Verdict.REFUTED:  # a callback has no enclosure
        assert "violate the bound" in report.reason
    else:
        assert report.expected, f"{code}: {report.verdict}: {report.reason}"
    if code != "own":
        assert str(report.hyper["algorithm"]).startswith(code)


def test_code_of_nobody_is_refused() -> None:
    theorem = CLAIMS["gd-value-optax"].theorem
    with pytest.raises(InvalidInput, match="'own' or 'optax' or 'torch'"):
        dataclasses.replace(theorem, code="keras")
