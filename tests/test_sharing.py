"""Records of others: pushed, pulled, and examined before they are believed."""

from __future__ import annotations

import http.server
import json
import sys
import threading
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from convergence import records
from convergence.cli import main
from convergence.cluster import places, sharing
from convergence.digest import versions

fsspec = pytest.importorskip("fsspec", reason="the extra share is not installed")

MODULE = """
from convergence import Claim
from convergence.noise import Gaussian
from convergence.problems import Isotropic
from convergence.theorems import SGDNonconvex

def made(slug, sigma):
    return Claim(slug, SGDNonconvex(scale=0.1), Isotropic([1.0, 1.0]), Gaussian(sigma=sigma),
                 horizons=(4, 8), seeds=300)
CLAIMS = (made("one", 1.0), made("two", 2.0))
"""


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("author")
    (home / "mine.py").write_text(MODULE)
    assert main(["verify", str(home / "mine.py"), "--out", str(home / "results"), "--quiet"]) == 0
    return home


def push(measured: Path, place: str, *more: str) -> int:
    return main(["records", "push", place, "--out", str(measured / "results"), *more])


def pull(measured: Path, place: str, out: Path, *more: str) -> tuple[int, list[dict[str, Any]]]:
    file = out / "moved.json"
    said = ["records", "pull", place, str(measured / "mine.py"), "--out", str(out), *more]
    code = main([*said, "--json", str(file)])
    return code, json.loads(file.read_text())["records"] if file.exists() else []


def held(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.glob("*/*.record")}


@pytest.mark.parametrize("kind", ["memory", "file", "folder"])
def test_what_is_pushed_is_pulled_and_not_measured_again(
    measured: Path, tmp_path: Path, kind: str, capsys: pytest.CaptureFixture[str]
):
    where = str(tmp_path / "shared")
    place = {"memory": f"memory://{tmp_path.name}", "file": f"file://{where}", "folder": where}[
        kind
    ]
    assert push(measured, place) == 0
    assert push(measured, place) == 0
    assert "0 records pushed" in capsys.readouterr().err.splitlines()[-1]
    code, moved = pull(measured, place, tmp_path / "mine")
    assert code == 0
    assert {m["outcome"] for m in moved} == {"taken"}
    assert [m["again"] for m in moved] == ["bits"] * 4
    assert held(tmp_path / "mine") == held(measured / "results")
    code, moved = pull(measured, place, tmp_path / "mine", "--sample", "1")
    assert {m["outcome"] for m in moved} == {"there"}
    assert sum(m["again"] is not None for m in moved) == 1


def altered(place: Path, change: Any) -> None:
    """Change the values of one record and make every digest of bytes anew, as a forger would."""
    index = json.loads((place / places.INDEX).read_text())
    entry = index["records"][0]
    file = place / f"{entry['digest']}.record"
    record, about = records.opened(file.read_bytes(), {})
    change(record, about, entry)
    raw = records.pack(record, about)
    file.write_bytes(raw)
    entry |= {"sha256": sharing.hashlib.sha256(raw).hexdigest(), "bytes": len(raw)}
    (place / places.INDEX).write_text(json.dumps(index))


