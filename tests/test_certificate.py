"""A certificate says what was found, and running a part of it again says whether it is so."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

from convergence.claims.notary import Notary
from convergence.claims.settings import Settings
from convergence.cli import main
from convergence.report.certificate import badge, difference, digest, hashed, sample
from convergence.store import Store
from tests.own import GOOD

OWN = str(Path(__file__).with_name("own.py"))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("certificate")
    file = folder / "c.json"
    assert main(["verify", OWN, "--quiet", "--out", str(folder), "--certificate", str(file)]) == 1
    return file


def forged(made: Path, folder: Path, change: Any) -> Path:
    """A copy with a changed content and a digest that fits it."""
    found = json.loads(made.read_text())
    change(found)
    found.pop("integrity")
    file = folder / "forged.json"
    file.write_text(json.dumps({**found, "integrity": hashed(found)}))
    return file


def test_it_reproduces_bit_for_bit(made: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["reproduce", str(made), OWN]) == 0
    told = capsys.readouterr()
    assert "bit for bit" in told.err
    assert told.out.splitlines() == [
        "✓ own-good: CONSISTENT", "✓ own-odd: CONSISTENT", "reproduced"]  # fmt: skip


def test_its_badge_is_an_svg(made: Path):
    root = ET.fromstring(made.with_suffix(".svg").read_text())
    assert root.tag.endswith("svg")
    assert "1/2 as expected" in (root.get("aria-label") or "")
    whole = json.loads(made.read_text())
    whole["claims"] = whole["claims"][:1]
    assert "#00694d" in badge(whole)
    assert "#00694d" not in made.with_suffix(".svg").read_text()


def test_one_altered_by_hand_is_refused(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    altered = tmp_path / "altered.json"
    altered.write_text(made.read_text().replace('"seed": 0', '"seed": 1'))
    assert main(["reproduce", str(altered)]) == 2
    assert "was altered after it was made" in capsys.readouterr().err


@pytest.mark.parametrize("key", ["verdict", "digest"])
def test_a_forged_one_does_not_reproduce(key: str, made: Path, tmp_path: Path, capsys: Any):
    wrong = {"verdict": "REFUTED", "digest": "0" * 64}[key]
    file = forged(made, tmp_path, lambda c: c["claims"][1].update({key: wrong}))
    assert main(["reproduce", str(file), OWN, "--seed", "3"]) == 1
    assert "NOT reproduced: 1 of 2 differ" in capsys.readouterr().out


def test_elsewhere_verdicts_must_agree_and_bits_need_not(made: Path, tmp_path: Path, capsys: Any):
    def move(found: Any) -> None:
        found["run"]["versions"]["jaxlib"] = "0.0.1"
        for entry in found["claims"]:
            entry["digest"] = "0" * 64

    assert main(["reproduce", str(forged(made, tmp_path, move)), OWN, "--sample", "1"]) == 0
    assert "1 of 2 claims again" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda c: c.update(schema="convergence-certificate/0"), "is needed"),
        (lambda c: c.update(claims=[]), "has another form than is written"),
        (lambda c: c["run"].pop("alpha"), "has another form than is written"),
        (lambda c: c["claims"][0].update(digest=3), "has another form than is written"),
        (lambda c: c["claims"].append(c["claims"][0]), "2 entries of the claim"),
        (lambda c: c["run"].update(tier="huge"), "run.tier must be one of"),
        (lambda c: c["run"].update(seeds=10**9), "on a certificate's word"),
        (lambda c: c["run"].update(targets=[3]), "has another form than is written"),
        (lambda c: c["claims"][0].update(look=-1), "claims[0].look must be"),
        (lambda c: c["run"].update(targets=["nowhere.py"]), "nowhere.py"),
    ],
)
def test_bad_certificates_are_refused(
    change: Any, said: str, made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    words = [] if "nowhere" in said else [OWN]
    assert main(["reproduce", str(forged(made, tmp_path, change)), *words]) == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert said in error
    assert error.startswith("convergence: ")


def test_what_cannot_be_judged_again_stops_nothing(made: Path, tmp_path: Path, capsys: Any):
    """The other claims are judged, and the end says that it is not all."""
    file = forged(made, tmp_path, lambda c: c["claims"][0].update(slug="gone"))
    assert main(["reproduce", str(file), OWN]) == 2
    first, second, end = capsys.readouterr().out.splitlines()
    assert first.startswith("! gone: could not be judged: there is no such claim here")
    assert second.startswith("✓ ")
    assert end == "NOT reproduced: 1 of 2 differ, 1 without a verdict"
    assert main(["reproduce", str(file), OWN, "--json"]) == 2
    assert [c["verdict"] is None for c in json.loads(capsys.readouterr().out)["claims"]] == [1, 0]


def test_a_certificate_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["reproduce", str(tmp_path / "none.json")]) == 2
    assert "There is no file" in capsys.readouterr().err


def test_the_digest_is_that_of_the_bits_wherever_they_come_from(tmp_path: Path):
    def found(shelf: Any, seed: int = 0, look: int = 1) -> str:
        witness = Notary(shelf)
        report = GOOD.verify(Settings(seed=seed, look=look), witness)
        return digest(report, witness.of(GOOD.slug))

    fresh = found(None)
    assert found(Store(tmp_path)) == fresh  # measured and stored
    assert found(Store(tmp_path)) == fresh  # fetched
    GOOD.verify(Settings(seeds=16), Store(tmp_path / "short"))
    again = found(Store(tmp_path / "short"))  # extended, and looked at for the second time
    assert again == found(None, look=2) != fresh
    assert found(None, seed=1) != fresh


def test_a_run_with_an_error_has_no_certificate(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "bad.py").write_text(
        "from convergence.claims.base import AbstractClaim\n"
        "class Bad(AbstractClaim):\n"
        "    slug, family, kind, expect = 'bad', 'own', 'exact', 'CONSISTENT'\n"
        "    def verify(self, *_):\n        raise RuntimeError('no')\n"
        "CLAIMS = (Bad(),)\n"
    )
    file = tmp_path / "c.json"
    words = ["verify", str(tmp_path / "bad.py"), "--out", str(tmp_path), "--certificate", str(file)]
    assert main(words) == 2
    assert "no certificate: 0 of 1 claims" in capsys.readouterr().out
    assert not file.exists()


def test_samples():
    slugs = [f"c{i}" for i in range(50)]
    drawn = sample(slugs, 10, 1)
    assert len(set(drawn)) == 10
    assert drawn == sample(slugs, 10, 1)
    assert drawn == sorted(drawn, key=slugs.index)
    assert drawn != sample(slugs, 10, 2)
    assert sample(slugs, 99, 1) == slugs


def test_differences():
    entry = {"verdict": "REFUTED", "digest": "a"}
    assert difference(entry, "REFUTED", "a", True) is None
    assert difference(entry, "REFUTED", "b", False) is None
    assert "other bits" in str(difference(entry, "REFUTED", "b", True))
    assert "certified as REFUTED" in str(difference(entry, "CONSISTENT", "a", False))
