"""`convergence prove` and `reproduce`: files of proofs made, checked, altered and forged."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from convergence.claims.rounding import ends
from convergence.cli import main
from convergence.report.certificate import hashed
from docs.make import proofs

SLUG = "celora-stale-rows"


@pytest.fixture(scope="module")
def made(tmp_path_factory: Any) -> Path:
    path = tmp_path_factory.mktemp("proofs") / "proof.json"
    assert main(["prove", SLUG, "--json", str(path)]) == 0
    return path


def altered(path: Path, place: Path, forge: bool, **changes: Any) -> str:
    """A copy with other numbers in its proof; a forged one with the digest made anew."""
    content = json.loads(path.read_text())
    content["proofs"][0].update(changes)
    if forge:
        content["integrity"] = hashed({k: v for k, v in content.items() if k != "integrity"})
    place.write_text(json.dumps(content))
    return str(place)


def test_a_proof_is_reproduced(made: Path, capsys: Any) -> None:
    assert main(["reproduce", str(made)]) == 0
    said = capsys.readouterr().out
    assert f"✓ {SLUG}: proved: at T=64" in said
    assert "128-bit balls" in said
    assert said.rstrip().endswith("reproduced")


def test_an_altered_proof_is_refused(made: Path, tmp_path: Path, capsys: Any) -> None:
    file = altered(made, tmp_path / "x.json", forge=False, granted=0.0)
    assert main(["reproduce", file]) == 2
    assert "altered" in capsys.readouterr().err


@pytest.mark.parametrize(
    "changes",
    [{"metric": ["2.0", "2.1"]}, {"draws": "0" * 32}],
    ids=["metric", "draws"],
)
def test_a_forged_proof_is_not_reproduced(made: Path, tmp_path: Path, changes: Any) -> None:
    assert main(["reproduce", altered(made, tmp_path / "x.json", forge=True, **changes)]) == 1


def test_the_gallery_has_every_proof() -> None:
    recorded = {entry["slug"]: entry for entry in json.loads(proofs.RECORD.read_text())}
    claims = {claim.slug: claim for claim in proofs.refuted()}
    assert set(recorded) == set(claims), "run `python -m docs.make.proofs`"
    for slug, entry in recorded.items():
        claim = claims[slug]
        stated = ends(claim.kind, claim.bound(entry["T"]))
        assert [*map(float, entry["bound"])] == pytest.approx([*stated], rel=1e-9, abs=0), slug
    slug = "compressed-gd-many-workers"
    assert same(proofs.proved(claims[slug]), recorded[slug])


@pytest.mark.full
@pytest.mark.parametrize("claim", proofs.refuted(), ids=lambda c: c.slug)
def test_the_proofs_in_the_gallery_come_out_again(claim: Any) -> None:
    recorded = {entry["slug"]: entry for entry in json.loads(proofs.RECORD.read_text())}
    assert same(proofs.proved(claim), recorded[claim.slug])


def same(a: dict[str, Any], b: dict[str, Any]) -> bool:
    """Two proofs alike but for the last digits of an instance, which NumPy's BLAS decides."""
    ends = zip([*a["metric"], *a["bound"]], [*b["metric"], *b["bound"]])
    alike = all(float(x) == pytest.approx(float(y), rel=1e-9, abs=0) for x, y in ends)
    return alike and all(a[key] == b[key] for key in ("slug", "T", "run"))


def test_what_cannot_be_proved_is_said(tmp_path: Path, capsys: Any) -> None:
    path = tmp_path / "none.json"
    assert main(["prove", "celora-rotating-rows", "--json", str(path)]) == 1
    assert "✗ celora-rotating-rows: CONSISTENT" in capsys.readouterr().out
    assert not path.exists()
    assert main(["prove", "golore-sgd"]) == 2
    assert "only pathwise ones are refuted by a proof" in capsys.readouterr().err