def test_a_forged_record_is_found_by_running_it_again(
    measured: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    assert push(measured, str(tmp_path / "p")) == 0

    def scale(record: Any, about: Any, entry: Any) -> None:
        record.values[:] *= 1.001

    altered(tmp_path / "p", scale)
    code, moved = pull(measured, str(tmp_path / "p"), tmp_path / "mine")
    assert code == 1
    assert sorted(m["outcome"] for m in moved) == ["left out"] * 3 + ["refused"]
    assert held(tmp_path / "mine") == {}
    assert "run again here it comes out otherwise" in capsys.readouterr().err


def test_rounding_of_another_processor_is_no_forgery(measured: Path, tmp_path: Path):
    assert push(measured, str(tmp_path / "p")) == 0

    def nudge(record: Any, about: Any, entry: Any) -> None:
        record.values[:] = np.nextafter(record.values, np.inf)

    altered(tmp_path / "p", nudge)
    code, moved = pull(measured, str(tmp_path / "p"), tmp_path / "mine")
    assert code == 0
    assert sorted(m["again"] for m in moved) == ["bits"] * 3 + ["rounding"]


def test_other_versions_other_claims_and_damage_are_left_out(
    measured: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    place = tmp_path / "p"
    assert push(measured, str(place)) == 0
    index = json.loads((place / places.INDEX).read_text())
    old, bad, lost, other = index["records"]
    old["versions"] = {**versions(), "jax": "0.1"}
    damaged = place / f"{bad['digest']}.record"
    damaged.write_bytes(damaged.read_bytes()[:-4] + b"\0\0\0\1")
    (place / f"{lost['digest']}.record").unlink()
    (place / places.INDEX).write_text(json.dumps(index))
    (tmp_path / "mine.py").write_text(MODULE.replace("[1.0, 1.0]", "[1.0, 2.0]"))
    code = main(["records", "pull", str(place), str(tmp_path / "mine.py"), "--out", str(place)])
    said = capsys.readouterr().err
    assert code == 1
    for words in (
        "made with jax 0.1, here",
        "its bytes are not those of the index",
        "it is in the index alone",
        "no claim here asks for it",
    ):
        assert words in said
    assert "0 records taken" in said
    assert other["slug"] in said


def refused(said: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    assert main(["records", *said]) == 2
    text = capsys.readouterr().err
    assert "Traceback" not in text
    return text.strip().splitlines()[-1]


@pytest.mark.parametrize(
    "garbage",
    [b"<html>404</html>", b"[]", b"[" * 100_000, b'{"schema": "convergence-records/1"}', b"\xff",
     b'{"schema": "convergence-records/1", "records": [{"digest": "../../x"}]}'],
)  # fmt: skip
def test_a_place_that_answers_garbage(
    measured: Path, tmp_path: Path, garbage: bytes, capsys: pytest.CaptureFixture[str]
):
    (tmp_path / places.INDEX).write_bytes(garbage)
    said = ["pull", str(tmp_path), str(measured / "mine.py"), "--out", str(tmp_path / "o")]
    assert "is no index of records" in refused(said, capsys)


def test_an_address_that_answers_garbage_or_not_at_all(
    measured: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    class Says(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"<html>welcome</html>")

        do_HEAD = do_GET

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Says)
    threading.Thread(target=partial(server.serve_forever, 0.05), daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}/records"
    said = [str(measured / "mine.py"), "--out", str(tmp_path / "o")]
    assert "is no index of records" in refused(["pull", address, *said], capsys)
    server.shutdown()
    server.server_close()
    assert "There is no index of records at" in refused(["pull", address, *said], capsys)


def test_bad_input_is_one_sentence(
    measured: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
):
    said = [str(measured / "mine.py"), "--out", str(tmp_path / "o")]
    assert "There is no index" in refused(["pull", str(tmp_path), *said], capsys)
    for odd in ("zip://x::http://y", "reference://x", "mars://x"):
        assert "is needed; others are not" in refused(["pull", odd, *said], capsys)
    assert "no records in" in refused(["push", str(tmp_path / "p"), *said], capsys)
    monkeypatch.setitem(sys.modules, "fsspec.core", None)
    assert "convergence-lab[share]" in refused(["pull", str(tmp_path), *said], capsys)


def test_packed_arrays_are_refused(measured: Path):
    raw = next(iter(held(measured / "results").values()))
    record, about = records.opened(raw, {})
    buffer = records.io.BytesIO()
    arrays = {name: getattr(record, name) for name in records.ARRAYS}
    text = np.frombuffer(json.dumps(about).encode(), np.uint8)
    np.savez_compressed(buffer, about=text, **{**arrays, "values": np.zeros((300, 10**5))})
    content = buffer.getvalue()
    sealed = records.MAGIC + records.hashlib.sha256(content).hexdigest().encode() + b"\n" + content
    with pytest.raises(records.Unsound, match="packed"):
        records.unpack(sealed, {})
