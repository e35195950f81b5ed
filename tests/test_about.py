"""From the name of an optimizer to what is proved about it."""

from __future__ import annotations

import json

import pytest

from convergence.cli import main
from convergence.errors import InvalidInput
from convergence.registry import registry
from convergence.registry.about import METHODS, about, methods_of


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("adam", "adam-constant-gradient"),
        ("optax:adam", "adam-regret"),
        ("torch.optim.SGD", "sgd-ghadimi-lan"),
        ("momentum", "polyak-strongly-convex"),
        ("Nesterov", "nesterov-convex"),
        ("golore", "golore-sgd"),
    ],
)
def test_a_name_leads_to_its_claims(name: str, slug: str):
    found = [claim.slug for claim in about(registry(), name)]
    assert slug in found
    assert len(found) < len(registry()) / 2


def test_every_method_has_a_theorem_and_other_names_are_refused():
    found = {name for claim in registry() for name in methods_of(claim.theorem)}
    assert found == set(METHODS)
    for name in ("heun", "", "torch.optim."):
        with pytest.raises(
            InvalidInput, match=r"about which there is no claim.*known are AdaGrad; Adam;"
        ):
            about(registry(), name)


def test_the_command_line_lists_them(capsys: pytest.CaptureFixture[str]):
    assert main(["list", "--about", "adam", "--json"]) == 0
    slugs = [entry["slug"] for entry in json.loads(capsys.readouterr().out)]
    assert "adam-constant-gradient" in slugs
    assert "golore-sgd" not in slugs
    assert main(["list", "--about", "heun"]) == 2
