"""Runs in parts: shards on several machines, joined and judged as one."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from convergence.cli import main
from convergence.cli.verify import part
from convergence.registry import claims_of

CLAIMS = "gd-*"


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("shards")
    for i in (1, 2, 3):
        assert main(["verify", CLAIMS, "--shard", f"{i}/3", "--out", str(root / f"s{i}")]) == 0
    assert main(["verify", CLAIMS, "--out", str(root / "w"), "--json", str(root / "w.json")]) == 0
    return root


def folders(root: Path) -> list[str]:
    return [str(path) for path in sorted(root.glob("s?"))]


def test_shards_part_the_claims_whatever_else_is_run() -> None:
    claims = claims_of("classical")
    parts = [part(claims, (i, 4)) for i in (1, 2, 3, 4)]
    assert sorted(c.slug for p in parts for c in p) == sorted(c.slug for c in claims)
    assert part(claims[5:], (1, 4)) == [c for c in parts[0] if c in claims[5:]]


def test_collected_shards_say_what_a_run_of_all_says(shards: Path, tmp_path: Path) -> None:
    out, file = tmp_path / "all", tmp_path / "all.json"
    said = ["--claims", CLAIMS, "--out", str(out), "--json", str(file)]
    assert main(["collect", *folders(shards), *said]) == 0
    ours, whole = (json.loads(path.read_text()) for path in (file, shards / "w.json"))
    varying = {"seconds", "notes"}
    for a, b in zip(ours["claims"], whole["claims"], strict=True):
        assert {k: v for k, v in a.items() if k not in varying} == {
            k: v for k, v in b.items() if k not in varying
        }
    records = sorted(p.relative_to(out) for p in out.glob("*/*.record"))
    assert records == sorted(p.relative_to(shards / "w") for p in shards.glob("w/*/*.record"))
    assert all((out / p).read_bytes() == (shards / "w" / p).read_bytes() for p in records)


def test_a_lost_shard_is_said_and_not_run(
    shards: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    full = [f for f in folders(shards) if list(Path(f).glob("*/report.json"))]
    assert len(full) > 1
    assert main(["collect", full[0], "--claims", CLAIMS, "--out", str(tmp_path / "o")]) == 2
    assert "not run: no folder has a report of it" in capsys.readouterr().out


def test_a_damaged_record_is_left_out_and_measured_again(
    shards: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mine = [str(shutil.copytree(f, tmp_path / Path(f).name)) for f in folders(shards)]
    record = next(tmp_path.glob("s?/*/*.record"))
    record.write_bytes(record.read_bytes()[:-9] + b"123456789")
    assert main(["collect", *mine, "--claims", CLAIMS, "--out", str(tmp_path / "o")]) == 0
    assert f"{record} is left out: the checksum does not match" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"alpha": 0.5}, "was run with alpha = 0.5"),
        ({"versions": {}}, "was run with versions = {}"),
        ({"shared": 1}, "was run with shared = 1"),
        ({"targets": ["/etc"]}, "was run with targets = ['/etc']"),
    ],
)
def test_shards_of_different_runs_are_refused(
    shards: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    change: dict[str, object],
    words: str,
) -> None:
    mine = [str(shutil.copytree(f, tmp_path / Path(f).name)) for f in folders(shards)]
    path = sorted(tmp_path.glob("s?/*/report.json"))[-1]
    entry = json.loads(path.read_text())
    entry["run"] |= change
    path.write_text(json.dumps(entry))
    assert main(["collect", *mine, "--claims", CLAIMS, "--out", str(tmp_path / "o")]) == 2
    assert words in capsys.readouterr().err


def test_bad_input_is_one_sentence(
    shards: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for text in ("0/3", "4/3", "1", "a/b", "1/0"):
        with pytest.raises(SystemExit) as leave:
            main(["verify", CLAIMS, "--shard", text])
        assert leave.value.code == 2
        assert "1 ≤ i ≤ n" in capsys.readouterr().err
    assert main(["collect", *folders(shards), "--out", str(tmp_path / "o")]) == 2
    assert "call it with --claims 'gd-*'" in capsys.readouterr().err
    assert main(["collect", str(tmp_path), "--out", str(tmp_path / "o")]) == 2
    assert "without a report of a claim" in capsys.readouterr().err
